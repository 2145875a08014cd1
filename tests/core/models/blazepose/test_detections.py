"""Anchors and outputs of the network that looks for people, by hand."""

import numpy as np
import pytest

from core.models.blazepose.detections import Detections, anchors, read_detections, weighted

NOTHING = -20.0  # logit of a score of 2e-9


def test_there_are_two_anchors_a_cell_for_each_layer_row_by_row():
    places = anchors()
    assert places.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2) == (2254, 2)
    assert places[:4].tolist() == [[4, 4], [4, 4], [12, 4], [12, 4]]
    assert places[2 * 28].tolist() == [4, 12], "the second row of the first layer"
    assert places[1568].tolist() == [8, 8], "the first cell of the second layer"
    assert places[1960:1967].tolist() == [[16, 16]] * 6 + [[48, 16]], "three layers share the last cells"
    assert places[-1].tolist() == [208, 208]


def outputs(rows):
    """The network's outputs where only these anchors say something: logit and twelve numbers each."""
    numbers, logits = np.zeros((2254, 12), np.float32), np.full(2254, NOTHING, np.float32)
    for row, (logit, values) in rows.items():
        logits[row], numbers[row] = logit, values
    return numbers.ravel(), logits


def test_numbers_are_relative_to_the_anchor_and_sides_are_not():
    values = [1, 2, 10, 20, 3, 4, 5, -6, 0, 0, 7, 8]
    found = read_detections(*outputs({1568: (np.log(3), values)}), 0.5)
    assert found.scores.tolist() == pytest.approx([0.75])
    assert found.boxes.tolist() == [[9 - 5, 10 - 10, 9 + 5, 10 + 10]]
    assert found.points.tolist() == [[[11, 12], [13, 2], [8, 8], [15, 16]]]


def test_the_surest_comes_first_and_what_is_below_the_score_is_left_out():
    found = read_detections(*outputs({0: (0.5, [0] * 12), 7: (2.0, [0] * 12), 9: (-0.1, [0] * 12)}), 0.5)
    assert found.scores.tolist() == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-0.5))])
    assert len(read_detections(*outputs({}), 0.5)) == 0


def test_a_logit_beyond_every_number_is_no_overflow():
    with np.errstate(all="raise"):
        assert read_detections(*outputs({3: (1e30, [0] * 12)}), 0.5).scores.tolist() == [1.0]


def test_detections_that_overlap_become_their_mean_by_score():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 8], [50, 50, 60, 60]], float)
    points = np.array([[[0, 0]] * 4, [[4, 8]] * 4, [[1, 1]] * 4], float)
    merged = weighted(Detections(boxes, points, np.array([0.9, 0.3, 0.8])), 0.3)
    assert np.allclose(merged.boxes, [[0, 0, 10, 9.5], [50, 50, 60, 60]])
    assert np.allclose(merged.points[0], [[1, 2]] * 4)
    assert merged.scores.tolist() == [0.9, 0.8]


def test_boxes_without_area_end_too():
    flat = Detections(np.zeros((2, 4)), np.zeros((2, 4, 2)), np.array([0.9, 0.8]))
    assert len(weighted(flat, 0.3)) == 2
    assert len(weighted(Detections(np.zeros((0, 4)), np.zeros((0, 4, 2)), np.zeros(0)), 0.3)) == 0
