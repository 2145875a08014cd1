"""What decisions are made of: whose faces they become, and who is kept apart from whom."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import message, worded
from core.people.assigning import (
    assign_faces,
    assignments,
    carry_separations,
    inherit_separations,
    record,
    record_separations,
    same_dataset,
)
from db.engine import reading
from db.queries.people.ownership import ownerships, separations
from db.tables import Assignment, PeopleEvent, Person, Separation, Source
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.people_rows import own, remove
from tests.builders.staged_people import add_faces, owners, vector


@pytest.fixture
def faces(workspace, dataset):
    return add_faces(workspace, dataset, [(f"{v}.jpg", vector(0, v)) for v in range(5)])


@pytest.fixture
def decide(workspace, dataset, author):
    """Does something in one transaction, with an event and a session."""

    def done(action, kind="keep apart"):
        with writing(workspace.engine) as session:
            event = record(kind, message("store.full"), dataset, [], [], author, session=session)
            action(event, session)
            return event.id

    return done


def apart(workspace):
    """(face, person) to the event that keeps them apart."""
    with reading(workspace.engine) as session:
        return {(row.instance_id, row.person_id): row.event_id for row in session.exec(select(Separation))}


def counting(workspace, dataset):
    """(face, person) of those who are kept apart now."""
    with reading(workspace.engine) as session:
        return sorted(separations(dataset, session=session))


def test_a_decision_is_written_down_with_what_was_before_it(workspace, dataset, author, faces):
    ada = own(workspace, dataset, faces[:2], "Ada", confirmed=faces[:1])
    with writing(workspace.engine) as session:
        event = record("name", message("store.full"), dataset, faces[:1], [ada], author, session=session)
        kept = event.payload
    assert (event.kind, worded(event.summary), event.author_id) == ("name", message("store.full").text(), author)
    assert (kept["instances"], kept["people"]) == (faces[:1], [ada])
    assert kept["before"]["people"] == [[ada, "Ada", True, False, None]]
    assert kept["before"]["assignments"] == [[faces[0], ada, Source.HUMAN, None, None, None]]


def test_assigned_faces_are_confirmed_by_the_events_author_and_no_longer_kept_apart(
    workspace, dataset, author, faces, decide
):
    ada, bo = own(workspace, dataset, faces[:2]), own(workspace, dataset, faces[2:])
    decide(lambda event, session: record_separations([(faces[0], bo), (faces[0], ada)], event, session=session))
    event = decide(lambda event, s: assign_faces(faces[:1], s.get_one(Person, bo), event, session=s))
    assert owners(workspace, dataset) == {
        faces[0]: (bo, True),
        faces[1]: (ada, False),
        **dict.fromkeys(faces[2:], (bo, False)),
    }
    assert counting(workspace, dataset) == [(faces[0], ada)]
    with reading(workspace.engine) as session:
        (row,) = assignments(faces[:1], session=session)
    assert (row.author_id, row.event_id, row.dataset_id) == (author, event, dataset)


def test_a_separation_counts_once_and_for_as_long_as_one_of_the_events_that_said_it_stands(
    workspace, dataset, faces, decide
):
    ada = own(workspace, dataset, faces[:1])
    pairs = [(faces[1], ada), (faces[1], ada)]
    first = decide(lambda event, session: record_separations(pairs, event, session=session))
    pairs.append((faces[2], ada))
    second = decide(lambda event, session: record_separations(pairs, event, session=session))
    for gone, left in ((None, faces[1:3]), (first, faces[1:3]), (second, [])):
        with writing(workspace.engine) as session:
            if gone is not None:
                session.get_one(PeopleEvent, gone).undone = True
        assert counting(workspace, dataset) == [(face, ada) for face in left]


def test_an_heir_inherits_who_was_kept_apart_but_not_from_its_own_faces(workspace, dataset, faces, decide):
    gone, other, heir = own(workspace, dataset, []), own(workspace, dataset, []), own(workspace, dataset, faces[:2])
    said = [(faces[0], gone), (faces[3], gone), (faces[4], other)]
    decide(lambda event, session: record_separations(said, event, session=session))
    decide(lambda event, s: inherit_separations([gone], s.get_one(Person, heir), event, session=s))
    assert set(apart(workspace)) == {*said, (faces[3], heir)}


@pytest.mark.parametrize("undone", ["said", "merged"])
def test_what_is_inherited_counts_while_both_what_was_said_and_the_merge_stand(
    workspace, dataset, faces, decide, undone
):
    gone, heir = own(workspace, dataset, []), own(workspace, dataset, faces[:2])
    events = {
        "said": decide(lambda event, session: record_separations([(faces[3], gone)], event, session=session)),
        "merged": decide(lambda event, s: inherit_separations([gone], s.get_one(Person, heir), event, session=s)),
    }
    assert counting(workspace, dataset) == [(faces[3], gone), (faces[3], heir)]
    with writing(workspace.engine) as session:
        session.get_one(PeopleEvent, events[undone]).undone = True
    assert counting(workspace, dataset) == ([] if undone == "said" else [(faces[3], gone)])


def test_faces_of_nobody_have_no_assignment(workspace, dataset, faces):
    own(workspace, dataset, faces[:2])
    with reading(workspace.engine) as session:
        assert {row.instance_id for row in assignments(faces, session=session)} == set(faces[:2])
        assert assignments([], session=session) == []


def test_chosen_faces_are_each_once_and_of_one_dataset(workspace, dataset, author, faces):
    with writing(workspace.engine) as session:
        elsewhere = ensure_dataset("others", author, session=session)
    (stranger,) = add_faces(workspace, elsewhere, [("a.jpg", vector(1))])
    remove(workspace, faces[4])
    with reading(workspace.engine) as session:
        assert same_dataset([faces[1], faces[0], faces[1]], session=session) == ([faces[1], faces[0]], dataset)
        with pytest.raises(BadInput, match="faces of two datasets"):
            same_dataset([faces[0], stranger], session=session)
        for chosen, code in (([], "no_face_chosen"), ([faces[0], 99999], "face_gone"), (faces[3:], "face_gone")):
            with pytest.raises(NotFound) as refused:
                same_dataset(chosen, session=session)
            assert refused.value.code.endswith(code)


@pytest.fixture
def carry(workspace, dataset, decide):
    """Keeps a face apart from a person, then moves faces as a grouping does; the two events and who is kept apart."""

    def done(face, person, placed):
        event = decide(lambda event, session: record_separations([(face, person)], event, session=session))
        with reading(workspace.engine) as session:
            before = ownerships(dataset, session=session)
        grouped = decide(lambda event, session: carry_separations(placed, before, event, session=session), "group")
        return event, grouped, apart(workspace)

    return done


def test_a_separation_goes_along_with_the_faces_of_the_person(workspace, dataset, faces, carry):
    old, left, right = (own(workspace, dataset, some) for some in (faces[:3], [], []))
    event, grouped, known = carry(faces[4], old, {faces[0]: left, faces[1]: left, faces[2]: right})
    assert known == {(faces[4], old): event, (faces[4], left): grouped, (faces[4], right): grouped}


def test_a_decided_person_who_took_in_a_stray_face_does_not_inherit(workspace, dataset, faces, carry):
    old, named = own(workspace, dataset, faces[:3]), own(workspace, dataset, faces[3:4], "Ada")
    event, _, known = carry(faces[4], old, {faces[0]: named})
    assert known == {(faces[4], old): event}


def test_a_decided_person_who_took_in_half_of_the_faces_inherits(workspace, dataset, faces, carry):
    old, named = own(workspace, dataset, faces[:2]), own(workspace, dataset, faces[3:4], "Ada")
    event, grouped, known = carry(faces[4], old, {faces[0]: named})
    assert known == {(faces[4], old): event, (faces[4], named): grouped}


def test_a_face_is_never_kept_apart_from_the_person_that_it_was_placed_with(workspace, dataset, faces, carry):
    old, _, new = (own(workspace, dataset, some) for some in (faces[:2], faces[4:], []))
    event, _, known = carry(faces[4], old, {faces[0]: new, faces[4]: new})
    assert known == {(faces[4], old): event}


def test_nothing_is_carried_where_no_face_goes_elsewhere(workspace, dataset, faces, carry):
    old = own(workspace, dataset, faces[:2])
    event, _, known = carry(faces[4], old, {})
    assert known == {(faces[4], old): event}
    with reading(workspace.engine) as session:
        assert len(session.exec(select(Assignment)).all()) == 2
