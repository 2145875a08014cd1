import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student
from sklearn import metrics as reference

from core.metrics.verification import Pairing, fmr_interval, rate_intervals
from tests.builders.scored_pairs import every_pair, paired


def test_every_person_and_every_two_people_weigh_the_same_worked_out_by_hand():
    # People 7, 8, 9 with 3, 2 and 1 faces: 3 and 1 pairs of one person, 6, 3 and 2 of two.
    left, right = np.array([7, 8, 9])[np.array(every_pair([3, 2, 1]))]
    pairing = Pairing.of(left, right)
    weights = pairing.weights(2.0)
    assert (pairing.people, len(pairing.first)) == (3, 5)
    expected = {(7, 7): 1 / 3 / 2, (8, 8): 1 / 2, (7, 8): 2 / 6 / 3, (7, 9): 2 / 3 / 3, (8, 9): 2 / 2 / 3}
    assert weights.tolist() == pytest.approx([expected[pair] for pair in zip(left, right, strict=True)])
    assert (weights[left == right].sum(), weights[left != right].sum()) == (pytest.approx(1), pytest.approx(2))


def test_the_order_of_the_two_people_of_a_pair_means_nothing():
    left, right = every_pair([3, 2, 4])
    swapped = np.arange(len(left)) % 2 == 0
    turned = Pairing.of(np.where(swapped, right, left), np.where(swapped, left, right))
    assert turned.weights().tolist() == Pairing.of(left, right).weights().tolist()


@pytest.mark.parametrize(
    "names", [np.arange(50), np.arange(50) * 10**12 - 7, np.arange(50).astype("U3"), np.arange(50, 100, dtype=np.uint8)]
)
def test_people_are_numbered_in_their_order_whatever_they_are_called(names):
    rng = np.random.default_rng(0)
    left, right = rng.choice(names, (2, 4000))
    found = Pairing.of(left, right)
    called, number = np.unique(np.concatenate([left, right]), return_inverse=True)
    assert (found.left.tolist(), found.right.tolist()) == (number[:4000].tolist(), number[4000:].tolist())
    assert found.people == len(called)
    ends = np.sort(np.stack([found.left, found.right], axis=1), axis=1)
    cells, cell = np.unique(ends, axis=0, return_inverse=True)
    assert found.cell.tolist() == cell.tolist()
    assert (found.first.tolist(), found.second.tolist()) == (cells[:, 0].tolist(), cells[:, 1].tolist())


def test_weights_of_no_pairs_are_empty():
    assert Pairing.of(np.zeros(0, int), np.zeros(0, int)).weights().tolist() == []


def test_one_person_with_most_of_the_faces_is_one_person_of_many():
    # 200 faces of one person, whose pairs are all accepted, are 19,900 of 19,909 pairs; nine others' are rejected.
    left, right = every_pair([200, *[2] * 9])
    scores = np.where(left == 0, 0.9, 0.1)
    fnmr = rate_intervals(scores, Pairing.of(left, right), 0.5).fnmr
    assert fnmr.low < 0.9 < fnmr.high
    confusion = reference.confusion_matrix(
        left == right, scores >= 0.5, sample_weight=Pairing.of(left, right).weights(), normalize="true"
    )
    assert confusion[1, 0] == pytest.approx(0.9)


def without(pairing, person, wrong, weights):
    """FMR and FNMR of the pairs that a person has no part in, the plain way."""
    rest = (pairing.left != person) & (pairing.right != person)
    return [np.average(wrong[rest & kind], weights=weights[rest & kind]) for kind in (~pairing.same, pairing.same)]


def test_intervals_are_those_of_leaving_out_one_person_at_a_time():
    scores, same, pairing = paired(4, people=20, count=900)
    wrong, weights = (scores >= 0.4) != same, pairing.weights()
    left_out = np.array([without(pairing, person, wrong, weights) for person in range(20)])
    left_out = np.column_stack([1 - left_out.mean(axis=1), left_out])
    rates = [np.average(wrong[kind], weights=weights[kind]) for kind in (~same, same)]
    found = rate_intervals(scores, pairing, 0.4)
    for rate, column, interval, independent in zip(
        [1 - np.mean(rates), *rates], left_out.T, (found.accuracy, found.fmr, found.fnmr), (10, 10, 20), strict=True
    ):
        error = math.sqrt(19 / 20 * ((column - column.mean()) ** 2).sum()) / (rate * (1 - rate))
        reach = student.ppf(0.975, independent - 1) * error
        ends = [1 / (1 + math.exp(-(math.log(rate / (1 - rate)) + way * reach))) for way in (-1, 1)]
        assert (interval.low, interval.high) == pytest.approx(tuple(ends))
        assert (interval.two_sided, interval.independent) == (True, independent)


@pytest.mark.parametrize("people", [12, 20, 57])
def test_where_no_error_is_seen_the_rule_of_three_counts_people(people):
    left, right = every_pair([3] * people)
    found = rate_intervals(np.where(left == right, 0.9, 0.1), Pairing.of(left, right), 0.5)
    assert found.fnmr.high == pytest.approx(binomtest(0, people, alternative="less").proportion_ci(0.95).high)
    assert found.fmr.high == pytest.approx(binomtest(0, people // 2, alternative="less").proportion_ci(0.95).high)
    assert (found.fmr.low, found.fmr.independent, found.fmr.two_sided) == (0, people // 2, False)
    assert found.accuracy.high == 1
    assert found.accuracy.low < 1 - (found.fmr.high + found.fnmr.high) / 2


def test_errors_of_one_person_however_many_do_not_make_an_interval():
    left, right = every_pair([2] * 30)
    wolf = (left != right) & (right == 29)  # who is taken for everybody
    found = rate_intervals(np.where((left == right) | wolf, 0.9, 0.1), Pairing.of(left, right), 0.5).fmr
    assert (found.two_sided, found.low) == (False, 0)
    rate = 29 / 435
    risk = (rate / found.high) ** (15 * rate) * ((1 - rate) / (1 - found.high)) ** (15 * (1 - rate))
    assert 1 / risk == pytest.approx(0.05)  # Chernoff's, of fifteen


def test_a_rate_that_is_nearly_one_is_bounded_from_below():
    left, right = every_pair([2] * 30)
    found = rate_intervals(np.full(len(left), 0.9), Pairing.of(left, right), 0.5).fmr
    assert (found.low, found.high) == (pytest.approx(0.05 ** (1 / 15)), 1)


@pytest.mark.parametrize("threshold", [0.1, 0.4, 0.7, 2.0])
def test_the_interval_of_the_fmr_alone_is_that_beside_the_others(threshold):
    scores, _, pairing = paired(4, people=20, count=900)
    assert fmr_interval(scores, pairing, threshold) == rate_intervals(scores, pairing, threshold).fmr


@pytest.mark.parametrize("apart", [5, 6])
def test_errors_are_enough_where_six_that_share_nobody_have_them_however_many_of_others_come_before(apart):
    # Thousands are taken for person 0; the wrong pairs of people who share nobody are the last.
    others = 3001 + 2 * np.arange(apart - 1)
    wrong = np.concatenate(
        [np.column_stack([np.zeros(3000, int), 1 + np.arange(3000)]), np.stack([others, others + 1], 1)]
    )
    right = 1 + 2 * np.arange(10)[:, None] + [0, 1]
    left, right = np.concatenate([wrong, right, np.arange(3100)[:, None].repeat(2, axis=1)]).T
    scores = np.where((np.arange(len(left)) < len(wrong)) | (left == right), 0.9, 0.1)
    assert rate_intervals(scores, Pairing.of(left, right), 0.5).fmr.two_sided is (apart == 6)


def test_few_people_show_nothing():
    left, right = every_pair([50] * 3)
    found = rate_intervals(np.where(left == right, 0.9, 0.1), Pairing.of(left, right), 0.5)
    assert not any(interval.known for interval in (found.accuracy, found.fmr, found.fnmr))
    assert (found.fmr.independent, found.fnmr.independent) == (1, 3)


def test_a_rate_without_pairs_has_no_interval():
    people = np.arange(9)
    found = rate_intervals(np.full(9, 0.7), Pairing.of(people, people), 0.5)
    assert not found.fmr.known
    assert not found.accuracy.known
    assert found.fnmr.high == pytest.approx(1 - 0.05 ** (1 / 9))
    assert not rate_intervals(np.zeros(0), Pairing.of(people[:0], people[:0]), 0.5).fnmr.known


def drawn_rates(kind, people, rng):
    """True FMR of every two of some people who were drawn, and the mean over all people that there are."""
    first, second = np.array(list(combinations(range(people), 2))).T
    if kind == "look-alikes":
        return np.where(rng.random(len(first)) < 0.1, 0.15, 0.0), 0.015
    if kind == "one taken for everybody":
        wolf = rng.random(people) < 0.03
        return np.where(wolf[first] | wolf[second], 0.25, 0.0), 0.25 * (1 - 0.97**2)
    child = rng.random(people) < 0.2
    return np.where(child[first] & child[second], 0.3, 0.001), 0.04 * 0.3 + 0.96 * 0.001


@pytest.mark.parametrize("kind", ["look-alikes", "one taken for everybody", "children"])
@pytest.mark.parametrize(("people", "faces"), [(3, 50), (12, 10), (40, 5)])
def test_what_is_said_of_the_fmr_holds_in_nineteen_of_twenty_draws_of_people(kind, people, faces):
    # Three people, fifty faces, FMR 1.5 %: "below 0.08 %" was said in 73.5 % of draws, and never true.
    rng, held, said = np.random.default_rng(7), 0, 0
    first, second = np.array(list(combinations(range(people), 2))).T
    for _ in range(200):
        rates, truth = drawn_rates(kind, people, rng)
        accepted = rng.binomial(faces**2, rates)
        cell = np.repeat(np.arange(len(rates)), 2)  # a wrong and a right pair for each two people, weighed below
        scores = np.tile([0.9, 0.1], len(rates))
        counts = np.stack([accepted, faces**2 - accepted], axis=1).ravel()
        rows = np.repeat(np.arange(len(cell)), counts)
        found = rate_intervals(scores[rows], Pairing.of(first[cell[rows]], second[cell[rows]]), 0.5).fmr
        said += found.known
        held += found.known and found.low <= truth <= found.high
    if people == 3:
        assert said == 0
    else:
        assert said == 200
        assert held >= 0.93 * said  # 95 % less two standard errors of 200 draws and their rounding
