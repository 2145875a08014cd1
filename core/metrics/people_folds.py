"""Figures at thresholds that were chosen on other people: identity-disjoint folds.

Legend
------
- M: number of pairs of faces; F: number of folds; P: number of people
- `scores`: (M,) float cosine similarity, higher = more alike; accepted when at or above the threshold
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import best_accuracy
from core.metrics.ranked_scores import RankedScores, checked_pairs
from core.metrics.verification import Pairing, balanced

_PEOPLE_IN_A_FOLD: Final = 4  # six pairs of two people at least


@dataclass(frozen=True, eq=False)
class HeldOutRates:
    """Figures on people who were not there when the threshold was chosen.

    Attributes
    ----------
    thresholds, accuracies, fmrs, fnmrs
        (F,) float64 of each fold.
    same, different
        Pairs that were tested in some fold: both people in the same one. The others only help to choose thresholds.
    margins
        (M,) float64 how far above its fold's threshold a pair scores; NaN of one that was not tested.
    """

    thresholds: Floats
    accuracies: Floats
    fmrs: Floats
    fnmrs: Floats
    same: int
    different: int
    margins: Floats

    @property
    def folds(self) -> int:
        """F, at most the number asked for."""
        return len(self.thresholds)

    @property
    def mean(self) -> float:
        """Mean accuracy."""
        return float(self.accuracies.mean())

    @property
    def std(self) -> float:
        """Standard deviation of the folds' accuracies (ddof 0), as LFW results are reported."""
        return float(self.accuracies.std())

    @property
    def standard_error(self) -> float:
        """Of the mean accuracy, as LFW asks for it: the deviation (ddof 1) over the root of the number of folds."""
        return float(self.accuracies.std(ddof=1) / math.sqrt(self.folds))

    @property
    def fmr(self) -> float:
        """Mean FMR."""
        return float(self.fmrs.mean())

    @property
    def fnmr(self) -> float:
        """Mean FNMR."""
        return float(self.fnmrs.mean())


def held_out_rates(
    scores: NDArray, pairing: Pairing, folds: int = 10, seed: int = 0, different_per_same: float = 1.0
) -> HeldOutRates:
    """Cross-validated accuracy, FMR and FNMR over identity-disjoint folds.

    People are dealt at random into equal folds. For each fold the threshold of best accuracy (`best_accuracy`) is
    chosen on the pairs whose people are both outside it and tested on the pairs whose people are both inside. This
    is the LFW protocol (Huang et al. 2007) made identity-disjoint for both people of a pair.

    About 1/F of the different pairs fall inside a fold, but all of the same pairs do; so both kinds are weighed anew
    (`Pairing.weights`) inside and outside of each: the mixture is the one asked for, whatever was dealt.

    Every fold is scored and needs, inside and outside, at least one pair of one person and one of two people, and
    at least four people where there are eight. Where a fold would lack them there are too many folds: the greatest
    number of folds, at most `folds`, at which none lacks them is used.

    Raises
    ------
    BadInput
        If `folds` is below 2, or shapes disagree.
    NotEnoughData
        If a kind of pair is missing altogether, or not even two folds have what they need.
    """
    same = pairing.same
    score, _ = checked_pairs(scores, same, both=True)
    order, fold_of = np.argsort(score), folds_of_people(pairing, folds, seed)
    score, same, share = score[order], same[order], pairing.share[order]
    left, right = fold_of[pairing.left[order]], fold_of[pairing.right[order]]
    rows, margins = [], np.full(len(score), np.nan)
    for fold in range(int(fold_of.max()) + 1):
        outside = np.flatnonzero((left != fold) & (right != fold))
        inside = np.flatnonzero((left == fold) & (right == fold))
        weights = balanced(share[outside], same[outside], different_per_same)
        threshold = best_accuracy(RankedScores.of(score[outside], same[outside], weights)).threshold
        truth, margins[order[inside]] = same[inside], score[inside] - threshold
        weight = ((score[inside] >= threshold) != truth) * balanced(share[inside], truth, 1.0)
        rows.append((threshold, weight[~truth].sum(), weight[truth].sum()))
    thresholds, fmrs, fnmrs = np.array(rows).T
    accuracies = 1 - (fnmrs + different_per_same * fmrs) / (1 + different_per_same)
    tested = left == right
    counts = int((tested & same).sum()), int((tested & ~same).sum())
    return HeldOutRates(thresholds, accuracies, fmrs, fnmrs, *counts, margins)


def folds_of_people(pairing: Pairing, folds: int, seed: int) -> NDArray[np.int32]:
    """(P,) int32 fold of each person, dealt at random; at most `folds`, and as many as can all be scored.

    Raises
    ------
    BadInput
        If `folds` is below 2.
    NotEnoughData
        If not even two can: each needs pairs of both kinds inside and outside.
    """
    if folds < 2:
        raise BadInput("verification.folds", folds=folds)
    people, first, second = pairing.people, pairing.first, pairing.second
    shuffled = np.random.default_rng(seed).permutation(people)
    for count in range(min(folds, max(2, people // _PEOPLE_IN_A_FOLD)), 1, -1):
        fold_of = np.empty(people, np.int32)
        fold_of[shuffled] = np.arange(people) % count
        one = first == second
        if all(_can_score(fold_of[first[kind]], fold_of[second[kind]], count) for kind in (one, ~one)):
            return fold_of
    raise NotEnoughData("verification.cannot_split", count=people)


def _can_score(first_fold: NDArray[np.int32], second_fold: NDArray[np.int32], count: int) -> bool:
    """Whether each fold has a cell with both sides inside and one with both outside."""
    inside = np.bincount(first_fold[first_fold == second_fold], minlength=count)
    touching = np.bincount(first_fold, minlength=count) + np.bincount(second_fold, minlength=count) - inside
    return bool((inside > 0).all() and (touching < len(first_fold)).all())
