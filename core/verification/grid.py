"""What each threshold accepts, so that a browser can follow a hand."""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from core.foundation.arrays import Floats, Ints
from core.metrics.ranked_scores import RankedScores

_STEP: Final = 1e-4


@dataclass(frozen=True, eq=False)
class GridCounts:
    """What a threshold accepts, at every ten-thousandth from below the lowest score to above the highest.

    Attributes
    ----------
    ranked
        The pairs as they count.
    first, step
        The lowest threshold, and from one to the next.
    fmr, fnmr
        (T,) float64, every person counting the same.
    same_accepted, different_accepted
        (T,) int64 pairs at or above each threshold, each counting once.
    different_per_same
        The mixture on which accuracy, precision and F1 depend.
    """

    ranked: RankedScores
    first: float
    step: float
    fmr: Floats
    fnmr: Floats
    same_accepted: Ints
    different_accepted: Ints
    different_per_same: float

    @classmethod
    def of(cls, ranked: RankedScores, different_per_same: float) -> Self:
        """Of pairs of both kinds, in that mixture."""
        unweighed = ranked.unweighed
        low, high = (of(float(ranked.same[at]), float(ranked.different[at])) for of, at in ((min, 0), (max, -1)))
        first = math.floor(low / _STEP) - 1
        at = np.arange(first, math.ceil(high / _STEP) + 2) * _STEP
        return cls(
            ranked,
            first * _STEP,
            _STEP,
            ranked.fmr(at),
            ranked.fnmr(at),
            unweighed.accepted_same(at),
            unweighed.accepted_different(at),
            different_per_same,
        )

    @property
    def same(self) -> int:
        """How many pairs of one person there are."""
        return len(self.ranked.same)

    @property
    def different(self) -> int:
        """How many pairs of two people there are."""
        return len(self.ranked.different)

    def at(self, threshold: float) -> tuple[float, float, int, int]:
        """FMR, FNMR, and accepted pairs of one person and of two, at any threshold."""
        once = self.ranked.unweighed
        same, different = int(once.accepted_same(threshold)), int(once.accepted_different(threshold))
        return float(self.ranked.fmr(threshold)), float(self.ranked.fnmr(threshold)), same, different
