"""Pairs from anywhere count as their source says."""

from __future__ import annotations

import numpy as np
import pytest

from core.formats.pair_scores import read_scores
from core.metrics.verification import Pairing
from core.verification import Comparisons

SCORES, SAME = np.array([0.9, 0.8, 0.2]), np.array([True, True, False])


def test_each_pair_counts_once_as_they_occur():
    compared = Comparisons(SCORES, SAME)
    assert compared.weights is None
    assert compared.mixture == 0.5
    assert (compared.ranked.same_total, compared.ranked.different_total) == (2, 1)


def test_both_kinds_may_weigh_as_asked_for():
    compared = Comparisons(SCORES, SAME, different_per_same=3.0)
    assert compared.weights.tolist() == [0.5, 0.5, 3.0]
    assert compared.mixture == 3


def test_people_may_count_alike():
    pairing = Pairing.of(np.array([0, 1, 0]), np.array([0, 1, 1]))
    compared = Comparisons(SCORES, SAME, pairing, people_alike=True)
    assert compared.weights == pytest.approx([0.5, 0.5, 0.5])


def test_without_pairs_of_one_person_the_mixture_is_even():
    assert Comparisons(SCORES[2:], SAME[2:]).mixture == 1


def test_a_file_of_scores_tells_of_people_and_groups_where_it_has_them(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("score,same\n0.9,1\n0.1,0\n")
    compared = Comparisons.of_scores(read_scores(path), "a.csv")
    assert compared.pairing is None
    assert compared.left_group is None
    path.write_text("score,same,left_person,right_person,group,note\n0.9,1,a,a,x,\n0.1,0,a,b,,\n")
    compared = Comparisons.of_scores(read_scores(path), "a.csv")
    assert compared.pairing.people == 2
    assert compared.left_group.tolist() == [0, -1]
    assert (compared.groups, compared.source["ignored"]) == (("x",), ["note"])
