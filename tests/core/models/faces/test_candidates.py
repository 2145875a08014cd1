"""The box arithmetic of the cascade, by hand and by loops."""

import numpy as np
import pytest

from core.foundation.geometry import iou
from core.models.faces.area import SummedArea
from core.models.faces.candidates import Candidates


def boxes(*corners, scores=None, picture=None) -> Candidates:
    count = len(corners)
    return Candidates(
        np.array(picture if picture is not None else [0] * count, np.int64),
        np.array(corners, np.float32).reshape(count, 4),
        np.array(scores if scores is not None else np.linspace(0.9, 0.5, count), np.float32),
        np.zeros((count, 4), np.float32),
    )


def test_no_candidates_stay_none_on_every_way():
    none = Candidates.none()
    assert len(none) == 0
    assert len(Candidates.joined([none, none]).without_overlaps(0.5)) == 0
    assert none.not_nested(0.5).tolist() == []
    assert none.squared().corners.shape == (0, 4)
    kept, crops = none.cut_out([SummedArea(np.zeros((5, 5, 3), np.uint8))], 24)
    assert (len(kept), crops.shape) == (0, (0, 24, 24, 3))


def test_cells_of_a_map_become_boxes_of_the_picture_by_hand():
    """A cell sees 12 pixels, two cells lie 2 apart, and the picture was halved: the corners are doubled."""
    scores = np.zeros((1, 3, 4), np.float32)
    scores[0, 1, 2] = 0.8
    shifts = np.arange(48, dtype=np.float32).reshape(1, 3, 4, 4)
    found = Candidates.of_map(scores, shifts, 0.5, 0.6)
    assert found.corners.tolist() == [[10, 6, 32, 28]]  # (4 + 1, 2 + 1) and (4 + 12, 2 + 12), divided by 0.5
    assert found.shifts.tolist() == [shifts[0, 1, 2].tolist()]
    assert len(Candidates.of_map(scores, shifts, 0.5, 0.81)) == 0


def test_of_boxes_that_overlap_the_best_of_each_picture_stays():
    pair = [[0, 0, 10, 10], [1, 0, 11, 10], [40, 40, 50, 50]]
    kept = boxes(*pair, *pair, scores=[0.7, 0.9, 0.5, 0.8, 0.6, 0.4], picture=[0, 0, 0, 1, 1, 1]).without_overlaps(0.5)
    assert sorted(kept.scores.tolist()) == pytest.approx([0.4, 0.5, 0.8, 0.9])


def test_a_box_within_a_better_one_goes_and_in_another_picture_it_stays():
    nested = [[0, 0, 99, 99], [10, 10, 29, 29]]
    assert boxes(*nested).not_nested(0.7).tolist() == [0]
    assert boxes(*nested, scores=[0.1, 0.9]).not_nested(0.7).tolist() == [1]
    assert boxes(*nested, picture=[0, 1]).not_nested(0.7).tolist() == [0, 1]
    assert iou(np.array(nested[:1]), np.array(nested[1:]))[0, 0] < 0.05, "an ordinary overlap would not see it"


def test_shifts_are_in_sides_of_the_box():
    moved = Candidates(
        np.zeros(1, np.int64),
        np.array([[10, 20, 19, 39]], np.float32),
        np.ones(1, np.float32),
        np.array([[0.1, -0.1, 0.2, 0]], np.float32),
    )
    assert moved.shifted().corners.tolist() == [[11, 18, 21, 39]]  # sides of 10 and 20 pixels
    assert moved.shifted(0.0).corners[0, 0] == pytest.approx(10.9)


def test_a_squared_box_keeps_its_middle():
    grown = boxes([10, 20, 20, 60]).squared()
    assert grown.corners.tolist() == [[-5, 20, 35, 60]]


def test_pixels_are_cut_where_the_box_meets_the_picture_and_boxes_outside_are_dropped():
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:, 15:] = 200
    candidates = boxes([16, 1, 30, 20], [-9, -9, 14, 20], [40, 5, 60, 15])
    kept, crops = candidates.cut_out([SummedArea(picture)], 4)
    assert kept.corners.tolist() == candidates.corners[:2].tolist()
    np.testing.assert_allclose(crops[0], 200)
    np.testing.assert_allclose(crops[1], 0)
