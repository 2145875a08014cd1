import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.confusion import Confusion
from core.metrics.ranked_scores import RankedScores, checked_pairs, checked_weights
from tests.builders.scored_pairs import ALIKE, SAME, SCORES, TWELVE, TWELVE_SAME, UNLIKE, pairs

ALIKE_WEIGHTS, UNLIKE_WEIGHTS = np.array([2, 1, 3, 1, 0.5]), np.array([1, 2, 1, 0.25, 1, 1, 4])


def test_twelve_pairs_are_ranked_and_counted_as_by_hand():
    ranked = RankedScores.of(TWELVE, TWELVE_SAME)
    assert ranked.same.tolist() == [0.5, 0.6, 0.8, 0.8, 0.9]
    assert ranked.different.tolist() == [0.1, 0.2, 0.4, 0.4, 0.5, 0.7, 0.8]
    assert (ranked.same_total, ranked.different_total, ranked.same_sums) == (5, 7, None)
    thresholds = [0.8, 0.5, 0.81, 2]
    assert ranked.accepted_same(thresholds).tolist() == [3, 5, 1, 0]
    assert ranked.accepted_different(thresholds).tolist() == [1, 3, 0, 0]
    assert ranked.fmr(thresholds).tolist() == pytest.approx([1 / 7, 3 / 7, 0, 0])
    assert ranked.fnmr(thresholds).tolist() == pytest.approx([2 / 5, 0, 4 / 5, 1])
    assert ranked.confusion(0.8) == Confusion(tp=3, fp=1, tn=6, fn=2)


def test_weighed_pairs_count_what_they_weigh():
    ranked = RankedScores.of(TWELVE, TWELVE_SAME, np.concatenate([ALIKE_WEIGHTS, UNLIKE_WEIGHTS]))
    assert (ranked.same_total, ranked.different_total) == (7.5, 10.25)
    assert ranked.same_sums.tolist()[:3] == [0, 1, 3]
    assert ranked.confusion(0.8) == Confusion(tp=4.5, fp=2, tn=8.25, fn=3)
    assert ranked.unweighed.confusion(0.8) == Confusion(tp=3, fp=1, tn=6, fn=2)


def test_integers_are_numbers_of_pairs():
    many = RankedScores.of_kinds(ALIKE, UNLIKE, np.array([2, 1, 3, 1, 1]), np.full(7, 3, np.uint8))
    assert many.unweighed is many
    assert many.confusion(0.8) == Confusion(tp=5, fp=3, tn=18, fn=3)
    assert isinstance(many.different_total, int)
    one_by_one = RankedScores.of_kinds(np.repeat(ALIKE, [2, 1, 3, 1, 1]), np.repeat(UNLIKE, 3))
    assert many.confusion(0.55) == one_by_one.confusion(0.55)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_every_threshold_the_pairs_at_or_above_it_are_accepted(dtype):
    scores, same = pairs(2, count=60)
    scores = scores.astype(dtype)
    ranked = RankedScores.of(scores, same)
    assert ranked.same.dtype == ranked.different.dtype == dtype
    exact = scores.astype(np.float64)
    near = [*exact, *np.nextafter(exact, 2), *np.nextafter(exact, -2)]
    for threshold in [*near, -np.inf, np.inf, np.nan, 1e300, -1e300, 1e-300, -1e-300, 0.0]:
        accepted = exact >= threshold
        assert ranked.accepted_same(threshold) == (accepted & same).sum()
        assert ranked.accepted_different(threshold) == (accepted & ~same).sum()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_stay_with_their_scores(dtype):
    rng = np.random.default_rng(0)
    scores, same = rng.normal(size=500).astype(dtype), rng.random(500) < 0.5
    scores[:3] = [0.0, -0.0, -np.finfo(dtype).tiny]
    weights = rng.random(500) + 0.1
    ranked = RankedScores.of(scores, same, weights)
    for threshold in [*scores[:100].tolist(), 0.0]:
        accepted = scores.astype(np.float64) >= threshold
        assert ranked.accepted_same(threshold) == pytest.approx(weights[accepted & same].sum())
        assert ranked.accepted_different(threshold) == pytest.approx(weights[accepted & ~same].sum())


def test_levels_of_same_pairs_worked_out_by_hand():
    levels, tp, fp = RankedScores.of(TWELVE.astype(np.float32), TWELVE_SAME).same_levels
    assert levels.astype(np.float64).round(6).tolist() == [0.5, 0.6, 0.8, 0.9, math.inf]
    assert (tp.tolist(), fp.tolist()) == ([5, 4, 3, 1, 0], [3, 2, 1, 0, 0])
    weights = np.concatenate([ALIKE_WEIGHTS, UNLIKE_WEIGHTS])
    levels, tp, fp = RankedScores.of(TWELVE, TWELVE_SAME, weights).same_levels
    assert (tp.tolist(), fp.tolist()) == ([7.5, 6.5, 4.5, 1, 0], [6.25, 2.25, 2, 0, 0])
    assert [column.tolist() for column in RankedScores.of_kinds([], []).same_levels] == [[math.inf], [0], [0]]


def test_kinds_apart_are_ranked_as_kinds_together():
    together = RankedScores.of(TWELVE, TWELVE_SAME, np.concatenate([ALIKE_WEIGHTS, UNLIKE_WEIGHTS]))
    apart = RankedScores.of_kinds(ALIKE, UNLIKE, ALIKE_WEIGHTS, UNLIKE_WEIGHTS)
    for name in ("same", "different", "same_sums", "different_sums"):
        assert getattr(together, name).tolist() == getattr(apart, name).tolist()
    assert together.step == apart.step == 0


def test_what_rises_already_is_not_copied():
    alike, unlike = np.sort(ALIKE), np.sort(UNLIKE)
    ranked = RankedScores.of_kinds(alike, unlike)
    assert ranked.same is alike
    assert ranked.different is unlike


def test_two_precisions_are_compared_as_the_finer_one():
    mixed = RankedScores.of_kinds(ALIKE.astype(np.float32), UNLIKE)
    assert mixed.same.dtype == mixed.different.dtype == np.float64
    assert RankedScores.of_kinds([1, 2], [0.5]).same.dtype == np.float64


def test_middle_of_a_plateau_worked_out_by_hand():
    ranked = RankedScores.of(SCORES, SAME)  # .9 .8 | .7 | .6 | .3 | .1
    assert [ranked.middle(t) for t in (0.8, 0.75, 0.71)] == pytest.approx([0.75] * 3)
    assert (ranked.middle(0.05), ranked.middle(-np.inf)) == (0.1, 0.1)
    assert ranked.middle(0.95) == ranked.middle(np.inf) == ranked.middle(np.nan) == np.nextafter(0.9, 1)


def test_neighbouring_floats_leave_no_middle():
    low = 0.5
    high = np.nextafter(low, 1)
    assert RankedScores.of_kinds([high], [low]).middle(high) == high


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-1, 1, width=32), st.booleans()), max_size=30), st.floats(-1.5, 1.5))
def test_the_middle_accepts_the_same_pairs(drawn, threshold):
    scores = np.array([score for score, _ in drawn], np.float32)
    ranked = RankedScores.of(scores, np.array([same for _, same in drawn], bool))
    if drawn:
        assert ranked.confusion(ranked.middle(threshold)) == ranked.confusion(threshold)
    else:
        assert math.isnan(ranked.middle(threshold))


def test_without_pairs_of_a_kind_its_rate_is_nan():
    ranked = RankedScores.of_kinds(ALIKE, np.zeros(0))
    assert np.isnan(ranked.fmr([0.1, 0.2])).tolist() == [True, True]
    assert ranked.fnmr(0.6) == pytest.approx(1 / 5)
    with pytest.raises(NotEnoughData, match="there are 5 and 0"):
        ranked.require_both()
    with pytest.raises(NotEnoughData, match="there are 0 and 1"):
        RankedScores.of(np.zeros(1), np.zeros(1, bool), np.array([0.5])).require_both()
    RankedScores.of(SCORES, SAME).require_both()


def test_checked_pairs_are_float64():
    scores, same = checked_pairs(SCORES.astype(np.float32), SAME, both=True)
    assert (scores.dtype, same.dtype) == (np.float64, bool)
    with pytest.raises(NotEnoughData, match="there are 3 and 0"):
        checked_pairs(SCORES[SAME], SAME[SAME], both=True)


def test_weights_count_one_where_there_are_none():
    assert checked_weights(None, 3).tolist() == [1, 1, 1]
    assert checked_weights(np.array([1, 2], np.int8), 2).dtype == np.int64
    assert checked_weights([0.5], 1).dtype == np.float64


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
        RankedScores.of(scores, same)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (([[0.1]], [0.2]), r"shape \(M,\), not \(1, 1\)"),
        (([0.1], [np.nan]), "1 of 1 scores are not finite"),
        (([0.1], [0.2], [1.0, 2.0], [1.0]), r"weights should have the shape"),
        (([0.1], [0.2], [1.0], [0]), "1 of 1 weights are not finite"),
        (([0.1], [0.2], [1.0]), "should both have weights, or neither"),
    ],
)
def test_wrong_kinds_are_refused(kinds, message):
    with pytest.raises(BadInput, match=message):
        RankedScores.of_kinds(*kinds)
