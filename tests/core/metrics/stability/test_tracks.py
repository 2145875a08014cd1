"""Tracks, their breaks and their units: what is accepted, what is refused, and means of what is there."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.metrics.stability.deviation import dev
from core.metrics.stability.tracks import (
    FLOOR,
    UNIT_PAIRS,
    Units,
    as_breaks,
    as_tracks,
    displacements,
    eye_over_nose,
    nan_mean,
    nan_median,
    row_medians,
)
from tests.builders.moving_faces import moving_face, square


def test_a_head_that_turns_away_does_not_outweigh_all_others():
    """|P37 P46| shrinks to nothing in one frame; its unit is then half the median."""
    tracks = np.repeat(moving_face(1), 9, axis=0)
    tracks[4, 36] = tracks[4, 45] + [0.001, 0]
    eyes = np.linalg.norm(tracks[0, 36] - tracks[0, 45])
    moved = tracks[4] - tracks[3]
    assert dev(tracks)[3, :, 0] == pytest.approx((moved[:, 0] - moved[:, 0].mean()) / (eyes / 2))


def test_a_point_of_which_one_coordinate_is_missing_is_absent():
    given = np.array([[[1, np.nan], [2, 3]]], np.float32)
    found = as_tracks(given)
    assert found.dtype == np.float64
    assert np.isnan(found[0, 0]).all()
    assert found[0, 1].tolist() == [2, 3]
    assert given[0, 0, 0] == 1, "what was given is not changed"


@pytest.mark.parametrize("shape", [(5, 136), (5, 68, 3), (5, 0, 2)])
def test_other_shapes_are_no_tracks(shape):
    with pytest.raises(BadInput, match=r"the truth should have the shape \(frames, points, 2\)"):
        as_tracks(np.zeros(shape), "the truth")


@pytest.mark.parametrize("place", [np.inf, -np.inf, 1.1e7])
def test_a_point_far_beyond_every_picture_is_refused_and_named(place):
    tracks = np.zeros((4, 5, 2))
    tracks[2, 3, 1] = place
    with pytest.raises(BadInput) as refused:
        as_tracks(tracks)
    assert (refused.value.code, refused.value.of) == ("tracks.far_away", "tracks")
    assert (refused.value.fields["point"], refused.value.fields["frame"]) == (4, 2)
    tracks[2, 3, 1] = 1e7
    assert as_tracks(tracks)[2, 3, 1] == 1e7


def test_breaks_are_flags_of_pairs_or_indices_of_frames_that_begin_something():
    flags = np.array([False, True, False])
    assert as_breaks(flags, 4).tolist() == as_breaks([2], 4).tolist() == [False, True, False]
    assert as_breaks([0], 4).tolist() == as_breaks([], 4).tolist() == as_breaks(None, 4).tolist() == [False] * 3
    assert as_breaks(None, 0).shape == as_breaks(None, 1).shape == (0,)
    as_breaks(flags, 4)[:] = True
    assert flags.tolist() == [False, True, False], "what was given is not changed"


@pytest.mark.parametrize(
    ("breaks", "code"),
    [
        (np.zeros(4, bool), "tracks.breaks_shape"),
        ([1.5], "tracks.breaks"),
        ([[1], [2]], "tracks.breaks"),
        ([4], "tracks.breaks_outside"),
        ([-1], "tracks.breaks_outside"),
    ],
)
def test_breaks_that_fit_no_track_of_four_frames_are_refused(breaks, code):
    with pytest.raises(BadInput) as refused:
        as_breaks(breaks, 4)
    assert refused.value.code == code


def test_a_point_moves_from_frame_to_frame_and_not_across_a_break():
    tracks = np.array([[[0.0, 0.0]], [[1.0, -2.0]], [[9.0, 9.0]], [[np.nan, np.nan]]])
    found = displacements(tracks, np.array([False, True, False]))
    assert found[0].tolist() == [[1, -2]]
    assert np.isnan(found[1:]).all()


def test_means_and_medians_are_of_what_is_there():
    values = np.array([[1.0, np.nan, 3.0, 8.0], [np.nan] * 4])
    assert nan_mean(values, axis=1)[0] == 4
    assert nan_mean(values) == 4
    assert nan_median(values) == row_medians(values)[0] == 3
    assert np.isnan([nan_mean(values, axis=1)[1], row_medians(values)[1], nan_median(values[1])]).all()
    assert row_medians(np.zeros((0, 4))).shape == (0,)
    assert np.isnan(nan_mean(np.zeros(0)))


@pytest.mark.parametrize(("points", "ends_x", "ends_y"), [(68, (36, 45), (27, 33)), (24, (5, 12), (5, 12))])
def test_the_units_are_the_distances_of_the_points_that_stay_apart(points, ends_x, ends_y):
    face = np.random.default_rng(2).uniform(0, 200, (3, points, 2))
    units = Units.of(face)
    assert UNIT_PAIRS[points] == (ends_x, ends_y)
    for length, (one, other) in ((units.x, ends_x), (units.y, ends_y)):
        plain = np.hypot(*(face[:, one] - face[:, other]).T)
        assert length == pytest.approx(np.maximum(plain, FLOOR * np.median(plain)))


def test_the_size_of_a_face_is_that_of_the_box_of_the_points_that_are_there():
    box = square((0, 0), (40, 0), (40, 10), (np.nan, np.nan))
    units = Units.of(np.stack([box, box, np.full((4, 2), np.nan)]))
    assert units.face[:2].tolist() == [40, 40]
    assert units.scale[:2].tolist() == units.x[:2].tolist() == units.y[:2].tolist() == [20, 20]
    assert np.isnan([units.face[2], units.scale[2]]).all()


def test_a_track_of_one_place_has_no_unit():
    units = Units.of(np.full((3, 4, 2), 7.0))
    assert np.isnan([units.x, units.y, units.face, units.scale]).all()


def test_eye_over_nose_is_the_median_ratio_after_the_first_frame_of_68_points():
    tracks = np.zeros((4, 68, 2))
    tracks[:, 45, 0] = [900, 60, 80, 30]
    tracks[:, 33, 1] = [1, 30, 20, 0]  # no nose has no ratio
    assert eye_over_nose(tracks) == 3  # of 2 and 4
    assert np.isnan(eye_over_nose(tracks[:, :24]))
    assert np.isnan(eye_over_nose(tracks[:1]))
