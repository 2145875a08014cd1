"""Protocols whose pairs and folds are given, as that of LFW, and what faces that were not found do to the rates.

Huang, Ramesh, Berg & Learned-Miller, "Labeled Faces in the Wild" (2007): for each of ten folds a threshold is chosen on
the other nine and tested on it; the mean accuracy is reported with its standard error. Every pair counts the same.
`core.metrics.people_folds.held_out_rates` deals people into folds anew instead, nobody into two of them.
"""

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import best_accuracy
from core.metrics.people_folds import HeldOutRates
from core.metrics.ranked_scores import RankedScores, checked_pairs


def given_folds_rates(scores: NDArray, same: NDArray, fold: NDArray, acquired: NDArray | None = None) -> HeldOutRates:
    """Accuracy, FMR and FNMR of each fold at the threshold of best accuracy on the others.

    Parameters
    ----------
    scores, same
        (M,) float and bool.
    fold
        (M,) int of each pair.
    acquired
        (M,) bool: a face was found on both sides; without, all were. A pair that was not acquired is rejected at every
        threshold, whatever its score is said to be: right of two people, wrong of one. It helps to choose none.

    Raises
    ------
    BadInput
        If shapes disagree, or a score of an acquired pair is not finite.
    NotEnoughData
        If there are fewer than two folds, or one lacks a kind of pair, or all others lack one that was acquired.
    """
    truth, of = np.asarray(same), np.asarray(fold)
    there = np.ones(truth.shape, bool) if acquired is None else np.asarray(acquired)
    if not truth.shape == of.shape == there.shape or there.dtype != bool:
        raise BadInput("metrics.folds_shape", same=truth.shape, fold=of.shape, acquired=there.shape)
    score, truth = checked_pairs(np.where(there, scores, 0), truth)
    numbers = np.unique(of)
    if len(numbers) < 2:
        raise NotEnoughData("metrics.folds_few", count=len(numbers))
    for number in numbers:
        kinds = [int((truth[of == number] == kind).sum()) for kind in (True, False)]
        if not all(kinds):
            raise NotEnoughData("metrics.fold_lacks", fold=number, same=kinds[0], different=kinds[1])
    rows, margins = [], np.full(len(score), np.nan)
    for number in numbers:
        inside, outside = of == number, (of != number) & there
        threshold = best_accuracy(RankedScores.of(score[outside], truth[outside])).threshold
        margins[inside & there] = score[inside & there] - threshold
        accepted, alike = ((score >= threshold) & there)[inside], truth[inside]
        rows.append((threshold, (accepted == alike).mean(), accepted[~alike].mean(), 1 - accepted[alike].mean()))
    thresholds, accuracies, fmrs, fnmrs = np.array(rows, np.float64).T
    pairs = int(truth.sum())
    return HeldOutRates(thresholds, accuracies, fmrs, fnmrs, pairs, len(truth) - pairs, margins)


def with_failures(fmr: float, fnmr: float, failed_same: float, failed_different: float) -> tuple[float, float]:
    """False acceptance and false rejection rate of attempts, of which some fail to be acquired (ISO/IEC 19795-1).

    ``FAR = FMR (1 - FTA)`` and ``FRR = FTA + FNMR (1 - FTA)``: who is not seen is not accepted. `failed_same` and
    `failed_different` are the shares of pairs of each kind in which a face was not found.
    """
    return fmr * (1 - failed_different), failed_same + fnmr * (1 - failed_same)
