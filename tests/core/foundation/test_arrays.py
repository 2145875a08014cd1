"""The arrays that pass between everything: shapes are checked, and the stored bytes come back exactly."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.arrays import (
    ABSENT,
    HIDDEN,
    VISIBLE,
    Boxes,
    Keypoints,
    Uncertainty,
    are_unit,
    integers,
    is_picture,
)
from core.foundation.errors import BadInput


def test_the_blob_comes_back_bit_for_bit():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 1000, (68, 2)).astype(np.float32)
    points[3] = np.nan
    visibility = rng.integers(1, 3, 68).astype(np.uint8)
    visibility[3] = ABSENT
    confidence = rng.random(68).astype(np.float32)
    confidence[5] = np.nan
    made = Keypoints(points, visibility, confidence)
    back = Keypoints.from_bytes(made.to_bytes())
    for name in ("points", "visibility", "confidence"):
        ours, theirs = getattr(made, name), getattr(back, name)
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()
    assert len(made.to_bytes()) == 68 * 16


def test_the_blob_is_what_the_store_promises():
    blob = struct.pack("<8f", 1.5, -2.0, 2, 0.25, 3.0, 4.0, 1, 1.0)
    points = Keypoints.from_bytes(blob)
    assert points.points.tolist() == [[1.5, -2], [3, 4]]
    assert points.visibility.tolist() == [VISIBLE, HIDDEN]
    assert points.confidence.tolist() == [0.25, 1]
    assert points.to_bytes() == blob


def test_no_points_are_an_empty_blob():
    none = Keypoints.of(np.zeros((0, 2)))
    assert len(none) == 0
    assert none.to_bytes() == b""
    assert len(Keypoints.from_bytes(b"")) == 0


def test_a_blob_of_another_length_is_refused():
    with pytest.raises(BadInput, match=r"16 bytes a point; 17 bytes do not divide"):
        Keypoints.from_bytes(bytes(17))


def test_what_is_read_can_be_changed_without_changing_the_blob():
    blob = Keypoints.of(np.ones((2, 2))).to_bytes()
    Keypoints.from_bytes(blob).points[0] = 9
    assert Keypoints.from_bytes(blob).points[0].tolist() == [1, 1]


def test_plain_arrays_are_coerced_nan_is_absent():
    made = Keypoints.of([[1, 2], [np.nan, 3], [4, 5]])
    assert made.visibility.tolist() == [VISIBLE, ABSENT, VISIBLE]
    assert np.isnan(made.points[1]).all()
    assert made.confidence.tolist() == [1, 1, 1]
    assert (made.points.dtype, made.visibility.dtype, made.confidence.dtype) == (np.float32, np.uint8, np.float32)


def test_coercing_leaves_the_given_array_alone():
    given = np.ones((2, 2), dtype=np.float32)
    Keypoints.of(given, np.array([0, 2]))
    assert given.tolist() == [[1, 1], [1, 1]]


def test_an_absent_point_has_no_place():
    assert np.isnan(Keypoints.of([[1, 2]], [ABSENT]).points).all()


@pytest.mark.parametrize(
    ("points", "visibility", "confidence", "reason"),
    [
        (np.zeros((2, 3)), None, None, r"points should have the shape \(K, 2\), not \(2, 3\)"),
        (np.zeros(4), None, None, r"points should have the shape \(K, 2\), not \(4,\)"),
        (np.zeros((2, 2)), [2], None, r"visibility should have the shape \(2,\), not \(1,\)"),
        (np.zeros((2, 2)), None, [1.0], r"confidence should have the shape \(2,\), not \(1,\)"),
        (np.zeros((1, 2)), [3], None, r"visibility should be 0, 1 or 2, not \[3\]"),
        (np.zeros((1, 2)), np.array([257]), None, r"visibility should be 0, 1 or 2, not \[257\]"),
        (np.zeros((1, 2)), [-1], None, r"visibility should be 0, 1 or 2, not \[-1\]"),
        (np.zeros((1, 2)), [1.5], None, r"visibility should be 0, 1 or 2, not \[1\.5\]"),
        (np.full((1, 2), np.nan), [2], None, "a point that is occluded or visible needs finite coordinates"),
        (np.array([[np.inf, 0]]), [1], None, "needs finite coordinates"),
    ],
)
def test_what_cannot_be_is_refused(points, visibility, confidence, reason):
    with pytest.raises(BadInput, match=reason):
        Keypoints.of(points, visibility, confidence)


def test_the_shape_of_the_points_is_checked():
    with pytest.raises(BadInput, match=r"points should have the shape \(K, 2\), not \(2, 3\)"):
        Keypoints(np.zeros((2, 3), np.float32), np.zeros(2, np.uint8), np.zeros(2, np.float32))


def test_boxes_of_nothing_are_empty():
    none = Boxes.none()
    assert len(none) == 0
    assert none.corners.shape == (0, 4)
    assert none.five_points.shape == (0, 5, 2)


def test_boxes_check_their_shapes():
    with pytest.raises(BadInput, match=r"scores should have the shape \(2,\), not \(1,\)"):
        Boxes(np.zeros((2, 4), np.float32), np.zeros(1, np.float32), np.zeros((2, 5, 2), np.float32))


@pytest.mark.parametrize("seen", [[], [0], [1], [2], [0, 0, 0], [0, 1, 0], [2, 0, 0]])
def test_whether_any_point_is_present_is_told_from_the_blob(seen):
    points = np.zeros((len(seen), 2))
    blob = Keypoints.of(points, np.array(seen, dtype=np.uint8)).to_bytes()
    assert Keypoints.any_in(blob) == bool(Keypoints.from_bytes(blob).visibility.any()) == any(seen)


_seen = st.sampled_from([ABSENT, HIDDEN, VISIBLE])


@given(st.lists(st.tuples(_seen, st.sampled_from([0.0, -0.0, 1.5, 2.0])), max_size=4), st.data())
def test_two_blobs_are_of_the_same_places_where_no_point_lies_or_is_seen_otherwise(rows, data):
    changed = data.draw(st.lists(st.tuples(_seen, st.sampled_from([0.0, 1.5])), min_size=len(rows), max_size=len(rows)))

    def made(of, confidence):
        places = np.array([[x, 1.0] for _, x in of], np.float32).reshape(-1, 2)
        return Keypoints.of(places, np.array([seen for seen, _ in of], np.uint8), np.full(len(of), confidence))

    pairs = list(zip(rows, changed, strict=True))
    alike = all(seen == then and (seen == ABSENT or x == there) for (seen, x), (then, there) in pairs)
    assert Keypoints.same_places(made(rows, 1.0).to_bytes(), made(changed, 0.5).to_bytes()) == alike


def test_uncertainties_check_their_shapes():
    for shapes in ((3, 3, 2), (3, 2, 3), ((3, 2), (3, 2), (3, 2))):
        with pytest.raises(BadInput, match=r"should each have the shape \(K,\)"):
            Uncertainty(*(np.zeros(shape, np.float32) for shape in shapes))
    with pytest.raises(BadInput, match="12 bytes a point; 16 bytes do not divide"):
        Uncertainty.from_bytes(bytes(16))


def test_a_picture_is_three_bytes_a_pixel():
    assert is_picture(np.zeros((2, 3, 3), np.uint8))
    assert not is_picture(np.zeros((2, 3, 3), int))
    assert not any(is_picture(np.zeros(shape, np.uint8)) for shape in ((0, 3, 3), (2, 3, 4), (2, 3), (1, 2, 3, 3)))


def test_many_blobs_unpack_as_one_by_one():
    rng = np.random.default_rng(3)
    made = [Keypoints.of(rng.normal(0, 9, (5, 2)), rng.integers(0, 3, 5), rng.random(5)) for _ in range(4)]
    doubts = [Uncertainty(*rng.random((3, 5)).astype(np.float32)) for _ in range(4)]
    points, visibility, confidence = Keypoints.unpack_all([one.to_bytes() for one in made], 5)
    np.testing.assert_array_equal(points, np.stack([one.points for one in made]))
    np.testing.assert_array_equal(visibility, np.stack([one.visibility for one in made]))
    np.testing.assert_array_equal(confidence, np.stack([one.confidence for one in made]))
    assert (points.dtype, visibility.dtype, confidence.dtype) == (np.float32, np.uint8, np.float32)
    table = Uncertainty.unpack_all([one.to_bytes() for one in doubts], 5)
    np.testing.assert_array_equal(table, [np.stack([one.spread, one.neighbours, one.flip], 1) for one in doubts])
    assert Keypoints.unpack_all([], 5)[0].shape == (0, 5, 2)


def test_many_blobs_are_checked_as_one_by_one():
    good = struct.pack("<4f", 1.5, -2.0, 2, 0.25)
    with pytest.raises(BadInput, match="2 points take 32 bytes in the store, but 16 are there"):
        Keypoints.unpack_all([good + good, good], 2)
    with pytest.raises(BadInput, match=r"visibility should be 0, 1 or 2, not \[2, 7\]"):
        Keypoints.unpack_all([good, struct.pack("<4f", 1, 2, 7, 1)], 1)
    with pytest.raises(BadInput, match="finite"):
        Keypoints.unpack_all([struct.pack("<4f", np.nan, 2, 1, 1)], 1)


@settings(max_examples=50)
@given(
    rows=st.lists(
        st.tuples(
            st.floats(allow_nan=False, allow_infinity=False, width=32),
            st.floats(allow_nan=False, allow_infinity=False, width=32),
            st.sampled_from([ABSENT, HIDDEN, VISIBLE]),
            st.one_of(st.just(np.nan), st.floats(0, 1, width=32)),
        ),
        max_size=70,
    )
)
def test_whatever_points_there_are_come_back_from_their_bytes(rows):
    table = np.array(rows, np.float64).reshape(-1, 4)
    made = Keypoints.of(table[:, :2], table[:, 2], table[:, 3])
    back = Keypoints.from_bytes(made.to_bytes())
    assert back.to_bytes() == made.to_bytes()
    np.testing.assert_array_equal(back.points, made.points)
    np.testing.assert_array_equal(back.visibility, made.visibility)
    np.testing.assert_array_equal(back.confidence, made.confidence)


def test_vectors_of_another_length_and_those_without_any_are_no_unit_vectors():
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 0], [np.nan, 1], [np.inf, 0], [2, 0]], np.float32)
    assert are_unit(vectors).tolist() == [True, True, False, False, False, False]
    assert are_unit(np.zeros((0, 2), np.float32)).shape == (0,)


def test_numbers_with_commas_between_them_are_read_and_none_where_there_is_none():
    found = integers("12,-7,9223372036854775807")
    assert (found.tolist(), found.dtype) == ([12, -7, 2**63 - 1], np.int64)
    assert (integers("").shape, integers("").dtype) == ((0,), np.int64)
