"""A snapshot of faces and people brings back what was, and leaves alone what others decided meanwhile."""

from __future__ import annotations

import json

import pytest

from core.people.deciding import move_faces, name_person, release_faces
from db.engine import reading
from db.history import restore, set_removed, snapshot
from db.tables import Image, Instance, Person, Source
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import own, remove


@pytest.fixture
def pair(workspace, dataset, author):
    """Two faces of one picture: the first is Ada's, the second an unnamed person's."""
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    faces = [shelf.instance(image) for _ in range(2)]
    people = [own(workspace, dataset, faces[:1], "Ada"), own(workspace, dataset, faces[1:])]
    return image, faces, people


def _state(workspace, faces, people):
    with reading(workspace.engine) as session:
        return snapshot(faces, people, session=session)


def test_a_snapshot_is_plain_values_of_what_is_known(workspace, author, pair):
    _, (first, second), (ada, other) = pair
    release_faces(workspace, [second], author_id=author)
    remove(workspace, second)
    state = _state(workspace, [first, second], [ada, other])
    assert state == json.loads(json.dumps(state))
    assert state["assignments"] == [[first, ada, Source.MODEL, None, None, None]]
    assert sorted(state["removed"]) == [[first, False], [second, True]]
    assert sorted(state["people"]) == [[ada, "Ada", True, False, None], [other, None, True, False, None]]


def test_nothing_is_known_of_no_faces_and_no_people(workspace, pair):
    nothing = {"assignments": [], "removed": [], "people": []}
    assert _state(workspace, [], []) == nothing


def test_what_was_before_a_decision_comes_back_whole(workspace, dataset, author, pair):
    image, faces, people = pair
    before = _state(workspace, faces, people)
    new = move_faces(workspace, faces, name="Eve", author_id=author)
    name_person(workspace, people[0], "", author_id=author)
    with writing(workspace.engine) as session:
        set_removed(dict.fromkeys(faces, True), session=session)
    assert _state(workspace, faces, people) != before
    with writing(workspace.engine) as session:
        restore(before, faces, [*people, new], dataset, session=session)
    assert _state(workspace, faces, people) == before
    with reading(workspace.engine) as session:
        assert not session.get(Person, new).active  # was not there before
        assert session.get(Image, image).faces == 2


def test_two_people_who_swapped_their_names_get_them_back(workspace, dataset, author, pair):
    _, faces, people = pair
    before = _state(workspace, faces, people)
    for person, name in zip((people[0], people[1], people[0]), ("", "Ada", "Bo"), strict=True):
        name_person(workspace, person, name, author_id=author)
    with writing(workspace.engine) as session:
        session.get(Person, people[0]).name = "Zoe"
        restore(before, faces, people, dataset, session=session)
    assert _state(workspace, faces, people) == before


def test_faces_that_are_taken_out_and_brought_back_are_recounted_in_their_picture(workspace, pair):
    image, (first, second), _ = pair
    with writing(workspace.engine) as session:
        set_removed({first: True, second: False}, session=session)
    with reading(workspace.engine) as session:
        assert session.get(Image, image).faces == 1
        assert [session.get(Instance, face).removed for face in (first, second)] == [True, False]
    with writing(workspace.engine) as session:
        set_removed({first: False, second: False}, session=session)
    with reading(workspace.engine) as session:
        assert session.get(Image, image).faces == 2


def test_decisions_of_before_people_could_be_hidden_leave_that_as_it_is(workspace, dataset, pair):
    _, faces, people = pair
    before = _state(workspace, faces, people)
    before["people"] = [row[:3] for row in before["people"]]
    with writing(workspace.engine) as session:
        session.get_one(Person, people[0]).hidden = True
        restore(before, faces, people, dataset, session=session)
    with reading(workspace.engine) as session:
        assert session.get_one(Person, people[0]).hidden
