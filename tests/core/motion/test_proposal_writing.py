"""What is proposed is written where no human was quicker, once, and under its method's name."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.motion.courses import Course, courses_of, frames_on_the_way
from core.motion.proposal_writing import Proposal, proposal_version, write_proposal
from core.motion.tracklets import link_clip
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import PROPOSAL, Frame, ModelUse, ModelVersion, Video
from db.writing import writing
from tests.builders.followed_clips import faces_in, put_face, truth
from tests.builders.staged_tracks import add_video


@pytest.fixture
def clip(workspace, dataset):
    add_video(workspace, dataset, "a.mp4", indices=list(range(4)))
    with reading(workspace.engine) as session:
        return session.exec(select(Video.id)).one()


def proposal(workspace, clip, *frames):
    """Points of the one track of a clip for some of its frames."""
    link_clip(workspace, clip)
    with reading(workspace.engine) as session:
        way = frames_on_the_way(clip, 0, 3, session=session)
        (course,) = courses_of(clip, way, None, session=session)
    course.proposed = {frame: Keypoints.of(truth(4)[frame] + 1) for frame in frames}
    return Proposal("flow", {"a": 1}, way, [course])


def test_a_human_who_was_quicker_stays(workspace, clip, author):
    faces = [put_face(workspace, clip, frame, truth(4)[frame]) for frame in (0, 1)]
    asked = proposal(workspace, clip, 1, 2)
    ((_, head),) = faces_in(workspace, clip)[1]
    revision = save_edit(workspace, Edit("w.1", faces[1], head.id, ((0, 9.0, 9.0, 2),)), author_id=author)
    told = write_proposal(workspace, clip, asked, author, None)
    assert (told["frames"], told["added"], told["tracks"][0]["frames"]) == (1, 1, 1)
    assert faces_in(workspace, clip)[1][0][1].id == revision


def test_equal_frames_are_one_picture_and_get_one_face(workspace, clip, author):
    put_face(workspace, clip, 0, truth(4)[0])
    with writing(workspace.engine) as session:
        second, third = session.exec(select(Frame).where(Frame.index.in_([2, 3])).order_by(Frame.index))
        third.image_id = second.image_id
    told = write_proposal(workspace, clip, proposal(workspace, clip, 2, 3), author, None)
    assert (told["frames"], told["added"]) == (2, 1)
    assert [len(rows) for rows in faces_in(workspace, clip).values()] == [1, 1, 1]


def test_a_method_has_a_version_that_the_dataset_uses(workspace, dataset):
    with writing(workspace.engine) as session:
        number = proposal_version(dataset, "flow", {"a": 1}, session=session)
        assert proposal_version(dataset, "flow", {"a": 1}, session=session) == number
        assert proposal_version(dataset, "flow", {"a": 2}, session=session) != number
        version = session.get_one(ModelVersion, number)
        assert (version.name, version.kind, version.settings) == ("flow", PROPOSAL, {"a": 1})
        assert session.get(ModelUse, (dataset, number)) is not None


def test_nothing_to_write_is_no_edit(workspace, clip, author):
    put_face(workspace, clip, 0, truth(4)[0])
    told = write_proposal(workspace, clip, proposal(workspace, clip), author, "w.1")
    assert (told["frames"], told["edit"]) == (0, None)
    assert Course(1).points_at(0) is None
