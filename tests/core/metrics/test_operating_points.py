import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.confusion import Confusion
from core.metrics.operating_points import (
    RocCurve,
    best_accuracy,
    confusion_at,
    eer,
    roc,
    roc_auc,
    thinned,
    threshold_at_fmr,
)
from core.metrics.operating_points import counts_of_pairs as counted
from tests.builders.scored_pairs import SAME, SCORES, pairs


def test_confusion_worked_out_by_hand():
    confusion = confusion_at(counted(SCORES, SAME), 0.65)
    assert confusion == Confusion(tp=2, fp=1, tn=2, fn=1)
    assert confusion.accuracy == pytest.approx(4 / 6)
    assert confusion.precision == confusion.recall == confusion.f1 == pytest.approx(2 / 3)
    assert confusion.fmr == confusion.fnmr == pytest.approx(1 / 3)
    assert confusion.mcc == pytest.approx((4 - 1) / 9)


def test_a_score_at_the_threshold_is_accepted():
    assert confusion_at(counted(np.array([0.5, 0.4]), np.array([True, False])), 0.5) == Confusion(1, 0, 1, 0)


def test_at_every_threshold_the_pairs_at_or_above_it_are_accepted():
    scores, same = pairs(2, count=60)
    counts = counted(scores, same)
    for threshold in [*scores, *np.nextafter(scores, 2), *np.nextafter(scores, -2), -np.inf, np.inf, np.nan]:
        accepted = scores >= threshold
        found = confusion_at(counts, threshold)
        assert (found.tp, found.fp) == ((accepted & same).sum(), (accepted & ~same).sum())
        assert (found.fn, found.tn) == ((~accepted & same).sum(), (~accepted & ~same).sum())


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.45, 0.8])
def test_confusion_is_scikit_learns(threshold):
    scores, same = pairs(1)
    confusion, accepted = confusion_at(counted(scores, same), threshold), scores >= threshold
    found = [[confusion.tn, confusion.fp], [confusion.fn, confusion.tp]]
    assert found == reference.confusion_matrix(same, accepted).tolist()
    assert confusion.accuracy == pytest.approx(reference.accuracy_score(same, accepted))
    assert confusion.precision == pytest.approx(reference.precision_score(same, accepted))
    assert confusion.recall == pytest.approx(reference.recall_score(same, accepted))
    assert confusion.f1 == pytest.approx(reference.f1_score(same, accepted))
    assert confusion.mcc == pytest.approx(reference.matthews_corrcoef(same, accepted))


@pytest.mark.parametrize("seed", range(3))
def test_weighed_figures_are_scikit_learns(seed):
    scores, same = pairs(seed)
    weights = np.random.default_rng(seed).uniform(0.1, 3, len(scores))
    confusion, accepted = confusion_at(counted(scores, same, weights), 0.45), scores >= 0.45
    given = {"sample_weight": weights}
    found = [[confusion.tn, confusion.fp], [confusion.fn, confusion.tp]]
    np.testing.assert_allclose(found, reference.confusion_matrix(same, accepted, **given))
    assert confusion.accuracy == pytest.approx(reference.accuracy_score(same, accepted, **given))
    assert confusion.precision == pytest.approx(reference.precision_score(same, accepted, **given))
    assert confusion.f1 == pytest.approx(reference.f1_score(same, accepted, **given))
    assert confusion.mcc == pytest.approx(reference.matthews_corrcoef(same, accepted, **given))
    curve = roc(counted(scores, same, weights))
    fmr, tmr, thresholds = reference.roc_curve(same, scores, drop_intermediate=False, **given)
    np.testing.assert_allclose(curve.fmr, fmr, atol=1e-12)
    np.testing.assert_allclose(curve.tmr, tmr, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    assert roc_auc(roc(counted(scores, same, weights))) == pytest.approx(reference.roc_auc_score(same, scores, **given))
    rate = eer(roc(counted(scores, same, weights))).rate
    assert np.interp(rate, fmr, 1 - tmr) == pytest.approx(rate, abs=0.01)
    best = best_accuracy(counted(scores, same, weights))
    tried = [confusion_at(counted(scores, same, weights), t).accuracy for t in [*scores, np.inf]]
    assert best.confusion.accuracy == pytest.approx(max(tried))
    point = threshold_at_fmr(counted(scores, same, weights), 0.1)
    assert point.confusion.recall == pytest.approx(tmr[fmr <= 0.1 + 1e-12].max())


def test_equal_weights_change_no_figure():
    scores, same = pairs(1)
    weights = np.full(len(scores), 0.3)
    assert best_accuracy(counted(scores, same, weights)).threshold == best_accuracy(counted(scores, same)).threshold
    assert (
        threshold_at_fmr(counted(scores, same, weights), 0.05).threshold
        == threshold_at_fmr(counted(scores, same), 0.05).threshold
    )
    assert eer(roc(counted(scores, same, weights))).rate == pytest.approx(eer(roc(counted(scores, same))).rate)
    assert roc_auc(roc(counted(scores, same, weights))) == pytest.approx(roc_auc(roc(counted(scores, same))))


@pytest.mark.parametrize(
    ("weights", "said"),
    [([1.0, 0.0, math.nan], "2 of 3 weights are not finite"), ([[1.0], [1.0]], r"weights should have the shape")],
)
def test_wrong_weights_are_refused(weights, said):
    with pytest.raises(BadInput, match=said):
        counted(np.arange(len(weights)), np.arange(len(weights)) > 0, np.array(weights))


def test_roc_worked_out_by_hand():
    curve = roc(counted(SCORES, SAME))
    assert curve.thresholds.tolist() == [math.inf, 0.9, 0.8, 0.7, 0.6, 0.3, 0.1]
    assert (curve.fmr * 3).tolist() == pytest.approx([0, 0, 0, 1, 1, 2, 3])
    assert (curve.tmr * 3).tolist() == pytest.approx([0, 1, 2, 2, 3, 3, 3])
    assert roc_auc(roc(counted(SCORES, SAME))) == pytest.approx(8 / 9)


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_roc_and_auc_are_scikit_learns(seed, ties):
    scores, same = pairs(seed, ties=ties)
    curve = roc(counted(scores, same))
    fmr, tmr, thresholds = reference.roc_curve(same, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fmr, fmr)
    np.testing.assert_allclose(curve.tmr, tmr)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    assert roc_auc(roc(counted(scores, same))) == pytest.approx(reference.roc_auc_score(same, scores))


def test_every_roc_point_is_the_confusion_at_its_threshold():
    scores, same = pairs(3)
    curve = roc(counted(scores.astype(np.float32), same))
    for threshold, fmr, tmr in zip(curve.thresholds, curve.fmr, curve.tmr, strict=True):
        confusion = confusion_at(counted(scores.astype(np.float32), same), threshold)
        assert (confusion.fmr, confusion.recall) == (pytest.approx(fmr), pytest.approx(tmr))


def test_a_curve_of_very_many_scores_is_drawn_with_the_points_that_a_screen_can_tell_apart():
    rng = np.random.default_rng(0)
    fmr, tmr = np.sort(rng.random(500_000)), np.sort(rng.random(500_000))
    kept = thinned(RocCurve(-fmr, fmr, tmr), 1000)
    assert len(kept.fmr) == len(kept.thresholds) < 5_000
    assert (kept.fmr[0], kept.fmr[-1], kept.thresholds[-1]) == (fmr[0], fmr[-1], -fmr[-1])
    drawn = np.interp(fmr, kept.fmr, kept.tmr)
    assert np.abs(drawn - tmr).max() < 2e-3


def test_a_curve_is_drawn_from_the_first_false_match_to_the_last_point():
    curve = RocCurve(np.array([np.inf, 0.9, 0.5, 0.4]), np.array([0, 0, 0.1, 1.0]), np.array([0, 0.2, 0.5, 1.0]))
    assert [column.tolist() for column in vars(thinned(curve, 1000)).values()] == [[0.5, 0.4], [0.1, 1.0], [0.5, 1.0]]
    assert thinned(RocCurve(curve.thresholds[1:3], curve.fmr[1:3], curve.tmr[1:3]), 1000).fmr.tolist() == [0.1]


def test_eer_worked_out_by_hand():
    # At .7: FMR 1/3 and FNMR 1/3.
    found = eer(roc(counted(SCORES, SAME)))
    assert found.rate == pytest.approx(1 / 3)
    assert found.threshold == pytest.approx(0.7)


def test_eer_is_interpolated_where_no_score_attains_it():
    # From (FMR 0, FNMR 1/2) at .8 to (1, 1/2) at .6: they meet at FMR = 1/2, halfway.
    found = eer(roc(counted(np.array([0.8, 0.6, 0.4]), np.array([True, False, True]))))
    assert found.rate == pytest.approx(0.5)
    assert found.threshold == pytest.approx(0.7)


def test_eer_is_zero_for_separated_and_one_half_for_equal_scores():
    assert eer(roc(counted(np.array([0.9, 0.1]), np.array([True, False])))).rate == 0
    found = eer(roc(counted(np.full(4, 0.3), np.array([True, False, True, False]))))
    assert (found.rate, found.threshold) == (0.5, pytest.approx(0.3))


@pytest.mark.parametrize("seed", range(4))
def test_eer_lies_on_scikit_learns_roc(seed):
    scores, same = pairs(seed)
    fmr, tmr, _ = reference.roc_curve(same, scores, drop_intermediate=False)
    rate = eer(roc(counted(scores, same))).rate
    assert np.interp(rate, fmr, 1 - tmr) == pytest.approx(rate, abs=0.01)


def test_best_accuracy_takes_the_middle_of_the_plateau():
    point = best_accuracy(counted(np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, False])))
    assert point.threshold == pytest.approx(0.5)
    assert point.confusion.accuracy == 1


def test_of_equally_good_plateaus_the_one_with_fewer_false_matches_is_taken():
    # Both above .7 and above .3 five of six are right; above .7 without a false match.
    point = best_accuracy(counted(SCORES, SAME))
    assert point.threshold == pytest.approx(0.75)
    assert point.confusion == Confusion(2, 0, 3, 1)


def test_best_accuracy_may_accept_nothing_or_everything():
    nothing = best_accuracy(counted(np.array([0.9, 0.8, 0.7]), np.array([False, False, True])))
    assert nothing.confusion == Confusion(0, 0, 2, 1)
    assert nothing.threshold == np.nextafter(0.9, 1)
    everything = best_accuracy(counted(np.array([0.9, 0.8, 0.7]), np.array([False, True, True])))
    assert everything.confusion == Confusion(2, 1, 0, 0)
    assert everything.threshold == 0.7


@pytest.mark.parametrize("seed", range(6))
def test_best_accuracy_is_that_of_trying_every_threshold(seed):
    scores, same = pairs(seed, count=80)
    scores = scores.astype(np.float32)
    point = best_accuracy(counted(scores, same))
    tried = [confusion_at(counted(scores, same), t).accuracy for t in [*scores, np.inf]]
    assert point.confusion.accuracy == pytest.approx(max(tried))
    assert confusion_at(counted(scores, same), point.threshold) == point.confusion


def test_neighbouring_floats_leave_no_middle_and_the_accepted_score_is_the_threshold():
    low = 0.5
    high = np.nextafter(low, 1)
    point = best_accuracy(counted(np.array([high, low]), np.array([True, False])))
    assert point.threshold == high
    assert point.confusion.accuracy == 1


def test_threshold_at_fmr_worked_out_by_hand():
    point = threshold_at_fmr(counted(SCORES, SAME), 0.34)
    assert point.threshold == pytest.approx(0.45)
    assert point.confusion == Confusion(3, 1, 2, 0)
    assert point.attained == pytest.approx(1 / 3)
    assert point.requested == 0.34


def test_an_fmr_below_that_of_one_pair_attains_none():
    point = threshold_at_fmr(counted(SCORES, SAME), 0.3)
    assert point.attained == 0
    assert point.threshold == pytest.approx(0.75)


def test_tied_scores_attain_less_than_requested():
    scores, same = np.array([0.9, 0.5, 0.5, 0.5, 0.2]), np.array([True, False, False, False, False])
    assert threshold_at_fmr(counted(scores, same), 0.5).attained == 0


def test_an_allowed_pair_is_not_lost_to_binary_fractions():
    scores = np.linspace(0, 1, 101)
    same = scores == 1
    assert threshold_at_fmr(counted(scores, same), 0.29).confusion.fp == 29


@pytest.mark.parametrize("fmr", [0, 0.01, 0.1, 0.5, 1])
def test_threshold_at_fmr_is_the_best_tmr_that_the_roc_allows(fmr):
    scores, same = pairs(7)
    rates, tmr, _ = reference.roc_curve(same, scores, drop_intermediate=False)
    point = threshold_at_fmr(counted(scores, same), fmr)
    assert point.confusion.recall == pytest.approx(tmr[rates <= fmr + 1e-12].max())
    assert confusion_at(counted(scores, same), point.threshold) == point.confusion


def test_numbers_that_need_both_kinds_of_pairs_say_so():
    with pytest.raises(NotEnoughData, match="there are 2 and 0"):
        counted(np.array([0.1, 0.2]), np.array([True, True]))
    with pytest.raises(NotEnoughData, match="there are 0 and 0"):
        counted(np.zeros(0), np.zeros(0, bool))


@pytest.mark.parametrize(
    ("scores", "same", "message"),
    [
        (np.zeros(2), np.zeros(3, bool), r"shape \(M,\), not \(2,\) and \(3,\)"),
        (np.zeros((2, 2)), np.zeros((2, 2), bool), r"shape \(M,\), not \(2, 2\)"),
        (np.zeros(2), np.zeros(2), "same should be bool, not float64"),
        (np.array([0.1, np.nan, np.inf]), np.zeros(3, bool), "2 of 3 scores are not finite"),
    ],
)
def test_wrong_pairs_are_refused(scores, same, message):
    with pytest.raises(BadInput, match=message):
        counted(scores, same)


def test_a_rate_outside_0_to_1_is_refused():
    with pytest.raises(BadInput, match=r"fmr should be a rate in \[0, 1\], not 2"):
        threshold_at_fmr(counted(SCORES, SAME), 2)


def scored():
    """Lists of up to 40 pairs of both kinds, with ties."""
    pair = st.tuples(st.integers(-10, 10).map(lambda tenth: tenth / 10), st.booleans())
    return st.lists(pair, min_size=2, max_size=40).filter(lambda drawn: len({same for _, same in drawn}) == 2)


@settings(max_examples=60)
@given(scored())
def test_rates_fall_as_the_threshold_rises_and_the_areas_agree(drawn):
    scores, same = (np.array(column) for column in zip(*drawn, strict=True))
    curve = roc(counted(scores, same))
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.fmr) >= 0).all()
    assert (np.diff(curve.tmr) >= 0).all()
    assert (curve.fmr[0], curve.tmr[0], curve.fmr[-1], curve.tmr[-1]) == (0, 0, 1, 1)
    assert roc_auc(roc(counted(-scores, same))) == pytest.approx(1 - roc_auc(roc(counted(scores, same))))
    assert 0 <= eer(roc(counted(scores, same))).rate <= 1


@settings(max_examples=60)
@given(scored(), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_changes_nothing(drawn, random):
    shuffled = random.sample(drawn, len(drawn))
    one, other = (tuple(np.array(column) for column in zip(*rows, strict=True)) for rows in (drawn, shuffled))
    assert roc_auc(roc(counted(*one))) == roc_auc(roc(counted(*other)))
    assert (best_accuracy(counted(*one)), eer(roc(counted(*one)))) == (
        best_accuracy(counted(*other)),
        eer(roc(counted(*other))),
    )
    assert threshold_at_fmr(counted(*one), 0.2) == threshold_at_fmr(counted(*other), 0.2)
    assert confusion_at(counted(*one), 0.3) == confusion_at(counted(*other), 0.3)
