"""Intervals where nobody knows whose faces the pairs are of: pairs drawn anew, as if each were of other people.

They are too narrow where pairs share people, as they nearly always do: on all pairs of 40 people a third and more
(`core.metrics.people_bootstrap`, which wants to know the people). Rates at a threshold are binomial then: Clopper and
Pearson's intervals.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np

from core.foundation.arrays import Floats
from core.metrics.operating_points import clopper_pearson
from core.metrics.people_bootstrap import DRAWS, DrawnFigure, areas, d_primes_of, equal_rates, fnmrs_at
from core.metrics.people_sums import GRID
from core.metrics.ranked_scores import RankedScores, count_below
from core.metrics.resampling import Interval, check_plan
from core.metrics.verification import LEVEL

_KINDS: Final = ("same", "different")


@dataclass(frozen=True, eq=False)
class PairBootstrap:
    """Draws of pairs, each kind by itself, counted between T thresholds.

    Attributes
    ----------
    fmr, fnmr
        (B, T) float64 on each draw; the first row is of the pairs as they are.
    moments
        (2, B, 3) of the pairs of one person and of two: how many, and their sums and sums of squares.
    ranked
        The pairs, each counting once.
    level
        The share that the intervals hold.
    """

    fmr: Floats
    fnmr: Floats
    moments: Floats
    ranked: RankedScores
    level: float

    @classmethod
    def of(cls, ranked: RankedScores, *, draws: int = DRAWS, level: float = LEVEL, seed: int = 0) -> Self:
        """Draw as many pairs of each kind as there are, with replacement; d' with scores at their bin's mean.

        Raises
        ------
        BadInput
            If draws or level make no sense.
        NotEnoughData
            If a kind of pair is missing.
        """
        check_plan(draws, level)
        ranked.require_both()
        pairs, rng = ranked.unweighed, np.random.default_rng(seed)
        at = _grid(pairs)
        below, moments = [], []
        for name in _KINDS:
            scores = np.asarray(getattr(pairs, name))
            bounds = np.concatenate([[0], count_below(scores, at), [len(scores)]])
            counts = np.diff(bounds)
            drawn = np.concatenate([counts[None], rng.multinomial(len(scores), counts / len(scores), draws)])
            below.append(np.cumsum(drawn, axis=1)[:, :-1] / len(scores))
            moments.append(_moments(scores, bounds, counts, drawn))
        return cls(1 - below[1], below[0], np.stack(moments), pairs, level)

    @cached_property
    def figures(self) -> dict[str, DrawnFigure]:
        """AUC, EER and d'."""
        return {
            "auc": self._figure(areas(self.fmr, self.fnmr)),
            "eer": self._figure(equal_rates(self.fmr, self.fnmr)),
            "d_prime": self._figure(d_primes_of(self.moments), share=False),
        }

    def fnmr_at_fmr(self, fmr: float) -> DrawnFigure:
        """The FNMR at the threshold that an FMR asks for."""
        return self._figure(fnmrs_at(self.fmr, self.fnmr, np.array([fmr]))[:, 0])

    def rates(self, threshold: float) -> dict[str, Interval]:
        """Of accuracy as the pairs occur, FMR and FNMR at a threshold: binomial."""
        found = self.ranked.confusion(threshold)
        counts = {
            "accuracy": (found.fp + found.fn, found.tp + found.fp + found.tn + found.fn),
            "fmr": (found.fp, found.fp + found.tn),
            "fnmr": (found.fn, found.tp + found.fn),
        }
        ends = {name: clopper_pearson(int(wrong), int(pairs), self.level) for name, (wrong, pairs) in counts.items()}
        ends["accuracy"] = (1 - ends["accuracy"][1], 1 - ends["accuracy"][0])
        return {name: Interval(getattr(found, name), *ends[name], int(counts[name][1])) for name in ends}

    def _figure(self, drawn: Floats, *, share: bool = True) -> DrawnFigure:
        independent = min(len(self.ranked.same), len(self.ranked.different))
        value = float(drawn[0])
        return DrawnFigure(
            value, np.full_like(drawn, math.nan) if math.isnan(value) else drawn[1:], independent, self.level, share
        )


def _grid(ranked: RankedScores, size: int = GRID) -> Floats:
    """(T,) rising thresholds at even shares of each kind, and at those that fall evenly on a logarithm."""
    every = np.linspace(0, 1, size // 4)
    places = []
    for scores, rank in ((ranked.same, 0), (ranked.different, -1)):
        places.append(scores[(every * (len(scores) - 1)).astype(np.int64)])
        few = np.rint(len(scores) ** every).astype(np.int64) - 1
        places.append(scores[few] if rank == 0 else scores[len(scores) - 1 - few])
    highest = max(float(ranked.same[-1]), float(ranked.different[-1]))
    return np.unique(np.concatenate([*(part.astype(np.float64) for part in places), [np.nextafter(highest, np.inf)]]))


def _moments(scores: np.ndarray, bounds: np.ndarray, counts: np.ndarray, drawn: np.ndarray) -> Floats:
    """(B, 3) of each draw, every pair at its bin's own mean and mean square."""
    some = np.maximum(counts, 1)
    sums = [np.concatenate([[0.0], np.cumsum(scores**power, dtype=np.float64)]) for power in (1, 2)]
    means = [np.diff(each[bounds]) / some for each in sums]
    return np.stack([drawn.sum(axis=1), *(drawn @ mean for mean in means)], axis=1)
