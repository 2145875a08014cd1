"""Tracks through a part of a clip: what is there, in the order in which it is gone through."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotFound
from core.motion.courses import chosen_track, courses_of, frames_on_the_way, present_places
from core.motion.tracklets import link_clip
from db.engine import reading
from db.tables import Instance, Review, Video
from tests.builders.followed_clips import put_face, truth
from tests.builders.staged_tracks import add_video


@pytest.fixture
def clip(workspace, dataset):
    add_video(workspace, dataset, "a.mp4", indices=list(range(6)), gone=(4,))
    with reading(workspace.engine) as session:
        return session.exec(select(Video.id)).one()


def test_frames_come_in_the_order_in_which_they_are_asked_for(workspace, clip):
    with reading(workspace.engine) as session:
        there, back = (frames_on_the_way(clip, *way, session=session) for way in ((2, 5), (5, 2)))
    assert [frame.frame for frame in there] == [2, 3, 4, 5]
    assert there[::-1] == back
    assert [frame.image_id is None for frame in there] == [False, False, True, False]


@pytest.mark.parametrize(("video", "last", "error"), [(99, 3, NotFound), (None, 6, BadInput), (None, -1, BadInput)])
def test_frames_that_are_none_are_refused(workspace, clip, video, last, error):
    with reading(workspace.engine) as session, pytest.raises(error):
        frames_on_the_way(video or clip, 0, last, session=session)


def test_a_course_knows_its_points_and_whose_they_are(workspace, clip, author):
    put_face(workspace, clip, 0, truth(6)[0])
    put_face(workspace, clip, 1, truth(6)[1], review=Review.ACCEPTED, author=author)
    put_face(workspace, clip, 2, None, box=(70, 50, 150, 130))
    put_face(workspace, clip, 3, np.ones((17, 2)) * 20, kind="person", skeleton="coco17")
    link_clip(workspace, clip)
    with reading(workspace.engine) as session:
        frames = frames_on_the_way(clip, 0, 3, session=session)
        face, body = courses_of(clip, frames, None, session=session)
        (alone,) = courses_of(clip, frames, body.track_id, session=session)
    assert (face.kind, face.skeleton, sorted(face.rows)) == ("face", "face68", [0, 1, 2])
    assert [face.points_at(frame) is not None for frame in range(5)] == [True, True, False, False, False]
    assert [face.is_human(frame) for frame in range(5)] == [False, True, False, False, False]
    assert (body.kind, body.skeleton, alone.track_id) == ("person", "coco17", body.track_id)


def test_a_track_is_chosen_by_itself_or_by_an_instance_and_has_to_be_there(workspace, clip):
    instance = put_face(workspace, clip, 0, truth(6)[0])
    link_clip(workspace, clip)
    with reading(workspace.engine) as session:
        track = session.get_one(Instance, instance).track_id
        assert chosen_track(None, None, session=session) is None
        assert chosen_track(None, instance, session=session) == chosen_track(track, None, session=session) == track
        for wrong in ((99, None), (None, 99)):
            with pytest.raises(NotFound):
                chosen_track(*wrong, session=session)


def test_absent_points_have_no_place():
    there = Keypoints.of(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([2, 0]))
    assert present_places(there)[0].tolist() == [1, 2]
    assert np.isnan(present_places(there)[1]).all()
