import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.protocols import given_folds_rates, with_failures

# Two folds: one is best cut between .6 and .7, the other between .2 and .3.
SCORES = np.array([0.9, 0.7, 0.6, 0.1, 0.8, 0.3, 0.2, 0.1])
SAME = np.array([True, True, False, False] * 2)
FOLD = np.array([1, 1, 1, 1, 2, 2, 2, 2])


def test_given_folds_worked_out_by_hand():
    found = given_folds_rates(SCORES, SAME, FOLD)
    assert found.thresholds.tolist() == pytest.approx([0.25, 0.65])
    assert found.accuracies.tolist() == [0.75, 0.75]  # .6 is accepted at .25, .3 rejected at .65
    assert (found.fmrs.tolist(), found.fnmrs.tolist()) == ([0.5, 0], [0, 0.5])
    assert (found.mean, found.std, found.standard_error, found.same, found.different) == (0.75, 0, 0, 4, 4)


def test_ten_folds_are_those_of_trying_every_threshold():
    rng = np.random.default_rng(0)
    same = np.tile(np.repeat([True, False], 12), 10)
    fold = np.repeat(np.arange(10), 24)
    scores = rng.normal(np.where(same, 0.6, 0.3), 0.2)
    found = given_folds_rates(scores, same, fold)
    for number in range(10):
        inside = fold == number
        tried = np.unique(scores[~inside])
        best = max(accuracy_score(same[~inside], scores[~inside] >= threshold) for threshold in tried)
        threshold = found.thresholds[number]
        assert accuracy_score(same[~inside], scores[~inside] >= threshold) == pytest.approx(best)
        accepted = scores[inside] >= threshold
        assert found.accuracies[number] == pytest.approx(accuracy_score(same[inside], accepted))
        rates = confusion_matrix(same[inside], accepted, normalize="true")
        assert (found.fmrs[number], found.fnmrs[number]) == (pytest.approx(rates[0, 1]), pytest.approx(rates[1, 0]))
    assert found.mean == pytest.approx(np.mean(found.accuracies))
    assert found.standard_error == pytest.approx(np.std(found.accuracies, ddof=1) / math.sqrt(10))


def test_pairs_that_were_not_acquired_are_rejected_and_choose_nothing():
    acquired = np.array([True, False, True, True, True, True, True, False])
    scores = np.where(acquired, SCORES, np.nan)
    found = given_folds_rates(scores, SAME, FOLD, acquired)
    assert found.thresholds.tolist() == pytest.approx([0.25, 0.75])
    assert found.accuracies.tolist() == [0.5, 0.75]
    assert (found.fmrs.tolist(), found.fnmrs.tolist()) == ([0.5, 0], [0.5, 0.5])


def test_failures_to_acquire_add_to_rejections_and_take_from_acceptances():
    assert with_failures(0.1, 0.2, 0.5, 0.25) == (pytest.approx(0.075), pytest.approx(0.6))
    assert with_failures(0.1, 0.2, 0, 0) == (0.1, 0.2)
    assert with_failures(0.1, 0.2, 1, 1) == (0, 1)


def test_what_has_no_folds_is_refused():
    with pytest.raises(NotEnoughData, match="at least two folds, not 1"):
        given_folds_rates(SCORES, SAME, np.ones(8, int))
    with pytest.raises(NotEnoughData, match="at least two folds, not 0"):
        given_folds_rates(SCORES[:0], SAME[:0], FOLD[:0])
    with pytest.raises(NotEnoughData, match="fold 2 has 0 pairs of one person and 4 of two people"):
        given_folds_rates(SCORES, SAME & (FOLD == 1), FOLD)
    with pytest.raises(NotEnoughData, match="there are 0 and 2"):
        given_folds_rates(SCORES, SAME, FOLD, ~SAME)
    with pytest.raises(BadInput, match=r"one shape, not \(8,\), \(7,\) and \(8,\)"):
        given_folds_rates(SCORES, SAME, FOLD[:7])
    with pytest.raises(BadInput, match="1 of 8 scores are not finite"):
        given_folds_rates(np.where(SCORES == 0.6, np.nan, SCORES), SAME, FOLD)
