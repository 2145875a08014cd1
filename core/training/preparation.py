"""What a training starts from: samples that can be used, and a network with fresh, published or earlier weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from core.foundation.arrays import ABSENT, Floats
from core.foundation.errors import BadInput, MissingWeights, NotEnoughData
from core.foundation.messages import message
from core.foundation.skeletons import Skeleton
from core.metrics.mean_shape import mean_places
from core.models.codecs.pip import nearest_neighbours
from core.models.pose import NETWORKS, NetworkConfig, configure
from core.models.pose.checkpoint import load_checkpoint
from core.models.pose.fitting import Fit, fit_weights, rows_by_name
from core.models.pose.network import PoseNetwork, build
from core.models.pose.pretrained import load_pretrained
from core.training.listening import Listener
from core.training.recipe import Recipe
from core.training.samples import CropSource, Sample

_FEWEST: Final = 2  # samples; from one nothing can be learned that could be measured
_POINTS: Final = ("mse", "l1", "wing", "soft-wing")
_LOSSES: Final = {"regression": _POINTS, "udp-combined": ("udp-combined",), "pip": ("pip",)}  # by codec, but heatmaps
_HEATMAPS: Final = ("heatmap-mse", "heatmap-ce")
_VALIDATION_SHARE: Final = 0.25  # of the memory for regions


@dataclass(frozen=True)
class TrainingData:
    """What to learn from.

    Attributes
    ----------
    skeleton
        Which points.
    train, validation
        Labelled samples; the weights follow the first, the best epoch is chosen on the second (may be empty).
    unlabelled
        Samples without labels, for self-training; their keypoints are not looked at.
    """

    skeleton: Skeleton
    train: Sequence[Sample]
    validation: Sequence[Sample] = ()
    unlabelled: Sequence[Sample] = ()


@dataclass(frozen=True)
class Sources:
    """The crops of the samples that can be used."""

    train: CropSource
    validation: CropSource


def check_data(data: TrainingData) -> None:
    """Refuse what nothing can be learned from.

    Raises
    ------
    NotEnoughData
        If fewer than two samples are labelled, or no point of any is.
    BadInput
        If a sample has another number of points than the skeleton.
    """
    for sample in (*data.train, *data.validation):
        if len(sample.keypoints) != len(data.skeleton):
            raise BadInput(
                "training.sample_of_other_skeleton",
                name=sample.name,
                count=len(sample.keypoints),
                skeleton=data.skeleton.name,
                wanted=len(data.skeleton),
            )
    count = len(data.train)
    if count < _FEWEST:
        raise NotEnoughData("training.one_sample" if count else "training.none_labelled", least=_FEWEST)
    if not any((sample.keypoints.visibility > ABSENT).any() for sample in data.train):
        raise NotEnoughData("training.all_absent", count=count)


def open_sources(recipe: Recipe, data: TrainingData, size: tuple[int, int], listener: Listener) -> Sources:
    """Read the pictures; those that cannot be read are told, and left out.

    Raises
    ------
    NotEnoughData
        If fewer than two samples are left.
    """
    budget = int(recipe.memory_gib * 2**30)
    margin = 1.0 if recipe.augmentation is None else max(1.0, recipe.augmentation.margin(size))

    def opened(samples: Sequence[Sample], margin: float, share: float) -> CropSource:
        return CropSource(
            samples,
            size,
            padding=recipe.padding,
            margin=margin,
            budget_bytes=int(budget * share),
            reading=listener.reading,
            progress=listener.progress,
        )

    train = opened(data.train, margin, 1 - _VALIDATION_SHARE)
    validation = opened(data.validation, 1.0, _VALIDATION_SHARE)
    failures = [*train.failures, *validation.failures]
    if failures:
        count = len(data.train) + len(data.validation)
        listener.remark(message("trainings.unusable", failed=len(failures), count=count, reason=failures[0].reason))
    if len(train) < _FEWEST:
        raise NotEnoughData(
            "training.too_few_readable",
            count=len(data.train),
            readable=len(train),
            least=_FEWEST,
            reason=failures[0].reason,
        )
    return Sources(train, validation)


def config_for(recipe: Recipe, skeleton: Skeleton, train: Sequence[Sample]) -> NetworkConfig:
    """The network of a recipe for these labels; a PIP network's neighbours are those of the labels' mean shape.

    Raises
    ------
    BadInput, NotFound
        As `core.models.pose.configure`; also if the network cannot recompute activations and the recipe asks for it, or
        the loss needs other outputs than the codec has.
    """
    spec = NETWORKS[recipe.network]
    options = dict(recipe.options)
    if recipe.checkpointing:
        if not spec.checkpointing:
            able = [name for name, other in NETWORKS.items() if other.checkpointing]
            raise BadInput("training.no_recomputing", network=recipe.network, choices=able)
        options["checkpointing"] = True
    settings = dict(recipe.codec_settings)
    codec = recipe.codec or spec.codecs[0]
    losses = _LOSSES.get(codec, _HEATMAPS)
    if recipe.loss not in losses:
        raise BadInput("losses.not_suited", loss=recipe.loss, network=recipe.network, codec=codec, choices=list(losses))
    if codec == "pip" and "neighbours" not in settings:
        settings["neighbours"] = nearest_neighbours(mean_shape(train), recipe.neighbours, skeleton.flip_pairs)
    if recipe.loss == "heatmap-ce":
        settings["logits"] = True
    return configure(
        recipe.network, skeleton, input_size=recipe.input_size, codec=codec, codec_settings=settings, options=options
    )


def mean_shape(samples: Sequence[Sample]) -> Floats:
    """(K, 2) mean place of each point in its box, as `core.metrics.mean_shape.mean_places` has it."""
    points = np.stack([sample.keypoints.points for sample in samples])
    visibility = np.stack([sample.keypoints.visibility for sample in samples])
    return mean_places(points, visibility, np.array([sample.box for sample in samples]))


def fresh_network(
    recipe: Recipe,
    config: NetworkConfig,
    weights_folder: Path | None,
    start_from: Path | None,
    listener: Listener,
    start_name: str = "",
) -> PoseNetwork:
    """Build the network; what its weights are follows from the recipe's seed, the published weights and `start_from`.

    `start_name` is what people call the model in `start_from`; without, it is called by its file's name.

    Raises
    ------
    MissingWeights, BadWeights
        If weights that are asked for are absent, damaged, or another network's.
    BadInput
        If the weights in `start_from` are another network's, or know none of the skeleton's points.
    """
    torch.manual_seed(recipe.seed)
    network = build(config)
    if start_from is not None:
        name = start_name or start_from.name
        fit = _take_over(network, start_from, name)
        listener.remark(message("trainings.begins_from", name=name, fit=fit.summary()))
        return network
    names = NETWORKS[recipe.network].pretrained
    name = recipe.pretrained if recipe.pretrained != "default" else next(iter(names), "none")
    if name == "none":
        return network
    if weights_folder is None:
        raise MissingWeights("training.no_weights_folder", name=name)
    try:
        fit = load_pretrained(network, name, weights_folder)
    except MissingWeights as problem:
        raise MissingWeights("training.weights_missing", reason=problem) from problem
    listener.remark(message("trainings.begins_from", name=name, fit=fit.summary()))
    return network


def _take_over(network: PoseNetwork, start_from: Path, name: str) -> Fit:
    earlier = load_checkpoint(start_from)
    old, new = earlier.config, network.config
    if old.network != new.network:
        raise BadInput("training.other_network", name=name, network=old.network, wanted=new.network)
    rows: dict[int, int] | None = None
    if old.skeleton != new.skeleton:
        rows = rows_by_name(old.skeleton, new.skeleton)
        if not rows:
            raise BadInput("training.no_common_points", name=name, skeleton=old.skeleton, wanted=new.skeleton)
    return fit_weights(network, earlier.state_dict(), rows, source=old)
