import numpy as np
import pytest

from core.drawn.face_shape import Expression, FaceShape, View
from core.drawn.people import PEOPLE
from core.foundation.skeletons import FACE68
from tests.builders.invented_people import random_identity

LAUGH = Expression(mouth_open=9, smile=0.6, brow_raise=3)


def test_mirrored_view_swaps_left_and_right_landmarks():
    swapped = np.arange(68)
    for a, b in FACE68.flip_pairs:
        swapped[[a, b]] = b, a
    for person in (PEOPLE["ada"], random_identity(np.random.default_rng(4))):
        one = FaceShape(person, LAUGH, View((100, 120), 1.3, roll=5, yaw=8, pitch=3)).landmarks()
        other = FaceShape(person, LAUGH, View((-100, 120), 1.3, roll=-5, yaw=-8, pitch=3)).landmarks()
        np.testing.assert_allclose(other[swapped] * (-1, 1), one, atol=1e-9)


def test_view_turns_about_the_vertical_by_hand():
    point = np.array([[10.0, 20.0, 30.0]])
    np.testing.assert_allclose(View((5, 7), 2).project(point), [[25, 47]])
    np.testing.assert_allclose(View((5, 7), 2, yaw=90).project(point), [[65, 47]], atol=1e-9)
    np.testing.assert_allclose(View((5, 7), 2, roll=90).project(point), [[-35, 27]], atol=1e-9)


def test_larger_scale_moves_landmarks_away_from_the_eyes_in_proportion():
    near, far = (FaceShape(PEOPLE["emi"], LAUGH, View((0, 0), scale)).landmarks() for scale in (2.0, 1.0))
    np.testing.assert_allclose(near, 2 * far)


def test_opening_the_mouth_parts_the_inner_lips_by_as_much():
    closed, opened = (
        FaceShape(PEOPLE["gita"], Expression(mouth_open=mm), View((0, 0), 1)).landmarks() for mm in (0, 10)
    )
    gaps = [points[66, 1] - points[62, 1] for points in (closed, opened)]
    assert gaps[1] - gaps[0] == pytest.approx(10)
    np.testing.assert_allclose(opened[17:48], closed[17:48])
