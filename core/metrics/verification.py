"""Face verification figures that know which people each pair is of: weights, held-out rates, intervals.

Legend
------
- M: number of pairs of faces
- `scores`: (M,) float cosine similarity, higher = more alike; accepted when at or above the threshold
- `left_person`, `right_person`: (M,) int person of each side of the pair
- P: number of people; C: number of cells, the two people (or the one) that pairs are of

Pairs that share a person are not independent, so weights, folds and intervals are made of people, never of pairs.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput
from core.metrics.ranked_scores import checked_pairs

LEVEL: Final = 0.95
FEWEST_PEOPLE: Final = 6  # with fewer independent ones, or fewer of them with an error, no spread is known
_HALVINGS: Final = 60
_CLOSE: Final = 2  # numbers for each value: a table of so many is smaller than what sorting takes
_AT_ONCE: Final = 1024  # cells that are looked through: enough that share nobody are nearly always among the first


@dataclass(frozen=True, eq=False)
class Pairing:
    """Of which people each pair is.

    Attributes
    ----------
    left, right
        (M,) int64 person of each side, numbered from 0.
    people
        P.
    cell
        (M,) int64 of which two people, or of which one, each pair is.
    first, second
        (C,) int64 people of each cell; equal where its pairs are of one person.
    """

    left: Ints
    right: Ints
    people: int
    cell: Ints
    first: Ints
    second: Ints

    @classmethod
    def of(cls, left_person: NDArray, right_person: NDArray) -> Self:
        """Raises `BadInput` where the two sides have not one shape (M,)."""
        left, right = np.asarray(left_person), np.asarray(right_person)
        if not left.shape == right.shape == (left.size,):
            raise BadInput(
                "metrics.both_shape",
                names="left_person and right_person",
                shape="(M,)",
                first=left.shape,
                second=right.shape,
            )
        names, number = _numbered(np.concatenate([left, right]))
        people, left, right = len(names), number[: len(left)], number[len(left) :]
        codes, cell = _numbered(np.minimum(left, right) * people + np.maximum(left, right))
        first, second = np.divmod(codes, max(people, 1))
        return cls(left, right, people, cell, first, second)

    @cached_property
    def same(self) -> Bools:
        """(M,) bool: both faces are of one person."""
        return self.left == self.right

    @cached_property
    def sizes(self) -> Ints:
        """(C,) int64 pairs of each cell."""
        return np.bincount(self.cell, minlength=len(self.first))

    @cached_property
    def share(self) -> Floats:
        """(M,) float64, 1 / the pairs of each pair's cell."""
        return (1 / self.sizes)[self.cell]

    @cached_property
    def kinds(self) -> tuple["_Cells", "_Cells"]:
        """The cells of two people, and those of one."""
        one = self.first == self.second
        two, alone = np.flatnonzero(~one), np.flatnonzero(one)
        sides = (self.first[two], self.second[two])
        return _Cells.of(two, sides, self.people), _Cells.of(alone, (self.first[alone],), self.people)

    def weights(self, different_per_same: float = 1.0) -> Floats:
        """(M,) float64 under which every person counts the same, however many faces they have.

        A pair of one person weighs 1 / that person's pairs, one of two people 1 / the pairs of these two. A weighed
        FNMR is then the mean over people, a weighed FMR the mean over every two people: what a person, and two, meet
        with. Same pairs sum to 1 and different ones to `different_per_same`, the mixture on which accuracy, precision
        and F1 depend; FMR and FNMR do not.

        Raises
        ------
        BadInput
            If `different_per_same` is not above 0.
        """
        return balanced(self.share, self.same, different_per_same)


def _numbered(values: NDArray) -> tuple[NDArray, Ints]:
    """The distinct values, rising, and the place of each among them: `numpy.unique` sorts for it, which integers that
    lie close together do not need."""
    if len(values) and values.dtype.kind in "iu":
        low, high = int(values.min()), int(values.max())
        if high - low < _CLOSE * len(values):
            there = np.zeros(high - low + 1, bool)
            there[values - low] = True
            place = np.cumsum(there) - 1
            return np.flatnonzero(there) + low, place[values - low]
    return np.unique(values, return_inverse=True)


def balanced(share: Floats, same: Bools, different_per_same: float) -> Floats:
    """The weights of pairs, whole cells of them, of which each has this share in its cell."""
    if not different_per_same > 0:
        raise BadInput("verification.mixture", found=different_per_same)
    sums = [max(share[kind].sum(), np.finfo(np.float64).tiny) for kind in (same, ~same)]
    return share * np.where(same, 1 / sums[0], different_per_same / sums[1])


@dataclass(frozen=True)
class RateInterval:
    """What a set of people shows of a rate among all people like them.

    Attributes
    ----------
    low, high
        Its ends; NaN where so few people can show nothing.
    independent
        How many that share nobody it was measured on: people for the FNMR, for the FMR half as many (two people each).
    two_sided
        Whether errors were seen in enough of these (`FEWEST_PEOPLE`) for an interval; else one end is the trivial one
        and the other a bound.
    """

    low: float
    high: float
    independent: int
    two_sided: bool

    @property
    def known(self) -> bool:
        """Whether anything can be said."""
        return not math.isnan(self.low)


@dataclass(frozen=True)
class RateIntervals:
    """Intervals of the rates at one threshold."""

    accuracy: RateInterval
    fmr: RateInterval
    fnmr: RateInterval


def rate_intervals(
    scores: NDArray, pairing: Pairing, threshold: float, different_per_same: float = 1.0, level: float = LEVEL
) -> RateIntervals:
    """Intervals of accuracy, FMR and FNMR, as `Pairing.weights` weighs them, at a fixed threshold, by people.

    The rates are means over people (FNMR) and over every two people (FMR, a U-statistic), and people are what was
    drawn. Where errors were seen in at least `FEWEST_PEOPLE` that share nobody, the interval is Student's on the logit
    with the standard error of a jackknife that leaves out one person, and so all of their pairs, at a time (Arvesen
    1969; resampling identities: Fogliato, Patil & Perona, "Confidence Intervals for Error Rates in 1:1 Matching Tasks",
    IJCV 2024, arXiv:2306.01198).

    Errors of fewer say nothing of how they spread. Then there is only a bound, at `level`, which holds for any people
    whatever: Chernoff's for means of [0, 1] over the number that share nobody, which Hoeffding (1963, section 5) shows
    to hold for U-statistics with P // 2. Without any error it is ``1 - (1 - level) ** (1 / n)``, about 3 / n: the rule
    of three (ISO/IEC 19795-1), with n independent people or pairs of people in place of pairs of faces. With fewer
    than `FEWEST_PEOPLE` that share nobody there is none. Accuracy, of two rates, takes both bounds at half the risk.

    Raises
    ------
    BadInput
        If shapes disagree, or `level` or `different_per_same` is out of range.
    """
    if not (0 < level < 1 and different_per_same > 0):
        raise BadInput("verification.level", level=level, mixture=different_per_same)
    fmr, fnmr = _rates(scores, pairing, threshold)
    return RateIntervals(_accuracy(fmr, fnmr, different_per_same, level), fmr.interval(level), fnmr.interval(level))


def fmr_interval(scores: NDArray, pairing: Pairing, threshold: float, level: float = LEVEL) -> RateInterval:
    """The FMR's of the `rate_intervals`; raises as these."""
    if not 0 < level < 1:
        raise BadInput("verification.level", level=level, mixture=1)
    return _rates(scores, pairing, threshold)[0].interval(level)


def _rates(scores: NDArray, pairing: Pairing, threshold: float) -> tuple["_Rate", "_Rate"]:
    """FMR and FNMR at a threshold."""
    score, same = checked_pairs(scores, pairing.same)
    wrong = np.flatnonzero((score >= threshold) != same)
    rates = np.bincount(pairing.cell[wrong], minlength=len(pairing.first)) / pairing.sizes
    two, one = pairing.kinds
    return _Rate.of(two, rates[two.rows]), _Rate.of(one, rates[one.rows])


@dataclass(frozen=True, eq=False)
class _Cells:
    """C cells of one kind: their `rows` among all, the person of each of their sides (one or two), how many of them
    share nobody, and how many are left without each of the P people."""

    rows: Ints
    sides: tuple[Ints, ...]
    independent: int
    left: Ints

    @classmethod
    def of(cls, rows: Ints, sides: tuple[Ints, ...], people: int) -> Self:
        cells = np.bincount(np.concatenate(sides), minlength=people)
        return cls(rows, sides, int(np.count_nonzero(cells)) // len(sides), len(rows) - cells)

    def apart(self, there: Bools) -> bool:
        """Whether `FEWEST_PEOPLE` of the cells that are `there`, taken as they come, share nobody."""
        rows, taken, count = np.flatnonzero(there), np.zeros(len(self.left), bool), 0
        for start in range(0, len(rows), _AT_ONCE):
            free = rows[start : start + _AT_ONCE]
            while len(free := free[~np.any([taken[side[free]] for side in self.sides], axis=0)]):
                for side in self.sides:
                    taken[side[free[0]]] = True
                count += 1
                if count == FEWEST_PEOPLE:
                    return True
        return False


@dataclass(frozen=True, eq=False)
class _Rate:
    """A mean over C cells: the cells' own `rates`, and the mean without each of the P people."""

    cells: _Cells
    rates: Floats
    without: Floats

    @classmethod
    def of(cls, cells: _Cells, rates: Floats) -> Self:
        some = np.flatnonzero(rates)
        share = sum(np.bincount(side[some], rates[some], len(cells.left)) for side in cells.sides)
        return cls(cells, rates, (rates.sum() - share) / np.where(cells.left > 0, cells.left, np.nan))

    @property
    def independent(self) -> int:
        return self.cells.independent

    @property
    def mean(self) -> float:
        return float(self.rates.mean()) if len(self.rates) else math.nan

    @cached_property
    def wrong(self) -> bool:
        """Whether errors were seen in enough cells that share nobody."""
        return self.cells.apart(self.rates > 0)

    @cached_property
    def right(self) -> bool:
        """Whether their absence was."""
        return self.cells.apart(self.rates < 1)

    def interval(self, level: float) -> RateInterval:
        count, mean = self.independent, self.mean
        if count < FEWEST_PEOPLE:
            return RateInterval(math.nan, math.nan, count, two_sided=False)
        if self.wrong and self.right:
            return RateInterval(*_logit_interval(mean, self.without, count, level), count, two_sided=True)
        if self.right:
            return RateInterval(0.0, largest_rate(mean, count, 1 - level), count, two_sided=False)
        return RateInterval(1 - largest_rate(1 - mean, count, 1 - level), 1.0, count, two_sided=False)


def _accuracy(fmr: _Rate, fnmr: _Rate, mixture: float, level: float) -> RateInterval:
    """Of 1 - (FNMR + mixture x FMR) / (1 + mixture)."""
    independent = min(fmr.independent, fnmr.independent)
    if independent < FEWEST_PEOPLE:
        return RateInterval(math.nan, math.nan, independent, two_sided=False)
    if fmr.wrong and fmr.right and fnmr.wrong and fnmr.right:
        mean = 1 - (fnmr.mean + mixture * fmr.mean) / (1 + mixture)
        without = 1 - (fnmr.without + mixture * fmr.without) / (1 + mixture)
        return RateInterval(*_logit_interval(mean, without, independent, level), independent, two_sided=True)
    highest = [one.interval((1 + level) / 2).high for one in (fmr, fnmr)]
    return RateInterval(1 - (highest[1] + mixture * highest[0]) / (1 + mixture), 1.0, independent, two_sided=False)


def _logit_interval(mean: float, without: Floats, independent: int, level: float) -> tuple[float, float]:
    """Student's interval of a rate on the logit, by its means without each of the people (the jackknife)."""
    known = without[np.isfinite(without)]
    count = len(known)
    error = math.sqrt((count - 1) / count * float(np.square(known - known.mean()).sum()))
    reach = scipy.special.stdtrit(independent - 1, (1 + level) / 2) * error / (mean * (1 - mean))
    low, high = scipy.special.expit(scipy.special.logit(mean) + np.array([-reach, reach]))
    return float(low), float(high)


def largest_rate(mean: float, count: int, risk: float) -> float:
    """The largest rate under which a mean of `count` independent values in [0, 1] is this low with Chernoff's risk."""
    low, high = mean, 1.0
    for _ in range(_HALVINGS):
        rate = (low + high) / 2
        if count * _divergence(mean, rate) <= -math.log(risk):
            low = rate
        else:
            high = rate
    return low


def _divergence(mean: float, rate: float) -> float:
    """Kullback and Leibler's, of one coin from another."""
    parts = ((mean, rate), (1 - mean, 1 - rate))
    return sum(part * math.log(part / whole) if whole else math.inf for part, whole in parts if part)
