import math

import numpy as np
import pytest
from scipy.stats import gaussian_kde
from sklearn import metrics as reference

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics import verification as v

# By hand: falling scores .9 same, .8 same, .7 different, .6 same, .3 different, .1 different.
SCORES = np.array([0.3, 0.9, 0.7, 0.8, 0.1, 0.6])
SAME = np.array([False, True, False, True, False, True])


def pairs(seed, count=400, ties=True):
    rng = np.random.default_rng(seed)
    same = rng.random(count) < 0.4
    scores = rng.normal(np.where(same, 0.6, 0.3), 0.2)
    return (np.round(scores, 2) if ties else scores), same


def people_pairs(seed, people=40, count=3000):
    rng = np.random.default_rng(seed)
    left = rng.integers(0, people, count)
    right = np.where(rng.random(count) < 0.4, left, rng.integers(0, people, count))
    same = left == right
    return rng.normal(np.where(same, 0.6, 0.2), 0.2), same, left, right


def test_confusion_worked_out_by_hand():
    confusion = v.confusion_at(SCORES, SAME, 0.65)
    assert confusion == v.Confusion(tp=2, fp=1, tn=2, fn=1)
    assert confusion.accuracy == pytest.approx(4 / 6)
    assert confusion.precision == confusion.recall == confusion.f1 == pytest.approx(2 / 3)
    assert confusion.fmr == confusion.fnmr == pytest.approx(1 / 3)
    assert confusion.mcc == pytest.approx((4 - 1) / 9)


def test_a_score_at_the_threshold_is_accepted():
    assert v.confusion_at(np.array([0.5]), np.array([True]), 0.5) == v.Confusion(1, 0, 0, 0)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.45, 0.8])
def test_confusion_is_scikit_learns(threshold):
    scores, same = pairs(1)
    confusion, accepted = v.confusion_at(scores, same, threshold), scores >= threshold
    found = [[confusion.tn, confusion.fp], [confusion.fn, confusion.tp]]
    assert found == reference.confusion_matrix(same, accepted).tolist()
    assert confusion.accuracy == pytest.approx(reference.accuracy_score(same, accepted))
    assert confusion.precision == pytest.approx(reference.precision_score(same, accepted))
    assert confusion.recall == pytest.approx(reference.recall_score(same, accepted))
    assert confusion.f1 == pytest.approx(reference.f1_score(same, accepted))
    assert confusion.mcc == pytest.approx(reference.matthews_corrcoef(same, accepted))


def test_rates_without_a_denominator_are_nan():
    empty = v.confusion_at(np.zeros(0), np.zeros(0, bool), 0.5)
    assert empty == v.Confusion(0, 0, 0, 0)
    for name in ("accuracy", "precision", "recall", "f1", "fmr", "fnmr", "mcc"):
        assert math.isnan(getattr(empty, name)), name
    only_same = v.Confusion(tp=3, fp=0, tn=0, fn=1)
    assert math.isnan(only_same.fmr)
    assert math.isnan(only_same.mcc)
    assert only_same.fnmr == 0.25


def test_roc_worked_out_by_hand():
    curve = v.roc(SCORES, SAME)
    assert curve.thresholds.tolist() == [math.inf, 0.9, 0.8, 0.7, 0.6, 0.3, 0.1]
    assert (curve.fmr * 3).tolist() == pytest.approx([0, 0, 0, 1, 1, 2, 3])
    assert (curve.tmr * 3).tolist() == pytest.approx([0, 1, 2, 2, 3, 3, 3])
    assert v.auc(SCORES, SAME) == pytest.approx(8 / 9)


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_roc_and_auc_are_scikit_learns(seed, ties):
    scores, same = pairs(seed, ties=ties)
    curve = v.roc(scores, same)
    fmr, tmr, thresholds = reference.roc_curve(same, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.fmr, fmr)
    np.testing.assert_allclose(curve.tmr, tmr)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    assert v.auc(scores, same) == pytest.approx(reference.roc_auc_score(same, scores))


def test_every_roc_point_is_the_confusion_at_its_threshold():
    scores, same = pairs(3)
    curve = v.roc(scores.astype(np.float32), same)
    for threshold, fmr, tmr in zip(curve.thresholds, curve.fmr, curve.tmr, strict=True):
        confusion = v.confusion_at(scores.astype(np.float32), same, threshold)
        assert (confusion.fmr, confusion.recall) == (pytest.approx(fmr), pytest.approx(tmr))


def test_eer_worked_out_by_hand():
    # At .7: FMR 1/3 and FNMR 1/3.
    found = v.eer(SCORES, SAME)
    assert found.rate == pytest.approx(1 / 3)
    assert found.threshold == pytest.approx(0.7)


def test_eer_is_interpolated_where_no_score_attains_it():
    # From (FMR 0, FNMR 1/2) at .8 to (1, 1/2) at .6: they meet at FMR = 1/2, halfway.
    found = v.eer(np.array([0.8, 0.6, 0.4]), np.array([True, False, True]))
    assert found.rate == pytest.approx(0.5)
    assert found.threshold == pytest.approx(0.7)


def test_eer_is_zero_for_separated_and_one_half_for_equal_scores():
    assert v.eer(np.array([0.9, 0.1]), np.array([True, False])).rate == 0
    found = v.eer(np.full(4, 0.3), np.array([True, False, True, False]))
    assert (found.rate, found.threshold) == (0.5, pytest.approx(0.3))


@pytest.mark.parametrize("seed", range(4))
def test_eer_lies_on_scikit_learns_roc(seed):
    scores, same = pairs(seed)
    fmr, tmr, _ = reference.roc_curve(same, scores, drop_intermediate=False)
    rate = v.eer(scores, same).rate
    assert np.interp(rate, fmr, 1 - tmr) == pytest.approx(rate, abs=0.01)


def test_best_accuracy_takes_the_middle_of_the_plateau():
    point = v.best_accuracy(np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, False]))
    assert point.threshold == pytest.approx(0.5)
    assert point.confusion.accuracy == 1


def test_of_equally_good_plateaus_the_one_with_fewer_false_matches_is_taken():
    # Both above .7 and above .3 five of six are right; above .7 without a false match.
    point = v.best_accuracy(SCORES, SAME)
    assert point.threshold == pytest.approx(0.75)
    assert point.confusion == v.Confusion(2, 0, 3, 1)


def test_best_accuracy_may_accept_nothing_or_everything():
    nothing = v.best_accuracy(np.array([0.9, 0.8, 0.7]), np.array([False, False, True]))
    assert nothing.confusion == v.Confusion(0, 0, 2, 1)
    assert nothing.threshold == np.nextafter(0.9, 1)
    everything = v.best_accuracy(np.array([0.9, 0.8, 0.7]), np.array([False, True, True]))
    assert everything.confusion == v.Confusion(2, 1, 0, 0)
    assert everything.threshold == 0.7


@pytest.mark.parametrize("seed", range(6))
def test_best_accuracy_is_that_of_trying_every_threshold(seed):
    scores, same = pairs(seed, count=80)
    scores = scores.astype(np.float32)
    point = v.best_accuracy(scores, same)
    tried = [v.confusion_at(scores, same, t).accuracy for t in [*scores, np.inf]]
    assert point.confusion.accuracy == pytest.approx(max(tried))
    assert v.confusion_at(scores, same, point.threshold) == point.confusion


def test_neighbouring_floats_leave_no_middle_and_the_accepted_score_is_the_threshold():
    low = 0.5
    high = np.nextafter(low, 1)
    point = v.best_accuracy(np.array([high, low]), np.array([True, False]))
    assert point.threshold == high
    assert v.confusion_at(np.array([high, low]), np.array([True, False]), point.threshold).accuracy == 1


def test_threshold_at_fmr_worked_out_by_hand():
    point = v.threshold_at_fmr(SCORES, SAME, 0.34)
    assert point.threshold == pytest.approx(0.45)
    assert point.confusion == v.Confusion(3, 1, 2, 0)
    assert point.attained == pytest.approx(1 / 3)
    assert (point.requested, point.false_accept_budget, point.supported) == (0.34, 1, True)


def test_too_few_different_pairs_do_not_support_a_low_fmr():
    point = v.threshold_at_fmr(SCORES, SAME, 0.3)
    assert (point.false_accept_budget, point.supported, point.attained) == (0, False, 0)
    assert point.threshold == pytest.approx(0.75)


def test_tied_scores_attain_less_than_requested():
    scores, same = np.array([0.9, 0.5, 0.5, 0.5, 0.2]), np.array([True, False, False, False, False])
    point = v.threshold_at_fmr(scores, same, 0.5)
    assert (point.false_accept_budget, point.attained, point.supported) == (2, 0, True)


def test_budget_is_not_lost_to_binary_fractions():
    scores = np.linspace(0, 1, 101)
    same = scores == 1
    assert v.threshold_at_fmr(scores, same, 0.29).false_accept_budget == 29


@pytest.mark.parametrize("fmr", [0, 0.01, 0.1, 0.5, 1])
def test_threshold_at_fmr_is_the_best_tmr_that_the_roc_allows(fmr):
    scores, same = pairs(7)
    rates, tmr, _ = reference.roc_curve(same, scores, drop_intermediate=False)
    point = v.threshold_at_fmr(scores, same, fmr)
    assert point.confusion.recall == pytest.approx(tmr[rates <= fmr + 1e-12].max())
    assert v.confusion_at(scores, same, point.threshold) == point.confusion


@pytest.mark.parametrize("count", [30, 20_000])
def test_density_is_scipys_kernel_estimate(count):
    scores, same = pairs(2, count=count, ties=False)
    found = v.density(scores, same, points=64)
    assert found.x.shape == (64,)
    for part, mine, width in (
        (scores[same], found.same, found.bandwidths.same),
        (scores[~same], found.different, found.bandwidths.different),
    ):
        peer = gaussian_kde(part)
        np.testing.assert_allclose(mine, peer(found.x), atol=1e-3 * mine.max())
        assert width == pytest.approx(math.sqrt(peer.covariance[0, 0]))
        assert np.trapezoid(mine, found.x) == pytest.approx(1, abs=0.01)


def test_density_of_two_scores_worked_out_by_hand():
    # Scores 0 and 2: standard deviation sqrt 2, bandwidth sqrt 2 x 2 ** -.2; at a score two kernels add up.
    found = v.density(np.array([0.0, 2.0]), np.array([True, True]), points=3)
    width = math.sqrt(2) * 2**-0.2
    assert found.bandwidths == (pytest.approx(width), None)
    assert found.x.tolist() == pytest.approx([-3 * width, 1, 2 + 3 * width])
    assert found.same[1] == pytest.approx(math.exp(-0.5 / width**2) / (width * math.sqrt(2 * math.pi)))


@pytest.mark.parametrize("different", [[], [0.2], [0.2, 0.2, 0.2]])
def test_density_without_two_distinct_scores_is_none(different):
    scores = np.array([0.5, 0.7, *different])
    found = v.density(scores, np.arange(len(scores)) < 2)
    assert found.different is None
    assert found.bandwidths.different is None
    assert np.isfinite(found.same).all()


def test_density_of_no_pairs_is_empty():
    found = v.density(np.zeros(0), np.zeros(0, bool))
    assert (len(found.x), found.same, found.different) == (0, None, None)


def test_histogram_counts_both_classes_in_the_same_bins():
    found = v.histogram(SCORES, SAME, 4)
    assert found.edges.tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert found.same.tolist() == [0, 0, 1, 2]
    assert found.same.sum() + found.different.sum() == 6
    assert v.histogram(np.zeros(0), np.zeros(0, bool), 3).same.tolist() == [0, 0, 0]


def test_held_out_folds_share_no_person():
    scores, same, left, right = people_pairs(0)
    found = v.held_out_accuracy(scores, same, left, right, folds=5, seed=3)
    assert found.folds == len(found.thresholds) == len(found.accuracies) == 5
    fold_of = np.empty(40, int)
    fold_of[np.random.default_rng(3).permutation(40)] = np.arange(40) % 5
    for fold in range(5):
        outside = (fold_of[left] != fold) & (fold_of[right] != fold)
        inside = (fold_of[left] == fold) & (fold_of[right] == fold)
        point = v.best_accuracy(scores[outside], same[outside])
        assert found.thresholds[fold] == pytest.approx(point.threshold)
        assert found.accuracies[fold] == pytest.approx(
            reference.accuracy_score(same[inside], scores[inside] >= point.threshold)
        )
    assert found.mean == pytest.approx(np.mean(found.accuracies))
    assert found.std == pytest.approx(np.std(found.accuracies))
    assert found.pairs_used + found.pairs_left_out == len(scores)
    assert found.pairs_used == (fold_of[left] == fold_of[right]).sum()


def test_held_out_accuracy_worked_out_by_hand():
    # Four people, two folds of two people: whatever the deal, each fold has two same and one different pair.
    left = np.array([0, 1, 2, 3, 0, 0, 0, 1, 1, 2])
    right = np.array([0, 1, 2, 3, 1, 2, 3, 2, 3, 3])
    same = left == right
    found = v.held_out_accuracy(np.where(same, 0.8, 0.2), same, left, right)
    assert (found.folds, found.mean, found.std) == (2, 1, 0)
    assert (found.pairs_used, found.pairs_left_out) == (6, 4)
    assert found.thresholds.tolist() == pytest.approx([0.5, 0.5])


def test_held_out_threshold_never_saw_the_people_it_is_tested_on():
    # One half of the people scores high and the other low: a threshold chosen outside is wrong inside.
    shuffled = np.random.default_rng(0).permutation(8)
    pairs_of = [(a, b) for half in (shuffled[::2], shuffled[1::2]) for a in half for b in half if a <= b]
    left, right = np.array(pairs_of).T
    same = left == right
    first = np.isin(left, shuffled[::2])
    scores = np.where(first, np.where(same, 0.9, 0.6), np.where(same, 0.4, 0.1))
    found = v.held_out_accuracy(scores, same, left, right, folds=2)
    # Chosen .25 accepts the first half's different pairs; chosen .75 rejects the second half's same pairs.
    assert found.thresholds.tolist() == pytest.approx([0.25, 0.75])
    assert found.accuracies.tolist() == pytest.approx([0.4, 0.6])


def test_few_people_get_fewer_folds():
    scores, same, left, right = people_pairs(1, people=6, count=400)
    assert v.held_out_accuracy(scores, same, left, right, folds=10).folds == 3


def test_held_out_accuracy_is_seeded():
    arguments = people_pairs(2)
    first, again = (v.held_out_accuracy(*arguments, seed=5) for _ in range(2))
    assert first.accuracies.tolist() == again.accuracies.tolist()
    assert first.accuracies.tolist() != v.held_out_accuracy(*arguments, seed=6).accuracies.tolist()


def test_held_out_accuracy_needs_people_enough():
    left, right = np.array([0, 1, 0]), np.array([0, 1, 1])
    with pytest.raises(NotEnoughData, match="pairs of 2 people cannot be split into two groups"):
        v.held_out_accuracy(np.array([0.9, 0.8, 0.1]), left == right, left, right)


def test_bootstrap_interval_is_that_of_counting_pairs_of_drawn_people():
    scores, same, left, right = people_pairs(4, people=12, count=300)
    found = v.bootstrap_interval(scores, same, left, right, 0.4, resamples=200, seed=9)
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
    narrow, wide = v.bootstrap_interval(*many, 0.4, seed=1), v.bootstrap_interval(*few, 0.4, seed=1)
    assert v.bootstrap_interval(*few, 0.4, seed=1) == wide
    confusion = v.confusion_at(many[0], many[1], 0.4)
    for name in ("accuracy", "fmr", "fnmr"):
        small, large = getattr(narrow, name), getattr(wide, name)
        assert small.low < getattr(confusion, name) < small.high
        assert small.high - small.low < large.high - large.low


def test_interval_of_a_rate_without_pairs_is_nan():
    people = np.arange(5)
    found = v.bootstrap_interval(np.full(5, 0.7), np.ones(5, bool), people, people, 0.5)
    assert math.isnan(found.fmr.low)
    assert math.isnan(found.fmr.high)
    assert (found.fnmr, found.accuracy) == (v.Interval(0, 0), v.Interval(1, 1))


def test_bootstrap_needs_two_people():
    with pytest.raises(NotEnoughData, match="at least two of them; the pairs show 1"):
        v.bootstrap_interval(np.array([0.7]), np.array([True]), np.array([3]), np.array([3]), 0.5)


@pytest.mark.parametrize(
    "number",
    [
        v.roc,
        v.auc,
        v.eer,
        v.best_accuracy,
        lambda s, t: v.threshold_at_fmr(s, t, 0.1),
        lambda s, t: v.held_out_accuracy(s, t, np.arange(len(s)), np.arange(len(s))),
    ],
)
def test_numbers_that_need_both_kinds_of_pairs_say_so(number):
    with pytest.raises(NotEnoughData, match="there are 2 and 0"):
        number(np.array([0.1, 0.2]), np.array([True, True]))
    with pytest.raises(NotEnoughData, match="there are 0 and 0"):
        number(np.zeros(0), np.zeros(0, bool))


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
        v.confusion_at(scores, same, 0.5)


def test_wrong_settings_are_refused():
    people = np.array([0, 1, 0, 2, 0, 3])
    with pytest.raises(BadInput, match=r"fmr should be a rate in \[0, 1\], not 2"):
        v.threshold_at_fmr(SCORES, SAME, 2)
    with pytest.raises(BadInput, match="points should be 2 or more, not 1"):
        v.density(SCORES, SAME, 1)
    with pytest.raises(BadInput, match="bins should be 1 or more, not 0"):
        v.histogram(SCORES, SAME, 0)
    with pytest.raises(BadInput, match="pair 0 is of people 0 and 0, but same says False"):
        v.held_out_accuracy(SCORES, SAME, people, people)
    with pytest.raises(BadInput, match=r"right_person should have the shape \(6,\) of same, not \(5,\)"):
        v.bootstrap_interval(SCORES, SAME, people, people[:5], 0.5)
    other = np.where(SAME, people, people + 10)
    with pytest.raises(BadInput, match="folds should be 2 or more, not 1"):
        v.held_out_accuracy(SCORES, SAME, people, other, folds=1)
    with pytest.raises(BadInput, match=r"level in \(0, 1\), not 10 and 95"):
        v.bootstrap_interval(SCORES, SAME, people, other, 0.5, resamples=10, level=95)


def test_arguments_are_not_written_to():
    arguments = people_pairs(6)
    for array in arguments:
        array.flags.writeable = False
    v.roc(*arguments[:2])
    v.density(*arguments[:2])
    v.held_out_accuracy(*arguments)
    v.bootstrap_interval(*arguments, 0.4, resamples=10)
