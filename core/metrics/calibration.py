"""Scores as evidence: log-likelihood ratios, the chance of one person that follows from them, and how good both are.

Legend
------
- LLR: natural logarithm of how many times as likely a score is for a pair of one person as for a pair of two
- Cllr: what LLRs cost, in bits for each pair, averaged over all priors that are worth having (Brümmer & du Preez,
  "Application-independent evaluation of speaker detection", Computer Speech & Language 20, 2006); 0 is perfect, and who
  says nothing, LLR 0 of every pair, pays 1 bit
- `prior`: chance that two faces are of one person before they are compared
- S, D: numbers of pairs of one person and of two people

Both kinds count the same in all of it, however many pairs there are of each; the pairs of a kind count as they are
weighed (`core.metrics.ranked_scores`). Judged on the pairs it was fitted to a calibration flatters itself: see
`core.metrics.reliability`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.ranked_scores import RankedScores, Sums

_SIDES: Final = ("left", "right")
_TINY: Final = float(np.finfo(np.float64).tiny)


class Calibration(ABC):
    """What turns scores into LLRs: a higher score never means a lower one."""

    @abstractmethod
    def llrs(self, scores: NDArray) -> Floats:
        """(...) float64 LLR of each score; may be infinite by PAV."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """In plain numbers, for `calibration_from_json`."""

    def chances(self, scores: NDArray, prior: float = 0.5) -> Floats:
        """(...) float64 chance in [0, 1] that pairs with these scores are of one person.

        Raises
        ------
        BadInput
            If the prior is not inside (0, 1).
        """
        return chances_of(self.llrs(scores), prior)


@dataclass(frozen=True)
class LogisticCalibration(Calibration):
    """LLR = `slope` x score + `offset`. Raises `BadInput` unless both are finite and the slope is not below 0."""

    slope: float
    offset: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.offset) and self.slope >= 0):
            raise BadInput("metrics.calibration")

    def llrs(self, scores: NDArray) -> Floats:
        return self.slope * np.asarray(scores, np.float64) + self.offset

    def to_json(self) -> dict[str, Any]:
        return {"method": "logistic", "slope": self.slope, "offset": self.offset}


@dataclass(frozen=True, eq=False)
class PavCalibration(Calibration):
    """Steps, with straight lines of the chance at equal priors between them, as scikit-learn's isotonic regression.

    Attributes
    ----------
    scores
        (K,) float64, rising: where a step begins and ends.
    at_equal_priors
        (K,) float64 chance there in [0, 1], never falling; beyond the ends it stays what it is there.

    Raises
    ------
    BadInput
        If they are not that.
    """

    scores: Floats
    at_equal_priors: Floats

    def __post_init__(self) -> None:
        chance = self.at_equal_priors
        whole = self.scores.shape == chance.shape == (chance.size,) and chance.size > 0
        if not (whole and np.isfinite(self.scores).all() and (np.diff(self.scores) > 0).all()):
            raise BadInput("metrics.calibration")
        if not ((chance >= 0).all() and (chance <= 1).all() and (np.diff(chance) >= 0).all()):
            raise BadInput("metrics.calibration")

    def llrs(self, scores: NDArray) -> Floats:
        chance = np.interp(np.asarray(scores, np.float64), self.scores, self.at_equal_priors)
        return np.asarray(scipy.special.logit(chance), np.float64)

    def to_json(self) -> dict[str, Any]:
        return {"method": "pav", "scores": self.scores.tolist(), "at_equal_priors": self.at_equal_priors.tolist()}


def calibration_from_json(plain: Mapping[str, Any]) -> Calibration:
    """What `to_json` gave. Raises `BadInput` for anything else."""
    try:
        if plain["method"] == "logistic":
            return LogisticCalibration(float(plain["slope"]), float(plain["offset"]))
        if plain["method"] == "pav":
            return PavCalibration(*(np.array(plain[name], np.float64) for name in ("scores", "at_equal_priors")))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("metrics.calibration") from error
    raise BadInput("metrics.calibration")


def chances_of(llrs: Floats, prior: float) -> Floats:
    """(...) float64 chance of one person by LLRs and a prior. Raises `BadInput` if the prior is not inside (0, 1)."""
    if not 0 < prior < 1:
        raise BadInput("metrics.prior", found=prior)
    return np.asarray(scipy.special.expit(llrs + scipy.special.logit(prior)), np.float64)


def cllr(
    same_llrs: NDArray,
    different_llrs: NDArray,
    same_weights: NDArray | None = None,
    different_weights: NDArray | None = None,
) -> float:
    """The cost of LLRs in bits: half the mean of log2(1 + 1 / LR) of same pairs and of log2(1 + LR) of different ones.

    Infinite where a pair is said to be impossible that is there.

    Parameters
    ----------
    same_llrs, different_llrs
        (S,), (D,) LLRs of pairs of one person and of two people; `same_weights`, `different_weights` what each weighs.

    Raises
    ------
    NotEnoughData
        If there are no pairs of one kind.
    """
    if not (len(same_llrs) and len(different_llrs)):
        raise NotEnoughData("verification.two_kinds", same=len(same_llrs), different=len(different_llrs))
    of_same = np.average(np.logaddexp(0, -np.asarray(same_llrs, np.float64)), weights=same_weights)
    of_different = np.average(np.logaddexp(0, np.asarray(different_llrs, np.float64)), weights=different_weights)
    return float(of_same + of_different) / 2 / math.log(2)


def min_cllr(ranked: RankedScores) -> float:
    """The Cllr of the best LLRs that any rising function of the scores can give: those of the PAV.

    What is left of it is the encoder's fault, not the calibration's. Raises `NotEnoughData` without both kinds.
    """
    blocks = _pooled(_groups(ranked))
    total = blocks.same + blocks.different
    cost = scipy.special.xlogy(blocks.same, total / np.maximum(blocks.same, _TINY))
    cost = cost + scipy.special.xlogy(blocks.different, total / np.maximum(blocks.different, _TINY))
    return float(cost.sum()) / 2 / math.log(2)


def calibration_loss(ranked: RankedScores, calibration: Calibration) -> float:
    """What a calibration costs beyond `min_cllr` on these pairs, in bits. Raises `NotEnoughData` without both kinds."""
    ranked.require_both()
    llrs = [calibration.llrs(side) for side in (ranked.same, ranked.different)]
    weights = [None if sums is None else np.diff(sums) for sums in (ranked.same_sums, ranked.different_sums)]
    return cllr(*llrs, *weights) - min_cllr(ranked)


def pav_calibration(ranked: RankedScores, *, succession: bool = True) -> PavCalibration:
    """The best LLRs that never fall with the score: adjacent violators are pooled (PAV; Brümmer & du Preez 2006).

    Beyond the lowest score of one person and the highest of two the pairs show no chance but 0 and 1, LLRs that are
    infinite. With `succession` one pair of each kind more is supposed at either end, as heavy as the others of its
    kind on average (Laplace's rule of succession, as in Brümmer's toolkit FoCal): all LLRs are finite then.

    Raises
    ------
    NotEnoughData
        If there are no pairs of one kind.
    """
    groups = _groups(ranked)
    if succession:
        one, other = 1 / len(ranked.same), 1 / len(ranked.different)
        groups = _Groups(
            np.concatenate([[-np.inf], groups.first, [np.inf]]),
            np.concatenate([[-np.inf], groups.last, [np.inf]]),
            np.concatenate([[one], groups.same, [one]]) / (1 + 2 * one),
            np.concatenate([[other], groups.different, [other]]) / (1 + 2 * other),
        )
    blocks = _pooled(groups)
    scores, which = np.unique(np.concatenate([blocks.first, blocks.last]), return_index=True)
    chance = np.maximum.accumulate(np.tile(blocks.same / (blocks.same + blocks.different), 2)[which])  # of rounding
    seen = np.isfinite(scores)
    if not seen.any():  # nothing but one block
        return PavCalibration(np.array([float(ranked.same[0])]), chance[:1])
    return PavCalibration(scores[seen], chance[seen])


@dataclass(frozen=True, eq=False)
class _Groups:
    """Neighbouring pairs whose LLR is one: lowest and highest score, shares of all same and of all different pairs."""

    first: Floats
    last: Floats
    same: Floats
    different: Floats


def _groups(ranked: RankedScores) -> _Groups:
    """The pairs at each score of one person, and those of two people between each two such scores.

    No best LLRs tell the latter apart: adjacent equal values are never parted (Robertson, Wright & Dykstra, "Order
    Restricted Statistical Inference", 1988).
    """
    ranked.require_both()
    same, different = ranked.same, ranked.different
    starts = np.flatnonzero(np.append(True, same[1:] != same[:-1]))
    levels = same[starts]
    bounds = np.concatenate([[0], _two_by_two(*(np.searchsorted(different, levels, side) for side in _SIDES))])
    bounds = np.append(bounds, len(different))
    alike = _shares(ranked.same_sums, np.append(starts, len(same)))
    unlike = _shares(ranked.different_sums, bounds)
    alike = np.append(_two_by_two(np.zeros(len(levels)), alike), 0)
    between = np.arange(0, len(unlike), 2)
    first, last = np.repeat(levels, 2).astype(np.float64), np.repeat(levels, 2).astype(np.float64)
    first, last = np.append(first, 0), np.append(last, 0)
    first[between] = different[np.minimum(bounds[between], len(different) - 1)]
    last[between] = different[bounds[between + 1] - 1]
    there = alike + unlike > 0
    return _Groups(first[there], last[there], alike[there], unlike[there])


def _two_by_two(one: NDArray, other: NDArray) -> NDArray:
    return np.stack([one, other], axis=1).ravel()


def _shares(sums: Sums, bounds: Ints) -> Floats:
    """Of what all pairs of a kind weigh, what those between each two places do."""
    return np.diff(bounds) / bounds[-1] if sums is None else np.diff(sums[bounds]) / sums[-1]


def _pooled(groups: _Groups) -> _Groups:
    """The groups, put together until the share of same pairs rises."""
    weight = groups.same + groups.different
    starts = scipy.optimize.isotonic_regression(groups.same / weight, weights=weight).blocks[:-1]
    same, different = (np.add.reduceat(side, starts) for side in (groups.same, groups.different))
    return _Groups(groups.first[starts], groups.last[np.append(starts[1:], len(weight)) - 1], same, different)
