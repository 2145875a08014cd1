import numpy as np
import pytest

from core.drawn.body import POSES, Pose
from core.drawn.figures import draw_figure
from core.drawn.people import PEOPLE
from core.drawn.truth import DrawnPicture
from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE
from core.foundation.skeletons import BODY24


@pytest.fixture(scope="module")
def figures() -> dict[str, DrawnPicture]:
    return {name: draw_figure(pose, np.random.default_rng(1), PEOPLE["felix"]) for name, pose in POSES.items()}


def visibility(picture: DrawnPicture, joint: str) -> int:
    (figure,) = (one for one in picture.instances if one.kind == "person")
    return int(figure.keypoints.visibility[BODY24.point_names.index(joint)])


def test_hands_behind_the_back_are_hidden_and_shoulders_seen(figures):
    for side in ("left", "right"):
        assert visibility(figures["hands-behind"], f"{side}_wrist") == HIDDEN
        assert visibility(figures["hands-behind"], f"{side}_palm") == HIDDEN
        assert visibility(figures["hands-behind"], f"{side}_shoulder") == VISIBLE
        assert visibility(figures["hands-behind"], f"{side}_knee") == VISIBLE


def test_joints_beyond_the_frame_are_absent(figures):
    for joint in ("left_ankle", "right_ankle", "left_instep", "right_knee"):
        assert visibility(figures["wave"], joint) == ABSENT
    assert visibility(figures["wave"], "nose") == VISIBLE


def test_seen_from_behind_there_is_no_face(figures):
    picture = figures["window"]
    assert [one.kind for one in picture.instances] == ["person"]
    assert {visibility(picture, name) for name in ("nose", "left_eye", "right_eye")} == {HIDDEN}
    assert visibility(picture, "left_ear") == VISIBLE
    points = picture.instances[0].keypoints.points
    left, right = (BODY24.point_names.index(f"{side}_shoulder") for side in ("left", "right"))
    assert points[left, 0] < points[right, 0]


def test_far_shoulder_is_hidden_when_the_body_is_seen_from_the_side():
    picture = draw_figure(Pose(85, 20), np.random.default_rng(0), PEOPLE["felix"])
    assert visibility(picture, "left_shoulder") == HIDDEN
    assert visibility(picture, "right_shoulder") == VISIBLE
