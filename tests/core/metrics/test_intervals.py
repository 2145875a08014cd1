import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.foundation.errors import BadInput
from core.metrics import intervals
from core.metrics.intervals import bootstrap, bootstrap_weighted, mean, median, paired, ratio_of_sums
from core.metrics.pose import FoundPoses, TruePoses, match, precision_recall
from core.metrics.resampling import FEWEST_GROUPS, Interval, verdict, way
from tests.builders.landmark_figures import rmse, squared_sums
from tests.builders.random_poses import BODY24_SIGMAS, average_precision
from tests.builders.videos_of_values import ends, naive, videos


def test_two_groups_worked_out_by_hand():
    # Draws of groups a (1, 1, 1) and b (5): aa 1, ab or ba 8 / 4 = 2, bb 5; a quarter, a half, a quarter of them.
    found = bootstrap(np.array([1, 1, 1, 5]), np.array(["a", "a", "a", "b"]))
    assert found == Interval(2, 1, 5, 2)
    found = bootstrap(np.array([1, 1, 1, 5]), np.array(["a", "a", "a", "b"]), level=0.2)
    assert ends(found) == (2, 2)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_mean_is_that_of_a_loop_over_the_same_draws(level):
    values, groups = videos(0)
    found = bootstrap(values, groups, draws=300, seed=7, level=level)
    assert found.value == pytest.approx(values.mean())
    expected = naive(lambda rows: values[rows].mean(), groups, 300, 7, level)
    np.testing.assert_allclose(ends(found), expected, rtol=1e-12)


def test_any_statistic_is_that_of_a_loop_over_the_same_draws():
    values, groups = videos(1)
    order = np.random.default_rng(0).permutation(len(values))  # groups need not lie together
    values, groups = values[order], groups[order]
    found = bootstrap(values, groups, np.median, draws=200, seed=3)
    assert found.value == np.median(values)
    np.testing.assert_allclose(ends(found), naive(lambda rows: np.median(values[rows]), groups, 200, 3), rtol=1e-12)
    slow = bootstrap(values, groups, lambda rows: float(rows.mean()), draws=200, seed=3)
    np.testing.assert_allclose(ends(slow), ends(bootstrap(values, groups, mean, draws=200, seed=3)), rtol=1e-12)


def test_a_statistic_of_several_columns_sees_whole_rows():
    values, groups = videos(2)
    table = np.column_stack([values, 2 * values + 1])
    found = bootstrap(table, groups, lambda rows: float((rows[:, 1] - rows[:, 0]).mean()), draws=50)
    expected = bootstrap(values + 1, groups, draws=50)
    np.testing.assert_allclose((found.value, *ends(found)), (expected.value, *ends(expected)), rtol=1e-12)


def test_a_difference_is_drawn_on_the_same_groups():
    first, groups = videos(3)
    second = first - 0.1 + np.random.default_rng(4).normal(0, 0.05, len(first))
    found = paired(first, second, groups, draws=300, seed=5)
    assert found.value == pytest.approx(second.mean() - first.mean())
    expected = naive(lambda rows: second[rows].mean() - first[rows].mean(), groups, 300, 5)
    np.testing.assert_allclose(ends(found), expected, rtol=1e-9)
    # Apart the two overlap; together they are clearly different.
    assert bootstrap(first, groups).low < bootstrap(second, groups).high
    assert found.high < 0
    medians = paired(first, second, groups, np.median, draws=300, seed=5)
    expected = naive(lambda rows: np.median(second[rows]) - np.median(first[rows]), groups, 300, 5)
    np.testing.assert_allclose(ends(medians), expected, rtol=1e-9)


def test_the_interval_of_single_values_is_that_of_scipy():
    values = np.random.default_rng(6).gamma(2, 1, 200)
    found = bootstrap(values, np.arange(200), draws=5000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(1))
    width = found.high - found.low
    assert ends(found) == pytest.approx(tuple(theirs.confidence_interval), abs=0.05 * width)
    # And that of the normal theory, which holds for a mean of 200.
    assert width == pytest.approx(2 * 1.96 * values.std() / np.sqrt(200), rel=0.08)


def test_whole_videos_hold_the_truth_as_often_as_stated_and_single_frames_do_not():
    by_video = by_frame = 0
    rounds = 250
    for seed in range(rounds):
        values, groups = videos(seed, groups=40, at_most=12)
        found = bootstrap(values, groups, draws=300, seed=seed)
        by_video += found.low <= 0 <= found.high
        found = bootstrap(values, np.arange(len(values)), draws=300, seed=seed)
        by_frame += found.low <= 0 <= found.high
    assert 0.89 < by_video / rounds < 0.98
    assert by_frame / rounds < 0.75


def test_one_group_gives_no_interval():
    for found in (
        bootstrap(np.array([1.0, 2.0]), np.array([4, 4])),
        bootstrap(np.array([1.0, 2.0]), np.array([4, 4]), lambda rows: float(rows.mean())),
        bootstrap_weighted(lambda weights: 1.5, np.array([4, 4])),
    ):
        assert (found.value, found.groups) == (1.5, 1)
        assert np.isnan(ends(found)).all()
    # The second group holds nothing that is defined, so it is none.
    found = bootstrap(np.array([1.0, np.nan]), np.array([0, 1]))
    assert found.groups == 1
    assert math.isnan(found.low)


@pytest.mark.parametrize("statistic", [mean, np.median])
@pytest.mark.parametrize("values", [np.zeros(0), np.full(3, np.nan)])
def test_nothing_defined_gives_nothing(values, statistic):
    groups = np.arange(len(values))
    for found in (bootstrap(values, groups, statistic), paired(values, values, groups, statistic)):
        assert np.isnan((found.value, *ends(found))).all()
        assert found.groups == 0


def test_no_item_gives_nothing():
    found = bootstrap_weighted(lambda weights: 1.0, np.zeros(0))
    assert math.isnan(found.value)
    assert found.groups == 0


def test_undefined_values_are_left_out_in_pairs():
    first, groups = videos(8)
    second = first + 1.0
    first, second = first.copy(), second.copy()
    first[0] = second[5] = np.nan
    found = paired(first, second, groups)
    assert (found.value, *ends(found)) == pytest.approx((1, 1, 1))
    found = paired(first, second, groups, np.mean, draws=20)
    assert (found.value, *ends(found)) == pytest.approx((1, 1, 1))


def test_an_infinite_value_makes_what_meets_it_infinite_and_nothing_nan():
    values, groups = videos(9)
    values[0] = np.inf
    found = bootstrap(values, groups)
    assert (found.value, found.high) == (np.inf, np.inf)
    assert np.isfinite(found.low)  # a third of the draws miss its video
    finite = np.where(np.isinf(values), 0.0, values)
    assert paired(finite, values, groups).value == np.inf
    for statistic in (mean, np.mean):
        found = paired(values, values, groups, statistic, draws=50)
        assert np.isnan((found.value, *ends(found))).all()
    # An end between a finite draw and an infinite one is infinite.
    found = bootstrap(np.array([1.0, np.inf]), np.array([0, 1]), draws=4, seed=1, level=0.9)
    assert not math.isnan(found.low)
    assert found.high == np.inf


def test_draws_on_which_the_statistic_is_undefined_are_left_out():
    values, groups = np.array([1.0, 2.0, 3.0]), np.arange(3)
    found = bootstrap(values, groups, lambda rows: float(np.ptp(rows)) if len(set(rows)) > 1 else np.nan, draws=500)
    assert (found.low, found.high) == (1, 2)

    def only_at_first(weights):
        return 1.0 if (weights == 1).all() else np.nan

    found = bootstrap_weighted(only_at_first, np.zeros(5), draws=3)
    assert (found.value, found.groups) == (1, 1)
    found = bootstrap_weighted(only_at_first, np.arange(30), draws=3)
    assert (found.value, found.groups) == (1, 30)
    assert np.isnan(ends(found)).all()


def test_a_ratio_of_sums_is_the_rmse_of_a_loop_over_the_same_draws():
    rng = np.random.default_rng(10)
    groups = rng.integers(0, 9, 60)
    truth = rng.uniform(0, 500, (60, 24, 2))
    predicted = truth + rng.normal(0, 5, truth.shape)
    seen = rng.integers(0, 2, (60, 24))
    seen[3] = 0
    found = ratio_of_sums(squared_sums(predicted, truth, seen), groups=groups, root=True, draws=200, seed=2)
    assert found.value == pytest.approx(rmse(predicted, truth, seen))
    expected = naive(lambda rows: rmse(predicted[rows], truth[rows], seen[rows]), groups, 200, 2)
    np.testing.assert_allclose(ends(found), expected, rtol=1e-12)
    better = truth + 0.5 * (predicted - truth)
    sides = squared_sums(predicted, truth, seen), squared_sums(better, truth, seen)
    found = ratio_of_sums(*sides, groups=groups, root=True, draws=200, seed=2)
    np.testing.assert_allclose((found.value, *ends(found)), (-rmse(better, truth, seen), *-expected[::-1] / 2))


def test_a_mean_is_a_ratio_with_ones_below():
    values, groups = videos(11)
    assert ratio_of_sums((values, np.ones(len(values))), groups=groups) == bootstrap(values, groups)


def test_an_instance_without_anything_below_the_line_counts_in_neither_of_two():
    above, below = np.array([1.0, 4.0, 3.0]), np.array([1.0, 0.0, 1.0])
    found = ratio_of_sums((above, np.ones(3)), (above + 1, below), groups=np.arange(3))
    assert (found.value, *ends(found)) == (1, 1, 1)


def test_ap_is_drawn_by_video_without_matching_anew():
    rng = np.random.default_rng(12)
    points = rng.uniform(0, 200, (40, 24, 2))
    video = np.arange(40) // 5
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    truth = TruePoses(np.arange(40), points, np.ones((40, 24)), np.full(40, 2e4), boxes)
    spread = rng.choice([1, 15, 40], (40, 1, 1))
    found = FoundPoses(np.arange(40), points + spread * rng.normal(size=points.shape), rng.random(40))
    matches = match(truth, found, BODY24_SIGMAS)

    def ap_of(rows):
        # Drawn twice, a picture is two pictures.
        again = np.arange(len(rows))
        people = TruePoses(again, points[rows], np.ones((len(rows), 24)), np.full(len(rows), 2e4), boxes[rows])
        return average_precision(people, FoundPoses(again, found.points[rows], found.scores[rows]), BODY24_SIGMAS).ap

    interval = bootstrap_weighted(lambda weights: precision_recall(matches, "all", weights)[0].mean(), video, draws=40)
    assert interval.value == pytest.approx(ap_of(np.arange(40)))
    np.testing.assert_allclose(ends(interval), naive(ap_of, video, 40, 0), rtol=1e-9)


@pytest.mark.parametrize("statistic", [mean, median])
def test_means_and_medians_are_drawn_without_gathering_the_rows_of_each_draw(statistic, monkeypatch):
    values, groups = videos(14)
    whole = bootstrap(values, groups, statistic), paired(values, values + 1, groups, statistic)
    monkeypatch.delattr(intervals, "members")
    assert (bootstrap(values, groups, statistic), paired(values, values + 1, groups, statistic)) == whole


def test_wrong_arguments_are_refused():
    values, groups = np.zeros(3), np.zeros(3)
    for statistic in (mean, np.median):
        with pytest.raises(BadInput, match="values and groups should"):
            bootstrap(values, np.zeros(4), statistic)
        with pytest.raises(BadInput, match="at least one draw, not 0"):
            bootstrap(values, groups, statistic, draws=0)
        with pytest.raises(BadInput, match="level should lie between 0 and 1, not 95"):
            paired(values, values, groups, statistic, level=95)
    with pytest.raises(BadInput, match=r"values should have the shape \(N,\) or \(N, C\), not \(1, 1, 1\)"):
        bootstrap(np.zeros((1, 1, 1)), groups)
    with pytest.raises(BadInput, match=r"first and second should have the same shape, not \(3,\) and \(4,\)"):
        paired(values, np.zeros(4), groups)
    with pytest.raises(BadInput, match=r"same shape \(N,\), not \(3,\), \(4,\), \(3,\)"):
        ratio_of_sums((values, np.zeros(4)), groups=groups)
    with pytest.raises(BadInput, match="below the line should be 0 or more"):
        ratio_of_sums((values, np.array([1, 1, -1])), groups=groups)


@pytest.mark.parametrize(
    ("low", "high", "upward", "said"),
    [
        (-2.0, -0.5, False, "better"),
        (-2.0, -0.5, True, "worse"),
        (0.5, 2.0, True, "better"),
        (0.5, 2.0, False, "worse"),
        (-0.5, 2.0, False, "no clear difference"),
        (0.0, 2.0, True, "no clear difference"),
        (0.0, 0.0, False, "no clear difference"),
    ],
)
def test_a_winner_is_named_only_where_zero_is_outside(low, high, upward, said):
    assert verdict(Interval((low + high) / 2, low, high, groups=FEWEST_GROUPS), upward=upward) == said


@pytest.mark.parametrize("groups", range(1, FEWEST_GROUPS))
def test_few_groups_name_no_winner_however_clear_they_look(groups):
    difference = paired(np.full(groups, 5.0), np.zeros(groups), np.arange(groups))
    assert difference.value == -5.0
    assert verdict(difference, upward=False) == "too few groups to tell"


@pytest.mark.parametrize("statistic", [mean, median])
def test_it_is_counted_in_how_many_groups_a_difference_points_its_way(statistic):
    """Worked out by hand: of three videos the second thing is lower in two, by more than it is higher in the third."""
    place = np.repeat([0, 1, 2], 2)
    first, second = np.full(6, 5.0), np.array([1.0, 1.0, 2.0, 2.0, 6.0, 6.0])
    down, up = paired(first, second, place, statistic), paired(second, first, place, statistic)
    assert (down.same_way, up.same_way) == (2, 2)
    assert (way(down, upward=False), way(down, upward=True)) == ("better", "worse")
    assert way(paired(first, first, place, statistic), upward=True) == "the same"
    assert bootstrap(first, place, statistic).same_way is None, "no difference"
    assert paired(np.zeros(0), np.zeros(0), np.zeros(0)).same_way is None
    assert way(paired(np.zeros(0), np.zeros(0), np.zeros(0)), upward=True) == "undefined"


def test_groups_of_a_weighted_difference_are_counted_where_they_are_few():
    values = np.array([1.0, -2.0, -3.0])

    def total(weights):
        return float((values * weights).sum())

    assert bootstrap_weighted(total, np.arange(3), difference=True).same_way == 2
    assert bootstrap_weighted(total, np.arange(3)).same_way is None
    many = np.tile(values, 3)
    assert bootstrap_weighted(lambda w: float((many * w).sum()), np.arange(9), difference=True).same_way is None


def test_what_is_undefined_has_no_verdict():
    assert verdict(paired(np.zeros(0), np.zeros(0), np.zeros(0)), upward=True) == "undefined"
    assert verdict(Interval(np.nan, np.nan, np.nan, groups=9), upward=True) == "undefined"


@pytest.mark.parametrize(("groups", "share"), [(3, 0.25), (5, 0.17), (6, 0.15), (10, 0.10)])
def test_zero_is_shut_out_for_equal_models_as_often_as_is_said(groups, share):
    rng = np.random.default_rng(groups)
    place, count, winners, shut_out = np.arange(groups), 500, 0, 0
    for seed in range(count):
        one = rng.normal(size=groups)
        difference = paired(one, one + rng.normal(size=groups), place, draws=400, seed=seed)
        shut_out += not difference.low <= 0 <= difference.high
        winners += verdict(difference, upward=True) in ("better", "worse")
    assert shut_out / count == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / count))
    assert winners == (shut_out if groups >= FEWEST_GROUPS else 0)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(6, 20), st.floats(-100, 100))
def test_an_interval_holds_its_figure_and_moves_with_the_values_whatever_their_order(seed, groups, shift):
    values, place = videos(seed, groups, 8)
    known = bootstrap(values, place, draws=200)
    assert known.low <= known.value <= known.high
    moved = bootstrap(values + shift, place, draws=200)
    np.testing.assert_allclose((moved.value, *ends(moved)), np.array((known.value, *ends(known))) + shift, atol=1e-9)
    order = np.random.default_rng(seed).permutation(len(values))
    np.testing.assert_allclose(ends(bootstrap(values[order], place[order], draws=200)), ends(known), atol=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_difference_of_a_thing_to_itself_is_nothing_and_turns_round_with_its_sides(seed):
    values, place = videos(seed, 8, 6)
    other = values + np.random.default_rng(seed).normal(0, 1, len(values))
    same = paired(values, values, place, draws=100)
    assert (same.value, *ends(same)) == (0, 0, 0)
    forth, back = paired(values, other, place, draws=200), paired(other, values, place, draws=200)
    np.testing.assert_allclose((forth.value, *ends(forth)), (-back.value, -back.high, -back.low), atol=1e-9)
