"""Which instances to label next: by hand, against scipy, and on made-up models whose errors are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.foundation.errors import BadInput
from core.training.active import Estimates, doubts, rank, spearman


def estimates(doubt: list[float] | np.ndarray, points: int = 4, side: float = 30.0) -> Estimates:
    """Instances whose points all have the given spread, in boxes of 30 by 40 (a diagonal of 50)."""
    spread = np.repeat(np.asarray(doubt, float)[:, None], points, axis=1)
    boxes = np.tile([0.0, 0.0, side, side * 4 / 3], (len(spread), 1))
    return Estimates({"spread": spread}, np.ones(spread.shape), boxes)


def test_the_doubt_by_hand() -> None:
    spread = np.array([[1.0, 3.0], [5.0, np.nan]])
    flip = np.array([[np.nan, np.nan], [10.0, 10.0]])
    confidence = np.array([[0.5, 0.5], [0.9, 0.0]])
    boxes = np.array([[0, 0, 30, 40], [0, 0, 60, 80]])
    got = doubts(Estimates({"spread": spread, "flip": flip}, confidence, boxes), {"spread": 0.01, "flip": 0.02})
    first = (2 / 50) / 0.01
    second = ((5 / 100) / 0.01 + (10 / 100) / 0.02) / 2 + 0.5  # and one of two points was not found
    assert got == pytest.approx([first, second])


def test_a_model_that_states_no_doubt_is_ranked_by_what_it_did_not_find() -> None:
    confidence = np.array([[1.0, 1.0], [0.0, 1.0], [np.nan, np.nan]])
    ranking = rank(Estimates({}, confidence, np.tile([0.0, 0, 3, 4], (3, 1))), ["a", "b", "c"])
    assert ranking.score.tolist() == [0.0, 0.5, 0.0]
    assert ranking.order.tolist() == [1, 0, 2]


def test_the_size_of_the_picture_does_not_matter() -> None:
    small, large = estimates([1.0, 2.0]), estimates([10.0, 20.0], side=300.0)
    assert rank(small, ["a", "b"]).score == pytest.approx(rank(large, ["a", "b"]).score)


def test_spearman_is_scipys() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, other = rng.integers(0, 6, 30).astype(float), rng.normal(size=30)
        assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert math.isnan(spearman(np.ones(5), np.arange(5.0)))
    assert math.isnan(spearman(np.arange(2.0), np.arange(2.0)))


def test_the_gain_is_read_from_the_validation_errors() -> None:
    """Where errors rise with doubt the gain is the expected error above the least; by hand on a straight line."""
    seen = np.arange(1.0, 22.0)  # median 11: that is the unit
    ranking = rank(estimates([1.0, 5.5, 21.0, 99.0]), list("abcd"), estimates(seen), seen / 100)
    assert ranking.score == pytest.approx([0.0, 0.045, 0.20, 0.20])
    assert ranking.order.tolist() == [3, 2, 1, 0]
    assert ranking.spearman == pytest.approx(1.0)


def test_doubt_that_says_nothing_gives_no_gain() -> None:
    seen = np.arange(1.0, 22.0)
    ranking = rank(estimates([1.0, 20.0]), ["a", "b"], estimates(seen), seen[::-1] / 100)
    assert ranking.spearman == pytest.approx(-1.0)
    assert ranking.score == pytest.approx([0.0, 0.0])
    assert ranking.order.tolist() == [1, 0]  # then by doubt


def test_too_few_validation_instances_leave_the_doubt_as_the_score() -> None:
    seen = np.arange(1.0, 6.0)
    ranking = rank(estimates([1.0, 2.0]), ["a", "b"], estimates(seen), seen / 100)
    assert ranking.score == pytest.approx([1 / 3, 2 / 3])  # the unit is the median of the validation's doubts
    assert ranking.spearman == pytest.approx(1.0)


def test_the_second_of_a_video_counts_half() -> None:
    ranking = rank(estimates([8.0, 7.0, 5.0, 3.0]), ["a", "a", "b", "a"])
    assert ranking.order.tolist() == [0, 2, 1, 3]


def test_the_order_is_that_of_a_greedy_loop() -> None:
    rng = np.random.default_rng(3)
    doubt = rng.uniform(1, 9, 200)
    groups = [f"g{number}" for number in rng.integers(0, 12, 200)]
    ranking = rank(estimates(doubt), groups)
    left, chosen, expected = set(range(200)), dict.fromkeys(groups, 0), []
    while left:
        best = min(left, key=lambda i: (-ranking.score[i] * 0.5 ** chosen[groups[i]], -ranking.score[i], i))
        left.remove(best)
        chosen[groups[best]] += 1
        expected.append(best)
    assert ranking.order.tolist() == expected


def test_ranking_finds_the_errors_sooner_than_chance() -> None:
    rng = np.random.default_rng(5)
    error = rng.gamma(2.0, 0.02, 600)
    doubt = error * 100 * rng.lognormal(0, 0.5, 600)
    pool, held = slice(0, 400), slice(400, 600)
    groups = [f"video-{number}" for number in rng.integers(0, 40, 400)]
    ranking = rank(estimates(doubt[pool]), groups, estimates(doubt[held]), error[held])
    assert ranking.spearman > 0.6
    assert error[pool][ranking.order[:40]].mean() > 1.5 * error[pool].mean()


def test_nothing_to_rank_is_an_empty_order() -> None:
    assert rank(estimates(np.zeros(0)), []).order.tolist() == []


def test_of_a_hundred_thousand_each_is_ranked_once() -> None:
    rng = np.random.default_rng(0)
    ranking = rank(estimates(rng.uniform(1, 9, 100_000)), [f"g{i // 100}" for i in range(100_000)])
    assert sorted(ranking.order.tolist()) == list(range(100_000))


def test_shapes_that_disagree_are_refused() -> None:
    with pytest.raises(BadInput, match="2 instances need as many groups, not 1"):
        rank(estimates([1.0, 2.0]), ["a"])
    with pytest.raises(BadInput, match="validation instances need as many errors"):
        rank(estimates([1.0]), ["a"], estimates([1.0, 2.0]), np.zeros(3))
    wrong = estimates([1.0])
    with pytest.raises(BadInput, match="kind of doubt is one of spread, neighbours, flip, not 'mood'"):
        rank(Estimates({"mood": wrong.confidence}, wrong.confidence, wrong.boxes), ["a"])
    with pytest.raises(BadInput, match="the doubt spread has the shape"):
        rank(Estimates({"spread": np.zeros((1, 3))}, wrong.confidence, wrong.boxes), ["a"])
