"""What the store refuses of people and their faces."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from core.people.deciding import release_faces
from db.engine import reading
from db.tables import Assignment, Embedding, Instance, Person, Separation, Source
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import own


def test_two_active_people_of_a_dataset_cannot_share_a_name_but_unnamed_ones_may(workspace, dataset):
    with writing(workspace.engine) as session:
        session.add_all([Person(dataset_id=dataset), Person(dataset_id=dataset)])
        session.add_all([Person(dataset_id=dataset, name="Ada"), Person(dataset_id=dataset, name="Ada", active=False)])
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(workspace.engine) as session:
        session.add(Person(dataset_id=dataset, name="Ada"))


@pytest.fixture
def face(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    return shelf.instance(shelf.image("a.png"))


@pytest.fixture
def encoder(workspace):
    with writing(workspace.engine) as session:
        return ensure_model_version("e", "encoder", "0", {}, session=session)


def _embed(workspace, face, encoder):
    with writing(workspace.engine) as session:
        row = Embedding(instance_id=face, model_version_id=encoder, vector=bytes(8))
        session.add(row)
    return row


def test_the_id_of_a_deleted_embedding_is_never_given_again(workspace, face, encoder):
    first = _embed(workspace, face, encoder)
    with writing(workspace.engine) as session:
        session.delete(session.get(Embedding, first.id))
    second = _embed(workspace, face, encoder)
    assert second.id > first.id
    assert second.mark != first.mark


def test_an_encoder_embeds_a_face_once(workspace, face, encoder):
    _embed(workspace, face, encoder)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        _embed(workspace, face, encoder)


def test_a_face_belongs_to_one_person(workspace, dataset, face):
    own(workspace, dataset, [face], "Ada")
    with pytest.raises(IntegrityError, match="UNIQUE"):
        own(workspace, dataset, [face], "Bo")


def test_what_is_said_of_a_face_goes_with_it_and_the_people_stay(workspace, dataset, author, face, encoder):
    ada = own(workspace, dataset, [face], "Ada")
    release_faces(workspace, [face], author_id=author)
    with writing(workspace.engine) as session:
        session.add(Assignment(instance_id=face, dataset_id=dataset, person_id=ada, source=Source.MODEL))
    _embed(workspace, face, encoder)
    with writing(workspace.engine) as session:
        session.delete(session.get(Instance, face))
    with reading(workspace.engine) as session:
        assert [session.exec(select(table)).all() for table in (Assignment, Separation, Embedding)] == [[], [], []]
        assert session.get(Person, ada).active


def test_a_person_with_a_face_cannot_be_deleted(workspace, dataset, face):
    ada = own(workspace, dataset, [face], "Ada")
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.delete(session.get(Person, ada))
