"""Which faces are measured, and which are not: of one dataset, and not of those that were taken out."""

import pytest

from core.people.deciding import remove_faces
from db.engine import reading
from db.queries.people.quality import machine_points, qualities, unmeasured_faces
from db.tables import FaceQuality, Instance, Review
from db.writes.library import ensure_dataset
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.staged_people import add_faces, vector


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
