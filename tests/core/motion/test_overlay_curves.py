"""Which points an overlay shows of each source, and what its curves hold."""

import numpy as np
import pytest

from core.foundation.arrays import Keypoints
from core.metrics.stability.deviation import indicator
from core.metrics.stability.running import running_indicator
from core.motion.linking import VideoTrack
from core.motion.overlay_curves import PointsSource, curves_of, deviation_of
from db.queries.motion.seen import FramePicture, FramePoints
from db.tables import Image
from tests.builders.moving_faces import moving_face, square


def frames(count, missing=()):
    """Frames whose pictures have the ids 1, 2, ...; some were removed."""
    return [FramePicture(i, i / 25, None if i in missing else Image(id=i + 1)) for i in range(count)]


def source(name, tracks, instances):
    """A source that has one instance a frame, none where its points are NaN."""
    points = {
        i + 1: {instance: face}
        for i, (face, instance) in enumerate(zip(tracks, instances, strict=True))
        if not np.isnan(face).all()
    }
    return PointsSource(name, points, "face68")


def video_track(tracks, breaks=None):
    count = len(tracks)
    broken = np.zeros(count - 1, bool) if breaks is None else breaks
    return VideoTrack(tracks, None, broken, count, 0, np.arange(count) + 100)


def test_a_source_holds_the_points_of_its_skeleton_by_picture_and_instance():
    points = np.zeros((3, 2))
    points[1] = np.nan
    row = Keypoints.of(points).to_bytes()
    rows = [FramePoints(1, 10, "face68", row), FramePoints(1, 11, "face68", row), FramePoints(2, 10, "body24", row)]
    found = PointsSource.of("v", rows, "face68")
    assert {image: list(by_instance) for image, by_instance in found.points.items()} == {1: [10, 11]}
    np.testing.assert_array_equal(found.points[1][10], [[0, 0], [np.nan, np.nan], [0, 0]])
    assert PointsSource.of("v", [], "face68").points == {}


def test_everybody_in_a_frame_is_shown_and_nobody_where_its_picture_was_removed():
    one, other = np.zeros((2, 2)), np.ones((2, 2))
    shown = PointsSource("v", {1: {10: one, 11: other}}, "face68")
    assert [face.tolist() for face in shown.at(frames(1)[0])] == [one.tolist(), other.tolist()]
    assert shown.at(frames(2)[1]) == []
    assert shown.at(frames(1, missing=[0])[0]) == []


def test_the_track_of_a_source_has_gaps_where_it_lacks_the_instance():
    one, other = np.zeros((2, 2)), np.ones((2, 2))
    shown = PointsSource("v", {1: {10: one}, 2: {11: other}, 3: {10: one}}, "face68")
    found = shown.track(frames(3, missing=[2]), np.array([10, 10, 10]), 2)
    assert found.shape == (3, 2, 2)
    assert np.isnan(found[1:]).all()
    assert found[0].tolist() == one.tolist()


@pytest.fixture
def moving():
    """A truth of ten frames and a prediction that jitters."""
    truth = moving_face(10)
    return truth, truth + np.random.default_rng(0).normal(0, 1, truth.shape)


def test_beside_enough_labelled_frames_the_curves_are_running_indicators(moving):
    truth, noisy = moving
    track = video_track(noisy)
    found = curves_of(track, frames(10), [source("truth", truth, track.instances), source("v", noisy, track.instances)])
    assert found.ratios
    assert found.title.startswith("Indicator")
    np.testing.assert_allclose(found.each[0], [np.nan] * 4 + [1.0] * 6)
    np.testing.assert_allclose(found.each[1], running_indicator(noisy, truth))
    assert found.indicators == {"v": pytest.approx(indicator(noisy, truth))}


def test_with_too_few_labelled_frames_in_a_row_they_are_deviations_and_the_figure_is_still_against_the_truth(moving):
    truth, noisy = moving
    truth[[0, 4, 5, 9]] = np.nan
    track = video_track(noisy)
    found = curves_of(track, frames(10), [source("truth", truth, track.instances), source("v", noisy, track.instances)])
    assert not found.ratios
    np.testing.assert_allclose(found.each[1], deviation_of(noisy, track.breaks))
    assert np.flatnonzero(np.isfinite(found.each[0])).tolist() == [2, 3, 7, 8]
    assert found.title.startswith("Deviation")
    assert found.indicators == {"v": pytest.approx(indicator(noisy, truth))}


def test_without_any_label_a_model_is_judged_against_the_frame_before(moving):
    truth, noisy = moving
    truth[:] = np.nan
    track = video_track(noisy)
    found = curves_of(track, frames(10), [source("truth", truth, track.instances), source("v", noisy, track.instances)])
    assert np.isnan(found.each[0]).all()
    assert found.indicators == {"v": pytest.approx(indicator(noisy))}


def test_a_model_without_points_has_no_figure(moving):
    truth, noisy = moving
    track = video_track(noisy)
    empty = PointsSource("w", {}, "face68")
    found = curves_of(track, frames(10), [source("truth", truth, track.instances), empty])
    assert found.indicators == {"w": None}
    assert np.isnan(found.each[1]).all()


def test_without_a_track_there_are_empty_curves_of_all_sources_and_no_figures():
    sources = [PointsSource(name, {}, "face68") for name in ("truth", "v", "w")]
    found = curves_of(None, frames(4), sources)
    assert [np.isnan(curve).all() and curve.shape == (4,) for curve in found.each] == [True] * 3
    assert (found.ratios, found.indicators) == (False, {"v": None, "w": None})


def test_the_deviation_of_a_pair_stands_at_its_later_frame():
    """One of four points in a box of 10 x 10 px moves by 4 px in x: RMS sqrt(3) of sqrt(140), the mean of x and y."""
    still = square((0, 0), (10, 0), (10, 10), (0, 10))
    moved = square((0, 0), (10, 0), (10, 10), (-4, 10))
    found = deviation_of(np.stack([still, still, moved, still]), np.array([False, False, True]))
    np.testing.assert_allclose(found, [np.nan, 0, 50 * np.sqrt(3 / 140), np.nan])
