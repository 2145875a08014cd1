"""Drawing groups with replacement, and the interval that the draws leave: what `core.metrics.intervals` is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_DRAWN_AT_ONCE: Final = 1 << 18  # group numbers at a time: they and what they pick stay in the processor's cache


@dataclass(frozen=True)
class Interval:
    """A figure with its percentile interval.

    Attributes
    ----------
    value
        Of the data as they are; NaN if there are none.
    low, high
        Ends of the interval; NaN, NaN where there is none, and `reason` says why.
    groups
        How many groups were drawn from: those with at least one defined value.
    used, left_out
        How many instances count, and how many do not because their value is undefined (where two are compared: in
        either).
    reason
        Empty, or why there is no interval, as a sentence.
    """

    value: float
    low: float
    high: float
    groups: int
    used: int = 0
    left_out: int = 0
    reason: str = ""


def draw_groups(groups: int, draws: int, seed: int) -> Iterator[Indices]:
    """(B, G) group numbers: each row is one draw of as many groups as there are."""
    rng = np.random.default_rng(seed)
    at_once = max(1, _DRAWN_AT_ONCE // max(groups, 1))
    for start in range(0, draws, at_once):
        yield rng.integers(0, groups, (min(at_once, draws - start), groups))


def members(first: Indices, size: Indices) -> Indices:
    """Row numbers of runs that begin at `first` and are `size` long, one after another."""
    ends = np.cumsum(size)
    return np.arange(ends[-1]) + np.repeat(first - ends + size, size)


def totals(sums: Floats, block: Indices) -> Floats:
    """(parts, B) sums over the groups of each draw, of (parts, G) sums of groups; equal groups need no adding up."""
    found = np.empty((len(sums), len(block)))
    for total, part in zip(found, sums, strict=True):
        total[:] = part[0] * block.shape[1] if (part == part[0]).all() else part[block].sum(axis=1)
    return found


def interval_of(
    value: float, drawn: Callable[[], Floats], groups: int, used: int, left_out: int, level: float
) -> Interval:
    """The figure with the percentiles of its draws, or with the reason why there are none."""
    reason = ""
    if groups == 0:
        reason = "no value is defined"
    elif np.isnan(value):
        reason = "the figure is undefined on these values"
    elif groups == 1:
        reason = "all values are of one group, and one group does not say how much groups differ"
    if reason:
        return Interval(float(value), np.nan, np.nan, groups, used, left_out, reason)
    ordered = np.sort(drawn())
    ordered = ordered[~np.isnan(ordered)]
    if not len(ordered):
        return Interval(float(value), np.nan, np.nan, groups, used, left_out, "the figure is undefined on every draw")
    low, high = (_quantile(ordered, q) for q in ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(value), low, high, groups, used, left_out)


def _quantile(ordered: Floats, q: float) -> float:
    """Linear between neighbours as numpy's, and between an infinity and anything that infinity (numpy gives NaN)."""
    place = q * (len(ordered) - 1)
    below, above = ordered[int(np.floor(place))], ordered[int(np.ceil(place))]
    part = place - np.floor(place)
    return float(below if below == above or part == 0 else below * (1 - part) + above * part)


def check_plan(draws: int, level: float) -> None:
    """BadInput unless draws and level make sense."""
    if draws < 1:
        raise BadInput(f"an interval needs at least one draw, not {draws}")
    if not 0 < level < 1:
        raise BadInput(f"level should lie between 0 and 1, not {level}")
