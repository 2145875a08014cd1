import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.calibration import (
    LogisticCalibration,
    calibration_from_json,
    calibration_loss,
    cllr,
    min_cllr,
    pav_calibration,
)
from core.metrics.ranked_scores import RankedScores
from tests.builders.scored_pairs import pairs

# Twelve scores, falling: same .9 .8, different .75, same .7, different .6, same .5, different .45, same .4,
# different .3, same .2, different .15 .1. Pooled: the two lowest, the eight between, the two highest.
TWELVE = RankedScores.of_kinds(np.array([0.2, 0.4, 0.5, 0.7, 0.8, 0.9]), np.array([0.1, 0.15, 0.3, 0.45, 0.6, 0.75]))
NONE = np.zeros(0)

a_kind = st.lists(st.integers(-20, 20), min_size=1, max_size=30)


def cllr_of_bob(negatives, positives):
    """``bob.measure.calibration.cllr``, version 4.3.0, in its own words."""
    sum_pos, sum_neg = 0.0, 0.0
    for pos in positives:
        sum_pos += math.log(1.0 + math.exp(-pos), 2.0)
    for neg in negatives:
        sum_neg += math.log(1.0 + math.exp(neg), 2.0)
    return (sum_pos / len(positives) + sum_neg / len(negatives)) / 2.0


def isotonic(ranked, same_weights=None, different_weights=None):
    """scikit-learn's, of pairs of which either kind weighs 1."""
    weights = [
        np.ones(len(side)) if given is None else given
        for side, given in ((ranked.same, same_weights), (ranked.different, different_weights))
    ]
    scores = np.concatenate([ranked.same, ranked.different])
    truth = np.arange(len(scores)) < len(ranked.same)
    weight = np.concatenate([given / given.sum() for given in weights])
    return IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, truth, weight), weight, scores, truth


def test_cllr_worked_out_by_hand():
    # Same pairs with LR 1, 3 and 7: log2 2, log2 4/3 and log2 8/7; different with LR 1/3 and 1: log2 4/3, log2 2.
    found = cllr(np.log([1, 3, 7]), np.log([1 / 3, 1]))
    same = (1 + math.log2(4 / 3) + math.log2(8 / 7)) / 3
    assert found == pytest.approx((same + (math.log2(4 / 3) + 1) / 2) / 2)
    weighed = cllr(np.log([1, 3, 7]), np.log([1 / 3, 1]), np.array([2, 1, 1]), np.array([1, 3]))
    same = (2 + math.log2(4 / 3) + math.log2(8 / 7)) / 4
    assert weighed == pytest.approx((same + (math.log2(4 / 3) + 3) / 4) / 2)


def test_cllr_is_bobs():
    scores, same = pairs(0)
    llrs = 12 * scores - 5
    assert cllr(llrs[same], llrs[~same]) == pytest.approx(cllr_of_bob(llrs[~same], llrs[same]), abs=1e-12)


def test_llrs_that_say_nothing_cost_one_bit_and_those_that_lie_for_certain_without_bound():
    assert cllr(np.zeros(3), np.zeros(5)) == 1
    assert cllr(np.full(3, np.inf), np.full(5, -np.inf)) == 0
    assert cllr(np.array([np.inf, -np.inf]), np.zeros(5)) == np.inf
    assert math.isfinite(cllr(np.array([-1e5]), np.array([1e5])))


def test_pooled_scores_worked_out_by_hand():
    # Of six same and six different pairs four each lie in the middle, where the best LLR is 0: one bit for 4 of 6.
    assert min_cllr(TWELVE) == pytest.approx(4 / 6)
    found = pav_calibration(TWELVE, succession=False)
    assert found.scores.tolist() == pytest.approx([0.1, 0.15, 0.2, 0.75, 0.8, 0.9])
    assert found.at_equal_priors.tolist() == pytest.approx([0, 0, 0.5, 0.5, 1, 1])
    llrs = found.llrs(np.array([-1, 0.1, 0.175, 0.2, 0.5, 0.8, 2]))
    assert llrs.tolist() == pytest.approx([-np.inf, -np.inf, -math.log(3), 0, 0, np.inf, np.inf])


def test_pairs_that_are_supposed_at_the_ends_keep_llrs_finite():
    # One pair of each kind more at either end: 1 same of 4 below, 3 same of 4 above, of eight each.
    found = pav_calibration(TWELVE)
    assert found.scores.tolist() == pytest.approx([0.15, 0.2, 0.75, 0.8])
    assert found.at_equal_priors.tolist() == pytest.approx([1 / 4, 1 / 2, 1 / 2, 3 / 4])
    assert found.llrs(np.array([0.1, 0.9])).tolist() == pytest.approx([-math.log(3), math.log(3)])


def test_where_all_is_one_block_no_score_says_anything():
    backwards = RankedScores.of_kinds(np.array([0.1, 0.2]), np.array([0.8, 0.9]))
    for succession in (False, True):
        found = pav_calibration(backwards, succession=succession)
        assert found.llrs(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([0, 0, 0])
    assert min_cllr(backwards) == 1
    alike = RankedScores.of_kinds(np.full(3, 0.5), np.full(3, 0.5))
    assert (min_cllr(alike), pav_calibration(alike).llrs(np.array([0.5])).tolist()) == (1, pytest.approx([0]))


def test_one_pair_of_each_kind_is_enough_for_steps():
    found = pav_calibration(RankedScores.of_kinds(np.array([0.9]), np.array([0.1])))
    # With those that are supposed: 1 same of 3 below, 2 of 3 above.
    assert found.llrs(np.array([0.1, 0.9])).tolist() == pytest.approx([-math.log(2), math.log(2)])


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_steps_are_scikit_learns_isotonic_regression(weighed, ties):
    scores, same = pairs(3, ties=ties)
    weights = np.random.default_rng(0).uniform(0.2, 2, len(scores)) if weighed else None
    ranked = RankedScores.of(scores, same, weights)
    parts = [] if weights is None else [np.diff(sums) for sums in (ranked.same_sums, ranked.different_sums)]
    peer, weight, given_scores, truth = isotonic(ranked, *parts)
    found = pav_calibration(ranked, succession=False)
    anywhere = np.linspace(-1, 2, 999)
    assert found.chances(anywhere) == pytest.approx(peer.predict(anywhere), abs=1e-9)
    chance = np.clip(peer.predict(given_scores), 1e-300, 1 - 1e-16)
    best = -(weight[truth] @ np.log2(chance[truth]) + weight[~truth] @ np.log2(1 - chance[~truth])) / 2
    assert min_cllr(ranked) == pytest.approx(best, abs=1e-9)


def test_scores_of_float32_are_pooled_as_they_are():
    scores, same = pairs(4, ties=False)
    single = scores.astype(np.float32)
    assert min_cllr(RankedScores.of(single, same)) == min_cllr(RankedScores.of(single.astype(float), same))


@given(a_kind, a_kind)
def test_the_best_llrs_cost_what_is_least(same, different):
    ranked = RankedScores.of_kinds(np.array(same), np.array(different))
    best = pav_calibration(ranked, succession=False)
    assert cllr(best.llrs(ranked.same), best.llrs(ranked.different)) == pytest.approx(min_cllr(ranked), abs=1e-9)
    assert calibration_loss(ranked, best) == pytest.approx(0, abs=1e-9)
    assert 0 <= min_cllr(ranked) <= 1 + 1e-12


@given(a_kind, a_kind, st.floats(0, 3), st.floats(-3, 3))
def test_no_llrs_cost_less_than_the_best(same, different, slope, offset):
    ranked = RankedScores.of_kinds(np.array(same), np.array(different))
    for found in (LogisticCalibration(slope, offset), pav_calibration(ranked)):
        assert calibration_loss(ranked, found) >= -1e-9


@given(a_kind, a_kind)
def test_rising_functions_change_no_least_cost(same, different):
    same, different = np.array(same), np.array(different)
    found = min_cllr(RankedScores.of_kinds(same, different))
    for risen in (np.exp, np.arctan, lambda score: score**3.0 - 7):
        assert min_cllr(RankedScores.of_kinds(risen(same), risen(different))) == pytest.approx(found)


@given(a_kind, a_kind, st.integers(0, 2**32 - 1))
def test_weights_repeat_pairs(same, different, seed):
    same, different = np.array(same), np.array(different)
    rng = np.random.default_rng(seed)
    often = [rng.integers(1, 4, len(side)) for side in (same, different)]
    repeated = RankedScores.of_kinds(same.repeat(often[0]), different.repeat(often[1]))
    line = LogisticCalibration(0.3, -1)
    for counts in (often, [count * 0.5 for count in often]):
        weighed = RankedScores.of_kinds(same, different, *counts)
        assert min_cllr(weighed) == pytest.approx(min_cllr(repeated))
        assert calibration_loss(weighed, line) == pytest.approx(calibration_loss(repeated, line))
        exact = [pav_calibration(ranked, succession=False) for ranked in (weighed, repeated)]
        anywhere = np.arange(-20, 21)
        assert exact[0].chances(anywhere) == pytest.approx(exact[1].chances(anywhere))


@given(a_kind, a_kind)
def test_llrs_never_fall_and_are_finite_where_pairs_are_supposed(same, different):
    llrs = pav_calibration(RankedScores.of_kinds(np.array(same), np.array(different))).llrs(np.linspace(-25, 25, 101))
    assert (np.diff(llrs) >= 0).all()
    assert np.isfinite(llrs).all()


def test_chances_follow_from_llrs_and_prior_by_bayes_rule():
    line = LogisticCalibration(10, -5)
    assert line.llrs(np.array([0.5, 0.7])).tolist() == pytest.approx([0, 2])
    assert line.chances(np.array([0.5])).tolist() == pytest.approx([0.5])
    # LR e^2 and odds 1 : 9.
    assert line.chances(np.array([0.7]), 0.1).tolist() == pytest.approx([math.exp(2) / (math.exp(2) + 9)])
    steps = pav_calibration(TWELVE, succession=False)
    assert steps.chances(np.array([0.1, 0.5, 0.9]), 0.01).tolist() == pytest.approx([0, 0.01, 1])
    for prior in (0, 1, math.nan):
        with pytest.raises(BadInput, match="the prior should be inside"):
            line.chances(np.array([0.5]), prior)


@pytest.mark.parametrize("calibration", [LogisticCalibration(12.5, -4.0), pav_calibration(TWELVE, succession=False)])
def test_a_calibration_goes_to_plain_numbers_and_back(calibration):
    again = calibration_from_json(json.loads(json.dumps(calibration.to_json(), allow_nan=False)))
    scores = np.linspace(-1, 1, 50)
    assert again.llrs(scores).tolist() == calibration.llrs(scores).tolist()


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"method": "guess"},
        {"method": "logistic", "slope": 1},
        {"method": "logistic", "slope": -1, "offset": 0},
        {"method": "logistic", "slope": 1, "offset": math.inf},
        {"method": "logistic", "slope": "steep", "offset": 0},
        {"method": "pav", "scores": [], "at_equal_priors": []},
        {"method": "pav", "scores": [0, 0], "at_equal_priors": [0, 1]},
        {"method": "pav", "scores": [0, math.inf], "at_equal_priors": [0, 1]},
        {"method": "pav", "scores": [0, 1], "at_equal_priors": [0.2]},
        {"method": "pav", "scores": [0, 1], "at_equal_priors": [0.2, 0.1]},
        {"method": "pav", "scores": [0, 1], "at_equal_priors": [0.2, 1.1]},
        {"method": "pav", "scores": [0, 1], "at_equal_priors": [-0.2, 0.5]},
        {"method": "pav", "scores": [0, 1], "at_equal_priors": [None, 0.5]},
    ],
)
def test_what_is_no_calibration_is_refused(plain):
    with pytest.raises(BadInput, match="this is no calibration"):
        calibration_from_json(plain)


@pytest.mark.parametrize(("same", "different"), [(NONE, NONE), (np.array([0.5]), NONE), (NONE, np.array([0.5]))])
def test_pairs_of_both_kinds_are_needed(same, different):
    ranked = RankedScores(same, different)
    for figure in (
        lambda: cllr(same, different),
        lambda: min_cllr(ranked),
        lambda: pav_calibration(ranked),
        lambda: calibration_loss(ranked, LogisticCalibration(1, 0)),
    ):
        with pytest.raises(NotEnoughData, match="pairs of one person and pairs of two people"):
            figure()
