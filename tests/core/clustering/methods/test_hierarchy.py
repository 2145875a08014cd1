"""HDBSCAN: by hand, against scikit-learn, and with faces that must not meet."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import HDBSCAN

from core.clustering.constraints import Constraints
from core.clustering.methods.hierarchy import _core_lengths, hdbscan
from core.clustering.methods.links import links
from tests.builders.scattered_faces import people, random_limits, unit


def at(*degrees):
    turned = np.radians(degrees)
    return unit(np.stack([np.cos(turned), np.sin(turned)], axis=1))


def same(found, expected):
    pairs = set(zip(found.tolist(), expected.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(expected.tolist()))


def test_two_dense_knots_and_a_face_that_is_far_by_hand():
    faces = at(0, 1, 2, 60, 61, 62, 120)
    assert hdbscan(faces, np.cos(np.radians(30)), min_faces=3).tolist() == [0, 0, 0, 1, 1, 1, -1]


def test_a_group_that_goes_on_to_the_threshold_is_taken_whole():
    # Stability of the two pairs: 2 (1/d - 1/D) each, with d of 4 degrees and D of 5; of the whole: 4 (1/D - 1/L).
    faces = at(0, 4, 9, 13)
    short, long = (float(np.sqrt(2 - 2 * np.cos(np.radians(angle)))) for angle in (4, 5))

    def whole(angle):
        limit = float(np.sqrt(2 - 2 * np.cos(np.radians(angle))))
        return 4 * (1 / long - 1 / limit) >= 2 * 2 * (1 / short - 1 / long)

    assert whole(20)
    assert not whole(5.2)
    assert hdbscan(faces, np.cos(np.radians(20))).tolist() == [0, 0, 0, 0]
    assert hdbscan(faces, np.cos(np.radians(5.2))).tolist() == [0, 0, 1, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(1, 2))  # with more, several links are equally long
def test_the_groups_are_those_of_scikit_learn(seed, min_faces, min_samples):
    # Six faces lie far from all others: the whole, which scikit-learn never takes, is never the most stable.
    faces, _ = people(np.random.default_rng(seed), 46, 5)
    faces = np.pad(faces, ((0, 0), (0, 1)))
    faces[40:] = unit(0.05 * faces[40:] + np.eye(17)[16])
    peer = HDBSCAN(min_cluster_size=min_faces, min_samples=min_samples, copy=True).fit(faces.astype(np.float64))
    found = hdbscan(faces, -1.0, min_faces=min_faces, min_samples=min_samples)
    assert same(found, peer.labels_)


@pytest.mark.parametrize("min_samples", [1, 2, 4])
def test_the_distance_to_the_nearest_counts_as_of_scikit_learn(min_samples):
    faces, _ = people(np.random.default_rng(min_samples), 30, 4)
    near = links(faces, 0.3)
    far = np.sqrt(2 - 2 * near.data.astype(float))
    whole = np.full((30, 30), np.inf)
    whole[near.row, near.col] = whole[near.col, near.row] = far
    np.fill_diagonal(whole, 0)
    found = _core_lengths(30, near.row, near.col, far, min_samples)
    assert found.tolist() == np.partition(whole, min_samples - 1)[:, min_samples - 1].tolist()


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_group_holds_two_that_must_not_meet(seed):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, 30, 5)
    limits = random_limits(rng, 30)
    labels = hdbscan(faces, 0.1, limits)
    units = limits.units()
    held = {}
    for unit_, tag in zip(*limits.tags(units), strict=True):
        for label in set(labels[units == unit_].tolist()) - {-1}:
            assert held.setdefault((label, tag), unit_) == unit_


def test_faces_that_must_not_meet_make_smaller_groups_be_taken_by_hand():
    faces = at(0, 4, 9, 13)
    apart = replace(Constraints.none(4), apart=np.array([[1, 2]]))
    assert hdbscan(faces, np.cos(np.radians(20)), apart).tolist() == [0, 0, 1, 1]
    photos = replace(Constraints.none(4), photos=np.array([0, 0, 1, 2]))
    assert hdbscan(faces, np.cos(np.radians(20)), photos).tolist() == [-1, -1, 0, 0]


def test_a_must_link_brings_faces_together_from_afar():
    faces = at(0, 1, 90, 91, 180)
    tied = replace(Constraints.none(5), together=np.array([0, -1, 0, -1, -1]))
    labels = hdbscan(faces, np.cos(np.radians(30)), tied)
    assert labels[0] == labels[2] >= 0
    assert labels[4] == -1


def test_copies_of_one_face_are_one_group():
    assert hdbscan(np.tile(unit([[3, 4]]), (5, 1)), 0.5).tolist() == [0] * 5


@pytest.mark.parametrize("min_samples", [1, 2, 5])
def test_pairs_are_unknown_where_density_needs_more(min_samples):
    faces = at(0, 1, 90)
    assert hdbscan(faces, 0.9, min_samples=min_samples).tolist() == ([0, 0, -1] if min_samples < 3 else [-1] * 3)
