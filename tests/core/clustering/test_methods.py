"""The table of methods: each takes the same faces, refuses the same, and gives labels of the same form."""

from dataclasses import replace

import numpy as np
import pytest

from core.clustering.constraints import Constraints
from core.clustering.linkage import group
from core.clustering.methods import AVERAGE_LINKAGE, METHODS, link_threshold
from core.foundation.errors import BadInput
from core.metrics.clustering import bcubed
from tests.builders.scattered_faces import people, unit

every_method = pytest.mark.parametrize("name", METHODS)


@every_method
def test_people_who_are_far_apart_are_told_apart(name):
    faces, who = people(np.random.default_rng(0), 200, 8, dimensions=64, noise=0.2)
    labels = METHODS[name].group(faces, METHODS[name].own_threshold(0.6))
    assert (labels.dtype, labels.shape) == (np.int64, (200,))
    assert bcubed(who, labels).f == 1


@every_method
def test_nobody_is_in_no_group(name):
    labels = METHODS[name].group(np.zeros((0, 8), np.float32), 0.5)
    assert (labels.dtype, labels.shape) == (np.int64, (0,))


@every_method
def test_one_face_is_one_group_or_unknown(name):
    assert METHODS[name].group(unit([[1, 0]]), 0.5).tolist() in ([0], [-1])


@every_method
@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_face_that_is_nothing_is_refused(name, bad):
    faces = unit([[1, 0], [0, 1], [1, 1]])
    faces[1] = bad
    with pytest.raises(BadInput, match="embeddings should have the length 1; number 1 has"):
        METHODS[name].group(faces, 0.5)


@every_method
def test_a_threshold_that_is_none_is_refused(name):
    with pytest.raises(BadInput):
        METHODS[name].group(unit([[1, 0]]), 1.5)


@every_method
def test_the_faces_are_not_written_to(name):
    faces, _ = people(np.random.default_rng(1), 30, 4)
    faces.flags.writeable = False
    limits = replace(Constraints.none(30), photos=np.arange(30) // 2)
    METHODS[name].group(faces, 0.4, limits)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.constrained])
def test_two_faces_of_a_photo_are_two_people(name):
    faces = np.tile(unit([[1, 0, 0], [0, 1, 0]]), (3, 1))
    faces[0] = unit([[0.01, 1, 0]])[0]  # of the same photo as the next
    limits = replace(Constraints.none(6), photos=np.array([0, 0, 1, 2, 3, 4]))
    labels = METHODS[name].group(faces, 0.9, limits)
    assert labels[0] != labels[1] or labels[0] == -1
    with pytest.raises(BadInput, match="constraints should be over 6 faces"):
        METHODS[name].group(faces, 0.9, Constraints.none(5))


def test_what_people_are_grouped_by_is_in_the_table():
    assert METHODS[AVERAGE_LINKAGE].group is group
    assert METHODS[AVERAGE_LINKAGE].own_threshold(0.36) == 0.36


def test_own_thresholds_by_hand():
    assert link_threshold(0.82) == pytest.approx(0.875), "dlib: an L2 distance of 0.6 becomes 0.5"
    assert METHODS["running-mean-l2-0.44"].own_threshold(0.1) == pytest.approx(0.9032)
    assert METHODS["running-mean-l2-0.36"].own_threshold(0.1) == pytest.approx(0.9352)
    assert METHODS["dbscan"].own_threshold(0.82) == METHODS["components"].own_threshold(0.82) == link_threshold(0.82)
