"""The running mean: by hand, against a plain implementation, and under constraints."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clustering.constraints import Constraints
from core.clustering.methods import online
from core.clustering.methods.online import running_mean
from tests.builders.scattered_faces import people, random_limits, unit


def as_the_video_project(faces, distance, directions):
    """Means and L2 distances, face by face."""
    groups, labels = [], []
    for face in faces.astype(np.float64):
        means = [np.mean(group, axis=0) for group in groups]
        if directions:
            means = [mean / np.linalg.norm(mean) for mean in means]
        far = [np.linalg.norm(mean - face) for mean in means]
        best = int(np.argmin(far)) if far else -1
        if best < 0 or far[best] > distance:
            best = len(groups)
            groups.append([])
        groups[best].append(face)
        labels.append(best)
    return labels


def test_the_mean_moves_and_the_order_counts_by_hand():
    turned = np.radians([0, 30, 50])
    faces = unit(np.stack([np.cos(turned), np.sin(turned)], axis=1))
    near = np.cos(np.radians(32))
    assert running_mean(faces, near, directions=True).tolist() == [0, 0, 1], "50 is 35 degrees from the mean at 15"
    assert running_mean(faces[::-1].copy(), near, directions=True).tolist() == [0, 0, 1]
    assert running_mean(faces[[1, 0, 2]], near, directions=True).tolist() == [0, 0, 1]
    assert running_mean(faces[[1, 2, 0]], near, directions=True).tolist() == [0, 0, 1]
    assert running_mean(faces, np.cos(np.radians(36)), directions=True).tolist() == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.36, 0.44, 0.9, 1.2]), st.booleans())
def test_it_is_that_of_means_and_distances(seed, distance, directions):
    faces, _ = people(np.random.default_rng(seed), 40, 5, noise=0.6)
    found = running_mean(faces, 1 - distance**2 / 2, directions=directions)
    assert found.tolist() == as_the_video_project(faces, distance, directions)


@pytest.mark.parametrize("block", [1, 7, 40])
@pytest.mark.parametrize("directions", [False, True])
def test_faces_that_are_compared_together_are_grouped_as_one_by_one(block, directions, monkeypatch):
    monkeypatch.setattr(online, "_BLOCK", block)
    faces, _ = people(np.random.default_rng(block), 90, 9, noise=0.6)
    found = running_mean(faces, 1 - 0.9**2 / 2, directions=directions)
    assert found.tolist() == as_the_video_project(faces, 0.9, directions)


def test_more_groups_than_there_was_room_for():
    assert running_mean(np.eye(200, dtype=np.float32), 0.5).tolist() == list(range(200))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_constraints_hold(seed, directions):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, 30, 5)
    limits = random_limits(rng, 30)
    labels = running_mean(faces, 0.2, limits, directions=directions)
    units = limits.units()
    assert all(len(set(labels[units == unit_].tolist())) == 1 for unit_ in set(units.tolist()))
    holder, tag = limits.tags(units)
    group_of = np.array([labels[units == unit_][0] for unit_ in holder], np.int64)
    assert len(np.unique(np.stack([group_of, tag]), axis=1).T) == len(tag), "no group holds a tag twice"


def test_no_constraints_are_those_of_nobody():
    faces, _ = people(np.random.default_rng(2), 40, 5)
    assert running_mean(faces, 0.4).tolist() == running_mean(faces, 0.4, Constraints.none(40)).tolist()


def test_opposite_faces_that_cancel_out_are_no_error():
    labels = running_mean(unit([[1, 0], [-1, 0], [0, 1]]), -1.0, directions=True)
    assert labels[:2].tolist() == [0, 0]
    assert labels[2] == pytest.approx(0)
