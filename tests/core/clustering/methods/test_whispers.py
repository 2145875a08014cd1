"""Chinese whispers: by hand, and the very groups of dlib."""

import dlib
import numpy as np
import pytest

from core.clustering.methods.whispers import chinese_whispers
from tests.builders.scattered_faces import people, unit


def test_two_knots_and_a_loner_by_hand():
    turned = np.radians([0, 1, 2, 40, 41, 42, 90])
    faces = unit(np.stack([np.cos(turned), np.sin(turned)], axis=1))
    assert chinese_whispers(faces, np.cos(np.radians(5))).tolist() == [0, 0, 0, 1, 1, 1, 2]


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_the_groups_are_those_of_dlib(seed, threshold):
    faces, _ = people(np.random.default_rng(seed), 120, 12)
    vectors = [dlib.vector(face.astype(float).tolist()) for face in faces]
    peer = dlib.chinese_whispers_clustering(vectors, float(np.sqrt(2 - 2 * threshold)))
    found = chinese_whispers(faces, threshold).tolist()
    assert len(set(zip(found, peer, strict=True))) == len(set(found)) == len(set(peer))


def test_the_same_faces_give_the_same_groups():
    faces, _ = people(np.random.default_rng(5), 60, 6)
    assert chinese_whispers(faces, 0.4).tolist() == chinese_whispers(faces, 0.4).tolist()
