"""Embeddings of an encoder version as columns: their state, what is new, and who has any."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core.people.deciding import move_faces
from db.engine import reading
from db.queries.people.vectors import (
    VectorState,
    encoder_versions,
    has_embedding,
    has_vectors,
    is_embedded,
    people_state,
    removed_faces,
    vector_rows,
    vector_state,
)
from db.tables import Embedding
from db.writes.library import ensure_dataset
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import remove


@pytest.fixture
def embedded(workspace, dataset, author):
    """Faces 0 and 1 of a.png and 2 of b.png with vectors of four numbers, and two encoders of which one has them."""
    shelf = Shelf(workspace, dataset, author)
    first, second = shelf.image("a.png"), shelf.image("b.png")
    faces = [shelf.instance(image) for image in (first, first, second)]
    with writing(workspace.engine) as session:
        encoders = [ensure_model_version(name, "encoder", "0", {}, session=session) for name in ("used", "idle")]
        for number, face in enumerate(faces):
            session.add(Embedding(instance_id=face, model_version_id=encoders[0], vector=bytes([number]) * 16))
            session.flush()
    return (first, second), faces, encoders


def _rows(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(Embedding).order_by(Embedding.id)).all()


def test_the_state_is_how_many_there_are_and_which_is_the_newest(workspace, embedded):
    _, _, (used, idle) = embedded
    rows = _rows(workspace)
    with reading(workspace.engine) as session:
        assert vector_state(used, session=session) == VectorState(3, rows[2].id, rows[2].mark, 4)
        up_to_second = vector_state(used, up_to=rows[1].id, session=session)
        assert up_to_second == VectorState(2, rows[1].id, rows[1].mark, 4)
        assert vector_state(idle, session=session) == VectorState(0, 0, 0, 0)


def test_a_row_that_was_put_in_the_place_of_another_is_another_state(workspace, embedded):
    _, faces, (used, _) = embedded
    with reading(workspace.engine) as session:
        before = vector_state(used, session=session)
    with writing(workspace.engine) as session:
        last = session.exec(select(Embedding).where(Embedding.instance_id == faces[2])).one()
        number = last.id
        session.delete(last)
        session.flush()
        session.add(Embedding(id=number, instance_id=faces[2], model_version_id=used, vector=bytes(16)))
    with reading(workspace.engine) as session:
        after = vector_state(used, session=session)
    assert after.newest == before.newest
    assert after.mark != before.mark


def test_only_what_is_new_is_read_oldest_first(workspace, dataset, embedded):
    (first, second), faces, (used, idle) = embedded
    ids = [row.id for row in _rows(workspace)]
    expected = [
        (ids[0], faces[0], first, dataset, bytes([0]) * 16),
        (ids[1], faces[1], first, dataset, bytes([1]) * 16),
        (ids[2], faces[2], second, dataset, bytes([2]) * 16),
    ]
    with reading(workspace.engine) as session:
        assert list(vector_rows(used, 0, at_once=2, session=session)) == [expected[:2], expected[2:]]
        assert list(vector_rows(used, ids[0], session=session)) == [expected[1:]]
        assert list(vector_rows(used, ids[2], session=session)) == []
        assert list(vector_rows(idle, 0, session=session)) == []


def test_a_decision_and_an_embedding_change_the_state_of_the_people(workspace, dataset, author, embedded):
    _, faces, (used, _) = embedded

    def state():
        with reading(workspace.engine) as session:
            return people_state(dataset, used, session=session)

    seen = {state()}
    move_faces(workspace, faces[:1], author_id=author)
    seen.add(state())
    with writing(workspace.engine) as session:
        session.delete(session.exec(select(Embedding).where(Embedding.instance_id == faces[2])).one())
    seen.add(state())
    assert len(seen) == 3


def test_a_dataset_has_vectors_while_one_of_its_faces_was_not_removed(workspace, dataset, author, embedded):
    _, faces, (used, idle) = embedded
    with writing(workspace.engine) as session:
        elsewhere = ensure_dataset("other", author, session=session)
    remove(workspace, *faces[:2])
    with reading(workspace.engine) as session:
        assert has_vectors(dataset, used, session=session)
        assert not has_vectors(dataset, idle, session=session)
        assert not has_vectors(elsewhere, used, session=session)
        assert sorted(removed_faces(dataset, session=session)) == faces[:2]
    remove(workspace, faces[2])
    with reading(workspace.engine) as session:
        assert not has_vectors(dataset, used, session=session)


def test_encoders_are_those_that_embedded_a_face_of_the_dataset_the_newest_first(workspace, dataset, author, embedded):
    _, faces, (used, _) = embedded
    with writing(workspace.engine) as session:
        newer = ensure_model_version("newer", "encoder", "0", {}, session=session)
        session.add(Embedding(instance_id=faces[0], model_version_id=newer, vector=bytes(16)))
        elsewhere = ensure_dataset("other", author, session=session)
    with reading(workspace.engine) as session:
        assert [row.id for row in encoder_versions(dataset, session=session)] == [newer, used]
        assert encoder_versions(elsewhere, session=session) == []
        assert has_embedding(faces[0], newer, session=session)
        assert not has_embedding(faces[1], newer, session=session)
        assert [is_embedded(face, session=session) for face in (faces[0], faces[2] + 1)] == [True, False]
