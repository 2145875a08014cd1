"""Weights that others trained: read without running code, renamed to our names, and fitted."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from core.foundation.errors import BadInput, BadWeights
from core.models.pose import configure
from core.models.pose.fitting import Fit, fit_weights, rows_by_name
from core.models.pose.network import PoseNetwork, build
from core.models.tensor_files import read_tensors
from core.models.weights import WEIGHTS, locate
from core.models.weights_table import WeightsFile

_LEAST: Final = 0.5  # share of the backbone's tensors that must fit; fewer are another network's

# (pattern, replacement) for names, the first that matches; None: the classifier's or what nothing here reads
_NAMES: Final[dict[str, tuple[tuple[str, str | None], ...]]] = {
    "torchvision": ((r"(fc|classifier)\.", None), (r"", "backbone.")),
    "timm": ((r"(incre_modules|downsamp_modules|final_layer|classifier)\.", None), (r"", "backbone.net.")),
    "mmpose": (
        (r"backbone\.", "backbone.net."),
        (r"(keypoint_)?head\.final_layer\.", "head.maps.heatmaps."),
        (r"", None),
    ),
    "transformers": (
        (r"backbone\.", "backbone.net."),
        (r"head\.deconv1\.", "head.before.0."),
        (r"head\.batchnorm1\.", "head.before.1."),
        (r"head\.deconv2\.", "head.before.3."),
        (r"head\.batchnorm2\.", "head.before.4."),
        (r"head\.conv\.", "head.maps.heatmaps."),
    ),
}


def load_pretrained(network: PoseNetwork, weights_name: str, folder: Path) -> Fit:
    """Start a network from published weights.

    A head that was trained for COCO's points gives its rows to the points of the same names.

    Parameters
    ----------
    network
        Takes the tensors, in place.
    weights_name
        A name in `core.models.weights.WEIGHTS` that belongs to a pose network.
    folder
        The weights folder; nothing is fetched.

    Raises
    ------
    MissingWeights
        If the file is not on this machine; the sentence says from where it comes and where to put it.
    NotFound
        If there are no weights of that name.
    BadInput
        If they are not a pose network's.
    BadWeights
        If the file is damaged, holds code, or belongs to another network.
    """
    path = locate(weights_name, folder)
    entry = WEIGHTS[weights_name]
    if entry.naming is None:
        raise BadInput("weights.for_other_purpose", name=weights_name, purpose=entry.purpose)
    state = renamed(read_tensors(path), entry.naming)
    _refuse_another(path, network, state)
    return fit_weights(network, state, rows_by_name(entry.skeleton or "", network.config.skeleton))


def renamed(state: Mapping[str, Tensor], naming: str) -> dict[str, Tensor]:
    """The same tensors under our names, without those of classifiers; `naming` is a key of this module's table."""
    ours = {}
    for name, value in state.items():
        for pattern, replacement in _NAMES[naming]:
            if match := re.match(pattern, name):
                if replacement is not None:
                    ours[replacement + name[match.end() :]] = value
                break
    return ours


def check_tensors(path: Path, entry: WeightsFile) -> None:
    """Make sure that a file without a published digest has the tensors of its network, by name and shape.

    Raises
    ------
    BadWeights
        If it does not.
    """
    assert entry.network is not None
    assert entry.naming is not None
    state = renamed(read_tensors(path), entry.naming)
    with torch.random.fork_rng(devices=[]):
        network = build(configure(entry.network, entry.skeleton or "face68", input_size=(192, 256)), empty=True)
    wrong = [name for name, shape in _backbone(network).items() if name not in state or state[name].shape != shape]
    if wrong:
        raise BadWeights("weights.other_backbone", network=entry.network, count=len(wrong), tensor=wrong[0])


def _backbone(network: PoseNetwork) -> dict[str, torch.Size]:
    named = network.state_dict().items()
    return {name: v.shape for name, v in named if name.startswith("backbone.") and not name.endswith("_tracked")}


def _refuse_another(path: Path, network: PoseNetwork, state: Mapping[str, Tensor]) -> None:
    expected = _backbone(network)
    fitting = sum(name in state and state[name].shape == shape for name, shape in expected.items())
    if fitting < _LEAST * len(expected):
        raise BadWeights(
            "weights.of_other_network",
            file=path.name,
            network=network.config.network,
            fitting=fitting,
            count=len(expected),
        )
