"""What a timeline is told of a clip: its frames, and one track over them."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotFound
from core.motion.overlay_curves import deviation_of
from core.motion.ranges import FrameRange, exclude_range
from core.motion.timelines import (
    HUMAN,
    NOTHING,
    PREDICTED,
    TRUE,
    asked_course,
    asked_fade,
    asked_frames,
    asked_tracks,
    course_of_track,
)
from core.motion.tracklets import link_clip, tracks_of_clip
from db.engine import reading
from db.tables import Instance, Review, Video
from tests.builders.followed_clips import put_face
from tests.builders.staged_tracks import add_video, drifting_face

FRAMES = 6


@pytest.fixture
def clip(workspace, dataset, author):
    """A clip of 6 frames: a model's face in 0 to 4, a human's accepted in 1, one under way in 2, nothing in 5."""
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(FRAMES)), rate=25.0, gone=(5,))
    with reading(workspace.engine) as session:
        video = session.exec(select(Video.id)).one()
    for frame, points in enumerate(drifting_face(FRAMES)[:5]):
        review = {1: Review.ACCEPTED, 2: Review.IN_PROGRESS}.get(frame, Review.OPEN)
        put_face(workspace, video, frame, points, review=review, author=None if review == Review.OPEN else author)
    link_clip(workspace, video)
    return video, pictures


def test_frames_come_with_their_pictures_their_times_and_whether_they_are_left_out(workspace, clip, author):
    video, pictures = clip
    exclude_range(workspace, FrameRange(video, 2, 3), "blurred", author_id=author)
    packed = asked_frames(workspace, {"video": str(video)})
    assert len(packed) == 13 * FRAMES
    assert np.frombuffer(packed, "<i4", FRAMES).tolist() == [*list(pictures.values())[:5], 0]
    assert np.frombuffer(packed, "<i4", FRAMES, 4 * FRAMES).tolist() == list(range(FRAMES))
    np.testing.assert_allclose(np.frombuffer(packed, "<f4", FRAMES, 8 * FRAMES), np.arange(FRAMES) / 25, rtol=1e-6)
    assert np.frombuffer(packed, np.uint8, FRAMES, 12 * FRAMES).tolist() == [0, 0, 1, 1, 0, 0]


def test_the_course_of_a_track_says_whose_points_there_are_and_how_they_move_against_one_another(workspace, clip):
    video, _ = clip
    (track,) = tracks_of_clip(workspace, video)
    course = course_of_track(workspace, video, track.id)
    assert course.kinds.tolist() == [PREDICTED, TRUE, HUMAN, PREDICTED, PREDICTED, NOTHING]
    expected = deviation_of(drifting_face(FRAMES)[:5], np.zeros(4, bool))
    np.testing.assert_allclose(course.deviations, [*expected, np.nan])
    packed = asked_course(workspace, {"video": str(video), "track": str(track.id)})
    np.testing.assert_allclose(np.frombuffer(packed, "<f4", FRAMES), course.deviations, rtol=1e-6)
    assert packed[4 * FRAMES :] == course.kinds.tobytes()


def test_a_track_that_is_in_no_frame_has_gaps_only(workspace, clip):
    course = course_of_track(workspace, clip[0], 99)
    assert np.isnan(course.deviations).all()
    assert not course.kinds.any()


def test_tracks_and_what_a_correction_would_move_are_told(workspace, clip):
    told = asked_tracks(workspace, {"video": str(clip[0])})
    assert [row["number"] for row in told["tracks"]] == [1]
    assert asked_fade(workspace, {"instance": "4", "width": "3"})["frames"] == [[4, pytest.approx(0.75)]]


def test_who_asks_for_tracks_writes_nothing(workspace, clip):
    late = put_face(workspace, clip[0], 4, None, box=(500.0, 500.0, 540.0, 540.0))
    assert len(asked_tracks(workspace, {"video": str(clip[0])})["tracks"]) == 1
    assert asked_fade(workspace, {"instance": str(late), "width": "3"})["frames"] == []
    with reading(workspace.engine) as session:
        assert session.get(Instance, late).track_id is None


@pytest.mark.parametrize("ask", [asked_frames, asked_course, asked_tracks])
def test_a_clip_that_is_not_there_is_said(workspace, ask):
    with pytest.raises(NotFound):
        ask(workspace, {"video": "7", "track": "1"})


@pytest.mark.parametrize("number", ["", "a", "-1", "1.0", "٣", "9" * 30])
def test_what_is_no_number_is_refused(workspace, number):
    for ask, asked in (
        (asked_frames, {"video": number}),
        (asked_course, {"video": "1", "track": number}),
        (asked_fade, {"instance": "1", "width": number}),
    ):
        with pytest.raises(BadInput):
            ask(workspace, asked)
