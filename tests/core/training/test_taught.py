"""Which points labels teach, by hand: any label counts, mirrored ones teach the other side too."""

import numpy as np
import pytest

from core.foundation.skeletons import FACE68, SKELETONS
from core.training.taught import point_list, taught_points


def test_a_point_that_one_label_has_is_taught_and_hidden_ones_count():
    visibility = np.zeros((3, 68), np.uint8)
    visibility[0, 5], visibility[2, 30] = 2, 1
    assert np.flatnonzero(taught_points(visibility, FACE68, mirrored=False)).tolist() == [5, 30]


def test_labels_that_are_mirrored_teach_the_other_side_too():
    visibility = np.zeros((1, 68), np.uint8)
    visibility[0, [0, 30]] = 2  # the jaw at one ear, the tip of the nose
    assert np.flatnonzero(taught_points(visibility, FACE68, mirrored=True)).tolist() == [0, 16, 30]


def test_no_labels_teach_nothing():
    assert not taught_points(np.zeros((0, 68), np.uint8), FACE68, mirrored=True).any()


@pytest.mark.parametrize(
    ("rows", "names"),
    [([], []), (range(17), ["jaw"]), ([*range(17), 30], ["jaw", "nose_4"]), ([1, 0], ["jaw_1", "jaw_2"])],
)
def test_points_are_named_and_whole_regions_by_their_own_name(rows, names):
    assert point_list(FACE68, rows) == names


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_all_points_of_a_skeleton_are_its_regions_and_what_is_in_none(skeleton):
    loose = set(range(len(skeleton))) - {row for rows in skeleton.regions.values() for row in rows}
    assert len(point_list(skeleton, range(len(skeleton)))) == len(skeleton.regions) + len(loose)
