"""Scores as log-likelihood ratios by the straight line that costs least: logistic regression of kind on score."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats
from core.foundation.errors import NotEnoughData
from core.metrics.calibration import LogisticCalibration
from core.metrics.ranked_scores import RankedScores, Sums

_AT_ONCE: Final = 1 << 13  # pairs: they stay in the processor's cache
_FIRST: Final = 1 << 16  # pairs of each kind that a fit begins with
_CLOSE: Final = 1e-18  # squared Newton decrement
_ROUNDING: Final = 1e-14
_BEGINNING: Final = 2.0  # slope: at 0 a score far off would outweigh all others
_APPROACH: Final = 8  # steps without the penalty, which has a peak of its own where a score far off is in doubt
_STEPS: Final = 200
_HALVINGS: Final = 40


def logistic_calibration(ranked: RankedScores, *, penalised: bool = True) -> LogisticCalibration:
    """LLRs on the straight line of least Cllr: logistic regression in which both kinds weigh the same.

    Prior-weighted, at equal priors (Brümmer & du Preez 2006). Where no score of one person lies below one of two people
    no line is the best: a steeper one is better still. So the likelihood, of Kish's number of pairs of either kind, is
    multiplied by the root of the determinant of its information, Jeffreys' prior, which weighs about as much as one
    pair and knows no unit (Firth, "Bias reduction of maximum likelihood estimates", Biometrika 80, 1993; Heinze &
    Schemper, "A solution to the problem of separation in logistic regression", Statistics in Medicine 21, 2002).
    Without `penalised` it is not.

    Newton's method with halved steps, from where the likelihood alone leads, until its decrement says that less than
    1e-18 nat a pair is left to be had. Where the best line falls, scores mean nothing: all LLRs are 0 then.

    Raises
    ------
    NotEnoughData
        If there are no pairs of one kind; without `penalised` also where no line is the best.
    """
    ranked.require_both()
    if ranked.same[0] == ranked.same[-1] == ranked.different[0] == ranked.different[-1]:
        return LogisticCalibration(0.0, 0.0)
    if not penalised and ranked.different[-1] <= ranked.same[0]:
        raise NotEnoughData("metrics.separable")
    if not penalised and ranked.same[-1] <= ranked.different[0]:
        return LogisticCalibration(0.0, 0.0)
    penalty = (1 / _number(ranked.same, ranked.same_sums) + 1 / _number(ranked.different, ranked.different_sums)) / 8
    (centre, unit), first, line = _middle(ranked), _thinned(ranked), np.array([0.0, _BEGINNING])
    for part, weight, steps in ((first, 0, _APPROACH), (first, penalised, _STEPS), (ranked, penalised, _STEPS)):
        line = _newton(_Line(part, centre, unit, penalty * weight), line, steps)
    slope = line[1] / unit
    if not slope > 0:
        return LogisticCalibration(0.0, 0.0)
    return LogisticCalibration(float(slope), float(line[0] - slope * centre))


def _middle(ranked: RankedScores) -> tuple[float, float]:
    """Where most scores lie, and how far they spread: few that lie far off would leave no digits for the others."""
    quarters = np.array([[side[len(side) * at // 4] for at in (1, 2, 3)] for side in (ranked.same, ranked.different)])
    low, high = float(quarters.min()), float(quarters.max())
    if low == high:
        low, high = (float(of(ranked.same[at], ranked.different[at])) for of, at in ((min, 0), (max, -1)))
    return (low + high) / 2, (high - low) / 2


def _number(scores: NDArray, sums: Sums) -> float:
    """Kish's effective number of pairs; where weights are numbers of pairs, their number."""
    if sums is None or sums.dtype != np.float64:
        return float(len(scores) if sums is None else sums[-1])
    return float(sums[-1] ** 2 / np.square(np.diff(sums)).sum())


def _thinned(ranked: RankedScores) -> RankedScores:
    """At most so many scores of each kind, each for all of its neighbourhood: where a fit begins."""
    found: list[Any] = []
    for scores, sums in ((ranked.same, ranked.same_sums), (ranked.different, ranked.different_sums)):
        bounds = np.linspace(0, len(scores), min(len(scores), _FIRST) + 1).astype(np.int64)
        found.append((scores[(bounds[:-1] + bounds[1:]) // 2], bounds if sums is None else sums[bounds]))
    (same, same_sums), (different, different_sums) = found
    return RankedScores(same, different, same_sums, different_sums)


@dataclass(frozen=True)
class _Line:
    """What LLR = a + b (score - `centre`) / `unit` costs: nats for each pair, less `penalty` x a log determinant."""

    ranked: RankedScores
    centre: float
    unit: float
    penalty: float

    def parts(self) -> Iterator[tuple[Floats, Floats, float]]:
        """Scores in units, what they weigh of both kinds, and whether they are of one person."""
        of_same = (self.ranked.same, self.ranked.same_sums, 1.0)
        for scores, sums, truth in (of_same, (self.ranked.different, self.ranked.different_sums, 0.0)):
            for at in range(0, len(scores), _AT_ONCE):
                score = (scores[at : at + _AT_ONCE].astype(np.float64) - self.centre) / self.unit
                ends = np.arange(at, at + len(score) + 1)
                weight = np.diff(ends) / len(scores) if sums is None else np.diff(sums[ends]) / sums[-1]
                yield score, weight / 2, truth

    def at(self, line: Floats) -> tuple[float, Floats, Floats]:
        """The cost, its gradient (2,), and the information (2, 2)."""
        cost, slopes, moments = 0.0, np.zeros(2), np.zeros((2, 4))
        for score, weight, truth in self.parts():
            llr = line[0] + line[1] * score
            small = np.exp(-np.abs(llr))
            chance = np.where(llr > 0, 1, small) / (1 + small)
            cost += float(weight @ (np.log1p(small) + np.maximum(-llr if truth else llr, 0)))
            powers = np.stack([np.ones(len(score)), score, score * score, score * score * score])
            slopes += powers[:2] @ (weight * (chance - truth))
            spread = weight * small / np.square(1 + small)
            moments += np.stack([powers @ spread, powers @ (spread * (1 - 2 * chance))])
        information = moments[0][np.add.outer([0, 1], [0, 1])]
        if self.penalty:
            cost -= self.penalty * float(np.linalg.slogdet(information)[1])
            changes = moments[1][np.add.outer([0, 1], np.add.outer([0, 1], [0, 1]))]
            slopes -= self.penalty * np.trace(np.linalg.pinv(information) @ changes, axis1=1, axis2=2)
        return cost, slopes, information


def _newton(cost_of: _Line, line: Floats, steps: int) -> Floats:
    cost, slopes, information = cost_of.at(line)
    for _ in range(steps):
        step = np.linalg.pinv(information) @ slopes
        if step @ slopes < _CLOSE:
            break
        for _ in range(_HALVINGS):
            found = cost_of.at(line - step)
            if found[0] <= cost + _ROUNDING:
                break
            step = step / 2
        else:  # no digits are left
            break
        line, (cost, slopes, information) = line - step, found
    return line
