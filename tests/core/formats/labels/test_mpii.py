"""MPII's own JSON: a list of people, joints in an order that no file names, the first pixel counted as 1."""

import numpy as np
import pytest

from core.formats.labels import read_label_file
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import COCO17, FACE68
from tests.builders.label_files import read, reasons

# Where COCO's shoulders, elbows, wrists, hips, knees and ankles (left, right) stand among the 16 joints of MPII.
OF_COCO = [13, 12, 14, 11, 15, 10, 3, 2, 4, 1, 5, 0]


def test_joints_stand_in_their_place_one_pixel_up_and_left():
    first, second = read("mpii.json", COCO17).rows
    assert (second.picture, second.box, second.size) == ("a.jpg", None, None)
    assert np.flatnonzero(second.keypoints.visibility == 0).tolist() == [0, 1, 2, 3, 4]  # nose, eyes and ears
    joints = np.stack([100 + 10 * np.arange(16), 50 + 5 * np.arange(16)], axis=1)
    np.testing.assert_array_equal(second.keypoints.points[5:], joints[OF_COCO])
    assert np.flatnonzero(first.keypoints.visibility == 0).tolist() == [0, 1, 2, 3, 4, 16]  # and the right ankle


def test_that_points_are_missing_and_without_a_place_is_told():
    (doubt,) = read("mpii.json", COCO17).rows[0].doubts
    assert doubt.about.reason() == (
        "12 of its 16 points are those of coco17 by name; it lacks nose, left_eye, right_eye, left_ear, right_ear, "
        "and there is no place for pelvis, thorax, upper neck, head top"
    )


def test_what_cannot_be_used_is_listed_and_nobody_without_a_joint_is_a_label():
    file = read("mpii.json", COCO17)
    assert file.left_out == {"without points": 1}
    assert reasons(file) == {
        "[3]": "joints and joints_vis should be of 16 points, not of 15 and 16",
        "[4]": "the key 'image' is missing",
        "[5]": "it should be an object, not 7",
    }


@pytest.mark.parametrize(
    ("content", "skeleton", "sentence"),
    [
        ('[{"image": "a", "joints": [], "joints_vis": [', COCO17, "it is not valid JSON"),
        ('[{"image": "a", "joints": [], "joints_vis": []}]', FACE68, "its keypoints are not those of face68"),
    ],
)
def test_what_is_no_list_of_bodies_is_refused(content, skeleton, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        read_label_file("a.json", content.encode(), skeleton)
