"""How well a face can be recognised: by hand, against OpenCV and SciPy, and where nothing can be told."""

import cv2
import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from core.foundation.geometry import ARCFACE_POINTS
from core.metrics.face_quality import SIDE, face_figures, head_pose, landmark_disagreement, normalised_grey, sharpness
from tests.builders.places import SHARED

FIVE = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], float)


def picture(grey):
    return np.repeat(np.asarray(grey, np.uint8)[:, :, None], 3, axis=2)


def test_one_bright_pixel_among_four_has_the_variance_worked_out_by_hand():
    grey = np.zeros((SIDE, SIDE), np.uint8)
    grey[50, 50] = 10  # seen as -40 once and as 10 four times among 110 x 110 values, which sum to nothing
    assert sharpness(picture(grey), (0, 0, SIDE, SIDE)) == pytest.approx((40**2 + 4 * 10**2) / 110**2)


def test_a_flat_face_and_one_that_lies_outside_are_not_sharp_at_all():
    flat = picture(np.full((60, 60), 90))
    assert sharpness(flat, (5, 5, 50, 50)) == 0
    assert sharpness(flat, (100, 100, 150, 150)) == 0
    assert sharpness(flat, (-80, -80, -10, -10)) == 0
    assert sharpness(flat, (10, 10, 10.2, 10.2)) == 0


@given(seed=st.integers(0, 2**32 - 1), wide=st.integers(SIDE, 300), high=st.integers(3, SIDE))
def test_it_is_the_laplacian_of_opencv_and_scipy_inside_the_edge(seed, wide, high):
    pixels = np.random.default_rng(seed).integers(0, 256, (high, wide, 3), dtype=np.uint8)
    seen = normalised_grey(pixels, (0, 0, wide, high))
    assert max(seen.shape) == SIDE
    if min(seen.shape) < 3:
        return
    inside = slice(1, -1), slice(1, -1)
    mine = sharpness(pixels, (0, 0, wide, high))
    assert mine == pytest.approx(cv2.Laplacian(seen, cv2.CV_64F, ksize=1)[inside].var())
    assert mine == pytest.approx(scipy.ndimage.laplace(seen)[inside].var())


def test_blurring_makes_a_face_less_sharp_and_its_size_in_the_picture_hardly_counts():
    noise = np.random.default_rng(0).integers(0, 256, (448, 448), dtype=np.uint8)
    smooth = [picture(cv2.GaussianBlur(noise, (0, 0), sigma)) for sigma in (2, 4, 8)]
    first, second, third = (sharpness(pixels, (0, 0, 448, 448)) for pixels in smooth)
    assert first > 2 * second > 4 * third
    half = cv2.resize(smooth[1], (224, 224), interpolation=cv2.INTER_AREA)
    assert sharpness(half, (0, 0, 224, 224)) == pytest.approx(second, rel=0.05)


def test_what_lies_beyond_the_picture_does_not_count():
    pixels = picture(np.random.default_rng(1).integers(0, 256, (100, 100)))
    whole = normalised_grey(pixels, (0, 0, 112, 112))
    assert whole.shape == (100, 100)
    np.testing.assert_array_equal(whole, normalised_grey(pixels, (0, 0, 112, 112.4)))


def test_a_face_that_looks_straight_is_turned_nowhere():
    yaw, pitch = head_pose(FIVE)
    assert yaw == 0
    assert pitch == 0
    yaw, pitch = head_pose(ARCFACE_POINTS)
    assert abs(yaw) < 2
    assert abs(pitch) < 3


def test_the_nose_says_how_far_a_head_is_turned():
    five = FIVE.copy()
    five[2] = [50 + 0.52 * 40, 60]  # as far aside as it stands out: 45 degrees
    assert head_pose(five) == pytest.approx((45, 0))
    five[2] = [50, 60 + 0.45 * 40]
    assert head_pose(five) == pytest.approx((0, 45))
    five[[0, 1]] = [50, 40]  # eyes one behind the other: a profile
    five[2] = [60, 60]
    assert head_pose(five)[0] == pytest.approx(90)


@given(angle=st.floats(0, 360), scale=st.floats(0.1, 10), x=st.floats(-500, 500))
def test_neither_roll_nor_place_nor_size_counts_and_a_mirror_turns_the_other_way(angle, scale, x):
    five = FIVE + np.array([[0, 0], [0, 0], [9, -6], [0, 0], [0, 0]])
    turn = np.radians(angle)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert head_pose(five @ rotation.T + x) == pytest.approx(head_pose(five), abs=1e-6)
    mirrored = (five * [-1, 1])[[1, 0, 2, 4, 3]]
    yaw, pitch = head_pose(five)
    assert head_pose(mirrored) == pytest.approx((-yaw, pitch))


def test_points_that_span_no_face_tell_no_pose():
    assert head_pose(np.full((5, 2), 3.0)) is None
    assert head_pose(np.where(np.arange(10).reshape(5, 2) == 4, np.nan, FIVE)) is None


def test_disagreement_is_in_distances_of_the_eyes():
    moved = FIVE + np.array([0, 10])
    assert landmark_disagreement(FIVE, moved) == pytest.approx(10 / 40)
    assert landmark_disagreement(FIVE, FIVE) == 0
    assert landmark_disagreement(np.full((5, 2), 1.0), FIVE) is None
    assert landmark_disagreement(FIVE, np.full((5, 2), np.nan)) is None


def test_a_face_without_points_has_its_sharpness_and_its_size_alone():
    found = face_figures(picture(np.full((50, 50), 7)), (1, 2, 41, 32))
    assert (found.sharpness, found.size) == (0, 30)
    assert (found.yaw, found.pitch, found.disagreement) == (None, None, None)
    both = face_figures(picture(np.full((90, 90), 7)), (1, 2, 41, 32), FIVE, FIVE + np.array([0, 10]))
    assert (both.yaw, both.disagreement) == (0, 0.25)
    assert face_figures(picture(np.full((90, 90), 7)), (1, 2, 41, 32), None, FIVE).yaw == 0


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared photos")
def test_on_heads_whose_pose_is_known_it_is_right_within_a_third_and_some_degrees():
    for file in sorted((SHARED / "landmarks68" / "aflw2000").glob("*.mat")):
        known = scipy.io.loadmat(file)
        points = known["pt3d_68"][:2].T
        five = np.stack([points[list(rows)].mean(axis=0) for rows in (range(36, 42), range(42, 48), [30], [48], [54])])
        up, turned, _ = np.degrees(known["Pose_Para"][0, :3])
        yaw, pitch = head_pose(five)
        assert yaw == pytest.approx(-turned, rel=0.33, abs=10), file.name
        if abs(turned) < 45:  # beyond that the far corner of the mouth and the far eye lie behind the head
            assert pitch == pytest.approx(-up, rel=0.33, abs=12), file.name
