import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student
from sklearn import metrics as reference

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import best_accuracy
from core.metrics.ranked_scores import RankedScores
from core.metrics.score_density import density
from core.metrics.verification import Pairing, fmr_interval, held_out_rates, rate_intervals
from tests.builders.scored_pairs import SCORES, people_pairs


def every_pair(counts):
    """The two people of every pair of faces, for people with so many faces each."""
    people = np.repeat(np.arange(len(counts)), counts)
    first, second = np.triu_indices(len(people), 1)
    return people[first], people[second]


def paired(seed, people=40, count=3000):
    scores, same, left, right = people_pairs(seed, people=people, count=count)
    return scores, same, Pairing.of(left, right)


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
