"""The guess that knows no picture: by hand, as a loop, and where there is nothing to guess from."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.foundation.skeletons import SKELETONS
from core.metrics.landmarks import errors, units
from core.metrics.mean_shape import guesses_from_other_groups, lay_into, mean_places

BODY = SKELETONS["coco17"]


def _rows(rng, count):
    """Points (N, 17, 2), visibility (N, 17) and boxes (N, 4), at random."""
    corners = rng.uniform(10, 90, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(10, 90, (count, 2))], axis=1)
    return rng.uniform(0, 100, (count, 17, 2)), np.where(rng.random((count, 17)) < 0.7, 2, 0), boxes


def _loop(points, visibility, boxes, target):
    """The mean shape laid into one box, point by point."""
    left, top, right, bottom = target
    middle, side = np.array([left + right, top + bottom]) / 2, max(right - left, bottom - top)
    placed = []
    for k in range(points.shape[1]):
        places = []
        for at, box in enumerate(boxes):
            if visibility[at, k]:
                centre = np.array([box[0] + box[2], box[1] + box[3]]) / 2
                places.append((points[at, k] - centre) / max(box[2] - box[0], box[3] - box[1]))
        placed.append(middle + side * np.mean(places, axis=0) if places else middle)
    return np.array(placed)


def test_the_error_of_the_mean_shape_is_the_one_worked_out_by_hand():
    # all points in the middle of their boxes, but for the first, which is 10 to the right in one label of two
    still, box, seen = np.tile((50.0, 25.0), (1, 17, 1)), np.array([[0.0, 0, 100, 50]]), np.ones((1, 17), int)
    moved = still.copy()
    moved[0, 0] += (10, 0)
    shape = mean_places(np.concatenate([still, moved]), np.ones((2, 17), int), np.tile(box, (2, 1)))
    found = errors(lay_into(shape, box), still, seen, units("diagonal", still, seen, box, BODY))
    # the mean shape has it 5 to the right: 5 pixels off in one of 17 points, in units of the box's diagonal
    assert found == pytest.approx(5 / 17 / math.hypot(100, 50))


def test_the_mean_shape_in_boxes_is_that_of_a_loop():
    rng = np.random.default_rng(0)
    points, visibility, boxes = _rows(rng, 9)
    points[visibility == 0] = np.nan  # what is not labelled may hold anything
    _, _, others = _rows(rng, 5)
    found = lay_into(mean_places(points, visibility, boxes), others)
    np.testing.assert_allclose(found, [_loop(points, visibility, boxes, box) for box in others])


def test_a_point_that_no_label_has_is_unknown_and_laid_into_the_middle_of_the_box():
    points, boxes = np.full((2, 17, 2), 3.0), np.array([[0.0, 0, 10, 20], [0, 0, 10, 20]])
    seen = np.ones((2, 17), int)
    seen[:, 4] = 0
    shape = mean_places(points, seen, boxes)
    assert np.isnan(shape[4]).all()
    assert np.isfinite(np.delete(shape, 4, axis=0)).all()
    assert lay_into(shape, boxes)[0, 4].tolist() == [5, 10]
    assert np.isnan(mean_places(np.zeros((0, 17, 2)), np.zeros((0, 17)), np.zeros((0, 4)))).all()


@given(seed=st.integers(0, 2**16), groups=st.integers(2, 5))
def test_what_is_guessed_of_a_group_is_made_of_the_others_alone(seed, groups):
    rng = np.random.default_rng(seed)
    points, visibility, boxes = _rows(rng, 12)
    names = np.array([f"person {number % groups}" for number in range(12)])
    found = guesses_from_other_groups(points, visibility, boxes, names)
    for at, name in enumerate(names):
        others = names != name
        expected = _loop(points[others], visibility[others], boxes[others], boxes[at])
        np.testing.assert_allclose(found[at], expected, atol=1e-9)


def test_one_group_has_no_others_to_guess_from():
    points, visibility, boxes = _rows(np.random.default_rng(1), 3)
    assert np.isnan(guesses_from_other_groups(points, visibility, boxes, np.array(["a"] * 3))).all()
    assert guesses_from_other_groups(*_rows(np.random.default_rng(1), 0), np.array([])).shape == (0, 17, 2)
