"""Pairs are drawn without repeats, equally often, and without listing all that there are."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chisquare

from core.verification.drawing import MOST_PAIRS, different_pairs, same_pairs


def test_a_large_set_is_drawn_from_without_repeats(monkeypatch):
    monkeypatch.setattr("core.verification.drawing.MOST_PAIRS", 500)
    people_of = np.repeat(np.arange(400), 10)
    rng = np.random.default_rng(0)
    same = same_pairs(people_of, rng)
    different = different_pairs(people_of, 500, rng)
    for pairs, alike in ((same, True), (different, False)):
        assert pairs.shape == (500, 2)
        assert len(np.unique(np.sort(pairs, axis=1), axis=0)) == 500
        assert ((people_of[pairs[:, 0]] == people_of[pairs[:, 1]]) == alike).all()


def listed(people_of, alike):
    """Every pair of rows that are of one person, or not, the plain way."""
    ends = combinations(range(len(people_of)), 2)
    return {(a, b) for a, b in ends if (people_of[a] == people_of[b]) == alike}


@pytest.mark.parametrize("people_of", [[], [7], [7, 7], [7, 8], [3, 9, 3, 1, 9, 3, 3, 2, 9], [5] * 6 + [4]])
def test_a_small_set_gives_every_pair_once(people_of):
    rows, rng = np.array(people_of, np.int64), np.random.default_rng(0)
    for pairs, alike in ((same_pairs(rows, rng), True), (different_pairs(rows, 99, rng), False)):
        found = [tuple(pair) for pair in pairs.tolist()]
        assert len(found) == len(set(found))
        assert set(found) == listed(people_of, alike)


def test_every_pair_is_drawn_equally_often():
    people_of, drawn = np.array([1] * 5 + [2] * 3 + [3]), Counter()
    for seed in range(2000):
        drawn.update(map(tuple, different_pairs(people_of, 6, np.random.default_rng(seed)).tolist()))
    assert set(drawn) == listed(people_of, alike=False)
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_one_person_with_very_many_faces_costs_no_more_than_the_draw_and_leaves_room_for_others():
    people_of = np.concatenate([np.repeat(1, 100_000), np.repeat(2, 300)])  # 5,000,000,000 pairs, and 44,850
    tracemalloc.start()
    same = same_pairs(people_of, np.random.default_rng(0))
    different = different_pairs(people_of, MOST_PAIRS, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 2**20
    for pairs, alike in ((same, True), (different, False)):
        assert len(np.unique(pairs, axis=0)) == len(pairs) == MOST_PAIRS
        assert (pairs[:, 0] < pairs[:, 1]).all()
        assert ((people_of[pairs[:, 0]] == people_of[pairs[:, 1]]) == alike).all()
    assert 0.48 < (people_of[same[:, 0]] == 2).mean() < 0.52  # both have more pairs than are drawn
    many = np.unique(same[people_of[same[:, 0]] == 1])
    assert len(many) > 15_000, "their pairs are drawn from all of their faces, not from the first few"
    assert many.max() > 99_000
