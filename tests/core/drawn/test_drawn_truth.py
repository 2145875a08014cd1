"""The drawn pictures and the truth about them agree."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from core.drawn import (
    PEOPLE,
    POSES,
    DrawnPicture,
    Pose,
    draw_figure,
    draw_group,
    draw_landscape,
    draw_portrait,
    many,
    random_identity,
    sample,
    write_pictures,
)
from core.drawn.body import FOREARM, SHOULDER, SHOULDER_LEVEL, UPPER_ARM, joints
from core.drawn.canvas import Canvas, ellipse
from core.drawn.face_shape import Expression, FaceShape, View
from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE
from core.foundation.errors import BadInput
from core.foundation.skeletons import BODY24, FACE68, skeleton

LAUGH = Expression(mouth_open=9, smile=0.6, brow_raise=3)


@pytest.fixture(scope="module")
def drawn() -> list[DrawnPicture]:
    return list(sample(0))


@pytest.fixture(scope="module")
def figures() -> dict[str, DrawnPicture]:
    return {name: draw_figure(pose, np.random.default_rng(1), PEOPLE["felix"]) for name, pose in POSES.items()}


def visibility(picture: DrawnPicture, joint: str) -> int:
    (figure,) = (one for one in picture.instances if one.kind == "person")
    return int(figure.keypoints.visibility[BODY24.point_names.index(joint)])


def brightness(pixels: np.ndarray, point: np.ndarray, reach: int = 1) -> np.ndarray:
    x, y = np.round(point).astype(int)
    return pixels[y - reach : y + reach + 1, x - reach : x + reach + 1].reshape(-1, 3).astype(float).mean(axis=0)


def redness(colour: np.ndarray) -> float:
    """The a* of CIELAB, from green to red."""
    return float(cv2.cvtColor((colour / 255).astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0, 1])


def test_sample_has_portraits_groups_figures_and_empty_places(drawn):
    kinds = [picture.name.split("/")[0] for picture in drawn]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"portraits": 36, "groups": 5, "figures": 7, "places": 2}
    assert len({picture.name for picture in drawn}) == 50
    people = [one.identity for picture in drawn for one in picture.instances if one.kind == "face"]
    assert set(people) == set(PEOPLE)
    assert all(not picture.instances for picture in drawn if picture.name.startswith("places"))
    assert [len(picture.instances) for picture in drawn if picture.name.startswith("groups")] == [3, 2, 3, 2, 3]


def test_every_point_lies_in_its_box_and_every_box_in_its_picture(drawn):
    for picture in drawn:
        height, width = picture.pixels.shape[:2]
        for one in picture.instances:
            named = skeleton(one.skeleton)
            assert (len(one.keypoints), named.kind) == (len(named), one.kind)
            present = one.keypoints.points[one.keypoints.visibility > ABSENT]
            left, top, right, bottom = one.box
            assert (present >= (left, top)).all(), picture.name
            assert (present <= (right, bottom)).all(), picture.name
            assert left >= 0, picture.name
            assert top >= 0, picture.name
            assert right <= width - 1, picture.name
            assert bottom <= height - 1, picture.name


def test_all_68_landmarks_of_a_face_are_present(drawn):
    faces = [one for picture in drawn for one in picture.instances if one.kind == "face"]
    assert len(faces) == 36 + 13 + 6
    assert all((face.keypoints.visibility == VISIBLE).all() for face in faces)


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


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_eye_centres_are_dark_and_lips_redder_than_cheeks(name):
    picture = draw_portrait(PEOPLE[name], np.random.default_rng(11), scene="studio")
    points = picture.instances[0].keypoints.points
    cheek = brightness(picture.pixels, (points[31] + points[2]) / 2, 4)
    for eye in (points[36:42], points[42:48]):
        pupil = brightness(picture.pixels, eye.mean(axis=0), 2)
        (left, top), (right, bottom) = eye.min(axis=0).astype(int), eye.max(axis=0).astype(int)
        white = np.quantile(picture.pixels[top:bottom, left:right].mean(axis=2), 0.95)
        assert pupil.mean() < 0.75 * white
        assert pupil.mean() < 0.9 * cheek.mean()
    lip = brightness(picture.pixels, (points[57] + points[66]) / 2)
    assert redness(lip) > redness(cheek)


def test_chin_landmark_sits_on_the_edge_between_face_and_neck():
    bare = replace(PEOPLE["ada"], hair="bald", beard="none")
    picture = draw_portrait(bare, np.random.default_rng(2), scene="studio")
    points = picture.instances[0].keypoints.points
    down = (points[8] - points[27]) / np.linalg.norm(points[8] - points[27])
    inside, outside = (brightness(picture.pixels, points[8] + step * down).mean() for step in (-8, 8))
    assert inside > outside + 15


def test_same_seed_draws_the_same_pixels_and_another_seed_other_ones():
    first, again, other = (next(iter(sample(seed))) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.instances[0].keypoints.points, again.instances[0].keypoints.points)
    assert (first.pixels != other.pixels).any()


def test_many_draws_as_many_as_asked_with_new_people():
    pictures = list(many(12, seed=7, per_person=5))
    assert [picture.instances[0].identity for picture in pictures] == ["p00000"] * 5 + ["p00001"] * 5 + ["p00002"] * 2
    assert {picture.pixels.shape for picture in pictures} == {(160, 160, 3)}
    assert len({picture.name for picture in pictures}) == 12
    assert list(many(0, seed=7)) == []
    assert random_identity(np.random.default_rng(1)) != random_identity(np.random.default_rng(2))


def test_group_without_people_is_an_empty_background():
    assert draw_group([], np.random.default_rng(0), (320, 240)).instances == ()
    assert draw_landscape(np.random.default_rng(0), (320, 240)).pixels.shape == (240, 320, 3)


def test_arm_hanging_straight_down_ends_where_the_bones_say():
    at = dict(zip(BODY24.point_names, joints(Pose(0, 0)), strict=True))
    np.testing.assert_allclose(at["left_shoulder"], [SHOULDER, -SHOULDER_LEVEL, 0])
    np.testing.assert_allclose(at["left_wrist"], [SHOULDER, -SHOULDER_LEVEL + UPPER_ARM + FOREARM, 0])
    np.testing.assert_allclose(at["right_wrist"] * (-1, 1, 1), at["left_wrist"])
    assert np.isnan(at["nose"]).all()


def test_raised_and_forward_limbs_point_up_and_to_the_viewer():
    pose = Pose(0, 0, limbs={"left_upper_arm": (0, 180), "right_upper_arm": (90, 0), "left_thigh": (0, 90)})
    at = dict(zip(BODY24.point_names, joints(pose), strict=True))
    np.testing.assert_allclose(at["left_elbow"] - at["left_shoulder"], [0, -UPPER_ARM, 0], atol=1e-9)
    np.testing.assert_allclose(at["right_elbow"] - at["right_shoulder"], [0, 0, UPPER_ARM], atol=1e-9)
    assert at["left_knee"][0] > at["left_hip"][0] + 400


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


def test_ears_under_long_hair_are_hidden():
    picture = draw_figure(POSES["jump"], np.random.default_rng(0), PEOPLE["ada"])
    assert visibility(picture, "left_ear") == HIDDEN
    bare = draw_figure(POSES["jump"], np.random.default_rng(0), PEOPLE["bruno"])
    assert visibility(bare, "left_ear") == VISIBLE


def test_head_in_full_profile_is_refused():
    with pytest.raises(BadInput, match="up to 25 degrees or from 150, not turned by 90"):
        Pose(0, 90)


@pytest.mark.parametrize("soft", [0.0, 1.0])
def test_painted_shape_is_centred_where_it_was_asked_for(soft):
    rows, columns = np.mgrid[:48, :64]
    for x, y in np.random.default_rng(0).uniform((28, 20), (34, 26), (20, 2)):
        canvas = Canvas(64, 48)
        canvas.fill(ellipse((x, y), (12, 7), turn=20), (200, 100, 50), soft=soft)
        painted = canvas.develop()[..., 0]
        assert (columns * painted).sum() / painted.sum() == pytest.approx(x, abs=0.1)
        assert (rows * painted).sum() / painted.sum() == pytest.approx(y, abs=0.1)


def test_painting_outside_the_canvas_changes_nothing():
    canvas = Canvas(16, 16)
    canvas.fill([[40, 40], [50, 40], [50, 50]], (255, 255, 255), soft=1)
    assert not canvas.rgb.any()


def test_written_sample_reads_back_with_its_truth(tmp_path, drawn):
    some = [drawn[0], next(p for p in drawn if p.name == "figures/wave.jpg"), drawn[-1]]
    truth = json.loads(write_pictures(some, tmp_path).read_text(encoding="utf-8"))
    assert [row["name"] for row in truth["pictures"]] == [picture.name for picture in some]
    for row, picture in zip(truth["pictures"], some, strict=True):
        with Image.open(tmp_path / row["name"]) as image:
            assert (image.format, image.size) == ("JPEG", (row["width"], row["height"]))
            assert not image.getexif()
            assert np.abs(np.asarray(image, int) - picture.pixels).mean() < 4
        assert len(row["instances"]) == len(picture.instances)
    wave = truth["pictures"][1]["instances"][0]
    ankle = BODY24.point_names.index("left_ankle")
    assert (wave["points"][ankle], wave["visibility"][ankle], wave["identity"]) == (None, ABSENT, "ada")
    shoulder = BODY24.point_names.index("left_shoulder")
    np.testing.assert_allclose(wave["points"][shoulder], some[1].instances[0].keypoints.points[shoulder], atol=1e-3)
