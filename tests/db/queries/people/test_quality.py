"""Which faces are measured, and which are not: of one dataset, and not of those that were taken out."""

import pytest
from sqlmodel import select

from core.people.deciding import remove_faces
from db.engine import reading
from db.queries.people.quality import (
    loose_with_quality,
    machine_points,
    qualities,
    track_state,
    tracks_of_faces,
    unmeasured_faces,
)
from db.tables import ClipEdit, FaceQuality, Instance, Review, Video
from db.writes.library import ensure_dataset
from db.writes.motion import add_track, set_tracks
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.people_rows import own, remove
from tests.builders.staged_people import add_faces, vector
from tests.builders.staged_tracks import add_video

SAID = {"code": "words.verbatim", "fields": {"text": ""}}


@pytest.fixture
def faces(workspace, dataset):
    added = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("a.jpg", vector(1)), ("b.jpg", vector(2))])
    with writing(workspace.engine) as session:
        session.add_all(FaceQuality(instance_id=face, sharpness=face, size=9) for face in added[1:])
    return added


def test_measured_and_unmeasured_faces_of_a_dataset(workspace, dataset, author, faces):
    with reading(workspace.engine) as session:
        assert {face: row.sharpness for face, row in qualities(dataset, session=session).items()} == {
            face: face for face in faces[1:]
        }
        assert [(face.id, image.path) for face, image in unmeasured_faces(dataset, session=session)] == [
            (faces[0], "a.jpg")
        ]
    remove_faces(workspace, faces[:2], author_id=author)
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    with reading(workspace.engine) as session:
        assert list(qualities(dataset, session=session)) == faces[2:]
        assert not unmeasured_faces(dataset, session=session)
        assert not qualities(other, session=session)
        assert not unmeasured_faces(other, session=session)


def test_points_are_a_models_as_long_as_nobody_has_made_them_their_own(workspace, author, faces):
    with writing(workspace.engine) as session:
        for face, skeleton, review in zip(
            faces, ("face68", "face68", "face5"), ("open", "accepted", "open"), strict=True
        ):
            instance = session.get(Instance, face)
            append_revision(instance, skeleton, bytes([face]), Review(review), author_id=author, session=session)
    with reading(workspace.engine) as session:
        assert machine_points(faces, session=session) == {faces[0]: bytes([faces[0]])}


def test_loose_faces_are_those_of_nobody_and_the_only_ones_of_people_without_a_name(workspace, dataset, faces):
    more = add_faces(workspace, dataset, [("c.jpg", vector(3)), ("d.jpg", vector(4)), ("d.jpg", vector(5))])
    unnamed, _ = own(workspace, dataset, faces[1:2]), own(workspace, dataset, faces[2:], "Ada")
    own(workspace, dataset, more[1:])
    with reading(workspace.engine) as session:
        found = loose_with_quality(dataset, session=session)
    assert [(face.instance_id, face.person_id) for face in found] == [
        (faces[0], None),
        (faces[1], unnamed),
        (more[0], None),
    ]
    assert [face.quality and face.quality.size for face in found] == [None, 9, None]
    assert found[0].score == 0.99


def test_tracks_of_faces_and_what_changes_with_them(workspace, dataset, author, faces):
    add_video(workspace, dataset, "a.mp4", indices=[0])
    with writing(workspace.engine) as session:
        video = session.exec(select(Video.id)).one()
        track = add_track(dataset, video, "face", session=session)
        set_tracks(dict.fromkeys(faces[:2], track), session=session)
    remove(workspace, faces[1])
    with reading(workspace.engine) as session:
        assert tracks_of_faces(dataset, session=session) == {faces[0]: track}
        assert track_state(dataset, session=session) == (1, 0)
    with writing(workspace.engine) as session:
        session.add(ClipEdit(dataset_id=dataset, video_id=video, kind="cut", summary=SAID, author_id=author))
    with reading(workspace.engine) as session:
        assert track_state(dataset, session=session) == (1, 1)
