"""Connected components: by hand, against SciPy, under constraints, and what the guard is for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from core.clustering.constraints import Constraints
from core.clustering.methods.connected import connected_faces
from tests.builders.scattered_faces import people, random_limits, unit


def parts(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


def at(*degrees):
    turned = np.radians(degrees)
    return unit(np.stack([np.cos(turned), np.sin(turned)], axis=1))


def test_a_chain_joins_its_ends_by_hand():
    faces = at(0, 20, 40, 60, 100)
    assert parts(connected_faces(faces, np.cos(np.radians(21)))) == {frozenset({0, 1, 2, 3}), frozenset({4})}


def test_the_guard_takes_a_chain_apart_by_hand():
    # 0-10 join, 21-31 join; their nearest two are 11 degrees apart, but their means 21.
    faces = at(0, 10, 21, 31)
    assert len(parts(connected_faces(faces, np.cos(np.radians(12))))) == 1
    guarded = connected_faces(faces, np.cos(np.radians(12)), guard=True)
    assert parts(guarded) == {frozenset({0, 1}), frozenset({2, 3})}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-0.2, 0.9))
def test_without_constraints_it_is_single_linkage(seed, threshold):
    faces, _ = people(np.random.default_rng(seed), 40, 6)
    exact = linkage(faces.astype(float), "single", metric="cosine")
    if np.abs(exact[:, 2] - (1 - threshold)).min() < 1e-5:
        return
    expected = parts(fcluster(exact, 1 - threshold, "distance"))
    assert parts(connected_faces(faces, threshold)) == expected
    assert parts(connected_faces(faces, threshold, Constraints.none(40))) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_constraints_hold(seed, guard):
    rng = np.random.default_rng(seed)
    faces, _ = people(rng, 30, 5)
    limits = random_limits(rng, 30)
    labels = connected_faces(faces, 0.3, limits, guard=guard)
    units = limits.units()
    assert all(len(set(labels[units == unit_].tolist())) == 1 for unit_ in set(units.tolist()))
    holder, tag = limits.tags(units)
    group_of = np.array([labels[units == unit_][0] for unit_ in holder], np.int64)
    assert len(np.unique(np.stack([group_of, tag]), axis=1).T) == len(tag), "no group holds a tag twice"


@pytest.mark.parametrize("guard", [False, True])
def test_the_guard_only_takes_apart(guard):
    faces, _ = people(np.random.default_rng(3), 60, 8, noise=1.2)
    whole, guarded = connected_faces(faces, 0.5), connected_faces(faces, 0.5, guard=guard)
    assert all(len(set(whole[list(part)].tolist())) == 1 for part in parts(guarded))
