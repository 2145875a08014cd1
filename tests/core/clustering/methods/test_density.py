"""DBSCAN: by hand and against scikit-learn."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN

from core.clustering.methods.density import dbscan
from tests.builders.scattered_faces import people, unit


def at(*degrees):
    turned = np.radians(degrees)
    return unit(np.stack([np.cos(turned), np.sin(turned)], axis=1))


def test_core_edge_and_unknown_faces_by_hand():
    # 0, 5, 10 and 60, 65, 70 have three within 6 degrees in their middles; 14 hangs on 10; 120 is alone, 150-155 two.
    near = np.cos(np.radians(6))
    assert dbscan(at(0, 5, 10, 60, 65, 70, 120, 150, 155), near).tolist() == [0, 0, 0, 1, 1, 1, -1, -1, -1]


def test_a_face_between_two_groups_joins_the_one_it_is_more_like():
    faces = at(0, 1, 2, 3, 8.6, 14, 15, 16, 17)  # 8.6 is within 6 of 3 and of 14 alone
    assert dbscan(faces, np.cos(np.radians(6)), min_faces=4).tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-0.2, 0.9), st.integers(1, 5))
def test_core_faces_and_the_unknown_are_those_of_scikit_learn(seed, threshold, least):
    faces, _ = people(np.random.default_rng(seed), 40, 5)
    alike = faces.astype(np.float64) @ faces.T.astype(np.float64)
    if np.abs(alike - threshold).min() < 1e-5:
        return
    peer = DBSCAN(eps=1 - threshold, min_samples=least, metric="precomputed").fit(np.maximum(0, 1 - alike))
    found = dbscan(faces, threshold, min_faces=least)
    assert ((found < 0) == (peer.labels_ < 0)).all()
    core = peer.core_sample_indices_
    pairs = set(zip(found[core].tolist(), peer.labels_[core].tolist(), strict=True))
    assert len(pairs) == len(set(found[core].tolist())) == len(set(peer.labels_[core].tolist()))
    for face in np.flatnonzero(found >= 0):
        if face not in core:
            assert found[face] == found[max(core, key=lambda other: alike[face, other])]


def test_faces_that_are_alike_to_the_last_bit_are_one_group():
    assert dbscan(np.tile(unit([[3, 4]]), (5, 1)), 0.999).tolist() == [0] * 5
