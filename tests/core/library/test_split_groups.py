"""What was held out of a person stays held out, whatever the person is called and with whom it becomes one."""

import pytest
from sqlmodel import select

from core.learning.labels import keep_parts, read_labels
from core.library.split_groups import inherit_part, strictest
from core.people.deciding import merge_people, move_faces, name_person, undo
from db.engine import reading
from db.queries.library import group_parts
from db.tables import Assignment, GroupPart, PeopleEvent, Person
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    """Six people of one labelled face each, ada and so on to fay; faces and people by name in `faces`, `people`."""
    shelf = Shelf(workspace, dataset, author)
    shelf.faces, shelf.people = {}, {}
    for name in ("ada", "bob", "cid", "dan", "eve", "fay"):
        shelf.faces[name] = shelf.instance(shelf.image(f"{name}.png"), face())
        with writing(workspace.engine) as session:
            person = Person(dataset_id=dataset, name=name)
            session.add(person)
            session.flush()
            shelf.people[name] = person.id
            session.add(
                Assignment(instance_id=shelf.faces[name], dataset_id=dataset, person_id=person.id, source="human")
            )
    return shelf


def _parts(shelf, keep=False, split_by="person"):
    """The part of each face, by its instance."""
    with writing(shelf.workspace.engine) as session:
        labels = read_labels(shelf.dataset, "face68", split_by=split_by, session=session)
        if keep:
            keep_parts(shelf.dataset, labels, session=session)
    return {label.instance.id: part for label, part in zip(labels.labels, labels.parts, strict=True)}


def _in(shelf, parts, part):
    return [name for name in shelf.faces if parts[shelf.faces[name]] == part]


def test_the_strictest_part_is_the_one_that_holds_out_most():
    assert strictest(["train", "test", "validation"]) == "test"
    assert strictest(["validation", "train"]) == "validation"
    assert strictest([]) is None


@pytest.mark.parametrize("split_by", ["auto", "person"])
def test_a_person_keeps_its_part_when_it_is_called_otherwise(shelf, split_by):
    before = _parts(shelf, keep=True, split_by=split_by)
    assert set(before.values()) == {"train", "validation", "test"}
    for number, name in enumerate(shelf.people):
        name_person(shelf.workspace, shelf.people[name], f"other {9 - number}", author_id=shelf.author)
    assert _parts(shelf, split_by=split_by) == before
    for name in shelf.people:
        name_person(shelf.workspace, shelf.people[name], "", author_id=shelf.author)
    assert _parts(shelf, split_by=split_by) == before


def test_a_part_that_was_kept_under_the_name_alone_goes_along_with_a_rename(shelf):
    with writing(shelf.workspace.engine) as session:
        session.add(GroupPart(dataset_id=shelf.dataset, group="person ada", part="test"))
    name_person(shelf.workspace, shelf.people["ada"], "Ada Lovelace", author_id=shelf.author)
    assert _parts(shelf)[shelf.faces["ada"]] == "test"


def test_names_of_digits_are_not_taken_for_numbers_of_people(shelf):
    name_person(shelf.workspace, shelf.people["ada"], str(shelf.people["bob"]), author_id=shelf.author)
    name_person(shelf.workspace, shelf.people["bob"], "", author_id=shelf.author)
    with reading(shelf.workspace.engine) as session:
        labels = read_labels(shelf.dataset, "face68", session=session)
    assert len(set(labels.groups)) == 6


@pytest.mark.parametrize("target", ["test", "validation", "train"])
@pytest.mark.parametrize("other", ["test", "validation", "train"])
def test_merged_people_are_held_out_as_the_stricter_of_them_was(shelf, target, other):
    before = _parts(shelf, keep=True)
    one = _in(shelf, before, target)[0]
    two = next((name for name in _in(shelf, before, other) if name != one), None)
    if two is None:
        with writing(shelf.workspace.engine) as session:
            two = next(name for name in shelf.faces if name != one)
            for group in (f"person {two}", f"person-id {shelf.people[two]}"):
                session.merge(GroupPart(dataset_id=shelf.dataset, group=group, part=other))
    merge_people(shelf.workspace, shelf.people[one], [shelf.people[two]], author_id=shelf.author)
    after = _parts(shelf)
    assert after[shelf.faces[one]] == after[shelf.faces[two]] == strictest([target, other])
    rest = [face for name, face in shelf.faces.items() if name not in (one, two)]
    assert [after[face] for face in rest] == [before[face] for face in rest]


def test_who_was_held_out_stays_so_when_all_its_faces_go_to_somebody_else(shelf):
    before = _parts(shelf, keep=True)
    held, learned = _in(shelf, before, "test")[0], _in(shelf, before, "train")[0]
    move_faces(shelf.workspace, [shelf.faces[held]], author_id=shelf.author, name="somebody new")
    assert _parts(shelf)[shelf.faces[held]] == "test"
    move_faces(shelf.workspace, [shelf.faces[held]], author_id=shelf.author, person_id=shelf.people[learned])
    after = _parts(shelf)
    assert after[shelf.faces[held]] == after[shelf.faces[learned]] == "test"


def test_an_undone_merge_holds_out_nobody_less_than_before(shelf):
    before = _parts(shelf, keep=True)
    held, learned = _in(shelf, before, "test")[0], _in(shelf, before, "train")[0]
    event = merge_people(shelf.workspace, shelf.people[learned], [shelf.people[held]], author_id=shelf.author)
    undo(shelf.workspace, event, author_id=shelf.author)
    after = _parts(shelf)
    assert after[shelf.faces[held]] == after[shelf.faces[learned]] == "test"


def test_people_who_have_no_part_get_none_by_a_decision(shelf):
    with writing(shelf.workspace.engine) as session:
        people = [session.get_one(Person, number) for number in shelf.people.values()]
        inherit_part(people[1:], people[0], session=session)
        assert group_parts(shelf.dataset, session=session) == {}
        assert session.exec(select(PeopleEvent)).all() == []
