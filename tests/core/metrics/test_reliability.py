import math

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.calibration import cllr, pav_calibration
from core.metrics.logistic_calibration import logistic_calibration
from core.metrics.people_folds import held_out_rates
from core.metrics.ranked_scores import RankedScores
from core.metrics.reliability import held_out_llrs, reliability
from core.metrics.verification import Pairing
from tests.builders.scored_pairs import people_pairs


def paired(seed, **options):
    scores, _, left, right = people_pairs(seed, **options)
    return scores, Pairing.of(left, right)


@pytest.mark.parametrize(("method", "fit"), [("logistic", logistic_calibration), ("pav", pav_calibration)])
def test_each_fold_is_judged_by_a_calibration_that_its_people_had_no_part_in(method, fit):
    scores, pairing = paired(0)
    found = held_out_llrs(scores, pairing, method, folds=5, seed=3)
    fold_of = np.empty(40, int)
    fold_of[np.random.default_rng(3).permutation(40)] = np.arange(40) % 5
    left, right = fold_of[pairing.left], fold_of[pairing.right]
    assert found.folds == 5
    assert found.tested.tolist() == (left == right).tolist()
    for fold in range(5):
        outside, inside = (left != fold) & (right != fold), (left == fold) & (right == fold)
        of = Pairing.of(pairing.left[outside], pairing.right[outside])
        calibration = fit(RankedScores.of(scores[outside], of.same, of.weights()))
        assert found.llrs[inside] == pytest.approx(calibration.llrs(scores[inside]), rel=1e-6)
        of = Pairing.of(pairing.left[inside], pairing.right[inside])
        llrs, weights = found.llrs[inside], of.weights()
        expected = cllr(llrs[of.same], llrs[~of.same], weights[of.same], weights[~of.same])
        assert found.cllrs[fold] == pytest.approx(expected)
    assert found.cllr == pytest.approx(found.cllrs.mean())


def test_a_calibration_on_other_people_costs_more_where_people_differ():
    # One half of the people scores high and the other low: what fits the one misleads about the other.
    shuffled = np.random.default_rng(0).permutation(8)
    pairs_of = [(a, b) for half in (shuffled[::2], shuffled[1::2]) for a in half for b in half if a <= b]
    left, right = np.array(pairs_of).T
    first = np.isin(left, shuffled[::2])
    scores = np.where(first, np.where(left == right, 0.9, 0.6), np.where(left == right, 0.4, 0.1))
    assert held_out_llrs(scores, Pairing.of(left, right), folds=2).cllr > 1


def test_folds_are_those_of_the_rates():
    scores, pairing = paired(1)
    found, rates = held_out_llrs(scores, pairing), held_out_rates(scores, pairing)
    assert (found.folds, int(found.tested.sum())) == (rates.folds, rates.same + rates.different)


def test_what_cannot_be_held_out_is_refused():
    scores, pairing = paired(2)
    with pytest.raises(BadInput, match="no calibration is called 'guess'; choose one of logistic, pav"):
        held_out_llrs(scores, pairing, "guess")
    with pytest.raises(BadInput, match="folds should be 2 or more"):
        held_out_llrs(scores, pairing, folds=1)
    two = np.array([0, 0, 1])
    with pytest.raises(NotEnoughData, match="cannot be split"):
        held_out_llrs(np.array([0.9, 0.1, 0.8]), Pairing.of(two, np.array([0, 1, 1])))


def test_bins_worked_out_by_hand():
    # Chances .2 .2 .6 .6 of four same and .2 .2 .2 .6 of four different pairs, at equal priors, in two bins.
    odds = {0.2: math.log(0.25), 0.6: math.log(1.5)}
    same, different = [np.array([odds[at] for at in of]) for of in ((0.2, 0.2, 0.6, 0.6), (0.2, 0.2, 0.2, 0.6))]
    found = reliability(same, different, bins=2)
    assert (found.edges.tolist(), found.same.tolist(), found.different.tolist()) == ([0, 0.5, 1], [2, 2], [3, 1])
    assert found.said.tolist() == pytest.approx([0.2, 0.6])
    assert found.seen.tolist() == pytest.approx([2 / 5, 2 / 3])
    assert found.error == pytest.approx(5 / 8 * 0.2 + 3 / 8 * (2 / 3 - 0.6))
    exact = binomtest(2, 5).proportion_ci(0.95, "exact")
    assert (found.low[0], found.high[0]) == pytest.approx((exact.low, exact.high))


def test_bins_at_a_prior_worked_out_by_hand():
    # Two same and four different pairs in one bin; at a prior of 1 : 9 the same ones weigh .1 / 2, the others .9 / 4.
    llrs = np.zeros(2), np.zeros(4)
    found = reliability(*llrs, prior=0.1, bins=1)
    assert (found.said.tolist(), found.seen.tolist()) == (pytest.approx([0.1]), pytest.approx([0.1]))
    assert found.error == pytest.approx(0)
    exact = binomtest(2, 6).proportion_ci(0.95, "exact")
    for mine, end in ((found.low[0], exact.low), (found.high[0], exact.high)):
        odds = end / (1 - end) * (0.1 / 2) / (0.9 / 4)
        assert mine == pytest.approx(odds / (1 + odds))


def test_bins_of_one_kind_reach_the_end():
    found = reliability(np.full(3, 4.0), np.full(5, -4.0), bins=2)
    assert (found.seen.tolist(), found.low[0], found.high[1]) == ([0, 1], 0, 1)
    odds = (0.025**-0.2 - 1) * 5 / 3  # none of 5 is likely at a share q with (1 - q) ** 5 = 2.5 %; 3 weigh as much as 5
    assert found.high[0] == pytest.approx(odds / (1 + odds))


def test_bins_without_pairs_are_unknown():
    found = reliability(np.full(3, 0.1), np.full(5, -0.1), bins=10)
    assert np.isnan(found.said[[0, 9]]).all()
    assert np.isnan(found.seen[[0, 9]]).all()
    assert np.isnan(found.low[[0, 9]]).all()
    assert math.isfinite(found.error)


def test_bins_are_scikit_learns():
    rng = np.random.default_rng(0)
    llrs = rng.normal(2, 2, 300), rng.normal(-2, 2, 300)
    found = reliability(*llrs, bins=8)
    chance = 1 / (1 + np.exp(-np.concatenate(llrs)))
    seen, said = calibration_curve(np.arange(600) < 300, chance, n_bins=8)
    assert found.seen == pytest.approx(seen)
    assert found.said == pytest.approx(said)


def test_bins_in_llr_hold_infinite_ones_at_their_ends():
    found = reliability(np.array([1.0, 3.0, np.inf]), np.array([-1.0, 2.9, -np.inf]), bins=4, by="llr")
    assert found.edges.tolist() == pytest.approx([-1, 0, 1, 2, 3])
    assert (found.same.tolist(), found.different.tolist()) == ([0, 0, 1, 2], [2, 0, 0, 1])
    assert found.said[0] == pytest.approx((0 + 1 / (1 + math.e)) / 2)


def test_true_llrs_are_reliable_and_boastful_ones_are_not():
    rng = np.random.default_rng(0)
    llrs = rng.normal(2, 2, 20_000), rng.normal(-2, 2, 20_000)  # of N(2, 4) and N(-2, 4) the LLR is the score
    assert reliability(*llrs).error < 0.01
    assert reliability(*llrs, prior=0.1).error < 0.01
    assert reliability(*(3 * of for of in llrs)).error > 0.05


def test_what_has_no_bins_is_refused():
    some = np.zeros(2)
    with pytest.raises(BadInput, match="bins should be 1 or more"):
        reliability(some, some, bins=0)
    with pytest.raises(BadInput, match="the prior should be inside"):
        reliability(some, some, prior=1)
    with pytest.raises(BadInput, match="level should lie between 0 and 1"):
        reliability(some, some, level=1)
    for kinds in ((some, some[:0]), (some[:0], some)):
        with pytest.raises(NotEnoughData, match="pairs of one person and pairs of two people"):
            reliability(*kinds)
