"""Pairs are drawn without repeats, equally often, and without listing all that there are."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chisquare

from core.verification.drawing import different_pairs, same_pairs

MANY = 1_000_000


def test_a_large_set_is_drawn_from_without_repeats():
    people_of = np.repeat(np.arange(30), 10)
    rng = np.random.default_rng(0)
    for pairs, alike in ((same_pairs(people_of, 500, rng), True), (different_pairs(people_of, 500, rng), False)):
        assert 435 <= len(pairs) <= 500
        assert len(np.unique(np.sort(pairs, axis=1), axis=0)) == len(pairs)
        assert ((people_of[pairs[:, 0]] == people_of[pairs[:, 1]]) == alike).all()


def listed(people_of, alike):
    """Every pair of rows that are of one person, or not, the plain way."""
    ends = combinations(range(len(people_of)), 2)
    return {(a, b) for a, b in ends if (people_of[a] == people_of[b]) == alike}


@pytest.mark.parametrize("people_of", [[], [7], [7, 7], [7, 8], [3, 9, 3, 1, 9, 3, 3, 2, 9], [5] * 6 + [4]])
def test_a_small_set_gives_every_pair_once(people_of):
    rows, rng = np.array(people_of, np.int64), np.random.default_rng(0)
    for pairs, alike in ((same_pairs(rows, MANY, rng), True), (different_pairs(rows, MANY, rng), False)):
        found = [tuple(pair) for pair in pairs.tolist()]
        assert len(found) == len(set(found))
        assert set(found) == listed(people_of, alike)


@pytest.mark.parametrize(("draw", "alike"), [(same_pairs, True), (different_pairs, False)])
def test_every_pair_of_those_whose_pairs_are_not_all_taken_is_drawn_equally_often(draw, alike):
    people_of, drawn = np.array([1] * 5 + [2] * 5 + [3] * 5), Counter()
    for seed in range(2000):
        drawn.update(map(tuple, draw(people_of, 18, np.random.default_rng(seed)).tolist()))
    assert set(drawn) == listed(people_of, alike)
    assert drawn.total() == 2000 * 18
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_as_many_pairs_of_everybody_are_drawn_and_all_of_those_who_have_fewer():
    people_of = np.repeat([1, 2, 3], [200, 20, 2])
    rng = np.random.default_rng(0)
    of_one = Counter(people_of[same_pairs(people_of, 201, rng)[:, 0]].tolist())
    assert of_one == {1: 100, 2: 100, 3: 1}
    of_two = Counter(map(tuple, people_of[different_pairs(people_of, 640, rng)].tolist()))
    assert of_two == {(1, 2): 300, (1, 3): 300, (2, 3): 40}


def test_of_more_twos_of_people_than_pairs_are_wanted_each_gives_one():
    pairs = different_pairs(np.repeat(np.arange(1000), 3), 2000, np.random.default_rng(0))
    assert len(np.unique(pairs // 3, axis=0)) == len(pairs) == 2000


def test_one_person_with_very_many_faces_costs_no_more_than_the_draw_and_leaves_room_for_others():
    people_of = np.concatenate([np.repeat(1, 100_000), np.repeat(2, 300)])  # 5,000,000,000 pairs, and 44,850
    tracemalloc.start()
    same = same_pairs(people_of, 20_000, np.random.default_rng(0))
    different = different_pairs(people_of, 20_000, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 2**20
    for pairs, alike in ((same, True), (different, False)):
        assert len(np.unique(pairs, axis=0)) == len(pairs) == 20_000
        assert (pairs[:, 0] < pairs[:, 1]).all()
        assert ((people_of[pairs[:, 0]] == people_of[pairs[:, 1]]) == alike).all()
    assert (people_of[same[:, 0]] == 2).sum() == 10_000  # both have more pairs than are drawn
    many = np.unique(same[people_of[same[:, 0]] == 1])
    assert len(many) > 15_000, "their pairs are drawn from all of their faces, not from the first few"
    assert many.max() > 99_000
