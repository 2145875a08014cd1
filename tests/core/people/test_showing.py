"""Who is hidden and which face stands for somebody: said in the history, with a way back, and nothing else changes."""

from __future__ import annotations

import pytest

from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import worded
from core.people.deciding import merge_people, move_faces, undo
from core.people.showing import choose_cover, hide_people
from db.engine import reading
from db.queries.people.decisions import history
from db.queries.people.listing import PeopleView, best_faces, people_in_view
from db.tables import Person
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, group, owners, vector


@pytest.fixture
def two(workspace, dataset):
    """Ada with two faces and an unnamed person with two; their ids, and the faces."""
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(n // 2, n)) for n in range(4)])
    return own(workspace, dataset, faces[:2], "Ada"), own(workspace, dataset, faces[2:]), faces


def seen(workspace, dataset, view=PeopleView.KNOWN):
    with reading(workspace.engine) as session:
        return people_in_view(dataset, view=view, session=session)


def said(workspace, dataset):
    with reading(workspace.engine) as session:
        return worded(history(dataset, limit=1, session=session)[0].row.summary)


def test_hidden_people_are_out_of_sight_until_they_are_brought_back(workspace, dataset, author, two):
    ada, other, _ = two
    hide_people(workspace, [other, ada, other], author_id=author)
    assert said(workspace, dataset) == f"Hid unnamed person {other}, Ada"
    assert (seen(workspace, dataset), seen(workspace, dataset, PeopleView.HIDDEN)) == ([], [ada, other])
    event = hide_people(workspace, [ada], hidden=False, author_id=author)
    assert said(workspace, dataset) == "Brought Ada back into sight"
    assert seen(workspace, dataset) == [ada]
    undo(workspace, event, author_id=author)
    assert seen(workspace, dataset) == []


def test_only_those_whom_it_changes_are_told_and_nobody_is_refused(workspace, dataset, author, two):
    ada, other, _ = two
    hide_people(workspace, [other], author_id=author)
    hide_people(workspace, [ada, other], author_id=author)
    assert said(workspace, dataset) == "Hid Ada"
    with pytest.raises(Conflict, match="hidden already"):
        hide_people(workspace, [ada], author_id=author)
    hide_people(workspace, [ada], hidden=False, author_id=author)
    with pytest.raises(Conflict, match="in sight already"):
        hide_people(workspace, [ada], hidden=False, author_id=author)
    with pytest.raises(BadInput):
        hide_people(workspace, [], author_id=author)


def test_a_stranger_who_is_hidden_takes_in_new_faces_and_stays_hidden(workspace, dataset, author, two):
    _, other, _ = two
    hide_people(workspace, [other], author_id=author)
    (late,) = add_faces(workspace, dataset, [("late.jpg", vector(1, 9))])
    group(workspace, dataset)
    assert owners(workspace, dataset)[late][0] == other
    assert other not in seen(workspace, dataset)


def test_people_of_two_datasets_are_not_hidden_at_once_and_nobody_who_is_gone(workspace, dataset, author, two):
    ada, other, _ = two
    with writing(workspace.engine) as session:
        elsewhere = ensure_dataset("elsewhere", author, session=session)
    stranger = own(workspace, elsewhere, [])
    with pytest.raises(BadInput, match="two datasets"):
        hide_people(workspace, [ada, stranger], author_id=author)
    merge_people(workspace, ada, [other], author_id=author)
    with pytest.raises(NotFound):
        hide_people(workspace, [other], author_id=author)


def cover(workspace, person):
    with reading(workspace.engine) as session:
        return best_faces([person], session=session)[person].instance_id


def test_the_chosen_face_stands_for_somebody_while_it_is_theirs(workspace, dataset, author, two):
    ada, other, faces = two
    assert cover(workspace, ada) == faces[0]
    event = choose_cover(workspace, faces[1], author_id=author)
    assert (said(workspace, dataset), cover(workspace, ada)) == ("Chose the face that stands for Ada", faces[1])
    moved = move_faces(workspace, [faces[1]], person_id=other, author_id=author)
    assert (moved, cover(workspace, ada), cover(workspace, other)) == (other, faces[0], faces[1])
    with reading(workspace.engine) as session:
        last = history(dataset, limit=1, session=session)[0].row.id
    undo(workspace, last, author_id=author)
    assert cover(workspace, ada) == faces[1]
    undo(workspace, event, author_id=author)
    assert cover(workspace, ada) == faces[0]
    with reading(workspace.engine) as session:
        assert session.get_one(Person, ada).cover_id is None


def test_a_face_of_nobody_stands_for_nobody(workspace, dataset, author):
    (face,) = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    with pytest.raises(BadInput, match="stand for nobody"):
        choose_cover(workspace, face, author_id=author)
