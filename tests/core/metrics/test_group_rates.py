import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from core.foundation.errors import BadInput
from core.metrics.group_rates import WorstToBest, rates_by_group
from core.metrics.verification import Pairing, RateInterval, rate_intervals

# Group 0 of people 0 to 2, group 1 of people 3 to 5: a pair of each person, one of every two people of a group, and one
# across.
LEFT = np.array([0, 1, 2, 0, 0, 1, 3, 4, 5, 3, 3, 4, 0])
RIGHT = np.array([0, 1, 2, 1, 2, 2, 3, 4, 5, 4, 5, 5, 3])
SCORES = np.array([0.9, 0.8, 0.4, 0.6, 0.3, 0.1, 0.9, 0.7, 0.6, 0.55, 0.2, 0.52, 0.7])
GROUP = np.arange(6) // 3


def by_hand(threshold=0.5, scores=SCORES):
    return rates_by_group(scores, Pairing.of(LEFT, RIGHT), GROUP[LEFT], GROUP[RIGHT], threshold)


def test_rates_of_groups_worked_out_by_hand():
    found = by_hand()
    first, second = found.groups
    assert (first.group, first.people, first.same, first.different) == (0, 3, 3, 3)
    assert (first.fmr, first.fnmr) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert (second.fmr, second.fnmr) == (pytest.approx(2 / 3), 0)
    assert (found.fmr, found.fnmr) == (pytest.approx(4 / 7), pytest.approx(1 / 6))
    assert found.across == (0, 1)


def test_worst_to_best_worked_out_by_hand():
    found = by_hand()
    assert (found.fmr_differential.worst, found.fmr_differential.best) == (1, 0)
    assert found.fmr_differential.ratio == pytest.approx(2)
    assert math.isnan(found.fnmr_differential.ratio)  # the best is 0
    assert math.isnan(found.fmr_differential.at_least)  # three people show nothing


def test_threshold_of_a_group_has_the_fmr_of_all():
    # 4 of 7 accepted at .5; a group may accept 1 of its 3 (0.33), for 2 are 0.67.
    first, second = by_hand().groups
    assert (first.own_threshold, first.own_fmr, first.own_fnmr) == (
        pytest.approx(0.35),  # between the .4 of one person and the .3 of two
        pytest.approx(1 / 3),
        0,
    )
    assert (second.own_threshold, second.own_fmr, second.own_fnmr) == (pytest.approx(0.535), pytest.approx(1 / 3), 0)


def drawn(seed, people=40, faces=4):
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), faces)
    first, second = np.triu_indices(len(person), 1)
    left, right = person[first], person[second]
    group = np.arange(people) % 2
    shift = 0.15 * ((group[left] == 1) & (group[right] == 1))
    scores = rng.normal(np.where(left == right, 0.7, 0.25 + shift), 0.12)
    return scores, left, right, group


def test_rates_and_intervals_of_a_group_are_those_of_its_pairs_alone():
    scores, left, right, group = drawn(0)
    found = rates_by_group(scores, Pairing.of(left, right), group[left], group[right], 0.5)
    for part in found.groups:
        inside = (group[left] == part.group) & (group[right] == part.group)
        alone = Pairing.of(left[inside], right[inside])
        confusion = reference.confusion_matrix(
            alone.same, scores[inside] >= 0.5, sample_weight=alone.weights(), normalize="true"
        )
        assert (part.fmr, part.fnmr) == (pytest.approx(confusion[0, 1]), pytest.approx(confusion[1, 0]))
        intervals = rate_intervals(scores[inside], alone, 0.5)
        assert (part.fmr_interval, part.fnmr_interval) == (intervals.fmr, intervals.fnmr)
        assert part.own_fmr <= found.fmr
    assert found.groups[1].own_threshold > 0.5 > found.groups[0].own_threshold
    assert found.groups[1].own_fnmr > found.groups[1].fnmr


def test_bound_of_the_ratio_lies_below_it_and_above_one_where_the_groups_differ_for_sure():
    scores, left, right, group = drawn(1)
    found = rates_by_group(scores, Pairing.of(left, right), group[left], group[right], 0.5).fmr_differential
    assert 1 < found.at_least < found.ratio


def test_ratio_to_a_best_of_nothing_is_undefined_and_still_bounded():
    high, none = RateInterval(0.2, 0.4, 50, True), RateInterval(0.0, 0.05, 50, False)
    found = WorstToBest.of([4, 7], [0.3, 0.0], [high, none])
    assert (found.worst, found.best, found.at_least) == (4, 7, pytest.approx(4))
    assert math.isnan(found.ratio)
    assert WorstToBest.of([4, 7], [0.3, 0.0], [none, none]).at_least == 1


def test_one_group_has_no_ratio_and_none_no_rates():
    pairing = Pairing.of(LEFT, RIGHT)
    nowhere = np.full(len(LEFT), -1)
    found = rates_by_group(SCORES, pairing, nowhere, nowhere, 0.5)
    assert (found.groups, found.across) == ((), (6, 7))
    assert (found.fmr_differential.worst, found.fmr_differential.best) == (None, None)
    one = rates_by_group(SCORES, pairing, np.zeros(13, int), np.zeros(13, int), 0.5)
    assert (len(one.groups), one.across, one.groups[0].fmr) == (1, (0, 0), pytest.approx(4 / 7))
    assert math.isnan(one.fmr_differential.ratio)


def test_group_without_a_kind_of_pair_has_no_rate_of_it():
    left, right = np.array([0, 1, 2, 2]), np.array([0, 1, 3, 2])
    groups = np.array([0, 0, 1, 1])
    of_same, of_both = rates_by_group(
        np.array([0.9, 0.4, 0.6, 0.8]), Pairing.of(left, right), groups[left], groups[right], 0.5
    ).groups
    assert (of_same.fnmr, math.isnan(of_same.fmr), math.isnan(of_same.own_threshold)) == (0.5, True, True)
    assert (of_both.fmr, of_both.fnmr, math.isnan(of_both.own_threshold)) == (1, 0, False)


def test_faces_of_one_person_in_two_groups_count_across():
    people = np.array([0, 0, 0, 1])
    found = rates_by_group(
        np.array([0.9, 0.1, 0.8, 0.9]), Pairing.of(people, people), np.array([0, 0, 1, 0]), np.array([0, 1, 1, 0]), 0.5
    )
    assert [group.fnmr for group in found.groups] == [0, 0]
    assert found.fnmr == pytest.approx(1 / 6)
    assert found.across == (1, 0)


def test_wrong_groups_are_refused():
    pairing, groups = Pairing.of(LEFT, RIGHT), GROUP[LEFT]
    with pytest.raises(BadInput, match=r"should have the shape \(13,\)"):
        rates_by_group(SCORES, pairing, groups[:5], groups, 0.5)
    with pytest.raises(BadInput, match="should be integers, not float64"):
        rates_by_group(SCORES, pairing, groups * 1.0, groups, 0.5)
    with pytest.raises(BadInput, match="level"):
        rates_by_group(SCORES, pairing, groups, groups, 0.5, level=2)
    with pytest.raises(BadInput, match="1 of 13 scores are not finite"):
        by_hand(scores=np.where(np.arange(13) == 3, np.nan, SCORES))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_neither_the_sides_of_pairs_nor_the_numbers_of_groups_mean_anything(seed):
    scores, left, right, group = drawn(seed, people=14, faces=2)
    turned = np.random.default_rng(seed).random(len(left)) < 0.5
    one, other = np.where(turned, right, left), np.where(turned, left, right)
    found = rates_by_group(scores, Pairing.of(left, right), group[left], group[right], 0.5)
    again = rates_by_group(scores, Pairing.of(one, other), 7 - group[one], 7 - group[other], 0.5)
    assert (again.fmr, again.fnmr, again.across) == (pytest.approx(found.fmr), pytest.approx(found.fnmr), found.across)
    for first, second in zip(found.groups, again.groups[::-1], strict=True):
        assert (second.group, second.fmr, second.fnmr) == (7 - first.group, first.fmr, first.fnmr)
        assert second.own_threshold == first.own_threshold
        assert first.own_fmr <= found.fmr
