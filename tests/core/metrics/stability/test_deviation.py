"""Deviation, length ratio, ratio of motions: by hand, and where they are undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.metrics.stability.deviation import (
    EPSILON,
    as_truth,
    dev,
    deviation_curve,
    indicator,
    length_ratio,
    motion_curves,
    motion_ratio,
    ratio_of_each_point,
    robust_curve,
    shapes,
    spread_about_one,
)
from core.metrics.stability.tracks import Units, as_breaks
from core.metrics.stability.vector import stability
from tests.builders.moving_faces import moving_face, square


def test_deviation_by_hand():
    """Four points, so the unit is the root of the box's area: 10 px. One point moves by 4 px in x, the others stay."""
    before = square((0, 0), (10, 0), (10, 10), (0, 10))
    after = before.copy()
    after[3, 0] -= 4
    found = dev(np.stack([before, before, after]))
    assert found[0].tolist() == np.zeros((4, 2)).tolist()
    unit = math.sqrt(14 * 10)
    assert found[1, :, 0] == pytest.approx(np.array([1, 1, 1, -3]) / unit)
    assert found[1, :, 1].tolist() == [0, 0, 0, 0]
    values = stability(np.stack([before, before, after])).values
    rms = 100 * math.sqrt(3) / unit
    assert values["median_dev_x_pct"] == pytest.approx(rms / 2)  # the median of 0 and rms
    assert values["mean_dev_x_pct"] == pytest.approx(rms / 2)
    assert values["robust_dev_x_pct"] == 0  # three of four did not move
    assert values["median_dev_y_pct"] == 0


def test_deviation_is_divided_by_eyes_in_x_and_nose_in_y_of_the_later_frame():
    face = moving_face(2)
    face[1] = 2 * face[0]
    moved = face[1] - face[0]
    eyes, nose = np.linalg.norm(face[1, 36] - face[1, 45]), np.linalg.norm(face[1, 27] - face[1, 33])
    found = dev(face)
    assert found[0, :, 0] == pytest.approx((moved[:, 0] - moved[:, 0].mean()) / eyes)
    assert found[0, :, 1] == pytest.approx((moved[:, 1] - moved[:, 1].mean()) / nose)


def test_length_ratio_is_one_for_a_rigid_face_that_moves_and_grows():
    face = moving_face(1)[0]
    grown = np.stack([face, 1.2 * face + 7, 0.9 * face - 30])
    assert length_ratio(grown) == pytest.approx(np.ones((2, 2)))
    values = stability(grown).values
    assert values["indicator"] == pytest.approx(1)
    assert values["length_ratio_spread_x_pct"] == pytest.approx(0, abs=1e-9)
    assert values["length_ratio_mean_of_ratios_y"] == pytest.approx(1)
    assert values["displacement_std_x_px"] > 1


def test_length_ratio_by_hand():
    """Four points whose box stays 20 x 20 (the unit): the shape's mean |x| goes from 10 to (10 + 10 + 5 + 5) / 4."""
    wide = square((-10, -10), (10, -10), (-10, 10), (10, 10))
    narrow = square((-10, -10), (10, -10), (-5, 10), (5, 10))
    assert length_ratio(np.stack([wide, narrow]))[0] == pytest.approx(
        [0.75, 1], abs=1e-5
    )  # epsilon is 1e-6 of the unit
    values = stability(np.stack([wide, narrow])).values
    assert values["indicator"] == pytest.approx(0.875, abs=1e-5)
    assert values["length_ratio_mean_of_ratios_x"] == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)


def test_half_the_motion_gives_half_the_ratio_and_the_truth_itself_gives_one():
    truth = moving_face(80)
    half = (truth + truth[0]) / 2
    assert indicator(truth, truth) == 1
    assert indicator(half, truth) == pytest.approx(0.5, abs=1e-3)
    assert stability(half, truth).values["indicator"] == indicator(half, truth)
    assert stability(half, truth).indicator_against == "truth"
    assert stability(half).values["indicator"] == pytest.approx(indicator(half), rel=1e-12)
    assert stability(half).indicator_against == "the frame before"


def test_the_curve_is_the_rms_over_the_points_that_are_there():
    deviation = np.array([[[0.03, 0.0], [0.04, 0.02], [np.nan, np.nan]], np.full((3, 2), np.nan)])
    found = deviation_curve(deviation)
    assert found[0] == pytest.approx([100 * math.sqrt((0.03**2 + 0.04**2) / 2), math.sqrt(2)])
    assert np.isnan(found[1]).all()


def test_the_robust_curve_is_that_of_normal_steps_whatever_a_few_points_do():
    rng = np.random.default_rng(0)
    moved = rng.normal(5, 0.2, (1, 20_001, 2))
    ten, twenty = np.full(2, 10.0), np.full(2, 20.0)
    units = Units(ten, twenty, ten, ten)
    assert robust_curve(moved, units)[0] == pytest.approx([2, 1], rel=0.02)  # percent of 10 and of 20 px
    moved[0, :100] = 1e6
    assert robust_curve(moved, units)[0] == pytest.approx([2, 1], rel=0.03)
    assert np.isnan(robust_curve(np.full((1, 4, 2), np.nan), units)).all()


def test_a_shape_is_where_the_points_lie_about_their_middle():
    """A square of 10 px, whose unit is its side; the same one elsewhere and twice as large has the same shape."""
    face = square((0, 0), (10, 0), (10, 10), (0, 10))
    tracks = np.stack([face, 2 * face + 70])
    found = shapes(tracks, Units.of(tracks))
    assert found[0].tolist() == [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    assert found[1] == pytest.approx(found[0])


def test_the_ratio_of_a_point_has_no_value_where_it_was_in_line_with_the_middle():
    shape = np.array([[[0.5, EPSILON / 2], [-0.2, 0.1]], [[0.25, 0.3], [-0.2, -0.2]]])
    (found,) = ratio_of_each_point(shape, np.zeros(1, bool))
    assert np.isnan(found[0, 1])
    assert found[[0, 1, 1], [0, 0, 1]] == pytest.approx([0.5, 1, -2])
    assert np.isnan(ratio_of_each_point(shape, np.ones(1, bool))).all()


def test_motions_are_compared_on_the_points_that_both_have():
    truth = np.tile(square((0, 0), (10, 0), (10, 10), (0, 10), (5, 5)), (2, 1, 1))
    tracks = truth.copy()
    truth[1, 0, 0] -= 4
    tracks[1, 0, 0] -= 8
    tracks[1, 4] = np.nan
    predicted, true = motion_curves(tracks, truth, as_breaks(None, 2), Units.of(truth))
    assert predicted == pytest.approx(2 * true)
    assert true[0] == pytest.approx([math.sqrt(3) / math.sqrt(14 * 10), 0])  # steps 3, -1, -1, -1 about their mean
    assert motion_ratio(predicted, true) == pytest.approx([2, 1], abs=1e-4)


def test_a_frozen_prediction_of_a_moving_face_has_a_ratio_near_zero_and_no_pair_has_none():
    assert motion_ratio(np.zeros((3, 2)), np.full((3, 2), 0.01)) == pytest.approx([1e-4, 1e-4], rel=1e-3)
    assert np.isnan(motion_ratio(np.zeros((0, 2)), np.zeros((0, 2)))).all()


def test_a_truth_of_another_shape_is_refused():
    tracks = moving_face(3)
    assert np.array_equal(as_truth(tracks.tolist(), tracks), tracks)
    with pytest.raises(BadInput) as refused:
        as_truth(tracks[:2], tracks)
    assert refused.value.code == "metrics.truth_of_tracks"


def test_the_spread_of_normal_ratios_about_one_is_their_standard_deviation():
    ratios = np.random.default_rng(1).normal(1, 0.03, 50_000)
    ratios[:50] = 1e9
    assert spread_about_one(ratios) == pytest.approx(3, rel=0.02)
    assert spread_about_one(np.array([0.9, np.nan, 1.2, 1.0])) == pytest.approx(14.826, rel=1e-4)
    assert np.isnan(spread_about_one(np.array([np.nan])))
