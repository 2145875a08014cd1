"""FMR and FNMR of groups at one threshold, how far they lie apart, and what a threshold of its own would give each.

Legend
------
- M: number of pairs of faces; G: number of groups
- `scores`: (M,) float cosine similarity, accepted when at or above the threshold
- `left_group`, `right_group`: (M,) int group of each side of the pair, negative for none. A group may be of people
  (population) or of faces (pose, blur): one person's faces may lie in several

A pair counts for a group where both of its faces are of it, so that a false match is one within the group (the worst
case, since strangers of one population are more alike); pairs across groups count for none, and are only counted.
ISO/IEC 19795-10 calls the difference of the rates a false match (non-match) rate differential. Every person and every
two people count the same, as in `core.metrics.verification.Pairing.weights`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput
from core.metrics.operating_points import threshold_at_fmr
from core.metrics.ranked_scores import RankedScores, checked_pairs
from core.metrics.verification import LEVEL, Pairing, RateInterval, rate_intervals


@dataclass(frozen=True)
class GroupRates:
    """What one group meets with.

    Attributes
    ----------
    group
        Its number.
    people, same, different
        How many people its pairs are of, and how many pairs of each kind lie within it.
    fmr, fnmr
        At the threshold of all; NaN without pairs of that kind.
    fmr_interval, fnmr_interval
        By its people (`rate_intervals`).
    own_threshold
        The lowest at which this group's FMR is at most what that of all pairs is at the threshold of all; NaN where the
        group lacks a kind of pair.
    own_fmr, own_fnmr
        What its rates are there, on these same pairs: chosen and judged on the same people, so a little too good.
    """

    group: int
    people: int
    same: int
    different: int
    fmr: float
    fnmr: float
    fmr_interval: RateInterval
    fnmr_interval: RateInterval
    own_threshold: float
    own_fmr: float
    own_fnmr: float


@dataclass(frozen=True)
class WorstToBest:
    """How many times the best group's rate the worst group's is.

    Attributes
    ----------
    worst, best
        Numbers of the groups whose measured rates are the highest and the lowest; None where fewer than two are known.
    ratio
        Of these rates; NaN where the best is 0 or there are no two, since nothing can be divided by it.
    at_least
        What the ratio among all people like these is at least, also where `ratio` is undefined: the highest lower end
        over the lowest upper end of intervals that hold together (each at 1 - (1 - level) / G: Bonferroni); 1 where
        they overlap, NaN where fewer than two groups have an interval.
    """

    worst: int | None
    best: int | None
    ratio: float
    at_least: float

    @classmethod
    def of(cls, groups: Sequence[int], rates: Sequence[float], intervals: Sequence[RateInterval]) -> Self:
        """Of the groups' rates, and of their intervals, which should hold together."""
        known = [(rate, group) for rate, group in zip(rates, groups, strict=True) if not math.isnan(rate)]
        shown = [interval for interval in intervals if interval.known]
        at_least = math.nan
        if len(shown) > 1:
            low, high = max(interval.low for interval in shown), min(interval.high for interval in shown)
            at_least = max(1.0, low / high) if high else math.nan
        if len(known) < 2:
            return cls(None, None, math.nan, at_least)
        (best, least), (worst, most) = min(known), max(known)
        return cls(most, least, worst / best if best else math.nan, at_least)


@dataclass(frozen=True)
class RatesByGroup:
    """The groups' rates, in the order of their numbers.

    Attributes
    ----------
    threshold, fmr, fnmr
        The threshold of all, and what all pairs have there, those across groups too.
    groups
        G of them.
    fmr_differential, fnmr_differential
        Worst to best.
    across
        Pairs of each kind (same, different) whose faces are of two groups or of none: they count for no group.
    """

    threshold: float
    fmr: float
    fnmr: float
    groups: tuple[GroupRates, ...]
    fmr_differential: WorstToBest
    fnmr_differential: WorstToBest
    across: tuple[int, int]


def rates_by_group(
    scores: NDArray, pairing: Pairing, left_group: NDArray, right_group: NDArray, threshold: float, level: float = LEVEL
) -> RatesByGroup:
    """FMR and FNMR of every group at one threshold, with intervals by people.

    Raises
    ------
    BadInput
        If shapes disagree, a score is not finite, the groups are no integers or `level` is not in (0, 1).
    """
    score, same = checked_pairs(scores, pairing.same)
    left, right = _checked(left_group, len(score)), _checked(right_group, len(score))
    of = np.where((left == right) & (left >= 0), left, -1)
    numbers = np.unique(of[of >= 0])
    fmr, fnmr = _rates(score, pairing, threshold)
    parts = [_Part.of(score, pairing, np.flatnonzero(of == number)) for number in numbers]
    groups = tuple(part.rates(int(number), threshold, fmr, level) for number, part in zip(numbers, parts, strict=True))
    together = 1 - (1 - level) / max(len(parts), 1)
    wide = [rate_intervals(part.score, part.pairing, threshold, level=together) for part in parts]
    names, none = [group.group for group in groups], of < 0
    return RatesByGroup(
        float(threshold),
        fmr,
        fnmr,
        groups,
        WorstToBest.of(names, [group.fmr for group in groups], [both.fmr for both in wide]),
        WorstToBest.of(names, [group.fnmr for group in groups], [both.fnmr for both in wide]),
        (int((none & same).sum()), int((none & ~same).sum())),
    )


def _checked(groups: NDArray, count: int) -> Ints:
    numbers = np.asarray(groups)
    if numbers.shape != (count,):
        raise BadInput("metrics.shape_of_same", name="left_group and right_group", shape=(count,), found=numbers.shape)
    if not np.issubdtype(numbers.dtype, np.integer):
        raise BadInput("metrics.groups_integers", found=numbers.dtype)
    return numbers.astype(np.int64, copy=False)


def _rates(score: Floats, pairing: Pairing, threshold: float) -> tuple[float, float]:
    """FMR and FNMR, every two people and every person counting the same; NaN without pairs of that kind."""
    accepted = score >= threshold

    def mean(wrong: Bools, kind: Bools) -> float:
        return float(np.average(wrong[kind], weights=pairing.share[kind])) if kind.any() else math.nan

    return mean(accepted, ~pairing.same), mean(~accepted, pairing.same)


@dataclass(frozen=True, eq=False)
class _Part:
    """The pairs that lie within one group."""

    score: Floats
    pairing: Pairing

    @classmethod
    def of(cls, score: Floats, pairing: Pairing, rows: NDArray[np.intp]) -> Self:
        return cls(score[rows], Pairing.of(pairing.left[rows], pairing.right[rows]))

    def rates(self, group: int, threshold: float, wanted_fmr: float, level: float) -> GroupRates:
        fmr, fnmr = _rates(self.score, self.pairing, threshold)
        intervals = rate_intervals(self.score, self.pairing, threshold, level=level)
        same, own = int(self.pairing.same.sum()), math.nan
        different = len(self.score) - same
        if same and different and not math.isnan(wanted_fmr):
            ranked = RankedScores.of(self.score, self.pairing.same, self.pairing.weights())
            own = threshold_at_fmr(ranked, wanted_fmr).threshold
        own_rates = (math.nan, math.nan) if math.isnan(own) else _rates(self.score, self.pairing, own)
        return GroupRates(
            group, self.pairing.people, same, different, fmr, fnmr, intervals.fmr, intervals.fnmr, own, *own_rates
        )
