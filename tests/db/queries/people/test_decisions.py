"""Decisions: read without what was before each of them, however much that is; which counts, which is the last."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlalchemy.exc import InvalidRequestError

from core.foundation.messages import verbatim, worded
from core.people.deciding import move_faces, name_person, undo
from db.engine import reading
from db.queries.people.decisions import (
    changed_since,
    count_history,
    decided_since,
    heir_of,
    history,
    last_author,
    last_decision,
    revocable,
    unsure_about,
)
from db.tables import PeopleEvent, Threshold
from db.writes.library import ensure_dataset, ensure_user
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def decisions(workspace, dataset, author):
    """Ids of four decisions: the third undoes the second, the fourth stands."""
    with writing(workspace.engine) as session:
        made = []
        for number in range(4):
            payload = {"instances": [number, 10 + number], "people": [number], "before": {"assignments": [[1] * 6]}}
            row = PeopleEvent(
                dataset_id=dataset,
                kind="merge",
                summary=verbatim(f"decision {number}").to_json(),
                payload=payload,
                author_id=author,
            )
            session.add(row)
            session.flush()
            made.append(row)
        made[1].undone, made[2].undoes_id = True, made[1].id
        return [row.id for row in made]


def test_the_history_is_newest_first_and_leaves_payloads_in_the_store(workspace, dataset, decisions):
    with reading(workspace.engine) as session:
        rows = history(dataset, limit=3, session=session)
        assert [line.row.id for line in rows] == decisions[:0:-1]
        assert [worded(line.row.summary) for line in rows] == ["decision 3", "decision 2", "decision 1"]
        assert all("payload" in sqlalchemy.inspect(line.row).unloaded for line in rows)
        with pytest.raises(InvalidRequestError, match="payload"):
            rows[0].row.payload  # noqa: B018


def test_thresholds_stand_in_the_history_where_they_were_saved_and_one_of_each_encoder_is_in_force(
    workspace, dataset, author
):
    shelf = Shelf(workspace, dataset, author)
    faces = [shelf.instance(shelf.image(f"{n}.png")) for n in range(3)]
    with writing(workspace.engine) as session:
        one, two = (ensure_model_version(name, "encoder", "0", {}, session=session) for name in ("one", "two"))
        elsewhere = ensure_dataset("elsewhere", author, session=session)
    save(workspace, dataset, one, faces, 0.5, author_id=author)
    save(workspace, elsewhere, one, faces, 0.9, author_id=author)
    move_faces(workspace, faces[:1], name="Ada", author_id=author)
    save(workspace, dataset, two, faces, 0.7, author_id=author)
    save(workspace, dataset, one, faces, 0.6, author_id=author)

    def told(**page):
        with reading(workspace.engine) as session:
            return [
                (line.row.value, line.encoder, line.in_force) if isinstance(line.row, Threshold) else line.row.kind
                for line in history(dataset, session=session, **page)
            ]

    every = [(0.6, "one", True), (0.7, "two", True), "move", (0.5, "one", False)]
    assert told() == every
    assert told(offset=1, limit=2) == every[1:3]
    with reading(workspace.engine) as session:
        assert count_history(dataset, session=session) == 4
        assert {line.author for line in history(dataset, session=session)} == {"ada"}


def test_what_was_decided_after_a_decision_and_by_whom_is_told(workspace, dataset, author, decisions):
    with writing(workspace.engine) as session:
        bert = ensure_user("bert", session=session)
    shelf = Shelf(workspace, dataset, author)
    person = move_faces(workspace, [shelf.instance(shelf.image("a.png"))], author_id=author)
    other = move_faces(workspace, [shelf.instance(shelf.image("b.png"))], author_id=author)
    named = name_person(workspace, person, "Ada", author_id=bert)
    with reading(workspace.engine) as session:
        told = decided_since(dataset, decisions[-1], limit=2, session=session)
        assert [(event.id, author) for event, author in told] == [(named, "bert"), (named - 1, "ada")]
        assert decided_since(dataset, named, limit=2, session=session) == []
        assert last_author(dataset, person, session=session) == "bert"
        assert last_author(dataset, other, session=session) == "ada"
        assert last_author(dataset, 999, session=session) is None


def test_what_has_changed_since_an_event_is_what_counts_otherwise_now(workspace, dataset, decisions):
    def since(event_id):
        with reading(workspace.engine) as session:
            found = changed_since(session.get_one(PeopleEvent, event_id), session=session)
            return [(worded(one.summary), one.stands, one.faces, one.people) for one in found]

    newest = ("decision 3", True, [3, 13], [3])
    assert since(decisions[0]) == [newest]  # what came later and was undone leaves no trace
    assert since(decisions[1]) == [newest]  # its own undoing is no obstacle
    assert since(decisions[3]) == []


def test_a_decision_that_was_undone_or_done_again_since_is_named_with_who_did_it(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    one, other = (move_faces(workspace, [shelf.instance(shelf.image(f"{n}.png"))], author_id=author) for n in "ab")
    with writing(workspace.engine) as session:
        bert = ensure_user("bert", session=session)
    named = name_person(workspace, one, "Ada", author_id=author)
    second = name_person(workspace, other, "Cleo", author_id=author)

    def since(event_id):
        with reading(workspace.engine) as session:
            found = changed_since(session.get_one(PeopleEvent, event_id), session=session)
            return [(one.kind, one.stands, one.author) for one in found]

    assert since(named) == [("name", True, "ada")]
    undone = undo(workspace, named, author_id=bert)
    assert since(second) == [("name", False, "bert")]
    undo(workspace, undone, author_id=author)
    assert since(second) == []  # undone and done again: as it was
    assert since(undone) == []


def test_the_last_decision_is_that_of_the_dataset_and_nothing_where_there_is_none(workspace, dataset, decisions):
    with reading(workspace.engine) as session:
        assert last_decision(dataset, session=session) == decisions[-1]
        assert last_decision(dataset + 1, session=session) == 0
        assert history(dataset + 1, session=session) == []


def test_what_can_be_taken_back_is_the_decision_that_counts(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    person = move_faces(workspace, [shelf.instance(shelf.image("a.png"))], author_id=author)
    named = name_person(workspace, person, "Ada", author_id=author)

    def counting(event_id):
        with reading(workspace.engine) as session:
            event = revocable(event_id, session=session)
            return event and event.id

    assert counting(named) == named
    undone = undo(workspace, named, author_id=author)
    assert counting(named) is None
    assert counting(undone) == undone
    again = undo(workspace, undone, author_id=author)
    assert counting(undone) is None
    assert counting(again) == counting(named) == named  # what was done again counts as it did
    assert counting(999) is None


def test_the_newest_decision_of_one_author_is_not_anothers(workspace, dataset, decisions, author):
    with writing(workspace.engine) as session:
        bert = ensure_user("bert", session=session)
        assert last_decision(dataset, session=session) == last_decision(dataset, author_id=author, session=session)
        assert last_decision(dataset, author_id=bert, session=session) == 0


def test_of_whom_somebody_could_not_tell_counts_until_it_is_undone(workspace, dataset, decisions):
    with writing(workspace.engine) as session:
        for number, people in zip(decisions, ([9, 4], [5], [7], [3]), strict=True):
            event = session.get_one(PeopleEvent, number)
            event.kind, event.payload = "unsure", {**event.payload, "people": people}
        session.get_one(PeopleEvent, decisions[3]).kind = "merge"
        session.flush()
        assert unsure_about(dataset, session=session) == {(4, 9), (7,)}


def test_whose_the_faces_are_that_were_taken_from_somebody(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{number}.png", vector(number)) for number in range(4)])
    ada = move_faces(workspace, faces, name="Ada", author_id=author)
    with reading(workspace.engine) as session:
        assert heir_of(dataset, ada, session=session) is None  # nothing was taken
    bea = move_faces(workspace, faces[:1], name="Bea", author_id=author)
    mina = move_faces(workspace, faces[1:], name="Mina", author_id=author)
    with reading(workspace.engine) as session:
        assert heir_of(dataset, ada, session=session) == mina  # three of four
        assert heir_of(dataset, bea, session=session) is None
        assert heir_of(dataset + 1, ada, session=session) is None
