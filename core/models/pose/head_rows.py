"""What each row of a head's tensors stands for, so that rows find their places when the points change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.models.pose import NetworkConfig

Label = tuple[tuple[int, ...], str]  # the points that a row is about, in order, and which of their numbers it gives

_HEAD: Final = re.compile(r"head\.(?:maps\.)?(points|heatmaps|offsets|cls|x|y|nb_x|nb_y)\.(?:weight|bias)")
_PER_POINT: Final = {"points": 2, "offsets": 2}


def head_output(name: str) -> str | None:
    """The output whose last layer a tensor belongs to; None for every other tensor.

    >>> head_output("head.maps.heatmaps.bias")
    'heatmaps'
    """
    found = _HEAD.fullmatch(name)
    return found[1] if found else None


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
    if output == "points":  # x0, y0, x1, y1, ...
        return [((point,), axis) for point in range(count) for axis in "xy"]
    if output == "offsets":
        return [((point,), axis) for point in range(count) for axis in "xy"]
    if output.startswith("nb_"):
        lists = _neighbours(config)
        return [((point, neighbour), "") for point, near in enumerate(lists) for neighbour in near]
    return [((point,), "") for point in range(count)]


def _neighbours(config: NetworkConfig | None) -> Sequence[Sequence[int]]:
    listed: Any = config.codec_settings.get("neighbours", ()) if config is not None else ()
    return [list(near) for near in listed]
