"""Whose faces they are and whose they are not, of one dataset."""

from __future__ import annotations

import pytest

from core.people.deciding import keep_apart, move_faces
from db.engine import reading
from db.queries.people.ownership import (
    Ownership,
    confirmed_owners,
    instances_of,
    named_people,
    out_of_sight,
    owner_columns,
    ownerships,
    photos_shared,
    placed_by,
    separations,
    unconfirmed,
    whose_faces,
)
from db.tables import Person
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import own, remove
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def owned(workspace, dataset, author):
    """Faces 0 and 1 are Ada's, 1 by a human; face 2 is an unnamed person's; face 3 is nobody's."""
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    faces = [shelf.instance(image) for _ in range(4)]
    ada = own(workspace, dataset, faces[:2], "Ada", confirmed=faces[1:2])
    return faces, ada, own(workspace, dataset, faces[2:3])


def test_whose_a_face_is_says_who_said_so_and_whether_there_is_a_name(workspace, dataset, owned):
    faces, ada, other = owned
    with reading(workspace.engine) as session:
        assert ownerships(dataset, session=session) == {
            faces[0]: Ownership(ada, human=False, named=True),
            faces[1]: Ownership(ada, human=True, named=True),
            faces[2]: Ownership(other, human=False, named=False),
        }
        assert ownerships(dataset + 1, session=session) == {}


def test_whose_all_faces_are_and_who_has_a_name_can_be_read_alone(workspace, dataset, owned):
    faces, ada, other = owned
    with reading(workspace.engine) as session:
        columns = [column.split(",") for column in owner_columns(dataset, session=session)]
        rows = sorted(tuple(map(int, row)) for row in zip(*columns, strict=True))
        assert rows == [(faces[0], ada, 0), (faces[1], ada, 1), (faces[2], other, 0)]
        assert named_people(dataset, session=session) == [ada]
        assert owner_columns(dataset + 1, session=session) == ("", "", "")
        assert named_people(dataset + 1, session=session) == []


def test_whose_a_face_is_by_the_word_of_a_human_can_be_read_alone(workspace, dataset, owned):
    faces, ada, _ = owned
    with reading(workspace.engine) as session:
        assert confirmed_owners(dataset, session=session) == {faces[1]: ada}
        assert confirmed_owners(dataset + 1, session=session) == {}


def test_the_faces_of_people_come_by_id(workspace, owned):
    faces, ada, other = owned
    with reading(workspace.engine) as session:
        assert instances_of([other, ada], session=session) == faces[:3]
        assert instances_of([], session=session) == []


def test_who_is_kept_apart_is_known_of_the_own_dataset_alone(workspace, dataset, author, owned):
    faces, ada, other = owned
    keep_apart(workspace, ada, other, author_id=author)
    with writing(workspace.engine) as session:
        elsewhere = ensure_dataset("other", author, session=session)
    with reading(workspace.engine) as session:
        apart = {(faces[0], other), (faces[1], other), (faces[2], ada)}
        assert set(separations(dataset, session=session)) == apart
        assert separations(elsewhere, session=session) == []


def test_what_a_machine_has_placed_is_known_of_some_people_and_of_everybody_with_a_name(workspace, dataset, owned):
    faces, ada, other = owned
    with reading(workspace.engine) as session:
        assert unconfirmed(dataset, session=session) == {faces[0]: ada}
        assert unconfirmed(dataset, [ada, other], session=session) == {faces[0]: ada, faces[2]: other}
        assert unconfirmed(dataset, [], session=session) == {}
        assert unconfirmed(dataset + 1, session=session) == {}
    remove(workspace, faces[0])
    with reading(workspace.engine) as session:
        assert unconfirmed(dataset, session=session) == {}


def test_a_photo_is_shared_by_people_who_have_a_face_in_it_that_is_there(workspace, dataset, owned):
    faces, ada, other = owned
    alone = own(workspace, dataset, add_faces(workspace, dataset, [("another.png", vector(0))]))
    with reading(workspace.engine) as session:
        (photo,) = photos_shared([ada, other, alone], session=session).items()
        assert photo[1] == faces[:3]
        assert photos_shared([ada, alone], session=session) == {}
        assert whose_faces([ada, other], session=session) == {faces[0]: ada, faces[1]: ada, faces[2]: other}
    remove(workspace, faces[2])
    with reading(workspace.engine) as session:
        assert photos_shared([ada, other], session=session) == {}
        assert whose_faces([other], session=session) == {}


def test_who_is_hidden_is_known(workspace, dataset, owned):
    _, ada, other = owned
    with writing(workspace.engine) as session:
        session.get_one(Person, other).hidden = True
        session.flush()
        assert list(out_of_sight(dataset, session=session)) == [other]
        assert list(out_of_sight(dataset + 1, session=session)) == []
    assert ada


def test_who_was_placed_by_a_kind_of_decision_is_known(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{n}.png", vector(0, n)) for n in range(3)])
    move_faces(workspace, faces[:2], name="Ada", author_id=author)
    with reading(workspace.engine) as session:
        assert placed_by("move", faces, session=session) == set(faces[:2])
        assert placed_by("move", faces[1:2], session=session) == {faces[1]}
        assert placed_by("clothes", faces, session=session) == set()
        assert placed_by("move", [], session=session) == set()
