"""Scores of pairs of faces in their order, those of one person and those of two apart.

Every figure of verification is read off it: what a threshold accepts is a place in an ordered array.

Legend
------
- M: number of pairs of faces; S of them of one person ("same"), D of two people ("different")
- `scores`: (M,) float cosine similarity, higher = more alike
- `same`: (M,) bool, whether the two faces are of one person
- `weights`: (M,) how much each pair counts (`core.metrics.verification.Pairing`); without, each counts 1. Integers are
  numbers of pairs: each score then stands for so many

A pair is accepted when its score is at or above the threshold.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.confusion import Confusion

Sums = Floats | Ints | None

_SIGN: Final = np.uint32(1 << 31)
_LOWER_HALF: Final = np.uint64((1 << 32) - 1)


@dataclass(frozen=True, eq=False)
class RankedScores:
    """Scores of each kind, rising; 50 million are one sort of 200 MB and nothing besides.

    Attributes
    ----------
    same, different
        (S,) and (D,), both float32 or both float64 as they were given, rising.
    same_sums, different_sums
        (S + 1,) and (D + 1,) what the scores below each place weigh together: 0 first, all of them last. int64 where
        weights are numbers of pairs, else float64; None where each score is one pair.
    step
        How much too low a score may be where pairs were counted in steps; 0 where scores are exact.
    """

    same: NDArray
    different: NDArray
    same_sums: Sums = None
    different_sums: Sums = None
    step: float = 0.0

    @classmethod
    def of(cls, scores: NDArray, same: NDArray, weights: NDArray | None = None) -> Self:
        """Of pairs in any order. Raises `BadInput` as `checked_pairs` and `checked_weights`."""
        score, truth = _pairs(scores, same)
        weight = None if weights is None else checked_weights(weights, len(score))
        sides = (_ranked(score[kind], None if weight is None else weight[kind]) for kind in (truth, ~truth))
        (alike, alike_sums), (unlike, unlike_sums) = sides
        return cls(alike, unlike, alike_sums, unlike_sums)

    @classmethod
    def of_kinds(
        cls,
        same: NDArray,
        different: NDArray,
        same_weights: NDArray | None = None,
        different_weights: NDArray | None = None,
    ) -> Self:
        """Of the (S,) and (D,) scores of each kind; what rises already is neither sorted nor copied.

        Raises
        ------
        BadInput
            If they are not of one dimension and finite, weights do not fit them, or one kind alone has weights.
        """
        sides = []
        common = np.result_type(_real(same), _real(different))
        for scores, weights in ((same, same_weights), (different, different_weights)):
            score, _ = _pairs(scores, np.zeros(np.shape(scores), bool))
            weight = None if weights is None else checked_weights(weights, len(score))
            sides.append(_ranked(score.astype(common, copy=False), weight))
        (alike, alike_sums), (unlike, unlike_sums) = sides
        if (alike_sums is None) != (unlike_sums is None):
            raise BadInput("metrics.weights_of_one_kind")
        return cls(alike, unlike, alike_sums, unlike_sums)

    @property
    def same_total(self) -> float:
        """What all pairs of one person weigh; how many they are, an int, where each counts once."""
        return _total(self.same, self.same_sums)

    @property
    def different_total(self) -> float:
        """What all pairs of two people weigh; how many they are, an int, where each counts once."""
        return _total(self.different, self.different_sums)

    @property
    def unweighed(self) -> "RankedScores":
        """The same pairs, each counting once."""
        weighed = self.same_sums is not None and self.same_sums.dtype == np.float64
        return RankedScores(self.same, self.different) if weighed else self

    @cached_property
    def same_levels(self) -> tuple[NDArray, NDArray, NDArray]:
        """Distinct scores of same pairs, rising, and infinity; what same and different pairs at or above each weigh.

        Where a figure is best it is best at one of these. Kept: up to 24 bytes for each same pair.
        """
        starts = np.flatnonzero(np.append(True, self.same[1:] != self.same[:-1])[: len(self.same)])
        levels = np.append(self.same[starts], self.same.dtype.type(np.inf))
        below = np.append(starts, len(self.same))
        tp = len(self.same) - below if self.same_sums is None else self.same_sums[-1] - self.same_sums[below]
        return levels, tp, self.accepted_different(levels)

    def require_both(self) -> None:
        """Raises `NotEnoughData` where one kind of pair is missing."""
        if not (len(self.same) and len(self.different)):
            pairs = self.unweighed
            raise NotEnoughData("verification.two_kinds", same=pairs.same_total, different=pairs.different_total)

    def accepted_same(self, thresholds: ArrayLike) -> NDArray:
        """What the pairs of one person at or above each threshold weigh; none at NaN."""
        return _accepted(self.same, self.same_sums, thresholds)

    def accepted_different(self, thresholds: ArrayLike) -> NDArray:
        """What the pairs of two people at or above each threshold weigh; none at NaN."""
        return _accepted(self.different, self.different_sums, thresholds)

    def fmr(self, thresholds: ArrayLike) -> NDArray:
        """The share of different pairs that each threshold accepts; NaN where there are none."""
        return _shares(self.accepted_different(thresholds), self.different_total)

    def fnmr(self, thresholds: ArrayLike) -> NDArray:
        """The share of same pairs that each threshold rejects; NaN where there are none."""
        return _shares(self.same_total - self.accepted_same(thresholds), self.same_total)

    def confusion(self, threshold: float) -> Confusion:
        """Of the pairs that are accepted and rejected at a threshold."""
        tp, fp = self.accepted_same(threshold).item(), self.accepted_different(threshold).item()
        return Confusion(tp, fp, self.different_total - fp, self.same_total - tp)

    def middle(self, threshold: float) -> float:
        """The middle of the plateau on which a threshold lies: it accepts the same pairs, with an equal margin.

        Where nothing is accepted it is the next number above the highest score, where everything is, the lowest score;
        NaN without scores.
        """
        places = [(side, count_below(side, threshold).item()) for side in (self.same, self.different)]
        accepted = [float(side[row]) for side, row in places if row < len(side)]
        rejected = [float(side[row - 1]) for side, row in places if row]
        if not accepted or not rejected:
            return min(accepted) if accepted else float(np.nextafter(max(rejected, default=math.nan), math.inf))
        middle = (min(accepted) + max(rejected)) / 2
        return middle if middle > max(rejected) else min(accepted)


def count_below(scores: NDArray, thresholds: ArrayLike) -> NDArray[np.intp]:
    """How many of the rising scores lie below each threshold; all of them below NaN.

    Scores of float32 are not cast: the least float32 at or above a threshold separates the same ones.
    """
    wanted = np.asarray(thresholds)
    if wanted.dtype == np.float32 == scores.dtype:
        return np.asarray(np.searchsorted(scores, wanted))
    wanted = wanted.astype(np.float64)
    if scores.dtype == np.float32:
        with np.errstate(over="ignore"):
            near = wanted.astype(np.float32)
            wanted = np.where(near < wanted, np.nextafter(near, np.float32(np.inf)), near)
    return np.asarray(np.searchsorted(scores, wanted))


def checked_pairs(scores: NDArray, same: NDArray, *, both: bool = False) -> tuple[Floats, Bools]:
    """Scores as float64 and `same` as bool; with `both` there must be pairs of both kinds.

    Raises
    ------
    BadInput
        If the shapes are not (M,), a score is not finite, or `same` is not bool.
    NotEnoughData
        If `both` and one kind is missing.
    """
    score, truth = _pairs(scores, same)
    alike = int(truth.sum())
    if both and not 0 < alike < len(truth):
        raise NotEnoughData("verification.two_kinds", same=alike, different=len(truth) - alike)
    return score.astype(np.float64, copy=False), truth


def checked_weights(weights: NDArray | None, count: int) -> NDArray:
    """(M,) int64 ones, or the weights as float64, integers as int64.

    Raises `BadInput` where they are not (M,), finite and above 0.
    """
    if weights is None:
        return np.ones(count, np.int64)
    weight = np.asarray(weights)
    weight = weight.astype(np.int64 if weight.dtype.kind in "iu" else np.float64, copy=False)
    if weight.shape != (count,):
        raise BadInput("metrics.shape_of_same", name="weights", shape=(count,), found=weight.shape)
    wrong = int(np.count_nonzero(~(np.isfinite(weight) & (weight > 0))))
    if wrong:
        raise BadInput("metrics.weights", wrong=wrong, count=count)
    return weight


def _pairs(scores: NDArray, same: NDArray) -> tuple[NDArray, Bools]:
    score, truth = _real(scores), np.asarray(same)
    if not score.shape == truth.shape == (score.size,):
        raise BadInput(
            "metrics.both_shape", names="scores and same", shape="(M,)", first=score.shape, second=truth.shape
        )
    if truth.dtype != bool:
        raise BadInput("arrays.bool", name="same", found=truth.dtype)
    if not np.isfinite(score).all():
        raise BadInput("metrics.scores_not_finite", wrong=np.count_nonzero(~np.isfinite(score)), count=len(score))
    return score, truth


def _real(scores: NDArray) -> NDArray:
    """As it was given where that is float32 or float64, anything else as float64."""
    score = np.asarray(scores)
    return score if score.dtype in (np.float32, np.float64) else score.astype(np.float64)


def _ranked(scores: NDArray, weights: NDArray | None) -> tuple[NDArray, Sums]:
    """Rising scores of one kind, and what those below each place weigh."""
    rising = bool((scores[1:] >= scores[:-1]).all())
    if weights is None:
        return scores if rising else np.sort(scores), None
    if not rising:
        order = _order(scores)
        scores, weights = scores[order], weights[order]
    sums = np.zeros(len(weights) + 1, weights.dtype)
    np.cumsum(weights, out=sums[1:])
    return scores, sums


def _order(scores: NDArray) -> NDArray:
    """What ``argsort`` gives; float32 scores are sorted with their places, as two halves of an integer."""
    if scores.dtype == np.float64:
        return np.argsort(scores)
    bits = scores.view(np.uint32)
    rising = np.where(bits & _SIGN, ~bits, bits | _SIGN)  # in the order of the numbers
    packed = (rising.astype(np.uint64) << np.uint64(32)) | np.arange(len(scores), dtype=np.uint64)
    packed.sort()
    return packed & _LOWER_HALF


def _total(scores: NDArray, sums: Sums) -> float:
    return len(scores) if sums is None else sums[-1].item()


def _accepted(scores: NDArray, sums: Sums, thresholds: ArrayLike) -> NDArray:
    below = count_below(scores, thresholds)
    return len(scores) - below if sums is None else sums[-1] - sums[below]


def _shares(part: NDArray, whole: float) -> NDArray:
    return part / whole if whole else np.full(np.shape(part), math.nan)
