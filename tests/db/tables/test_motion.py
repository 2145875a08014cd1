"""What the store refuses of edits of clips, and what goes with a clip."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from core.foundation.messages import verbatim
from db.engine import reading
from db.tables import ClipEdit, Track, Video
from db.writes.motion import add_track
from db.writing import writing
from tests.builders.staged_tracks import add_video


@pytest.fixture
def clip(workspace, dataset):
    add_video(workspace, dataset, "a.mp4", indices=[0])
    with reading(workspace.engine) as session:
        return session.exec(select(Video.id)).one()


def add_edit(workspace, dataset, clip, author, edit_id):
    with writing(workspace.engine) as session:
        summary = verbatim("done").to_json()
        session.add(
            ClipEdit(dataset_id=dataset, video_id=clip, kind="flow", summary=summary, author_id=author, edit_id=edit_id)
        )


def test_the_same_edit_sent_twice_is_refused_and_those_without_an_id_are_not(workspace, dataset, clip, author):
    for edit_id in ("w.1", None, None):
        add_edit(workspace, dataset, clip, author, edit_id)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        add_edit(workspace, dataset, clip, author, "w.1")


def test_tracks_and_edits_go_with_their_clip(workspace, dataset, clip, author):
    add_edit(workspace, dataset, clip, author, None)
    with writing(workspace.engine) as session:
        add_track(dataset, clip, "face", session=session)
        session.delete(session.get_one(Video, clip))
    with reading(workspace.engine) as session:
        assert not session.exec(select(Track)).all()
        assert not session.exec(select(ClipEdit)).all()
