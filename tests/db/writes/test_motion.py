"""Instances in tracks: as they are put there, without making figures old."""

import pytest
from sqlmodel import select

from db.engine import reading
from db.tables import Dataset, Instance, Video
from db.writes.motion import add_track, set_tracks
from db.writing import writing
from tests.builders.followed_clips import put_face, truth
from tests.builders.staged_tracks import add_video


@pytest.fixture
def faces(workspace, dataset):
    add_video(workspace, dataset, "a.mp4", indices=[0, 1])
    with reading(workspace.engine) as session:
        clip = session.exec(select(Video.id)).one()
    return clip, [put_face(workspace, clip, frame, truth(2)[frame]) for frame in (0, 1)]


def test_instances_are_put_into_tracks_and_taken_out(workspace, dataset, faces):
    clip, (one, two) = faces
    with reading(workspace.engine) as session:
        revision = session.get_one(Dataset, dataset).revision
    with writing(workspace.engine) as session:
        shown = session.get_one(Instance, one)
        track = add_track(dataset, clip, "face", session=session)
        set_tracks({one: track, two: track}, session=session)
        assert shown.track_id == track, "what the session holds knows it too"
    with writing(workspace.engine) as session:
        set_tracks({two: None}, session=session)
        set_tracks({}, session=session)
    with reading(workspace.engine) as session:
        assert [session.get_one(Instance, number).track_id for number in (one, two)] == [track, None]
        assert session.get_one(Dataset, dataset).revision == revision
