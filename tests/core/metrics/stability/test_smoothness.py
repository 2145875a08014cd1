"""Error, delay, smoothness and flicker of tracks: by hand, across breaks, and where nothing moves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.metrics.stability.smoothness import (
    STILL,
    acceleration_error,
    delays,
    nmf,
    non_smooth_1,
    non_smooth_2,
    rms_error,
    track_nme,
)
from core.metrics.stability.vector import stability
from tests.builders.moving_faces import square

FACE = square((0, 0), (100, 0), (100, 100), (0, 100))


def moving(*steps):
    """The square of 100 px at each of these places to the right."""
    return np.stack([FACE + np.array([step, 0]) for step in steps])


def unbroken(tracks):
    return np.zeros(len(tracks) - 1, bool)


def sizes(tracks, pixels=100.0):
    return np.full(len(tracks), pixels)


def test_smoothness_by_hand():
    """A face of 100 px whose points go 0, 1, 0, and 0, 3, 4 px to the right."""
    to_and_fro, onwards = moving(0, 1, 0), moving(0, 3, 4)
    assert stability(to_and_fro).values["non_smooth_1_pct"] == pytest.approx(1)
    assert stability(to_and_fro).values["non_smooth_2_pct"] == pytest.approx(1)  # before and after are one place
    assert stability(onwards).values["non_smooth_1_pct"] == pytest.approx(1)  # the middle is 2
    assert stability(onwards).values["non_smooth_2_pct"] == pytest.approx(0, abs=1e-12)  # 3 is on the way


def test_figures_beside_the_truth_by_hand():
    """A true face of 100 px moves 2 px a frame to the right; the prediction is one frame late."""
    truth = moving(0, 2, 4, 6, 8)
    late = truth[[0, 0, 1, 2, 3]]
    values = stability(late, truth).values
    assert values["delay_frames"] == pytest.approx(1)
    assert values["delay_robust_frames"] == pytest.approx(1)
    assert values["sta_error_pct"] == pytest.approx((0 + 2 + 2 + 2 + 2) / 5)
    # the error changes once, by 2 px: 100 * 2 / (100 / 256) in one of four pairs
    assert values["nmf"] == pytest.approx(math.sqrt(512**2 / 4))
    assert values["nmf_robust"] == pytest.approx(0, abs=1e-9)
    assert values["accel_error_px"] == pytest.approx(2 / 3)
    assert values["accel_error_pct"] == pytest.approx(2 / 3)


def test_errors_are_root_mean_square_and_mean_of_the_distances_to_the_truth():
    truth = np.zeros((2, 3, 2))
    tracks = np.array([[[3.0, 4.0], [0.0, 10.0], [np.nan, np.nan]], np.full((3, 2), np.nan)])
    found = rms_error(tracks, truth, sizes(tracks, 50))
    assert found[0] == pytest.approx(100 * math.sqrt((25 + 100) / 2) / 50)
    assert track_nme(tracks, truth, sizes(tracks, 50))[0] == pytest.approx(15)
    assert np.isnan([found[1], track_nme(tracks, truth, sizes(tracks, 50))[1]]).all()


def test_a_prediction_ahead_of_the_truth_has_a_negative_delay():
    truth = moving(0, 2, 4, 6)
    along, squared = delays(truth + np.array([1, 0]), truth, unbroken(truth), sizes(truth))
    assert along.tolist() == [-2, -2, -2]  # one pixel ahead, two pixels back
    assert squared.tolist() == [4, 4, 4]


def test_no_delay_is_told_of_a_truth_that_is_still_or_across_a_break():
    truth = moving(0, 0.9 * STILL * 100, 5, 10)
    along, squared = delays(truth + 1, truth, np.array([False, False, True]), sizes(truth))
    assert np.isnan(along).tolist() == np.isnan(squared).tolist() == [True, False, True]


def test_no_smoothness_reaches_across_a_break():
    tracks = moving(0, -5, 50, 50, 50)
    broken = np.array([False, True, False, False])
    for figure in (non_smooth_1, non_smooth_2):
        found = figure(tracks, broken, sizes(tracks))
        assert np.isnan(found[[0, 1]]).all()
        assert found[2] == 0
        assert figure(tracks, unbroken(tracks), sizes(tracks))[0] > 0


def test_a_point_beyond_its_neighbours_is_as_far_off_as_the_nearer_of_them():
    tracks = moving(0, 7, 4)
    assert non_smooth_2(tracks, unbroken(tracks), sizes(tracks)) == pytest.approx([3])
    assert non_smooth_1(tracks, unbroken(tracks), sizes(tracks)) == pytest.approx([5])


def test_an_absent_point_is_left_out_of_the_three_frames_that_it_touches():
    tracks = moving(0, 1, 0, 1, 0)
    tracks[:, 0, 0] += [0, 0, 90, 0, 0]
    tracks[2, 0] = np.nan
    assert non_smooth_1(tracks, unbroken(tracks), sizes(tracks)) == pytest.approx([1, 1, 1])


def test_flicker_is_the_change_of_the_error_in_a_crop_of_256_pixels():
    truth = moving(0, 10, 20, 30)
    tracks = truth + np.array([5, 5, 6, 9.0])[:, None, None] * [1, 0]
    found = nmf(tracks, truth, np.array([False, False, True]), sizes(truth, 128.0))
    assert found[:2].tolist() == [0, 200]  # 1 px is 2 px where the face is drawn twice as large; percent
    assert np.isnan(found[2])


def test_the_error_of_acceleration_is_the_length_of_its_second_difference():
    truth = moving(0, 3, 9, 11)
    tracks = truth.copy()
    tracks[1] += [3, 4]
    found = acceleration_error(tracks, truth, unbroken(truth))
    assert found == pytest.approx(np.array([[10.0] * 4, [5.0] * 4]))
    assert np.isnan(acceleration_error(tracks, truth, np.array([True, False, False]))[0]).all()


@pytest.mark.parametrize("frames", [1, 2])
def test_fewer_frames_than_a_figure_needs_give_an_empty_curve(frames):
    tracks = moving(*range(frames))
    assert non_smooth_1(tracks, unbroken(tracks), sizes(tracks)).shape == (0,)
    assert non_smooth_2(tracks, unbroken(tracks), sizes(tracks)).shape == (0,)
    assert acceleration_error(tracks, tracks, unbroken(tracks)).shape == (0, 4)
    assert nmf(tracks, tracks, unbroken(tracks), sizes(tracks)).shape == (frames - 1,)
