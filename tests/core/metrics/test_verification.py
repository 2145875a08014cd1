import math

import numpy as np
import pytest
from sklearn import metrics as reference

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import best_accuracy, confusion_at, roc
from core.metrics.score_density import density
from core.metrics.verification import RateInterval, bootstrap_interval, held_out_accuracy
from tests.builders.scored_pairs import SAME, SCORES, people_pairs


def test_held_out_folds_share_no_person():
    scores, same, left, right = people_pairs(0)
    found = held_out_accuracy(scores, same, left, right, folds=5, seed=3)
    assert found.folds == len(found.thresholds) == len(found.accuracies) == 5
    fold_of = np.empty(40, int)
    fold_of[np.random.default_rng(3).permutation(40)] = np.arange(40) % 5
    for fold in range(5):
        outside = (fold_of[left] != fold) & (fold_of[right] != fold)
        inside = (fold_of[left] == fold) & (fold_of[right] == fold)
        point = best_accuracy(scores[outside], same[outside])
        assert found.thresholds[fold] == pytest.approx(point.threshold)
        assert found.accuracies[fold] == pytest.approx(
            reference.accuracy_score(same[inside], scores[inside] >= point.threshold)
        )
    assert found.mean == pytest.approx(np.mean(found.accuracies))
    assert found.std == pytest.approx(np.std(found.accuracies))
    assert found.pairs_used == (fold_of[left] == fold_of[right]).sum()


def test_held_out_accuracy_worked_out_by_hand():
    # Four people, two folds of two people: whatever the deal, each fold has two same and one different pair.
    left = np.array([0, 1, 2, 3, 0, 0, 0, 1, 1, 2])
    right = np.array([0, 1, 2, 3, 1, 2, 3, 2, 3, 3])
    same = left == right
    found = held_out_accuracy(np.where(same, 0.8, 0.2), same, left, right)
    assert (found.folds, found.mean, found.std) == (2, 1, 0)
    assert found.pairs_used == 6
    assert found.thresholds.tolist() == pytest.approx([0.5, 0.5])


def test_held_out_threshold_never_saw_the_people_it_is_tested_on():
    # One half of the people scores high and the other low: a threshold chosen outside is wrong inside.
    shuffled = np.random.default_rng(0).permutation(8)
    pairs_of = [(a, b) for half in (shuffled[::2], shuffled[1::2]) for a in half for b in half if a <= b]
    left, right = np.array(pairs_of).T
    same = left == right
    first = np.isin(left, shuffled[::2])
    scores = np.where(first, np.where(same, 0.9, 0.6), np.where(same, 0.4, 0.1))
    found = held_out_accuracy(scores, same, left, right, folds=2)
    # Chosen .25 accepts the first half's different pairs; chosen .75 rejects the second half's same pairs.
    assert found.thresholds.tolist() == pytest.approx([0.25, 0.75])
    assert found.accuracies.tolist() == pytest.approx([0.4, 0.6])


def test_few_people_get_fewer_folds():
    scores, same, left, right = people_pairs(1, people=6, count=400)
    assert held_out_accuracy(scores, same, left, right, folds=10).folds == 3


def test_held_out_accuracy_is_seeded():
    arguments = people_pairs(2)
    first, again = (held_out_accuracy(*arguments, seed=5) for _ in range(2))
    assert first.accuracies.tolist() == again.accuracies.tolist()
    assert first.accuracies.tolist() != held_out_accuracy(*arguments, seed=6).accuracies.tolist()


def test_held_out_accuracy_needs_people_enough():
    left, right = np.array([0, 1, 0]), np.array([0, 1, 1])
    with pytest.raises(NotEnoughData, match="pairs of 2 people cannot be split into two groups"):
        held_out_accuracy(np.array([0.9, 0.8, 0.1]), left == right, left, right)


def test_bootstrap_interval_is_that_of_counting_pairs_of_drawn_people():
    scores, same, left, right = people_pairs(4, people=12, count=300)
    found = bootstrap_interval(scores, same, left, right, 0.4, resamples=200, seed=9)
    rng = np.random.default_rng(9)
    rates = {"accuracy": [], "fmr": [], "fnmr": []}
    for _ in range(4):
        for times in rng.multinomial(12, np.full(12, 1 / 12), 50):
            weight = np.where(same, times[left], times[left] * times[right])
            tn, fp, fn, tp = reference.confusion_matrix(same, scores >= 0.4, sample_weight=weight).ravel()
            rates["accuracy"].append((tp + tn) / weight.sum())
            rates["fmr"].append(fp / (fp + tn))
            rates["fnmr"].append(fn / (fn + tp))
    for name, values in rates.items():
        interval = getattr(found, name)
        assert (interval.low, interval.high) == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])))


def test_bootstrap_interval_holds_the_rate_and_narrows_with_people():
    few, many = people_pairs(5, people=20, count=4000), people_pairs(5, people=400, count=80_000)
    narrow, wide = bootstrap_interval(*many, 0.4, seed=1), bootstrap_interval(*few, 0.4, seed=1)
    assert bootstrap_interval(*few, 0.4, seed=1) == wide
    confusion = confusion_at(many[0], many[1], 0.4)
    for name in ("accuracy", "fmr", "fnmr"):
        small, large = getattr(narrow, name), getattr(wide, name)
        assert small.low < getattr(confusion, name) < small.high
        assert small.high - small.low < large.high - large.low


def test_interval_of_a_rate_without_pairs_is_nan():
    people = np.arange(5)
    found = bootstrap_interval(np.full(5, 0.7), np.ones(5, bool), people, people, 0.5)
    assert math.isnan(found.fmr.low)
    assert math.isnan(found.fmr.high)
    assert (found.fnmr, found.accuracy) == (RateInterval(0, 0), RateInterval(1, 1))


def test_bootstrap_needs_two_people():
    with pytest.raises(NotEnoughData, match="at least two of them; the pairs show 1"):
        bootstrap_interval(np.array([0.7]), np.array([True]), np.array([3]), np.array([3]), 0.5)


def test_held_out_accuracy_needs_both_kinds_of_pairs():
    for scores, same, counted in (([0.1, 0.2], [True, True], "2 and 0"), ([], [], "0 and 0")):
        people = np.arange(len(scores))
        with pytest.raises(NotEnoughData, match=f"there are {counted}"):
            held_out_accuracy(np.array(scores), np.array(same, bool), people, people)


def test_wrong_settings_are_refused():
    people = np.array([0, 1, 0, 2, 0, 3])
    with pytest.raises(BadInput, match="pair 0 is of people 0 and 0, but same says False"):
        held_out_accuracy(SCORES, SAME, people, people)
    with pytest.raises(BadInput, match=r"right_person should have the shape \(6,\) of same, not \(5,\)"):
        bootstrap_interval(SCORES, SAME, people, people[:5], 0.5)
    other = np.where(SAME, people, people + 10)
    with pytest.raises(BadInput, match="folds should be 2 or more, not 1"):
        held_out_accuracy(SCORES, SAME, people, other, folds=1)
    with pytest.raises(BadInput, match=r"level in \(0, 1\), not 10 and 95"):
        bootstrap_interval(SCORES, SAME, people, other, 0.5, resamples=10, level=95)
    with pytest.raises(BadInput, match="resamples should be 1 or more"):
        bootstrap_interval(SCORES, SAME, people, other, 0.5, resamples=0)


def test_arguments_are_not_written_to():
    arguments = people_pairs(6)
    for array in arguments:
        array.flags.writeable = False
    roc(*arguments[:2])
    density(*arguments[:2])
    held_out_accuracy(*arguments)
    bootstrap_interval(*arguments, 0.4, resamples=10)
