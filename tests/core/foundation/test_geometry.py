"""Transforms, aligned faces, overlap: by hand, against numpy, and where nothing is there."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.foundation.geometry import ARCFACE_POINTS, align_face, iou, most_central, outline_areas, similarity_transform


def test_a_quarter_turn_doubled_and_moved_is_found_exactly():
    source = np.array([[0, 0], [1, 0], [0, 1]])
    target = np.array([[5, 7], [5, 9], [3, 7]])  # (x, y) -> (5 - 2 y, 7 + 2 x)
    np.testing.assert_allclose(similarity_transform(source, target), [[0, -2, 5], [2, 0, 7]], atol=1e-6)


def test_random_similarity_is_recovered_from_noiseless_points():
    rng = np.random.default_rng(0)
    for _ in range(20):
        angle, scale, shift = rng.uniform(-np.pi, np.pi), rng.uniform(0.1, 5), rng.normal(size=2) * 50
        rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        source = rng.normal(size=(5, 2)) * 30
        matrix = similarity_transform(source, source @ rotation.T + shift)
        np.testing.assert_allclose(matrix, np.column_stack([rotation, shift]), rtol=1e-4, atol=1e-3)


def test_noisy_points_are_fitted_as_well_as_linear_least_squares_fits_them():
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))
    matrix = similarity_transform(source, target).astype(float)
    # The unknowns a, b, tx, ty of [[a, -b, tx], [b, a, ty]] solved as ordinary linear equations.
    x, y = source.T
    ones, zeros = np.ones(7), np.zeros(7)
    rows = np.vstack([np.column_stack([x, -y, ones, zeros]), np.column_stack([y, x, zeros, ones])])
    a, b, tx, ty = np.linalg.lstsq(rows, target.T.ravel(), rcond=None)[0]
    np.testing.assert_allclose(matrix, [[a, -b, tx], [b, a, ty]], atol=1e-5)


def test_mirrored_points_are_not_answered_with_a_reflection():
    source = np.array([[0.0, 0], [2, 0], [0, 1]])
    matrix = similarity_transform(source, source * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) > 0


def test_points_that_coincide_are_refused():
    with pytest.raises(BadInput, match="do not all coincide"):
        similarity_transform(np.ones((5, 2)), ARCFACE_POINTS)


def test_one_point_is_too_few():
    with pytest.raises(BadInput, match="at least two points"):
        similarity_transform(np.ones((1, 2)), np.ones((1, 2)))


@pytest.mark.parametrize("source", [np.eye(5)[:, :3], np.eye(4)[:, :2], np.arange(10.0)])
def test_points_that_cannot_be_pairs_are_refused(source):
    for first, second in ((source, ARCFACE_POINTS), (source, source[:, None])):
        with pytest.raises(BadInput, match="two lists"):
            similarity_transform(first, second)


def test_points_that_are_not_finite_are_refused():
    with pytest.raises(BadInput, match="finite"):
        similarity_transform(np.full((5, 2), np.nan), ARCFACE_POINTS)


def test_alignment_puts_the_five_points_on_the_template():
    points = np.array([[120, 90], [180, 110], [145, 140], [105, 160], [155, 178]], float)
    target = similarity_transform(points, ARCFACE_POINTS)
    image = np.zeros((300, 300, 3), np.uint8)
    for channel, (x, y) in enumerate(points[:3].astype(int)):
        image[y - 1 : y + 2, x - 1 : x + 2, channel] = 255
    face = align_face(image, points)
    for channel, point in enumerate(points[:3]):
        ys, xs = np.nonzero(face[..., channel] > 100)
        np.testing.assert_allclose([xs.mean(), ys.mean()], target[:, :2] @ point + target[:, 2], atol=0.5)


def test_a_face_on_the_template_comes_out_unchanged():
    image = np.random.default_rng(2).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    np.testing.assert_array_equal(align_face(image, ARCFACE_POINTS), image)


def test_a_larger_aligned_face_shows_the_same_area():
    image = cv2.resize(np.random.default_rng(3).integers(0, 256, (9, 9, 3), dtype=np.uint8), (112, 112))
    double = align_face(image, ARCFACE_POINTS, size=224)
    back = cv2.resize(double, (112, 112), interpolation=cv2.INTER_AREA)
    assert double.shape == (224, 224, 3)
    inner = np.s_[2:-2, 2:-2]
    assert np.abs(back[inner].astype(int) - image[inner]).mean() < 0.5


def test_overlap_by_hand():
    a = [[0, 0, 2, 2]]
    b = [[1, 1, 3, 3], [0, 0, 2, 2], [5, 5, 6, 6], [2, 0, 4, 2]]
    np.testing.assert_allclose(iou(a, b), [[1 / 7, 1, 0, 0]])


def test_overlap_agrees_with_torchvision():
    from torch import from_numpy
    from torchvision.ops import box_iou

    rng = np.random.default_rng(4)
    a, b = (np.sort(rng.uniform(0, 50, (n, 2, 2)), axis=1).reshape(n, 4) for n in (6, 9))
    np.testing.assert_allclose(iou(a, b), box_iou(from_numpy(a), from_numpy(b)).numpy(), atol=1e-9)


def test_overlap_of_no_boxes_is_empty_and_a_box_without_area_overlaps_nothing():
    assert iou(np.zeros((0, 4)), np.ones((3, 4))).shape == (0, 3)
    np.testing.assert_array_equal(iou([[1, 1, 1, 1]], [[1, 1, 1, 1]]), [[0]])


def test_the_person_is_the_face_in_the_middle_not_the_largest():
    corners = [[0, 0, 60, 60], [70, 70, 130, 125]]  # areas 3600 and 3300, the first far from (99.5, 99.5)
    assert most_central(corners, 200, 200) == 1


def test_of_two_faces_equally_far_from_the_middle_the_larger_is_the_person():
    assert most_central([[40, 90, 60, 110], [135, 85, 165, 115]], 201, 201) == 1


def test_nobody_to_choose_from_is_said():
    with pytest.raises(BadInput, match="no face to choose"):
        most_central(np.zeros((0, 4)), 10, 10)


SIDE = st.floats(-200, 200, width=32)
BOX = st.tuples(SIDE, SIDE, st.floats(0, 100, width=32), st.floats(0, 100, width=32)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@settings(max_examples=60)
@given(st.lists(BOX, max_size=4), st.lists(BOX, max_size=4), st.floats(-50, 50), st.sampled_from([0.5, 2.0, 8.0]))
def test_overlap_is_a_share_that_order_place_and_scale_do_not_change(one, other, shift, scale):
    a, b = np.array(one).reshape(-1, 4), np.array(other).reshape(-1, 4)
    shares = iou(a, b)
    assert shares.shape == (len(one), len(other))
    assert ((shares >= 0) & (shares <= 1)).all()
    np.testing.assert_array_equal(shares, iou(b, a).T)
    np.testing.assert_allclose(iou(a * scale + shift, b * scale + shift), shares, atol=1e-6)


@settings(max_examples=60)
@given(BOX)
def test_a_box_overlaps_itself_wholly_if_it_has_an_area(box):
    has_area = box[2] > box[0] and box[3] > box[1]
    assert iou(np.array([box]), np.array([box]))[0, 0] == has_area


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(-180, 180), st.floats(0.2, 5), st.tuples(SIDE, SIDE), st.integers(2, 9))
def test_every_similarity_is_found_again(seed, degrees, scale, shift, count):
    source = np.random.default_rng(seed).uniform(0, 100, (count, 2))
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.column_stack([scale * np.array([[cosine, -sine], [sine, cosine]]), shift])
    target = source @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(similarity_transform(source, target), matrix, rtol=1e-4, atol=1e-2)


def test_the_area_in_a_box_is_053_of_it_and_of_a_box_that_ends_first_nothing():
    np.testing.assert_allclose(outline_areas([[0, 0, 10, 20], [5, 5, 4, 9]]), [106.0, 0.0])
    assert outline_areas(np.zeros((0, 4))).shape == (0,)
