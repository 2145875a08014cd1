"""Thresholds chosen on other people, and what they come to on those held out."""

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import best_accuracy
from core.metrics.people_folds import held_out_rates
from core.metrics.ranked_scores import RankedScores
from core.metrics.score_density import density
from core.metrics.verification import Pairing, fmr_interval, rate_intervals
from tests.builders.scored_pairs import SCORES, every_pair, paired, people_pairs


@pytest.mark.parametrize("decimals", [9, 1])
def test_held_out_folds_share_no_person(decimals):
    scores, same, pairing = paired(0)
    scores = scores.round(decimals)
    found = held_out_rates(scores, pairing, folds=5, seed=3)
    assert found.folds == len(found.thresholds) == len(found.accuracies) == 5
    fold_of = np.empty(40, int)
    fold_of[np.random.default_rng(3).permutation(40)] = np.arange(40) % 5
    left, right = fold_of[pairing.left], fold_of[pairing.right]
    for fold in range(5):
        outside, inside = (left != fold) & (right != fold), (left == fold) & (right == fold)
        of_outside, of_inside = (Pairing.of(pairing.left[part], pairing.right[part]) for part in (outside, inside))
        point = best_accuracy(RankedScores.of(scores[outside], same[outside], of_outside.weights()))
        assert found.thresholds[fold] == pytest.approx(point.threshold)
        accepted, weight = scores[inside] >= point.threshold, of_inside.weights()
        tn, fp, fn, tp = reference.confusion_matrix(same[inside], accepted, sample_weight=weight).ravel()
        assert found.accuracies[fold] == pytest.approx(
            reference.accuracy_score(same[inside], accepted, sample_weight=weight)
        )
        assert (found.fmrs[fold], found.fnmrs[fold]) == (pytest.approx(fp / (fp + tn)), pytest.approx(fn / (fn + tp)))
    assert found.mean == pytest.approx(np.mean(found.accuracies))
    assert found.std == pytest.approx(np.std(found.accuracies))
    assert found.same + found.different == (left == right).sum()


def test_held_out_rates_worked_out_by_hand():
    # Four people, two folds of two people: whatever the deal, each fold has two same and one different pair.
    left = np.array([0, 1, 2, 3, 0, 0, 0, 1, 1, 2])
    right = np.array([0, 1, 2, 3, 1, 2, 3, 2, 3, 3])
    found = held_out_rates(np.where(left == right, 0.8, 0.2), Pairing.of(left, right))
    assert (found.folds, found.mean, found.std, found.fmr, found.fnmr) == (2, 1, 0, 0, 0)
    assert (found.same, found.different) == (4, 2)
    assert found.thresholds.tolist() == pytest.approx([0.5, 0.5])


def test_held_out_threshold_never_saw_the_people_it_is_tested_on():
    # One half of the people scores high and the other low: a threshold chosen outside is wrong inside.
    shuffled = np.random.default_rng(0).permutation(8)
    pairs_of = [(a, b) for half in (shuffled[::2], shuffled[1::2]) for a in half for b in half if a <= b]
    left, right = np.array(pairs_of).T
    first = np.isin(left, shuffled[::2])
    scores = np.where(first, np.where(left == right, 0.9, 0.6), np.where(left == right, 0.4, 0.1))
    found = held_out_rates(scores, Pairing.of(left, right), folds=2)
    # Chosen .25 accepts the first half's different pairs; chosen .75 rejects the second half's same pairs.
    assert found.thresholds.tolist() == pytest.approx([0.25, 0.75])
    assert found.accuracies.tolist() == pytest.approx([0.5, 0.5])
    assert found.fmrs.tolist() == pytest.approx([1, 0])
    assert found.fnmrs.tolist() == pytest.approx([0, 1])


def test_held_out_accuracy_sees_false_matches_as_the_whole_does():
    # A fifth of the strangers are look-alikes: nobody can do better than 90 %, and no fold may say 98 %.
    rng = np.random.default_rng(0)
    left, right = every_pair([4] * 56)
    pairing = Pairing.of(left, right)
    alike = pairing.same | (rng.random(len(pairing.first)) < 0.2)[pairing.cell]
    scores = rng.normal(np.where(alike, 0.8, 0.2), 0.05)
    best = best_accuracy(RankedScores.of(scores, pairing.same, pairing.weights())).confusion.accuracy
    found = held_out_rates(scores, pairing)
    assert best == pytest.approx(0.9, abs=0.02)
    assert found.mean == pytest.approx(best, abs=0.03)
    assert (found.fmr, found.fnmr) == (pytest.approx(0.2, abs=0.06), pytest.approx(0, abs=0.02))


@pytest.mark.parametrize(("people", "folds"), [(6, 2), (9, 2), (13, 3), (100, 10)])
def test_few_people_get_fewer_folds(people, folds):
    left, right = every_pair([3] * people)
    scores = np.random.default_rng(0).normal(size=len(left))
    assert held_out_rates(scores, Pairing.of(left, right), folds=10).folds == folds


def test_the_deal_is_seeded():
    scores, _, pairing = paired(2)
    first, again = (held_out_rates(scores, pairing, seed=5) for _ in range(2))
    assert first.accuracies.tolist() == again.accuracies.tolist()
    assert first.accuracies.tolist() != held_out_rates(scores, pairing, seed=6).accuracies.tolist()


def test_held_out_rates_need_people_enough():
    with pytest.raises(NotEnoughData, match="pairs of 2 people cannot be split into two groups"):
        held_out_rates(np.array([0.9, 0.8, 0.1]), Pairing.of(np.array([0, 1, 0]), np.array([0, 1, 1])))


def test_held_out_rates_need_both_kinds_of_pairs():
    for scores, found in (([0.1, 0.2], "2 and 0"), ([], "0 and 0")):
        people = np.arange(len(scores))
        with pytest.raises(NotEnoughData, match=f"there are {found}"):
            held_out_rates(np.array(scores), Pairing.of(people, people))


def test_wrong_settings_are_refused():
    people = np.array([0, 1, 0, 2, 0, 3])
    with pytest.raises(BadInput, match=r"left_person and right_person .* \(M,\), not \(6,\) and \(5,\)"):
        Pairing.of(people, people[:5])
    pairing = Pairing.of(people, np.array([0, 1, 1, 2, 2, 2]))
    with pytest.raises(BadInput, match=r"scores and same .* \(M,\), not \(5,\) and \(6,\)"):
        rate_intervals(SCORES[:5], pairing, 0.5)
    with pytest.raises(BadInput, match="folds should be 2 or more, not 1"):
        held_out_rates(SCORES, pairing, folds=1)
    with pytest.raises(BadInput, match=r"level should be in \(0, 1\) and the mixture above 0, not 95 and 1"):
        rate_intervals(SCORES, pairing, 0.5, level=95)
    for mixture in (0, math.nan):
        with pytest.raises(BadInput, match="the mixture of different and same pairs should be above 0"):
            pairing.weights(mixture)


def test_arguments_are_not_written_to():
    scores, same, left, right = people_pairs(6)
    for array in (scores, same, left, right):
        array.flags.writeable = False
    pairing = Pairing.of(left, right)
    weights = pairing.weights()
    weights.flags.writeable = False
    fmr_interval(scores, pairing, 0.4)
    density(RankedScores.of(scores, same, weights))
    held_out_rates(scores, pairing)
    rate_intervals(scores, pairing, 0.4)
