"""A name is one active person of a dataset."""

from __future__ import annotations

from db.engine import reading
from db.tables import Person
from db.writes.library import ensure_dataset
from db.writes.people import ensure_person
from db.writing import writing


def test_a_person_who_is_ensured_twice_is_there_once_in_each_dataset(workspace, dataset, author):
    with writing(workspace.engine) as session:
        ada = ensure_person(dataset, "Ada", author, session=session)
        assert ensure_person(dataset, "Ada", None, session=session) == ada
        assert ensure_person(ensure_dataset("d", author, session=session), "Ada", None, session=session) != ada
    with reading(workspace.engine) as session:
        row = session.get(Person, ada)
    assert (row.dataset_id, row.name, row.active, row.created_by) == (dataset, "Ada", True, author)


def test_somebody_who_was_merged_away_stays_away_and_the_name_is_given_to_a_new_person(workspace, dataset, author):
    with writing(workspace.engine) as session:
        ada = ensure_person(dataset, "Ada", author, session=session)
        session.get(Person, ada).active = False
        session.flush()
        assert ensure_person(dataset, "Ada", author, session=session) != ada
    with reading(workspace.engine) as session:
        assert not session.get(Person, ada).active
