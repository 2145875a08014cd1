"""Whether log-likelihood ratios are what they say: on people who had no part in them, and bin by bin.

Words are those of `core.metrics.calibration`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.calibration import Calibration, chances_of, cllr, pav_calibration
from core.metrics.logistic_calibration import logistic_calibration
from core.metrics.operating_points import clopper_pearson
from core.metrics.people_folds import folds_of_people
from core.metrics.ranked_scores import RankedScores, checked_pairs
from core.metrics.verification import Pairing

Method = Literal["logistic", "pav"]
CALIBRATIONS: Final[Mapping[Method, Callable[[RankedScores], Calibration]]] = {
    "logistic": logistic_calibration,
    "pav": pav_calibration,
}


@dataclass(frozen=True, eq=False)
class HeldOutLlrs:
    """LLRs of pairs by calibrations that had no part in them.

    Attributes
    ----------
    llrs
        (M,) float64; NaN of a pair whose people were never in one fold.
    cllrs
        (F,) float64 Cllr of each fold, every person counting the same.
    """

    llrs: Floats
    cllrs: Floats

    @property
    def cllr(self) -> float:
        """Mean of the folds."""
        return float(self.cllrs.mean())

    @property
    def folds(self) -> int:
        """F, at most the number asked for."""
        return len(self.cllrs)

    @property
    def tested(self) -> Bools:
        """(M,) bool whether a pair was tested in some fold."""
        return ~np.isnan(self.llrs)


def held_out_llrs(
    scores: NDArray, pairing: Pairing, method: Method = "logistic", folds: int = 10, seed: int = 0
) -> HeldOutLlrs:
    """Calibrate on the people outside each fold, and judge on those inside: the folds of `held_out_rates`.

    Raises
    ------
    BadInput
        If `folds` is below 2, there is no such method, or shapes disagree.
    NotEnoughData
        As `held_out_rates`.
    """
    if method not in CALIBRATIONS:
        raise BadInput("metrics.no_calibration", found=method, choices=list(CALIBRATIONS))
    score, same = checked_pairs(scores, pairing.same, both=True)
    fold_of = folds_of_people(pairing, folds, seed)
    left, right = fold_of[pairing.left], fold_of[pairing.right]
    llrs, cllrs = np.full(len(score), np.nan), []
    for fold in range(int(fold_of.max()) + 1):
        outside, inside = (left != fold) & (right != fold), (left == fold) & (right == fold)
        ranked = RankedScores.of(score[outside], same[outside], pairing.share[outside])
        llrs[inside] = CALIBRATIONS[method](ranked).llrs(score[inside])
        kinds = inside & same, inside & ~same
        cllrs.append(cllr(*(llrs[kind] for kind in kinds), *(pairing.share[kind] for kind in kinds)))
    return HeldOutLlrs(llrs, np.array(cllrs))


@dataclass(frozen=True, eq=False)
class Reliability:
    """What LLRs say beside what is so, in B bins.

    Attributes
    ----------
    edges
        (B + 1,) float64 of the bins, in chance or in LLR; beyond the ends lies nothing, but for infinite LLRs.
    same, different
        (B,) int64 pairs of each kind.
    said
        (B,) float64 mean chance that the pairs of a bin were given; NaN where there are none.
    seen, low, high
        (B,) float64 share of same pairs, and its Clopper-Pearson interval; NaN where there are none. Pairs that share
        people are not independent, so the truth is outside oftener than the level says.
    error
        Expected calibration error: mean over all pairs of how far what was said of a bin lies from what was seen
        (Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015).
    """

    edges: Floats
    same: Ints
    different: Ints
    said: Floats
    seen: Floats
    low: Floats
    high: Floats
    error: float


def reliability(
    same_llrs: NDArray,
    different_llrs: NDArray,
    *,
    prior: float = 0.5,
    bins: int = 10,
    by: Literal["chance", "llr"] = "chance",
    level: float = 0.95,
) -> Reliability:
    """Chances at a prior beside the shares that come true at it; the pairs' own numbers have no say in it.

    The interval is that of the pairs as they are, S_b of S and D_b of D in a bin, taken to the prior by Bayes' rule as
    their share is: its odds are multiplied by prior / (1 - prior) x D / S.

    Parameters
    ----------
    same_llrs, different_llrs
        (S,), (D,) LLRs.
    by
        "chance": bins of equal width from 0 to 1. "llr": of equal width between the least and the greatest finite LLR.

    Raises
    ------
    BadInput
        If the prior or the level is not inside (0, 1), or there is no bin.
    NotEnoughData
        If there are no pairs of one kind.
    """
    kinds = [np.asarray(llrs, np.float64) for llrs in (same_llrs, different_llrs)]
    if bins < 1:
        raise BadInput("metrics.bins", bins=bins)
    if not all(len(llrs) for llrs in kinds):
        raise NotEnoughData("verification.two_kinds", same=len(kinds[0]), different=len(kinds[1]))
    chances = [chances_of(llrs, prior) for llrs in kinds]
    edges = np.linspace(0, 1, bins + 1) if by == "chance" else _edges(np.concatenate(kinds), bins)
    sought = chances if by == "chance" else kinds
    rows = [np.clip(np.searchsorted(edges, of, "right") - 1, 0, bins - 1) for of in sought]
    counts = [np.bincount(row, minlength=bins) for row in rows]
    heavy = prior / len(kinds[0]), (1 - prior) / len(kinds[1])
    mass = heavy[0] * counts[0] + heavy[1] * counts[1]
    sums = [np.bincount(row, chance, bins) for row, chance in zip(rows, chances, strict=True)]
    with np.errstate(invalid="ignore"):
        said, seen = (heavy[0] * sums[0] + heavy[1] * sums[1]) / mass, heavy[0] * counts[0] / mass
    ends = [clopper_pearson(int(one), int(one + other), level) for one, other in zip(*counts, strict=True)]
    low, high = (_at_prior(np.array(end), heavy) for end in zip(*ends, strict=True))
    return Reliability(edges, counts[0], counts[1], said, seen, low, high, float(np.nansum(mass * np.abs(said - seen))))


def _edges(llrs: Floats, bins: int) -> Floats:
    finite = llrs[np.isfinite(llrs)]
    return np.histogram_bin_edges(finite, bins)


def _at_prior(share: Floats, heavy: tuple[float, float]) -> Floats:
    """A share of same pairs among pairs as they are, where pairs of each kind weigh so much."""
    return share * heavy[0] / (share * heavy[0] + (1 - share) * heavy[1])
