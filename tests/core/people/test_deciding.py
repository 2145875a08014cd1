"""Decisions about people: each does what it says, is remembered, and can be undone and done again."""

from __future__ import annotations

import re

import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import worded
from core.people import deciding as people
from core.people.showing import choose_cover, hide_people
from db.engine import reading
from db.queries.people.decisions import history, unsure_about
from db.queries.people.listing import people_page
from db.queries.people.ownership import separations
from db.tables import Assignment, Image, Instance, PeopleEvent, Person
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.staged_people import add_faces, group, owners, vector
from tests.builders.statements import statements_of


@pytest.fixture
def faces(workspace, dataset):
    """Four faces of person 0, three of person 1, two of person 2, grouped by the machine."""
    ids = add_faces(
        workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p, n in enumerate((4, 3, 2)) for v in range(n)]
    )
    group(workspace, dataset)
    return ids


def of(workspace, dataset, face):
    return owners(workspace, dataset)[face][0]


def state(workspace, dataset):
    """Everything a decision may change."""
    with reading(workspace.engine) as session:
        rows = session.exec(select(Assignment).where(Assignment.dataset_id == dataset))
        whose = {(r.instance_id, r.person_id, r.source, r.author_id, r.event_id, r.run_id) for r in rows}
        apart = set(separations(dataset, session=session))
        removed = set(session.exec(select(Instance.id).where(Instance.removed)))
        active = set(session.exec(select(Person.id, Person.name, Person.hidden, Person.cover_id).where(Person.active)))
        counted = set(session.exec(select(Image.id, Image.faces)))
        unsure = unsure_about(dataset, session=session)
    return whose, apart, removed, active, counted, unsure


def last_event(workspace, dataset):
    with reading(workspace.engine) as session:
        return history(dataset, limit=1, session=session)[0][0].id


DECISIONS = {
    "name": lambda w, f, p, a: people.name_person(w, p[0], "Zoe", author_id=a),
    "name and confirm": lambda w, f, p, a: people.name_person(w, p[0], "Zoe", author_id=a, confirmed=4),
    "break up": lambda w, f, p, a: people.break_up(w, p[0], author_id=a),
    "hide": lambda w, f, p, a: hide_people(w, p[:2], author_id=a),
    "cover": lambda w, f, p, a: choose_cover(w, f[1], author_id=a),
    "merge": lambda w, f, p, a: people.merge_people(w, p[0], [p[1], p[2]], author_id=a),
    "apart": lambda w, f, p, a: people.keep_apart(w, p[0], p[1], author_id=a),
    "unsure": lambda w, f, p, a: people.leave_unsure(w, p[:2], author_id=a),
    "move": lambda w, f, p, a: people.move_faces(w, f[:2], person_id=p[1], author_id=a),
    "move to a new person": lambda w, f, p, a: people.move_faces(w, f[:2], name="Zoe", author_id=a),
    "confirm": lambda w, f, p, a: people.confirm_faces(w, f[:3], author_id=a),
    "confirm people": lambda w, f, p, a: people.confirm_people(w, {p[0]: 4, p[1]: 3}, author_id=a),
    "release": lambda w, f, p, a: people.release_faces(w, [f[0], f[4]], author_id=a),
    "remove": lambda w, f, p, a: people.remove_faces(w, [f[0], f[4]], author_id=a),
}


@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_can_be_undone_done_again_and_undone_again(workspace, dataset, author, faces, decision):
    persons = [of(workspace, dataset, faces[at]) for at in (0, 4, 7)]
    before = state(workspace, dataset)
    DECISIONS[decision](workspace, faces, persons, author)
    event, after = last_event(workspace, dataset), state(workspace, dataset)
    assert after != before
    undone = people.undo(workspace, event, author_id=author)
    assert state(workspace, dataset) == before
    people.undo(workspace, undone, author_id=author)
    assert state(workspace, dataset) == after
    people.undo(workspace, event, author_id=author)
    assert state(workspace, dataset) == before


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_cannot_be_undone_twice(workspace, dataset, author, faces, decision):
    DECISIONS[decision](workspace, faces, [of(workspace, dataset, faces[at]) for at in (0, 4, 7)], author)
    event = last_event(workspace, dataset)
    people.undo(workspace, event, author_id=author)
    with pytest.raises(Conflict, match="is undone already"):
        people.undo(workspace, event, author_id=author)


def test_every_decision_counts_as_work_of_its_author(workspace, dataset, author, faces):
    people.confirm_faces(workspace, faces[:2], author_id=author)
    with reading(workspace.engine) as session:
        (event, name, *_), *_ = history(dataset, session=session)
    assert (worded(event.summary), name) == ("Confirmed 2 faces", "ada")


def test_being_unsure_is_told_by_names_limits_no_grouping_and_is_of_one_dataset(workspace, dataset, author, faces):
    one, other = (of(workspace, dataset, faces[at]) for at in (0, 4))
    people.name_person(workspace, one, "Zoe", author_id=author)
    people.leave_unsure(workspace, [one, other, one], author_id=author)
    with reading(workspace.engine) as session:
        said = worded(history(dataset, limit=1, session=session)[0].row.summary)
        assert separations(dataset, session=session) == []
    assert said == f"Not sure about Zoe, unnamed person {other}"
    with writing(workspace.engine) as session:
        elsewhere = ensure_dataset("elsewhere", author, session=session)
    (far,) = add_faces(workspace, elsewhere, [("far.jpg", vector(0))])
    stranger = people.move_faces(workspace, [far], author_id=author)
    with pytest.raises(BadInput, match="two datasets"):
        people.leave_unsure(workspace, [one, stranger], author_id=author)
    with pytest.raises(BadInput):
        people.leave_unsure(workspace, [], author_id=author)


def test_people_of_one_photo_are_merged_only_by_the_word_of_a_human_which_stands(workspace, dataset, author):
    rows = [("a.jpg", vector(0, 0)), ("a.jpg", vector(0, 1)), ("b.jpg", vector(0, 2))]
    one, other, third = add_faces(workspace, dataset, rows)
    group(workspace, dataset)
    persons = [of(workspace, dataset, face) for face in (one, other)]
    before = state(workspace, dataset)
    with pytest.raises(Conflict, match="1 photo shows two of them together"):
        people.merge_people(workspace, persons[0], [persons[1]], author_id=author)
    assert state(workspace, dataset) == before
    people.merge_people(workspace, persons[0], [persons[1]], author_id=author, together=True)
    with reading(workspace.engine) as session:
        said = worded(history(dataset, limit=1, session=session)[0].row.summary)
    assert said.endswith("(3 faces): one person, though 1 photo shows them twice")
    group(workspace, dataset, threshold=0.99, regroup=True)
    assert {of(workspace, dataset, face) for face in (one, other, third)} == {persons[0]}
    people.undo(workspace, history_of(workspace, dataset, "merge"), author_id=author)
    assert state(workspace, dataset) == before


def history_of(workspace, dataset, kind):
    """The newest decision of a kind."""
    with reading(workspace.engine) as session:
        return next(line.row.id for line in history(dataset, session=session) if line.row.kind == kind)


def test_a_person_who_is_broken_up_is_grouped_as_if_never_seen(workspace, dataset, author, faces):
    one, other = (of(workspace, dataset, faces[at]) for at in (0, 4))
    people.name_person(workspace, one, "Zoe", author_id=author)
    people.merge_people(workspace, one, [other], author_id=author)
    people.break_up(workspace, one, author_id=author, shown=7)
    assert set(owners(workspace, dataset)) == set(faces[7:])
    group(workspace, dataset)
    whose = [of(workspace, dataset, face) for face in faces]
    assert len({*whose[:4]}) == len({*whose[4:7]}) == 1
    assert len({*whose}) == 3
    assert not any(human for _, human in owners(workspace, dataset).values())
    people.name_person(workspace, whose[0], "Zoe", author_id=author)  # the name is free


@pytest.mark.parametrize("decision", ["break up", "name", "confirm"])
def test_a_person_with_other_faces_than_shown_is_neither_broken_up_nor_confirmed(
    workspace, dataset, author, faces, decision
):
    one = of(workspace, dataset, faces[0])
    people.move_faces(workspace, faces[4:5], person_id=one, author_id=author)
    before = state(workspace, dataset)
    decide = {
        "name": lambda: people.name_person(workspace, one, "Zoe", author_id=author, confirmed=4),
        "break up": lambda: people.break_up(workspace, one, author_id=author, shown=4),
        "confirm": lambda: people.confirm_people(workspace, {one: 4}, author_id=author),
    }[decision]
    with pytest.raises(Conflict, match="has 5 faces by now, not the 4 on your screen"):
        decide()
    assert state(workspace, dataset) == before


# Names


def test_a_name_confirms_all_faces_where_that_is_asked_for_and_keeps_who_confirmed_first(
    workspace, dataset, author, faces
):
    with writing(workspace.engine) as session:
        bert = ensure_user("bert", session=session)
    one = of(workspace, dataset, faces[0])
    first = people.confirm_faces(workspace, faces[:1], author_id=bert)
    event = people.name_person(workspace, one, "Zoe", author_id=author, confirmed=4)
    with reading(workspace.engine) as session:
        rows = {face: session.get_one(Assignment, face) for face in faces[:4]}
        assert [row.source for row in rows.values()] == ["human"] * 4
        assert [row.event_id for row in rows.values()] == [first, event, event, event]
        said = worded(history(dataset, limit=1, session=session)[0].row.summary)
    assert said == f"Named unnamed person {one} Zoe and confirmed 3 faces"
    people.name_person(workspace, one, "Zoe Li", author_id=author, confirmed=4)
    with reading(workspace.engine) as session:
        assert worded(history(dataset, limit=1, session=session)[0].row.summary) == "Named Zoe Zoe Li"


def test_a_name_is_stored_on_one_line_in_composed_form(workspace, dataset, author, faces):
    person = of(workspace, dataset, faces[0])
    people.name_person(workspace, person, "  Zoe\u0308 \n\t <b>Li</b>\u202e ", author_id=author)
    with reading(workspace.engine) as session:
        assert session.get(Person, person).name == "Zoë <b>Li</b>"


def test_a_taken_name_is_refused_until_it_is_free(workspace, dataset, author, faces):
    one, other = of(workspace, dataset, faces[0]), of(workspace, dataset, faces[4])
    people.name_person(workspace, one, "Ada", author_id=author)
    with pytest.raises(Conflict, match="somebody here is called Ada already; merge the two"):
        people.name_person(workspace, other, " Ada ", author_id=author)
    with pytest.raises(Conflict, match="somebody here is called Ada already; move the faces to that person"):
        people.move_faces(workspace, [faces[7]], name="Ada", author_id=author)
    people.name_person(workspace, one, "", author_id=author)
    people.name_person(workspace, other, "Ada", author_id=author)


def test_the_same_name_in_another_dataset_is_somebody_else(workspace, dataset, author, faces):
    with writing(workspace.engine) as session:
        second = ensure_dataset("others", author, session=session)
    (stranger,) = add_faces(workspace, second, [("a.jpg", vector(0))])
    people.name_person(workspace, of(workspace, dataset, faces[0]), "Ada", author_id=author)
    there = people.move_faces(workspace, [stranger], name="Ada", author_id=author)
    with pytest.raises(BadInput, match="cannot move to a person of another dataset"):
        people.move_faces(workspace, [faces[0]], person_id=there, author_id=author)
    with pytest.raises(BadInput, match="people of two datasets cannot be merged"):
        people.merge_people(workspace, of(workspace, dataset, faces[0]), [there], author_id=author)
    with pytest.raises(BadInput, match="people of two datasets cannot be compared"):
        people.keep_apart(workspace, of(workspace, dataset, faces[0]), there, author_id=author)
    with pytest.raises(BadInput, match="faces of two datasets cannot be changed together"):
        people.remove_faces(workspace, [stranger, faces[0]], author_id=author)


def test_a_name_too_long_is_refused(workspace, dataset, author, faces):
    with pytest.raises(BadInput, match="at most 120 characters, this one has 121"):
        people.name_person(workspace, of(workspace, dataset, faces[0]), "x" * 121, author_id=author)


def test_a_name_that_was_given_away_does_not_come_back_twice(workspace, dataset, author, faces):
    one, other = of(workspace, dataset, faces[0]), of(workspace, dataset, faces[4])
    people.name_person(workspace, one, "Ada", author_id=author)
    taken_away = people.name_person(workspace, one, "", author_id=author)
    people.name_person(workspace, other, "Ada", author_id=author)
    with pytest.raises(Conflict, match="somebody else is called Ada by now; name that person differently first"):
        people.undo(workspace, taken_away, author_id=author)


def test_redoing_a_new_person_is_refused_when_its_name_was_taken_meanwhile(workspace, dataset, author, faces):
    people.move_faces(workspace, faces[:1], name="Ada", author_id=author)
    undone = people.undo(workspace, last_event(workspace, dataset), author_id=author)
    people.name_person(workspace, of(workspace, dataset, faces[4]), "Ada", author_id=author)
    with pytest.raises(Conflict, match="somebody else is called Ada by now"):
        people.undo(workspace, undone, author_id=author)


# Merging


def test_a_merge_confirms_all_faces_as_one_person_who_keeps_the_targets_name(workspace, dataset, author, faces):
    one, other, third = (of(workspace, dataset, faces[at]) for at in (0, 4, 7))
    people.name_person(workspace, one, "Ada", author_id=author)
    people.name_person(workspace, other, "Bea", author_id=author)
    people.merge_people(workspace, one, [other, third, other, one], author_id=author)
    assert owners(workspace, dataset) == dict.fromkeys(faces, (one, True))
    with reading(workspace.engine) as session:
        assert [(row.name, row.faces, row.confirmed) for row in people_page(dataset, session=session)] == [
            ("Ada", 9, 9)
        ]
        (event, *_), *_ = history(dataset, session=session)
    assert worded(event.summary) == f"Merged Bea, unnamed person {third} into Ada (9 faces)"


def test_an_unnamed_target_takes_the_first_name_and_gives_it_back(workspace, dataset, author, faces):
    low, high = sorted((of(workspace, dataset, faces[0]), of(workspace, dataset, faces[4])))
    people.name_person(workspace, low, "Ada", author_id=author)
    merged = people.merge_people(workspace, high, [low], author_id=author)
    with reading(workspace.engine) as session:
        assert session.get(Person, high).name == "Ada"
    people.undo(workspace, merged, author_id=author)
    with reading(workspace.engine) as session:
        assert (session.get(Person, low).name, session.get(Person, high).name) == ("Ada", None)


def test_the_name_of_somebody_merged_away_is_free_and_then_blocks_the_undoing(workspace, dataset, author, faces):
    one, other, third = (of(workspace, dataset, faces[at]) for at in (0, 4, 7))
    people.name_person(workspace, other, "Bea", author_id=author)
    people.name_person(workspace, one, "Ada", author_id=author)
    merged = people.merge_people(workspace, one, [other], author_id=author)
    people.name_person(workspace, third, "Bea", author_id=author)
    with pytest.raises(Conflict, match="somebody else is called Bea by now"):
        people.undo(workspace, merged, author_id=author)


def test_who_was_not_the_merged_person_is_not_the_target_either(workspace, dataset, author, faces):
    one, other = of(workspace, dataset, faces[0]), of(workspace, dataset, faces[4])
    people.release_faces(workspace, [faces[5]], author_id=author)
    before = state(workspace, dataset)
    merged = people.merge_people(workspace, one, [other], author_id=author)
    group(workspace, dataset)
    assert of(workspace, dataset, faces[5]) != one
    undone = people.undo(workspace, merged, author_id=author)
    assert state(workspace, dataset)[1] == before[1]
    people.undo(workspace, undone, author_id=author)
    with reading(workspace.engine) as session:
        assert (faces[5], one) in separations(dataset, session=session)


def test_who_was_not_a_person_is_not_whoever_all_of_its_faces_are_moved_to(workspace, dataset, author, faces):
    one, other = of(workspace, dataset, faces[4]), of(workspace, dataset, faces[0])
    people.release_faces(workspace, [faces[3]], author_id=author)
    before = state(workspace, dataset)
    people.move_faces(workspace, faces[:2], person_id=one, author_id=author)  # one face is left
    assert (faces[3], one) not in state(workspace, dataset)[1]
    people.move_faces(workspace, faces[2:3], person_id=one, author_id=author)
    assert (faces[3], one) in state(workspace, dataset)[1]
    group(workspace, dataset, threshold=0.1)
    assert of(workspace, dataset, faces[3]) != one
    for _ in range(2):
        people.undo(workspace, newest_standing(workspace, dataset), author_id=author)
    assert state(workspace, dataset)[1] == before[1] == {(faces[3], other)}


def newest_standing(workspace, dataset):
    """The newest decision that is neither undone nor an undoing."""
    with reading(workspace.engine) as session:
        return next(row.id for row, *_ in history(dataset, session=session) if not row.undone and not row.undoes_id)


def test_merging_one_person_or_nobody_is_refused(workspace, dataset, author, faces):
    one = of(workspace, dataset, faces[0])
    with pytest.raises(BadInput, match="a merge needs two different people"):
        people.merge_people(workspace, one, [one], author_id=author)
    other = of(workspace, dataset, faces[4])
    people.merge_people(workspace, one, [other], author_id=author)
    with pytest.raises(NotFound, match=f"person {other} is not there any more"):
        people.merge_people(workspace, one, [other], author_id=author)


# Telling apart


def test_people_kept_apart_are_not_joined_however_alike_they_are(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{v}.jpg", vector(0, v)) for v in range(4)])
    one = people.move_faces(workspace, faces[:2], author_id=author)
    group(workspace, dataset)
    assert of(workspace, dataset, faces[2]) == one
    people.undo(workspace, last_event(workspace, dataset), author_id=author)
    group(workspace, dataset, threshold=0.99, regroup=True)
    persons = [of(workspace, dataset, face) for face in faces]
    assert len(set(persons)) == 4
    people.keep_apart(workspace, persons[0], persons[1], author_id=author)
    group(workspace, dataset, regroup=True)
    assert of(workspace, dataset, faces[0]) != of(workspace, dataset, faces[1])
    with pytest.raises(BadInput, match="cannot be kept apart from itself"):
        people.keep_apart(workspace, persons[0], persons[0], author_id=author)


# Moving, releasing, removing, confirming


def test_moved_faces_are_confirmed_and_never_go_back(workspace, dataset, author, faces):
    old = of(workspace, dataset, faces[0])
    new = people.move_faces(workspace, faces[:2], name="Zoe", author_id=author)
    group(workspace, dataset)
    group(workspace, dataset, regroup=True)
    assert owners(workspace, dataset)[faces[0]] == owners(workspace, dataset)[faces[1]] == (new, True)
    assert of(workspace, dataset, faces[2]) == old


def test_a_face_moved_back_by_hand_may_belong_there_again(workspace, dataset, author, faces):
    old = of(workspace, dataset, faces[0])
    people.move_faces(workspace, faces[:1], name="Zoe", author_id=author)
    people.move_faces(workspace, faces[:1], person_id=old, author_id=author)
    assert owners(workspace, dataset)[faces[0]] == (old, True)
    with reading(workspace.engine) as session:
        assert (faces[0], old) not in separations(dataset, session=session)


def test_a_released_face_does_not_come_back(workspace, dataset, author, faces):
    old = of(workspace, dataset, faces[0])
    people.release_faces(workspace, faces[:1], author_id=author)
    assert faces[0] not in owners(workspace, dataset)
    for regroup in (False, True, False):
        group(workspace, dataset, regroup=regroup)
        assert of(workspace, dataset, faces[0]) != old
        assert of(workspace, dataset, faces[1]) == old


def test_a_removed_face_stays_away_and_is_counted_out(workspace, dataset, author, faces):
    people.remove_faces(workspace, faces[:1], author_id=author)
    group(workspace, dataset)
    assert faces[0] not in owners(workspace, dataset)
    with reading(workspace.engine) as session:
        image = session.get(Instance, faces[0]).image_id
        assert session.get(Image, image).faces == 0
    for action in (people.remove_faces, people.confirm_faces, people.release_faces):
        with pytest.raises(NotFound, match="a chosen face is not there any more"):
            action(workspace, faces[:1], author_id=author)
    with pytest.raises(NotFound, match="a chosen face is not there any more"):
        people.move_faces(workspace, faces[:1], name="Zoe", author_id=author)


def test_confirming_again_keeps_who_confirmed_first(workspace, dataset, author, faces):
    people.confirm_faces(workspace, faces[:1], author_id=author)
    first = state(workspace, dataset)[0]
    people.confirm_faces(workspace, faces[:2], author_id=author)
    assert {row for row in first if row[0] == faces[0]} <= state(workspace, dataset)[0]
    with pytest.raises(BadInput, match="these faces are confirmed already"):
        people.confirm_faces(workspace, faces[:2], author_id=author)


def test_a_face_of_nobody_can_neither_be_confirmed_nor_taken_out(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    with pytest.raises(BadInput, match="belongs to nobody cannot be confirmed; move it to a person first"):
        people.confirm_faces(workspace, faces, author_id=author)
    with pytest.raises(BadInput, match="belongs to nobody cannot be taken out"):
        people.release_faces(workspace, faces, author_id=author)


def test_choosing_no_face_is_refused(workspace, dataset, author):
    with pytest.raises(NotFound, match="no face is chosen"):
        people.confirm_faces(workspace, [], author_id=author)
    with pytest.raises(NotFound, match="there is no decision 7"):
        people.undo(workspace, 7, author_id=author)


# The order of undoing


def test_a_later_decision_about_the_same_people_is_undone_first(workspace, dataset, author, faces):
    one, other = of(workspace, dataset, faces[0]), of(workspace, dataset, faces[4])
    named = people.name_person(workspace, one, "Ada", author_id=author)
    merged = people.merge_people(workspace, one, [other], author_id=author)
    with pytest.raises(
        Conflict, match=re.escape("into Ada (7 faces)” (by ada) came later and touches the same people")
    ):
        people.undo(workspace, named, author_id=author)
    people.undo(workspace, merged, author_id=author)
    people.undo(workspace, named, author_id=author)


def test_a_later_decision_about_other_people_does_not_matter(workspace, dataset, author, faces):
    named = people.name_person(workspace, of(workspace, dataset, faces[0]), "Ada", author_id=author)
    people.name_person(workspace, of(workspace, dataset, faces[4]), "Bea", author_id=author)
    people.undo(workspace, named, author_id=author)


def test_what_was_undone_in_steps_is_redone_in_the_opposite_order(workspace, dataset, author, faces):
    one = of(workspace, dataset, faces[0])
    first = people.name_person(workspace, one, "Ada", author_id=author)
    second = people.name_person(workspace, one, "Bea", author_id=author)
    second_undone = people.undo(workspace, second, author_id=author)
    first_undone = people.undo(workspace, first, author_id=author)
    refusal = "“Named unnamed person \\d+ Ada” was undone by ada since and touches the same people; do that again first"
    with pytest.raises(Conflict, match=refusal):
        people.undo(workspace, second_undone, author_id=author)
    people.undo(workspace, first_undone, author_id=author)
    people.undo(workspace, second_undone, author_id=author)
    with reading(workspace.engine) as session:
        assert session.get(Person, one).name == "Bea"
        assert not session.get(PeopleEvent, first).undone
        assert not session.get(PeopleEvent, second).undone


def test_undo_keeps_what_a_grouping_passed_on_from_an_earlier_decision(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{v}.jpg", vector(0, v)) for v in range(5)])
    group(workspace, dataset)
    people.release_faces(workspace, faces[:1], author_id=author)
    group(workspace, dataset)
    later = people.confirm_faces(workspace, faces[:1], author_id=author)
    group(workspace, dataset, threshold=0.99, regroup=True)  # the person whom faces[0] is not is four people now
    before = state(workspace, dataset)[1]
    assert len(before) == 4
    people.undo(workspace, later, author_id=author)
    assert state(workspace, dataset)[1] == before
    group(workspace, dataset)
    assert of(workspace, dataset, faces[0]) not in {of(workspace, dataset, face) for face in faces[1:]}


def test_undo_keeps_what_a_later_merge_of_others_said_about_the_face(workspace, dataset, author, faces):
    first, second, third = (of(workspace, dataset, face) for face in (faces[0], faces[4], faces[7]))
    people.release_faces(workspace, faces[3:4], author_id=author)
    group(workspace, dataset)
    own = people.confirm_faces(workspace, faces[3:4], author_id=author)
    people.merge_people(workspace, second, [first], author_id=author)
    people.undo(workspace, own, author_id=author)
    assert state(workspace, dataset)[1] == {(faces[3], first), (faces[3], second)}
    assert third not in {first, second}


def test_a_face_taken_back_by_hand_is_not_kept_from_its_person_after_undo_and_redo(workspace, dataset, author, faces):
    person = of(workspace, dataset, faces[0])
    people.release_faces(workspace, faces[:1], author_id=author)
    people.move_faces(workspace, faces[:1], person_id=person, author_id=author)
    undone = people.undo(workspace, last_event(workspace, dataset), author_id=author)
    assert (faces[0], person) in state(workspace, dataset)[1]
    people.undo(workspace, undone, author_id=author)
    assert owners(workspace, dataset)[faces[0]] == (person, True)
    assert (faces[0], person) not in state(workspace, dataset)[1]


def test_faces_that_joined_a_new_person_are_nobodys_when_it_disappears(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{v}.jpg", vector(0, v)) for v in range(3)])
    new = people.move_faces(workspace, faces[:1], name="Zoe", author_id=author)
    group(workspace, dataset)
    assert of(workspace, dataset, faces[1]) == new
    people.undo(workspace, last_event(workspace, dataset), author_id=author)
    assert owners(workspace, dataset) == {}
    group(workspace, dataset)
    assert len({person for person, _ in owners(workspace, dataset).values()}) == 1


def test_a_person_whom_an_import_gave_confirmed_faces_does_not_disappear(workspace, dataset, author):
    (face,) = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    people.move_faces(workspace, [face], name="Zoe", author_id=author)
    add_faces(workspace, dataset, [("Zoe/b.jpg", vector(1))], identity="Zoe")
    group(workspace, dataset)
    before = state(workspace, dataset)
    with pytest.raises(Conflict, match="Zoe has been given other faces since; move them away first"):
        people.undo(workspace, last_event(workspace, dataset), author_id=author)
    assert state(workspace, dataset) == before


def test_undo_brings_a_person_back_who_had_no_face_any_more(workspace, dataset, author):
    (face,) = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    group(workspace, dataset)
    person = of(workspace, dataset, face)
    released = people.release_faces(workspace, [face], author_id=author)
    group(workspace, dataset)
    assert of(workspace, dataset, face) != person
    people.undo(workspace, released, author_id=author)
    assert of(workspace, dataset, face) == person
    with reading(workspace.engine) as session:
        assert session.get(Person, person).active
    assert state(workspace, dataset)[1] == set()


@pytest.mark.parametrize("decision", DECISIONS)
def test_more_faces_than_one_statement_takes_are_changed_in_parts(
    workspace, dataset, author, faces, decision, monkeypatch
):
    persons = [of(workspace, dataset, faces[at]) for at in (0, 4, 7)]
    before = state(workspace, dataset)
    DECISIONS[decision](workspace, faces, persons, author)
    whole = state(workspace, dataset)
    people.undo(workspace, last_event(workspace, dataset), author_id=author)
    monkeypatch.setattr("db.batching._MOST", 1)
    with statements_of(workspace.engine) as seen:
        redone = people.undo(workspace, last_event(workspace, dataset), author_id=author)
    assert state(workspace, dataset) == whole
    with reading(workspace.engine) as session:
        first = session.get(PeopleEvent, session.get(PeopleEvent, redone).undoes_id).undoes_id
    people.undo(workspace, first, author_id=author)
    assert state(workspace, dataset) == before
    assert [statement for statement, _ in seen if "person_id IN (?, ?" in statement] == []


def test_a_rename_from_a_stale_screen_is_told_with_who_was_faster(workspace, dataset, author, faces):
    person = of(workspace, dataset, faces[0])
    with writing(workspace.engine) as session:
        bert = ensure_user("bert", session=session)
    people.name_person(workspace, person, "Anna", author_id=bert, shown={person: None})
    before = state(workspace, dataset)
    with pytest.raises(Conflict, match=f"unnamed person {person} is called Anna by now, by bert; nothing was changed"):
        people.name_person(workspace, person, "Cleo", author_id=author, shown={person: None})
    assert state(workspace, dataset) == before
    people.name_person(workspace, person, "Cleo", author_id=author, shown={person: "Anna"})
    people.name_person(workspace, person, "", author_id=bert, shown={person: "Cleo"})
    with pytest.raises(Conflict, match="bert has taken the name of Cleo away meanwhile"):
        people.name_person(workspace, person, "Dora", author_id=author, shown={person: "Cleo"})


def test_a_merge_of_people_one_of_whom_was_named_meanwhile_gives_no_name_up(workspace, dataset, author, faces):
    one, other = of(workspace, dataset, faces[0]), of(workspace, dataset, faces[4])
    shown = {one: "Ada", other: None}
    people.name_person(workspace, one, "Ada", author_id=author)
    people.name_person(workspace, other, "Bea", author_id=author)
    with pytest.raises(Conflict, match=f"unnamed person {other} is called Bea by now, by ada"):
        people.merge_people(workspace, one, [other], author_id=author, shown=shown)
    people.merge_people(workspace, one, [other], author_id=author, shown={**shown, other: "Bea"})


@pytest.mark.parametrize("decide", [people.confirm_faces, people.release_faces, people.move_faces])
def test_faces_that_are_anothers_by_now_are_not_decided_about_as_shown(workspace, dataset, author, faces, decide):
    person, other = of(workspace, dataset, faces[0]), of(workspace, dataset, faces[4])
    shown = dict.fromkeys(faces[:3], person)
    people.move_faces(workspace, faces[:1], person_id=other, author_id=author)
    before = state(workspace, dataset)
    with pytest.raises(Conflict, match=f"1 face belongs to unnamed person {other} by now; nothing was changed"):
        decide(workspace, faces[:3], author_id=author, shown=shown)
    assert state(workspace, dataset) == before
    decide(workspace, faces[1:3], author_id=author, shown=shown)


def test_a_face_that_was_nobodys_on_the_screen_is_not_taken_from_whoever_has_it_by_now(workspace, dataset, author):
    (face,) = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    shown = {face: None}
    group(workspace, dataset)
    with pytest.raises(Conflict, match="1 face belongs to unnamed person"):
        people.move_faces(workspace, [face], name="Ada", author_id=author, shown=shown)
