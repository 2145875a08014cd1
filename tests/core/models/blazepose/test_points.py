"""From the numbers of the network to our skeletons, by hand."""

import numpy as np
import pytest

from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE
from core.foundation.skeletons import BODY24, COCO17
from core.models.blazepose.points import COUNT, DERIVED, NAMES, SKELETONS, SeenBody, keypoints, square_around, square_of
from core.models.tflite import Square

# Somebody who stands upright: x to the person's left is to the right in the picture.
STANDING = {
    **{"nose": (50, 20), "left_eye": (52, 18), "right_eye": (48, 18), "left_ear": (55, 19), "right_ear": (45, 19)},
    **{"mouth_left": (51, 23), "mouth_right": (49, 23), "left_shoulder": (60, 30), "right_shoulder": (40, 30)},
    **{"left_wrist": (64, 50), "left_index": (66, 56), "left_pinky": (65, 56), "left_hip": (56, 60)},
    **{"right_hip": (44, 60), "left_ankle": (56, 96), "left_foot": (60, 100)},
}


def standing(visible=1.0, present=1.0):
    points = np.full((39, 2), 50.0)
    for name, place in STANDING.items():
        points[NAMES.index(name)] = place
    points[33], points[34] = (50, 60), (50, 10)
    return SeenBody(points, np.full(39, visible), np.full(39, present), 1.0)


def test_the_network_names_33_points():
    assert COUNT == 33
    by_name = {"left_eye": 2, "right_ear": 8, "left_shoulder": 11, "right_wrist": 16, "left_pinky": 17, "left_hip": 23}
    assert {name: NAMES.index(name) for name in by_name} == by_name
    assert (NAMES.index("right_ankle"), NAMES.index("left_heel"), NAMES.index("right_foot")) == (28, 29, 32)


def test_each_point_is_one_of_the_networks_or_said_to_be_derived():
    for skeleton in SKELETONS.values():
        for name in skeleton.point_names:
            assert (name in NAMES) != (name in DERIVED)
    assert not set(COCO17.point_names) & set(DERIVED)
    for weights in DERIVED.values():
        assert sum(weights.values()) == pytest.approx(1)


def test_derived_points_lie_between_what_they_are_derived_from():
    found = keypoints(standing(), BODY24, 100, 120)
    at = dict(zip(BODY24.point_names, found.points.tolist(), strict=True))
    assert at["neck"] == pytest.approx([50, 60 - 1.17 * 30], abs=1e-4)
    assert at["spine2"] == pytest.approx([50, 60 - 0.70 * 30], abs=1e-4)
    assert at["spine1"] == pytest.approx([50, 60 - 0.32 * 30], abs=1e-4)
    assert at["left_palm"] == pytest.approx([65, 54], abs=1e-4)
    assert at["left_instep"] == pytest.approx([58, 98], abs=1e-4)
    assert at["left_shoulder"] == [60, 30]


def test_the_17_of_coco_are_the_networks_own():
    found = keypoints(standing(), COCO17, 100, 120)
    assert found.points.tolist() == [standing().points[NAMES.index(name)].tolist() for name in COCO17.point_names]
    assert (found.visibility == VISIBLE).all()


def test_what_lies_beside_the_picture_is_absent_and_what_is_covered_hidden():
    pose = standing(visible=0.8, present=0.9)
    pose.points[NAMES.index("left_wrist")] = (-0.6, 50)
    pose.points[NAMES.index("right_wrist")] = (99.6, 50)
    pose.visible[NAMES.index("left_hip")] = 0.3
    found = keypoints(pose, BODY24, 100, 120)
    row = BODY24.point_names.index
    assert found.visibility[row("left_wrist")] == found.visibility[row("right_wrist")] == ABSENT
    assert (found.visibility[row("left_hip")], found.confidence[row("left_hip")]) == (HIDDEN, pytest.approx(0.3))
    assert found.visibility[row("spine1")] == HIDDEN, "derived from one that is covered"
    assert found.confidence[row("nose")] == pytest.approx(0.8)


def test_numbers_become_pixels_of_the_picture_and_chances():
    numbers = np.zeros((39, 5), np.float32)
    numbers[0] = (128, 64, 5, np.log(3), -np.log(3))
    pose = SeenBody.read(numbers.ravel(), 0.7, Square(np.array([100.0, 200.0]), 512.0), 256)
    assert pose.points[0].tolist() == [100, 200 - 128]
    assert (pose.visible[0], pose.present[0], pose.score) == (pytest.approx(0.75), pytest.approx(0.25), 0.7)
    with np.errstate(all="raise"):
        SeenBody.read(np.full(195, -1e30), 0.0, Square(np.zeros(2), 1.0), 256)


def test_the_square_is_turned_so_that_from_the_hips_to_the_top_is_up():
    lying = square_of(np.array([50.0, 50.0]), np.array([90.0, 50.0]))
    assert (lying.side, lying.turn) == (pytest.approx(2 * 1.25 * 40), pytest.approx(np.pi / 2))
    top = lying.back(np.array([[128, 256 * (0.5 - 40 / 100)]]), 256)
    assert np.allclose(top, [[90, 50]])
    assert (standing().square().turn, standing().square().side) == (0, 125)


def test_a_box_of_which_nothing_is_known_is_taken_upright():
    square = square_around(np.array([10, 20, 30, 100]))
    assert (square.centre.tolist(), square.side, square.turn) == ([20, 60], 100, 0)
    assert square_around(np.zeros(4)).side == 1


def test_the_box_is_around_what_is_present_with_the_crown_and_stays_in_the_picture():
    left, top, right, bottom = standing().box(100, 120)
    assert (left, right) == pytest.approx((40 - 0.1 * 26, 66 + 0.1 * 26))
    assert top == pytest.approx(20 - 4 * 3)
    assert bottom == pytest.approx(100 + 0.05 * 82)
    assert standing().box(60, 90)[2:].tolist() == [59.5, 89.5]


def test_points_that_are_not_in_the_square_are_not_in_the_box():
    pose = standing()
    pose.present[[NAMES.index("left_ankle"), NAMES.index("left_foot")]] = 0.1
    assert pose.box(100, 120)[3] < 70
    pose.present[:] = 0.0
    assert pose.box(100, 120)[3] > 100, "where nothing is, everything counts"


def test_somebody_is_known_again_by_hips_and_top():
    assert standing().is_of(np.array([52, 61]), np.array([51, 12]))
    assert not standing().is_of(np.array([52, 61]), np.array([70, 12]))
