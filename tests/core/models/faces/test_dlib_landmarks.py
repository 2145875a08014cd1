import numpy as np

from core.models import load_landmarker
from core.models.faces.dlib_landmarks import dlib_box


def test_landmarks_lie_on_the_drawn_face(found, portraits, tmp_path):
    picture, boxes = found[0]
    keypoints = load_landmarker("dlib-68", "cpu", tmp_path).locate(picture, boxes.corners)
    truth = portraits[0].instances[0].keypoints.points
    error = np.linalg.norm(keypoints[0].points - truth, axis=1).mean() / np.linalg.norm(truth[36] - truth[45])
    assert len(keypoints) == len(boxes)
    assert error < 0.12
    assert np.isnan(keypoints[0].confidence).all()
    assert (keypoints[0].visibility == 2).all()


def test_no_boxes_give_no_landmarks(found, tmp_path):
    assert load_landmarker("dlib-68", "cpu", tmp_path).locate(found[0][0], np.zeros((0, 4))) == []


def test_box_for_dlib_is_a_square_a_little_lower_by_hand():
    box = dlib_box(
        np.array([10.0, 20.0, 74.0, 120.0])
    )  # 64 x 100, so the side is 1.05 * 80, the middle 70 + 0.06 * 100
    assert (box.left(), box.top(), box.right(), box.bottom()) == (0, 34, 84, 118)
