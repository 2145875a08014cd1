import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyeer import eer_stats
from scipy.stats import binomtest, norm
from sklearn import metrics as reference

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.confusion import Confusion
from core.metrics.operating_points import (
    RocCurve,
    best_accuracy,
    clopper_pearson,
    d_prime,
    det,
    eer,
    least_cost,
    min_hter,
    probit,
    roc,
    roc_auc,
    thinned,
    threshold_at_fmr,
    zero_fmr,
)
from core.metrics.ranked_scores import RankedScores
from tests.builders.scored_pairs import SAME, SCORES, TWELVE, TWELVE_SAME, pairs

counted = RankedScores.of


def test_confusion_worked_out_by_hand():
    confusion = counted(SCORES, SAME).confusion(0.65)
    assert confusion == Confusion(tp=2, fp=1, tn=2, fn=1)
    assert confusion.accuracy == pytest.approx(4 / 6)
    assert confusion.precision == confusion.recall == confusion.f1 == pytest.approx(2 / 3)
    assert confusion.fmr == confusion.fnmr == pytest.approx(1 / 3)
    assert confusion.mcc == pytest.approx((4 - 1) / 9)


def test_a_score_at_the_threshold_is_accepted():
    assert counted(np.array([0.5, 0.4]), np.array([True, False])).confusion(0.5) == Confusion(1, 0, 1, 0)


def test_at_every_threshold_the_pairs_at_or_above_it_are_accepted():
    scores, same = pairs(2, count=60)
    counts = counted(scores, same)
    for threshold in [*scores, *np.nextafter(scores, 2), *np.nextafter(scores, -2), -np.inf, np.inf, np.nan]:
        accepted = scores >= threshold
        found = counts.confusion(threshold)
        assert (found.tp, found.fp) == ((accepted & same).sum(), (accepted & ~same).sum())
        assert (found.fn, found.tn) == ((~accepted & same).sum(), (~accepted & ~same).sum())


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.45, 0.8])
def test_confusion_is_scikit_learns(threshold):
    scores, same = pairs(1)
    confusion, accepted = counted(scores, same).confusion(threshold), scores >= threshold
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
    confusion, accepted = counted(scores, same, weights).confusion(0.45), scores >= 0.45
    given = {"sample_weight": weights}
    found = [[confusion.tn, confusion.fp], [confusion.fn, confusion.tp]]
    np.testing.assert_allclose(found, reference.confusion_matrix(same, accepted, **given))
    assert confusion.accuracy == pytest.approx(reference.accuracy_score(same, accepted, **given))
    assert confusion.precision == pytest.approx(reference.precision_score(same, accepted, **given))
    assert confusion.f1 == pytest.approx(reference.f1_score(same, accepted, **given))
    assert confusion.mcc == pytest.approx(reference.matthews_corrcoef(same, accepted, **given))
    curve = roc(counted(scores, same, weights), every=True)
    fmr, tmr, thresholds = reference.roc_curve(same, scores, drop_intermediate=False, **given)
    np.testing.assert_allclose(curve.fmr, fmr, atol=1e-12)
    np.testing.assert_allclose(curve.tmr, tmr, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    assert roc_auc(counted(scores, same, weights)) == pytest.approx(reference.roc_auc_score(same, scores, **given))
    rate = eer(counted(scores, same, weights)).rate
    assert np.interp(rate, fmr, 1 - tmr) == pytest.approx(rate, abs=0.01)
    best = best_accuracy(counted(scores, same, weights))
    tried = [counted(scores, same, weights).confusion(t).accuracy for t in [*scores, np.inf]]
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
    assert eer(counted(scores, same, weights)).rate == pytest.approx(eer(counted(scores, same)).rate)
    assert roc_auc(counted(scores, same, weights)) == pytest.approx(roc_auc(counted(scores, same)))


@pytest.mark.parametrize(
    ("weights", "said"),
    [([1.0, 0.0, math.nan], "2 of 3 weights are not finite"), ([[1.0], [1.0]], r"weights should have the shape")],
)
def test_wrong_weights_are_refused(weights, said):
    with pytest.raises(BadInput, match=said):
        counted(np.arange(len(weights)), np.arange(len(weights)) > 0, np.array(weights))


def test_roc_worked_out_by_hand():
    curve = roc(counted(SCORES, SAME), every=True)
    assert curve.thresholds.tolist() == [math.inf, 0.9, 0.8, 0.7, 0.6, 0.3, 0.1]
    assert (curve.fmr * 3).tolist() == pytest.approx([0, 0, 0, 1, 1, 2, 3])
    assert (curve.tmr * 3).tolist() == pytest.approx([0, 1, 2, 2, 3, 3, 3])
    assert roc_auc(counted(SCORES, SAME)) == pytest.approx(8 / 9)


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_roc_and_auc_are_scikit_learns(seed, ties):
    scores, same = pairs(seed, ties=ties)
    curve = roc(counted(scores, same), every=True)
    fmr, tmr, thresholds = reference.roc_curve(same, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fmr, fmr)
    np.testing.assert_allclose(curve.tmr, tmr)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    assert roc_auc(counted(scores, same)) == pytest.approx(reference.roc_auc_score(same, scores))


def test_every_roc_point_is_the_confusion_at_its_threshold():
    scores, same = pairs(3)
    curve = roc(counted(scores.astype(np.float32), same), every=True)
    for threshold, fmr, tmr in zip(curve.thresholds, curve.fmr, curve.tmr, strict=True):
        confusion = counted(scores.astype(np.float32), same).confusion(threshold)
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
    found = eer(counted(SCORES, SAME))
    assert found.rate == pytest.approx(1 / 3)
    assert found.threshold == pytest.approx(0.7)


def test_eer_is_interpolated_where_no_score_attains_it():
    # From (FMR 0, FNMR 1/2) at .8 to (1, 1/2) at .6: they meet at FMR = 1/2, halfway.
    found = eer(counted(np.array([0.8, 0.6, 0.4]), np.array([True, False, True])))
    assert found.rate == pytest.approx(0.5)
    assert found.threshold == pytest.approx(0.7)


def test_eer_is_zero_for_separated_and_one_half_for_equal_scores():
    assert eer(counted(np.array([0.9, 0.1]), np.array([True, False]))).rate == 0
    found = eer(counted(np.full(4, 0.3), np.array([True, False, True, False])))
    assert (found.rate, found.threshold) == (0.5, pytest.approx(0.3))


@pytest.mark.parametrize("seed", range(4))
def test_eer_lies_on_scikit_learns_roc(seed):
    scores, same = pairs(seed)
    fmr, tmr, _ = reference.roc_curve(same, scores, drop_intermediate=False)
    rate = eer(counted(scores, same)).rate
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
    tried = [counted(scores, same).confusion(t).accuracy for t in [*scores, np.inf]]
    assert point.confusion.accuracy == pytest.approx(max(tried))
    assert counted(scores, same).confusion(point.threshold) == point.confusion


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
    assert counted(scores, same).confusion(point.threshold) == point.confusion


EVERY = {
    "roc": roc,
    "roc_auc": roc_auc,
    "eer": eer,
    "best_accuracy": best_accuracy,
    "min_hter": min_hter,
    "least_cost": lambda ranked: least_cost(ranked, 1, 1),
    "threshold_at_fmr": lambda ranked: threshold_at_fmr(ranked, 0.1),
    "zero_fmr": zero_fmr,
    "d_prime": d_prime,
}


@pytest.mark.parametrize("figure", EVERY)
def test_numbers_that_need_both_kinds_of_pairs_say_so(figure):
    with pytest.raises(NotEnoughData, match="there are 2 and 0"):
        EVERY[figure](counted(np.array([0.1, 0.2]), np.array([True, True])))
    with pytest.raises(NotEnoughData, match="there are 0 and 0"):
        EVERY[figure](counted(np.zeros(0), np.zeros(0, bool)))


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
    curve = roc(counted(scores, same), every=True)
    assert (np.diff(curve.thresholds) < 0).all()
    assert (np.diff(curve.fmr) >= 0).all()
    assert (np.diff(curve.tmr) >= 0).all()
    assert (curve.fmr[0], curve.tmr[0], curve.fmr[-1], curve.tmr[-1]) == (0, 0, 1, 1)
    assert roc_auc(counted(-scores, same)) == pytest.approx(1 - roc_auc(counted(scores, same)))
    assert 0 <= eer(counted(scores, same)).rate <= 1


@settings(max_examples=60)
@given(scored(), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_changes_nothing(drawn, random):
    shuffled = random.sample(drawn, len(drawn))
    one, other = (tuple(np.array(column) for column in zip(*rows, strict=True)) for rows in (drawn, shuffled))
    assert roc_auc(counted(*one)) == roc_auc(counted(*other))
    assert (best_accuracy(counted(*one)), eer(counted(*one))) == (best_accuracy(counted(*other)), eer(counted(*other)))
    assert threshold_at_fmr(counted(*one), 0.2) == threshold_at_fmr(counted(*other), 0.2)
    assert counted(*one).confusion(0.3) == counted(*other).confusion(0.3)


def twelve():
    return counted(TWELVE, TWELVE_SAME)


def test_corners_of_the_roc_worked_out_by_hand():
    curve = roc(twelve())
    assert curve.thresholds.tolist() == [math.inf, 0.9, 0.8, 0.7, 0.6, 0.5, 0.1]
    assert (curve.fmr * 7).tolist() == pytest.approx([0, 0, 1, 2, 2, 3, 7])
    assert (curve.tmr * 5).tolist() == pytest.approx([0, 1, 3, 3, 4, 5, 5])
    # .9 and .8 of one person lie on one upright line, .3 and .1 of two on a level one.
    assert roc(counted(SCORES, SAME)).thresholds.tolist() == [math.inf, 0.8, 0.7, 0.6, 0.1]


def test_figures_of_twelve_pairs_worked_out_by_hand():
    ranked = twelve()
    assert roc_auc(ranked) == 29.5 / 35
    found = eer(ranked)  # FMR 2/7 at .7 and .6, FNMR 2/5 and 1/5
    assert (found.rate, found.threshold) == (pytest.approx(2 / 7), pytest.approx(0.7 - 0.1 * 4 / 7))
    assert (found.low, found.high) == (pytest.approx(1 / 5), pytest.approx(2 / 7))
    assert best_accuracy(ranked).confusion == Confusion(tp=3, fp=1, tn=6, fn=2)
    lowest, zero = min_hter(ranked), zero_fmr(ranked)
    assert (lowest.threshold, lowest.confusion.hter) == (pytest.approx(0.45), pytest.approx(3 / 14))
    assert (zero.threshold, zero.confusion.fnmr) == (pytest.approx(0.85), pytest.approx(4 / 5))
    dear = least_cost(ranked, false_match=10, false_non_match=1)
    assert (dear.threshold, dear.cost) == (pytest.approx(0.85), pytest.approx(0.4))
    spread = (0.108 / 5 + 1.75 / 7 - (3.1 / 7) ** 2) / 2
    assert d_prime(ranked) == pytest.approx((3.6 / 5 - 3.1 / 7) / math.sqrt(spread), rel=1e-12)


def test_a_requested_fmr_allows_so_many_false_matches_and_needs_so_many_pairs():
    point = threshold_at_fmr(twelve(), 0.3)
    assert (point.threshold, point.attained) == (pytest.approx(0.55), pytest.approx(2 / 7))
    assert (point.allowed, point.needed, point.enough) == (2, 9, False)
    assert (point.confusion.tp, point.confusion.fp) == (4, 2)
    point = threshold_at_fmr(twelve(), 0.4)
    assert (point.allowed, point.needed, point.enough) == (2, 6, True)
    none, all_of_them = threshold_at_fmr(twelve(), 0), threshold_at_fmr(twelve(), 1)
    assert (none.allowed, none.needed, none.enough) == (0, None, False)
    assert (all_of_them.allowed, all_of_them.needed, all_of_them.enough) == (7, 0, True)
    assert all_of_them.threshold == 0.1


@pytest.mark.parametrize("fmr", [0.3, 0.1, 0.01, 0.001, 0.0001, 0.00001])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_so_many_pairs_without_an_error_are_just_enough(fmr, level):
    needed = threshold_at_fmr(twelve(), fmr, level).needed
    assert binomtest(0, needed).proportion_ci(1 - 2 * (1 - level)).high <= fmr * (1 + 1e-9)
    assert binomtest(0, needed - 1).proportion_ci(1 - 2 * (1 - level)).high > fmr
    assert needed == pytest.approx(-math.log(1 - level) / fmr, rel=0.2)


def test_allowed_false_matches_are_counted_in_pairs_also_where_these_have_weights():
    weights = np.where(TWELVE_SAME, 1.0, np.arange(1, 13))
    point = threshold_at_fmr(counted(TWELVE, TWELVE_SAME, weights), 0.4)
    assert (point.allowed, point.needed, point.enough) == (2, 6, True)


def drawn_figures(count, *, weighed=False):
    """Ranked scores, what they are of, scikit-learn's curve of them and their weights."""
    scores, same = pairs(5, count=count, ties=False)
    scores[: count // 10] = scores[: count // 10].round(1)
    weights = np.random.default_rng(1).uniform(0.1, 3, count) if weighed else None
    curve = reference.roc_curve(same, scores, drop_intermediate=False, sample_weight=weights)
    return counted(scores, same, weights), scores, same, curve, weights


MILLION = pytest.param(1_000_000, marks=pytest.mark.nightly)


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("count", [2_000, MILLION])
def test_every_figure_is_the_one_that_scikit_learns_curve_gives(count, weighed):
    ranked, scores, same, (fmr, tmr, thresholds), weights = drawn_figures(count, weighed=weighed)
    every, corners = roc(ranked, every=True), roc(ranked)
    np.testing.assert_array_equal(every.thresholds, thresholds)
    np.testing.assert_allclose([every.fmr, every.tmr], [fmr, tmr], atol=1e-12, rtol=0)
    assert len(corners.fmr) < len(fmr)
    kept = np.isin(thresholds, corners.thresholds)
    np.testing.assert_allclose([corners.fmr, corners.tmr], [fmr[kept], tmr[kept]], atol=1e-12, rtol=0)
    assert np.trapezoid(corners.tmr, corners.fmr) == pytest.approx(np.trapezoid(tmr, fmr), abs=1e-12)
    area = reference.roc_auc_score(same, scores, sample_weight=weights)
    assert roc_auc(ranked) == pytest.approx(area, abs=1e-12)
    totals = [ranked.same_total, ranked.different_total]
    right = (tmr * totals[0] + (1 - fmr) * totals[1]) / sum(totals)
    assert best_accuracy(ranked).confusion.accuracy == pytest.approx(right.max(), abs=1e-12)
    assert min_hter(ranked).confusion.hter == pytest.approx((fmr + 1 - tmr).min() / 2, abs=1e-12)
    costs = 0.1 * 3 * (1 - tmr) + 0.9 * 2 * fmr
    assert least_cost(ranked, 2, 3, prior=0.1).cost == pytest.approx(costs.min(), abs=1e-12)
    assert zero_fmr(ranked).confusion.fnmr == pytest.approx(1 - tmr[fmr == 0].max(), abs=1e-12)
    for requested in (0.1, 0.01, 0.001, 0.0001):
        point = threshold_at_fmr(ranked, requested)
        assert point.confusion.recall == pytest.approx(tmr[fmr <= requested].max(), abs=1e-12)
        assert point.attained == pytest.approx(fmr[fmr <= requested].max(), abs=1e-12)
    crossed = int(np.argmax(fmr >= 1 - tmr))
    gap = (1 - tmr - fmr)[crossed - 1 : crossed + 1]
    rate = np.interp(0, -gap, fmr[crossed - 1 : crossed + 1])
    assert eer(ranked).rate == pytest.approx(rate, abs=1e-12)
    assert eer(ranked).low - 1e-12 <= rate <= eer(ranked).high + 1e-12


@pytest.mark.parametrize("count", [2_000, MILLION])
def test_figures_are_pyeers(count):
    ranked, scores, same, *_ = drawn_figures(count)
    thresholds, fmr, fnmr = eer_stats.calculate_roc(scores[same], scores[~same])
    row, low, high, middle = eer_stats.get_eer_values(fmr, fnmr)
    found = eer(ranked)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-12), pytest.approx(high, abs=1e-12))
    assert found.rate == pytest.approx(middle, abs=high - low + 1e-12)
    assert found.threshold == pytest.approx(thresholds[row], abs=thresholds[row + 1] - thresholds[row - 1])
    assert zero_fmr(ranked).confusion.fnmr == pytest.approx(eer_stats.get_fmr_op(fmr, fnmr, 0)[1], abs=1e-12)
    youden, _ = eer_stats.get_youden_index(fmr, fnmr)
    assert 1 - 2 * min_hter(ranked).confusion.hter == pytest.approx(youden, abs=1e-12)
    moments = [f(kind) for kind in (scores[same], scores[~same]) for f in (np.mean, np.std)]
    assert d_prime(ranked) == pytest.approx(eer_stats.get_decidability_value(*moments), rel=1e-12)


def test_the_interval_of_the_eer_is_the_lower_of_both_sides_as_in_fvc2000():
    ranked = counted(np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([True, True, False, True, False]))
    found = eer(ranked)  # .7: FMR 1/2, FNMR 1/3; .8: 0 and 1/3, less together
    assert (found.low, found.high) == (0, pytest.approx(1 / 3))
    assert found.rate == pytest.approx(1 / 3)
    equal = eer(counted(np.full(2, 0.3), np.array([True, False])))
    assert (equal.low, equal.high) == (0, 1)


def test_det_is_scikit_learns_on_normal_deviates():
    ranked, scores, same, *_ = drawn_figures(2_000)
    fmr, fnmr, thresholds = reference.det_curve(same, scores)
    x, y = norm.ppf(fmr), norm.ppf(fnmr)
    drawn = np.isfinite(x) & np.isfinite(y)
    curve = det(roc(ranked, every=True))
    there = np.isin(curve.thresholds, thresholds[drawn])
    np.testing.assert_array_equal(curve.thresholds[there], thresholds[drawn][::-1])
    np.testing.assert_allclose(curve.fmr[there], x[drawn][::-1], rtol=1e-12)
    np.testing.assert_allclose(curve.fnmr[there], y[drawn][::-1], rtol=1e-12)


def test_det_worked_out_by_hand_leaves_out_what_has_no_place_on_its_axes():
    curve = det(roc(twelve()))
    assert curve.thresholds.tolist() == [0.8, 0.7, 0.6]
    np.testing.assert_allclose(norm.cdf(curve.fmr), [1 / 7, 2 / 7, 2 / 7])
    np.testing.assert_allclose(norm.cdf(curve.fnmr), [2 / 5, 2 / 5, 1 / 5])
    apart = det(roc(counted(np.array([0.9, 0.1]), np.array([True, False]))))
    assert [len(column) for column in vars(apart).values()] == [0, 0, 0]


def test_probit_of_none_and_all_is_infinite():
    assert probit([0, 0.5, 1]).tolist() == [-math.inf, 0, math.inf]
    assert np.isnan(probit([-0.1, 1.1, math.nan])).all()
    assert probit(0.975) == pytest.approx(1.959963984540054)


def test_weighed_d_prime_is_that_of_pairs_as_often():
    scores, same = pairs(4, count=200)
    often = np.random.default_rng(0).integers(1, 5, len(scores))
    many = d_prime(counted(np.repeat(scores, often), np.repeat(same, often)))
    assert d_prime(counted(scores, same, often * 0.3)) == pytest.approx(many, rel=1e-12)
    assert d_prime(counted(scores + 1e6, same)) == pytest.approx(d_prime(counted(scores, same)), rel=1e-6)


def test_d_prime_of_scores_that_do_not_vary():
    assert math.isnan(d_prime(counted(np.full(4, 0.3), np.array([True, False, True, False]))))
    assert d_prime(counted(np.array([0.3, 0.1]), np.array([True, False]))) == math.inf
    assert d_prime(counted(-TWELVE, TWELVE_SAME)) == pytest.approx(-d_prime(twelve()))


def test_one_pair_of_each_kind_and_equal_scores_have_figures():
    apart, equal = (
        counted(np.array([0.9, 0.1]), np.array([True, False])),
        counted(np.full(2, 0.3), np.array([1, 0]) > 0),
    )
    assert (roc_auc(apart), roc_auc(equal)) == (1, 0.5)
    assert (min_hter(apart).confusion.hter, min_hter(equal).confusion.hter) == (0, 0.5)
    assert (zero_fmr(apart).threshold, zero_fmr(apart).confusion.fnmr) == (pytest.approx(0.5), 0)
    assert (zero_fmr(equal).threshold, zero_fmr(equal).confusion.fnmr) == (np.nextafter(0.3, 1), 1)
    assert roc(equal).fmr.tolist() == [0, 1]


def test_twos_beyond_64_bits_are_counted_all_the_same():
    most = np.array([1 << 40, 1 << 41])
    ranked = RankedScores.of_kinds([0.3, 0.5], [0.2, 0.4], most, most)
    assert roc_auc(ranked) == pytest.approx((1 * 1 / 3 + 2 * 3 / 3) / 3)
    assert min_hter(ranked).confusion.hter == pytest.approx((0 + 1 / 3) / 2)


def test_numbers_of_pairs_give_what_the_pairs_one_by_one_give():
    scores, same = pairs(6, count=300)
    often = np.random.default_rng(0).integers(1, 9, len(scores))
    many, one_by_one = counted(scores, same, often), counted(np.repeat(scores, often), np.repeat(same, often))
    for figure in (roc_auc, eer, best_accuracy, min_hter, zero_fmr, lambda ranked: threshold_at_fmr(ranked, 0.01)):
        assert figure(many) == figure(one_by_one)


def test_cost_is_the_hter_where_both_errors_cost_the_same():
    ranked = counted(*pairs(8))
    assert least_cost(ranked, 1, 1).cost == pytest.approx(min_hter(ranked).confusion.hter)
    assert least_cost(ranked, 0, 1).confusion.fnmr == least_cost(ranked, 1, 0).confusion.fmr == 0


@pytest.mark.parametrize(("costs", "prior"), [((0, 0), 0.5), ((-1, 1), 0.5), ((1, math.nan), 0.5), ((1, 1), 1)])
def test_costs_that_make_no_sense_are_refused(costs, prior):
    with pytest.raises(BadInput, match="costs should be finite"):
        least_cost(twelve(), *costs, prior=prior)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_clopper_and_pearsons_interval_is_scipys(level):
    for trials in (1, 7, 1000):
        for errors in {0, 1, trials // 2, trials - 1, trials}:
            exact = binomtest(errors, trials).proportion_ci(level, method="exact")
            assert clopper_pearson(errors, trials, level) == (pytest.approx(exact.low), pytest.approx(exact.high))


def test_clopper_and_pearsons_interval_worked_out_by_hand():
    # No error in ten: the rate under which that has a chance of 2.5 %.
    assert clopper_pearson(0, 10) == (0, pytest.approx(1 - 0.025**0.1))
    assert clopper_pearson(10, 10) == (pytest.approx(0.025**0.1), 1)
    assert all(math.isnan(end) for end in clopper_pearson(0, 0))


@pytest.mark.parametrize(("arguments", "message"), [((3, 2), "not 3 of 2"), ((-1, 2), "not -1"), ((1, 2, 1), "level")])
def test_an_interval_of_impossible_counts_is_refused(arguments, message):
    with pytest.raises(BadInput, match=message):
        clopper_pearson(*arguments)


def test_a_level_outside_0_to_1_is_refused():
    with pytest.raises(BadInput, match="level should lie between 0 and 1, not 1"):
        threshold_at_fmr(twelve(), 0.1, 1)


@settings(max_examples=60)
@given(scored())
def test_every_operating_point_lies_on_the_line_between_corners(drawn):
    ranked = counted(*(np.array(column) for column in zip(*drawn, strict=True)))
    every, corners = roc(ranked, every=True), roc(ranked)
    assert np.isin(corners.thresholds, every.thresholds).all()
    assert len(corners.thresholds) <= 2 * len(np.unique(ranked.same)) + 3
    steps = np.diff([corners.fmr, corners.tmr])
    for x, y in zip(every.fmr, every.tmr, strict=True):
        across = (x - corners.fmr[:-1]) * steps[1] - (y - corners.tmr[:-1]) * steps[0]
        inside = (corners.fmr[:-1] <= x) & (x <= corners.fmr[1:]) & (corners.tmr[:-1] <= y) & (y <= corners.tmr[1:])
        assert np.abs(across[inside]).min() < 1e-12
    assert np.trapezoid(corners.tmr, corners.fmr) == pytest.approx(roc_auc(ranked), abs=1e-12)
    found = eer(ranked)
    assert found.low - 1e-12 <= found.rate <= found.high + 1e-12
