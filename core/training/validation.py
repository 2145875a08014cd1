"""How good the weights are now: points on plain crops, brought back to the pictures, against the labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.foundation.arrays import ABSENT, Bools, Floats
from core.foundation.batching import batched
from core.foundation.errors import FacetError
from core.foundation.skeletons import Skeleton
from core.metrics.landmarks import errors, units
from core.models.codecs import Codec
from core.models.devices import refuse_all_but_memory, release_memory
from core.training.augmentation import Batch, batch
from core.training.samples import CropSource, Sample


@dataclass(frozen=True)
class Inference:
    """How a network is run without learning.

    Attributes
    ----------
    device
        "cpu" or "cuda".
    half
        Whether the network computes in bfloat16; decoding is in float32 always.
    size
        Samples at a time.
    """

    device: str
    half: bool = False
    size: int = 32

    def outputs(self, network: nn.Module, images: Tensor, *, coarse: bool = False) -> dict[str, Tensor]:
        """(N, 3, H, W) float32 images -> float32 outputs on the device; gradients as the caller has them.

        `coarse` asks for PIPNet's coarser maps too.
        """
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=self.half):
            shown = images.to(self.device, non_blocking=True)
            raw = network(shown, coarse=True) if coarse else network(shown)
        return {name: value.float() for name, value in raw.items()}


def locate_points(
    network: nn.Module, codec: Codec, source: CropSource, skeleton: Skeleton, runner: Inference
) -> Floats:
    """(M, K, 2) pixels of the pictures: what a network in evaluation mode says of a source's M samples; NaN if absent.

    Raises
    ------
    FacetError
        If there is no memory even for one sample.
    """
    points = np.full((len(source), len(skeleton), 2), np.nan)
    was_training = network.training
    network.eval()
    try:
        for indices in batched(range(len(source)), runner.size):
            part = batch(source, indices, None, skeleton)
            points[indices[0] : indices[-1] + 1] = _located(network, codec, part, runner)
    finally:
        network.train(was_training)
    return points


def _located(network: nn.Module, codec: Codec, part: Batch, runner: Inference) -> list[Floats]:
    """The points of a batch's crops in their pictures; in smaller parts where memory is short."""
    points: list[Floats] = []
    size = len(part)
    while len(points) < len(part):
        rows = slice(len(points), len(points) + size)
        try:
            with torch.inference_mode():
                decoded = codec.decode(runner.outputs(network, part.images[rows]))
        except (RuntimeError, MemoryError) as problem:
            refuse_all_but_memory(problem)
            if size == 1:
                raise FacetError("training.no_memory_to_look", device=runner.device) from problem
            size //= 2
            release_memory()
            continue
        crops = zip(part.crops[rows], decoded.points.cpu().numpy(), strict=True)
        points += [crop.to_picture(xy) for crop, xy in crops]
    return points


def figures(predicted: Floats, samples: Sequence[Sample], skeleton: Skeleton) -> dict[str, Any]:
    """The validation figures of one epoch.

    A point that the network calls absent counts as if it had said the middle of the box, so the figure is defined from
    the first epoch on and absence is never an advantage; how often that happened is told.

    Parameters
    ----------
    predicted
        (M, K, 2) pixels of the pictures; NaN where absent.
    samples
        M of them.

    Returns
    -------
    dict
        ``validation_nme`` (mean over the samples where it is defined; NaN if nowhere), ``validation_unit``
        (`Skeleton.unit`, the distance of its own pair, where at least half of the samples have it, else ``diagonal`` of
        the box for all), ``validation_samples``
        (how many the mean is over), ``validation_absent`` (share of labelled points that were not found).
    """
    if not len(samples):
        return _line(math.nan, "", 0, math.nan)
    truth = np.stack([sample.keypoints.points for sample in samples]).astype(np.float64)
    labelled = np.stack([sample.keypoints.visibility > ABSENT for sample in samples])
    boxes = np.array([sample.box for sample in samples], np.float64)
    missing = np.asarray(~np.isfinite(predicted).all(axis=2))
    middles = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    guessed = np.where(missing[..., None], middles, predicted)
    each, unit = _errors(guessed, truth, labelled, boxes, skeleton)
    defined = np.isfinite(each)
    nme = float(each[defined].mean()) if defined.any() else math.nan
    return _line(nme, unit, int(defined.sum()), float(missing[labelled].mean()) if labelled.any() else math.nan)


def _line(nme: float, unit: str, samples: int, absent: float) -> dict[str, Any]:
    values = {"nme": nme, "unit": unit, "samples": samples, "absent": absent}
    return {f"validation_{name}": value for name, value in values.items()}


def _errors(predicted: Floats, truth: Floats, labelled: Bools, boxes: Floats, skeleton: Skeleton) -> tuple[Floats, str]:
    names = (skeleton.unit, "diagonal") if skeleton.normaliser is not None else ("diagonal",)
    for name in names:
        each = errors(predicted, truth, labelled, units(name, truth, labelled, boxes, skeleton))
        if np.isfinite(each).mean() >= 0.5:
            break
    return each, name
