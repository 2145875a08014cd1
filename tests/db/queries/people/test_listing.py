"""Pages of people and of their faces: order, paging, who is left out, and a dataset without anybody."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from db.engine import reading
from db.queries.people.listing import (
    PeopleOrder,
    PeopleView,
    PersonSummary,
    all_people,
    best_faces,
    boxes_in_pictures,
    count_by_view,
    count_loose_faces,
    count_people_page,
    faces_by_id,
    faces_page,
    loose_faces,
    people_in_view,
    people_page,
    person_names,
    person_summary,
    strips,
    summaries,
)
from db.tables import Instance, Person, Source
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import own, remove


@pytest.fixture
def crowd(workspace, dataset, author):
    """Nine faces in pictures e to a: three of an unnamed person, two of Bo, one of Ada_ and of another, two nobody's.

    The second of Bo's is confirmed. A person of another dataset and one who was merged away are there too.
    """
    shelf = Shelf(workspace, dataset, author)
    images = [shelf.image(f"{letter}.png") for letter in "edcba"]
    faces = [shelf.instance(images[min(number // 2, 4)]) for number in range(9)]
    shelf.instance(images[0], kind="person")
    made = SimpleNamespace(faces=faces, images=images)
    made.many = own(workspace, dataset, faces[:3])
    made.once = own(workspace, dataset, faces[3:4])
    made.bo = own(workspace, dataset, faces[4:6], "Bo", confirmed=faces[5:6])
    made.ada = own(workspace, dataset, faces[6:7], "Ada_")
    made.gone = own(workspace, dataset, [], "Gone", active=False)
    made.faceless = own(workspace, dataset, [], "Zoe")
    with writing(workspace.engine) as session:
        made.elsewhere = ensure_dataset("other", author, session=session)
    other = Shelf(workspace, made.elsewhere, author)
    made.stranger = own(workspace, made.elsewhere, [other.instance(other.image("x.png"))], "Bo")
    return made


@pytest.fixture
def session(workspace, crowd):
    with reading(workspace.engine) as opened:
        yield opened


def test_named_people_come_first_then_those_with_most_faces(dataset, crowd, session):
    assert people_page(dataset, session=session) == [
        PersonSummary(crowd.bo, "Bo", 2, 1),
        PersonSummary(crowd.ada, "Ada_", 1, 0),
        PersonSummary(crowd.many, None, 3, 0),
        PersonSummary(crowd.once, None, 1, 0),
    ]


@pytest.mark.parametrize(
    ("order", "people"),
    [
        (PeopleOrder.COUNT, ["bo", "ada", "many", "once"]),
        (PeopleOrder.NAME, ["ada", "bo", "many", "once"]),
        (PeopleOrder.NEWEST, ["ada", "bo", "once", "many"]),
    ],
)
def test_people_come_in_the_order_that_is_asked_for(dataset, crowd, session, order, people):
    assert [row.id for row in people_page(dataset, order=order, session=session)] == [
        getattr(crowd, name) for name in people
    ]


def test_hidden_people_are_in_a_view_of_their_own(workspace, dataset, crowd):
    with writing(workspace.engine) as session:
        for name in ("ada", "once"):
            session.get_one(Person, getattr(crowd, name)).hidden = True
    with reading(workspace.engine) as session:
        views = {view: people_in_view(dataset, view=view, session=session) for view in PeopleView}
        assert views == {
            "all": [crowd.bo, crowd.ada, crowd.many, crowd.once],
            "known": [crowd.bo, crowd.many],
            "once": [],
            "hidden": [crowd.ada, crowd.once],
        }
        assert count_by_view(dataset, session=session) == {view: len(people) for view, people in views.items()}
        assert set(count_by_view(dataset + 99, session=session).values()) == {0}
        assert [row.hidden for row in people_page(dataset, session=session)] == [False, True, False, True]
        assert summaries([crowd.ada], session=session)[crowd.ada].hidden
        assert people_in_view(dataset, unnamed=True, session=session) == [crowd.many, crowd.once]
        assert count_people_page(dataset, view=PeopleView.KNOWN, unnamed=True, session=session) == 1


def test_the_face_that_stands_for_somebody_is_the_chosen_else_the_largest_sure_one(workspace, dataset, crowd):
    first, second, third = crowd.faces[:3]
    with writing(workspace.engine) as session:
        for face, edge, score in ((first, 20.0, 0.9), (second, 40.0, 0.99), (third, 44.0, 0.5)):
            row = session.get_one(Instance, face)
            row.left, row.top, row.right, row.bottom, row.score = 0.0, 0.0, edge, 2 * edge, score
    with reading(workspace.engine) as session:
        found = best_faces([crowd.many, crowd.ada, crowd.faceless], session=session)
        assert {person: face.instance_id for person, face in found.items()} == {
            crowd.many: second,
            crowd.ada: crowd.faces[6],
        }
    with writing(workspace.engine) as session:
        session.get_one(Person, crowd.many).cover_id = third
        session.get_one(Person, crowd.ada).cover_id = first  # somebody else's by now
    with reading(workspace.engine) as session:
        found = best_faces([crowd.many, crowd.ada], session=session)
        assert [found[person].instance_id for person in (crowd.many, crowd.ada)] == [third, crowd.faces[6]]


def test_people_come_page_by_page(dataset, crowd, session):
    second = people_page(dataset, offset=1, limit=2, session=session)
    assert [row.id for row in second] == [crowd.ada, crowd.many]
    assert people_page(dataset, offset=4, limit=2, session=session) == []


@pytest.mark.parametrize(
    ("view", "part", "people"),
    [
        (PeopleView.ALL, "", ["bo", "ada", "many", "once"]),
        (PeopleView.KNOWN, "", ["bo", "ada", "many"]),
        (PeopleView.ONCE, "", ["once"]),
        (PeopleView.ALL, "_", ["ada"]),
        (PeopleView.ONCE, "Bo", []),
    ],
)
def test_each_view_lists_and_counts_the_same_people(dataset, crowd, session, view, part, people):
    rows = people_page(dataset, view=view, name_contains=part, session=session)
    assert [row.id for row in rows] == [getattr(crowd, name) for name in people]
    assert count_people_page(dataset, view=view, name_contains=part, session=session) == len(people)


def test_a_person_is_summed_up_in_the_own_dataset_alone(dataset, crowd, session):
    bo = PersonSummary(crowd.bo, "Bo", 2, 1)
    assert person_summary(crowd.bo, session=session) == person_summary(crowd.bo, dataset_id=dataset, session=session)
    assert person_summary(crowd.bo, dataset_id=dataset, session=session) == bo
    assert person_summary(crowd.bo, dataset_id=crowd.elsewhere, session=session) is None
    assert person_summary(crowd.gone, session=session) is None
    nobody = PersonSummary(crowd.faceless, "Zoe", 0, 0)
    assert summaries([crowd.faceless, crowd.gone, 999], session=session) == {crowd.faceless: nobody}


def test_names_are_those_of_active_people_in_their_order(dataset, crowd, session):
    named = [(crowd.ada, "Ada_"), (crowd.bo, "Bo"), (crowd.faceless, "Zoe")]
    assert person_names(dataset, session=session) == named


def test_faces_that_nobody_has_confirmed_come_first_then_the_order_of_the_pictures(workspace, dataset, crowd, session):
    def shown(person, **page):
        return [row.instance_id for row in faces_page(person, session=session, **page)]

    first, second, third = crowd.faces[:3]
    assert shown(crowd.many) == [third, first, second]  # the third lies in d.png, the others in e.png
    assert shown(crowd.many, offset=1, limit=1) == [first]
    assert shown(crowd.bo) == crowd.faces[4:6]
    assert [row.source for row in faces_page(crowd.bo, session=session)] == [Source.MODEL, Source.HUMAN]
    remove(workspace, first)
    session.rollback()
    assert shown(crowd.many) == [third, second]


def test_a_strip_is_the_first_faces_of_each_person_the_confirmed_ones_before(crowd, session):
    found = strips([crowd.many, crowd.bo, crowd.faceless], each=2, session=session)
    assert {person: [row.instance_id for row in rows] for person, rows in found.items()} == {
        crowd.many: crowd.faces[:2],
        crowd.bo: [crowd.faces[5], crowd.faces[4]],
        crowd.faceless: [],
    }
    assert {row.person_id for row in found[crowd.bo]} == {crowd.bo}


def test_faces_of_nobody_are_counted_and_come_page_by_page(workspace, dataset, crowd, session):
    nobodys = crowd.faces[7:]
    assert count_loose_faces(dataset, session=session) == 2
    rows = loose_faces(dataset, session=session)
    assert [(row.instance_id, row.source, row.person_id) for row in rows] == [(face, None, None) for face in nobodys]
    assert [row.instance_id for row in loose_faces(dataset, offset=1, limit=1, session=session)] == nobodys[1:]
    remove(workspace, nobodys[0])
    session.rollback()
    assert count_loose_faces(dataset, session=session) == len(loose_faces(dataset, session=session)) == 1


def test_a_shown_face_says_where_it_lies_and_whose_it_is(crowd, session):
    confirmed, nobodys = crowd.faces[5], crowd.faces[7]
    found = faces_by_id([confirmed, nobodys, 999], session=session)
    assert found.keys() == {confirmed, nobodys}
    face = found[confirmed]
    assert (face.path, face.image_id, face.box) == ("c.png", crowd.images[2], (0, 0, 120, 90))
    assert (face.source, face.person_id) == (Source.HUMAN, crowd.bo)
    assert found[nobodys].person_id is None


def test_all_people_come_with_all_their_faces_the_largest_first(dataset, crowd, session):
    rows = [
        (person, name, [face.instance_id for face in faces])
        for person, name, faces in all_people(dataset, session=session)
    ]
    first, second, third = crowd.faces[:3]
    assert rows == [
        (crowd.many, None, [third, first, second]),
        (crowd.bo, "Bo", crowd.faces[4:6]),
        (crowd.once, None, crowd.faces[3:4]),
        (crowd.ada, "Ada_", crowd.faces[6:7]),
    ]


def test_a_dataset_without_faces_has_nobody(workspace, dataset):
    with reading(workspace.engine) as session:
        assert people_page(dataset, session=session) == person_names(dataset, session=session) == []
        assert count_people_page(dataset, session=session) == count_loose_faces(dataset, session=session) == 0
        assert loose_faces(dataset, session=session) == list(all_people(dataset, session=session)) == []
        assert strips([], session=session) == summaries([], session=session) == {}


def test_a_face_is_found_in_its_picture_by_path_and_box(crowd, session):
    found = boxes_in_pictures([crowd.faces[8], crowd.faces[0]], session=session)
    assert found.keys() == {crowd.faces[8], crowd.faces[0]}
    instance = session.get_one(Instance, crowd.faces[0])
    assert found[crowd.faces[0]] == ("e.png", instance.box)
    assert boxes_in_pictures([], session=session) == {}
