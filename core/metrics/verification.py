"""Face verification figures that know which person each pair is of: held-out accuracy, intervals.

Legend
------
- M: number of pairs of faces
- `scores`: (M,) float cosine similarity, higher = more alike; accepted when at or above the threshold
- `same`: (M,) bool, whether the two faces are of one person
- `left_person`, `right_person`: (M,) int person of each side of the pair

Pairs that share a person are not independent, so folds and resamples are made of people, never of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import best_row, checked_pairs, cumulative_counts

_BATCH = 50  # resamples computed at a time


@dataclass(frozen=True, eq=False)
class HeldOutAccuracy:
    """Accuracy on people who were not there when the threshold was chosen.

    Attributes
    ----------
    mean, std
        Of `accuracies`; the standard deviation is that of the folds (ddof 0), as LFW results are reported.
    thresholds, accuracies
        (F,) float64 of each fold.
    folds
        F, at most the number asked for.
    pairs_used
        Pairs that were tested in some fold: both people in the same one. The others only help to choose thresholds.
    """

    mean: float
    std: float
    thresholds: Floats
    accuracies: Floats
    folds: int
    pairs_used: int


@dataclass(frozen=True)
class RateInterval:
    """Lower and upper end of a percentile interval; NaN, NaN where the rate is undefined."""

    low: float
    high: float


@dataclass(frozen=True)
class RateIntervals:
    """Intervals of the rates at one threshold."""

    accuracy: RateInterval
    fmr: RateInterval
    fnmr: RateInterval


def held_out_accuracy(
    scores: NDArray, same: NDArray, left_person: NDArray, right_person: NDArray, folds: int = 10, seed: int = 0
) -> HeldOutAccuracy:
    """Cross-validated accuracy over identity-disjoint folds.

    People are dealt at random into equal folds. For each fold the threshold of best accuracy (`best_accuracy`) is
    chosen on the pairs whose people are both outside it and tested on the pairs whose people are both inside. This
    is the LFW protocol (Huang et al. 2007) made identity-disjoint for both people of a pair.

    Every fold is scored and needs, inside and outside, at least one pair of one person and one of two people. Where a
    fold would lack them there are too many folds: the greatest number of folds, at most `folds` and at most half the
    number of people, at which none lacks them is used. With F folds about 1/F of the different pairs fall inside
    one, but all of the same pairs do: accuracy weighs pairs as they fall, so same pairs weigh more than in the whole.

    Raises
    ------
    BadInput
        If `folds` is below 2, shapes disagree, or `same` contradicts the people.
    NotEnoughData
        If a kind of pair is missing altogether, or not even two folds have what they need.
    """
    score, truth = checked_pairs(scores, same, both=True)
    left, right, people = _people(truth, left_person, right_person)
    if folds < 2:
        raise BadInput("verification.folds", folds=folds)
    order = np.argsort(score)[::-1]
    score, truth, left, right = score[order], truth[order], left[order], right[order]
    fold_of, count = _deal(truth, left, right, people, folds, seed)
    left_fold, right_fold = fold_of[left], fold_of[right]
    thresholds, accuracies = np.empty(count), np.empty(count)
    for fold in range(count):
        outside = (left_fold != fold) & (right_fold != fold)
        inside = (left_fold == fold) & (right_fold == fold)
        counts = cumulative_counts(score[outside], truth[outside])
        thresholds[fold] = counts.threshold(best_row(counts))
        accuracies[fold] = np.mean((score[inside] >= thresholds[fold]) == truth[inside])
    used = int((left_fold == right_fold).sum())
    return HeldOutAccuracy(float(accuracies.mean()), float(accuracies.std()), thresholds, accuracies, count, used)


def _deal(truth: Bools, left: NDArray, right: NDArray, people: int, folds: int, seed: int) -> tuple[Ints, int]:
    """(P,) int64 fold of each person, with as many folds as can all be scored, and their number."""
    shuffled = np.random.default_rng(seed).permutation(people)
    for count in range(min(folds, people // 2), 1, -1):
        fold_of = np.empty(people, np.int64)
        fold_of[shuffled] = np.arange(people) % count
        if all(_can_score(fold_of[left[kind]], fold_of[right[kind]], count) for kind in (truth, ~truth)):
            return fold_of, count
    raise NotEnoughData("verification.cannot_split", count=people)


def _can_score(left_fold: Ints, right_fold: Ints, count: int) -> bool:
    """Whether each fold has a pair with both sides inside and one with both outside."""
    inside = np.bincount(left_fold[left_fold == right_fold], minlength=count)
    touching = np.bincount(left_fold, minlength=count) + np.bincount(right_fold, minlength=count) - inside
    return bool((inside > 0).all() and (touching < len(left_fold)).all())


def bootstrap_interval(
    scores: NDArray,
    same: NDArray,
    left_person: NDArray,
    right_person: NDArray,
    threshold: float,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> RateIntervals:
    """Percentile intervals of accuracy, FMR and FNMR at a fixed threshold, resampling people.

    P people are drawn with replacement. A same pair counts as often as its person was drawn, a different pair as
    often as one times the other (the vertex bootstrap, Snijders & Borgatti 1999; identity-level resampling for
    verification: Fogliato, Patil & Perona, "Confidence Intervals for Error Rates in 1:1 Matching Tasks", IJCV 2024,
    arXiv:2306.01198). Resamples without pairs of the kind that a rate needs are left out of its interval.

    Where no error was seen no resample has one and the interval is [0, 0]; that is no proof: n independent pairs
    without an error leave rates up to about 3/n possible (the rule of three, Hanley & Lippman-Hand 1983).

    Parameters
    ----------
    threshold
        Cosine similarity, chosen beforehand.
    resamples
        Number of draws.
    level
        Share of the resamples inside the interval, in (0, 1).

    Raises
    ------
    BadInput
        If shapes disagree, `same` contradicts the people, or `resamples` or `level` is out of range.
    NotEnoughData
        If there are fewer than two people.
    """
    score, truth = checked_pairs(scores, same)
    left, right, people = _people(truth, left_person, right_person)
    if resamples < 1 or not 0 < level < 1:
        raise BadInput("verification.resamples", resamples=resamples, level=level)
    if people < 2:
        raise NotEnoughData("verification.two_people", count=people)
    wrong = (score >= threshold) != truth
    tables = [_pair_counts(chosen, left, right, people) for chosen in (truth & wrong, truth, ~truth & wrong, ~truth)]
    rng = np.random.default_rng(seed)
    drawn = [
        _weighed(tables, rng.multinomial(people, np.full(people, 1 / people), min(_BATCH, resamples - start)).T)
        for start in range(0, resamples, _BATCH)
    ]
    missed, alike, matched, unlike = np.concatenate(drawn, axis=1)
    return RateIntervals(
        _percentiles(alike + unlike - missed - matched, alike + unlike, level),
        _percentiles(matched, unlike, level),
        _percentiles(missed, alike, level),
    )


def _pair_counts(chosen: Bools, left: NDArray, right: NDArray, people: int) -> scipy.sparse.coo_array:
    """(P, P) number of chosen pairs of each two people (the diagonal: of one person)."""
    ones = np.ones(int(chosen.sum()))
    return scipy.sparse.coo_array((ones, (left[chosen], right[chosen])), shape=(people, people)).tocsr()


def _weighed(tables: list[scipy.sparse.coo_array], times: Ints) -> Floats:
    """(4, R) weighted number of pairs in each table, for (P, R) times that each person was drawn."""
    weights = times.astype(np.float64)
    alike = [table.diagonal() @ weights for table in tables[:2]]
    unlike = [np.einsum("pr,pr->r", weights, table @ weights) for table in tables[2:]]
    return np.stack([*alike, *unlike])


def _percentiles(part: Floats, whole: Floats, level: float) -> RateInterval:
    defined = whole > 0
    if not defined.any():
        return RateInterval(np.nan, np.nan)
    low, high = np.quantile(part[defined] / whole[defined], [(1 - level) / 2, (1 + level) / 2])
    return RateInterval(float(low), float(high))


def _people(truth: Bools, left_person: NDArray, right_person: NDArray) -> tuple[NDArray, NDArray, int]:
    """The two sides of each pair, people renumbered from 0, and how many there are."""
    left, right = np.asarray(left_person), np.asarray(right_person)
    for name, side in (("left_person", left), ("right_person", right)):
        if side.shape != truth.shape:
            raise BadInput("metrics.shape_of_same", name=name, shape=truth.shape, found=side.shape)
    against = np.flatnonzero((left == right) != truth)
    if against.size:
        row = int(against[0])
        raise BadInput("verification.same_differs", pair=row, first=left[row], second=right[row], same=bool(truth[row]))
    people, number = np.unique(np.concatenate([left, right]), return_inverse=True)
    return number[: len(left)], number[len(left) :], len(people)
