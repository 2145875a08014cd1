"""Giving a network the tensors of another: what fits is copied, and what does not is told.

The head of a pose network has rows for its points. With `rows` they go to the right places when the points differ: 24
points of which the first 17 are COCO's take the 17 rows that were learnt and keep fresh ones for the other 7.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from core.foundation.errors import BadInput
from core.foundation.messages import Message, joined, message
from core.foundation.skeletons import SKELETONS
from core.models.pose import NetworkConfig
from core.models.pose.network import PoseNetwork

_COUNTER: Final = "num_batches_tracked"  # of batch normalisation; older files lack it, and nothing here uses it
_POSITIONS: Final = "position_embeddings"
_LISTED: Final = 3
_COCO_GRID: Final = (16, 12)  # tokens of 256 × 192, on which the published ViTPose weights were trained
Label = tuple[tuple[int, ...], str]  # the points that a row is about, in order, and which of their numbers it gives
_HEAD: Final = re.compile(r"head\.(?:maps\.)?(points|heatmaps|offsets|cls|x|y|nb_x|nb_y)\.(?:weight|bias)")
_PER_POINT: Final = {"points": 2, "offsets": 2}


@dataclass(frozen=True)
class Fit:
    """What came of fitting tensors to a network; names as in the network, or in the tensors for `unexpected`.

    Attributes
    ----------
    copied
        How many tensors were copied whole, resized or by rows.
    reinitialised
        Of the network, and not copied: they keep the values they had.
    unexpected
        Given, but of no use to the network.
    resized
        Position embeddings that were interpolated to another input size.
    by_rows
        Copied for some points only.
    """

    copied: int
    reinitialised: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    resized: tuple[str, ...] = ()
    by_rows: tuple[str, ...] = ()

    def summary(self) -> Message | None:
        """All of it for people."""
        parts = [message("weights.copied", count=self.copied)]
        for code, names in (
            ("weights.by_rows", self.by_rows),
            ("weights.resized", self.resized),
            ("weights.anew", self.reinitialised),
            ("weights.not_used", self.unexpected),
        ):
            if names:
                listed = [*names[:_LISTED], *(["…"] if len(names) > _LISTED else [])]
                parts.append(Message(code, {"count": len(names), "names": listed}))
        return joined(parts)


@torch.no_grad()
def fit_weights(
    network: PoseNetwork,
    state: Mapping[str, Tensor],
    rows: Mapping[int, int] | None = None,
    *,
    source: NetworkConfig | None = None,
) -> Fit:
    """Copy what fits, in place.

    Parameters
    ----------
    network
        Takes the tensors; what does not fit keeps its values.
    state
        Name -> tensor, named as in `network.state_dict()`.
    rows
        New point -> old point: the head's rows of these points are copied to their new places, the others stay fresh.
        None: the points are the same, and a head of the same shape is copied whole.
    source
        The configuration that `state` is of. Needed to carry PIPNet's neighbours over, whose rows mean a point's
        neighbours in a certain order, and to know the old input size.

    Raises
    ------
    BadInput
        If a row is out of range or two new points take the same old one.
    """
    own = network.state_dict()
    _check_rows(rows, network.config.points, source)
    copied: list[str] = []
    resized: list[str] = []
    by_rows: list[str] = []
    for name, target in own.items():
        tensor = state.get(name)
        if tensor is None or tensor.is_floating_point() != target.is_floating_point():
            continue
        if head_output(name) is not None and (rows is not None or source is not None):
            fitted = _copy_rows(name, target, tensor, network.config, source, rows)
            if fitted:
                copied.append(name)
            if 0 < fitted < len(target):
                by_rows.append(name)
        elif tensor.shape == target.shape:
            target.copy_(tensor)
            copied.append(name)
        elif name.endswith(_POSITIONS) and (fresh := _resized(tensor, network.config, source)) is not None:
            target.copy_(fresh)
            copied.append(name)
            resized.append(name)
    done = set(copied)
    left = tuple(name for name in own if name not in done and not name.endswith(_COUNTER))
    return Fit(len(copied), left, tuple(name for name in state if name not in own), tuple(resized), tuple(by_rows))


def rows_by_name(old: str, new: str) -> dict[int, int]:
    """New point <- old point of two skeletons, by the points' names; empty where one of them is not known."""
    if old not in SKELETONS or new not in SKELETONS:
        return {}
    rows = {name: row for row, name in enumerate(SKELETONS[old].point_names)}
    return {row: rows[name] for row, name in enumerate(SKELETONS[new].point_names) if name in rows}


def _check_rows(rows: Mapping[int, int] | None, count: int, source: NetworkConfig | None) -> None:
    if rows is None:
        return
    if len(set(rows.values())) != len(rows):
        raise BadInput("networks.row_twice")
    for new, old in rows.items():
        if not 0 <= new < count or old < 0 or (source is not None and old >= source.points):
            raise BadInput("networks.no_point", new=new, old=old, count=count)


def _copy_rows(
    name: str,
    target: Tensor,
    tensor: Tensor,
    config: NetworkConfig,
    source: NetworkConfig | None,
    rows: Mapping[int, int] | None,
) -> int:
    """How many rows of a head's tensor were copied."""
    if tensor.shape[1:] != target.shape[1:]:
        return 0
    pairs = matching_rows(name, config, source, rows, len(tensor))
    if pairs:
        new_rows, old_rows = (torch.tensor(side) for side in zip(*pairs, strict=True))
        target[new_rows.to(target.device)] = tensor[old_rows.to(tensor.device)].to(target.device, target.dtype)
    return len(pairs)


def _resized(positions: Tensor, config: NetworkConfig, source: NetworkConfig | None) -> Tensor | None:
    """Position embeddings (1, 1 + n, C) on the new grid, bilinear; None if nothing tells the old grid."""
    from core.models.pose.vitpose import PATCH

    width, height = config.input_size
    count = positions.shape[1] - 1
    if source is not None:
        old = (source.input_size[1] // PATCH, source.input_size[0] // PATCH)
    elif count == math.prod(_COCO_GRID):
        old = _COCO_GRID
    else:
        old = (math.isqrt(count), math.isqrt(count))
    if positions.ndim != 3 or math.prod(old) != count:
        return None
    grid = positions[:, 1:].transpose(1, 2).unflatten(2, old).float()
    fresh = functional.interpolate(grid, size=(height // PATCH, width // PATCH), mode="bilinear", align_corners=False)
    return torch.cat([positions[:, :1].float(), fresh.flatten(2).transpose(1, 2)], dim=1)


def head_output(name: str) -> str | None:
    """The output whose last layer a tensor belongs to; None for every other tensor.

    >>> head_output("head.maps.heatmaps.bias")
    'heatmaps'
    """
    match = _HEAD.fullmatch(name)
    return match[1] if match else None


def matching_rows(
    name: str, config: NetworkConfig, source: NetworkConfig | None, rows: Mapping[int, int] | None, old_length: int
) -> list[tuple[int, int]]:
    """(new row, old row) of a head's tensor, wherever both mean the same.

    Parameters
    ----------
    name
        Of the tensor, as `head_output` knows it.
    config, source
        Of the network that takes the rows, and of that which gives them, where it is known.
    rows
        New point <- old point; None: the points are the same.
    old_length
        How many rows the old tensor has.
    """
    output = head_output(name)
    assert output is not None
    old_count = source.points if source is not None else old_length // _PER_POINT.get(output, 1)
    new = _labels(output, config.points, config)
    old = {label: row for row, label in enumerate(_labels(output, old_count, source))}
    pairs = []
    for row, (points, number) in enumerate(new):
        if rows is not None and not all(point in rows for point in points):
            continue
        before = (points if rows is None else tuple(rows[point] for point in points), number)
        if before in old and old[before] < old_length:
            pairs.append((row, old[before]))
    return pairs


def _labels(output: str, count: int, config: NetworkConfig | None) -> list[Label]:
    """What the rows of an output mean; empty where the neighbours are not known."""
    if output in _PER_POINT:  # x0, y0, x1, y1, ...
        return [((point,), axis) for point in range(count) for axis in "xy"]
    if output.startswith("nb_"):
        lists: Any = config.codec_settings.get("neighbours", ()) if config is not None else ()
        return [((point, neighbour), "") for point, near in enumerate(lists) for neighbour in near]
    return [((point,), "") for point in range(count)]
