"""Decisions about more faces, and more people, than the values that a statement of SQLite takes: 32,766."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import event, insert

from core.people.deciding import confirm_people, merge_people, move_faces, undo
from db.engine import reading
from db.queries.people.ownership import instances_of, photos_shared, whose_faces
from db.tables import Assignment, Image, Instance, Person, Source
from db.writing import writing
from tests.builders.staged_people import owners

MANY, OF_FIRST = 40_000, 20_000


@pytest.fixture
def two(workspace, dataset):
    """Two people, 1 and 2, of twenty thousand faces each, one in a picture; the faces."""
    most = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    event.listen(workspace.engine, "connect", lambda opened, _: opened.setlimit(most, 32_766))
    workspace.engine.dispose()  # connections that are open have the limit of this machine
    numbers = list(range(1, MANY + 1))
    image = {"dataset_id": dataset, "size_bytes": 1, "width": 64, "height": 64, "format": "PNG", "state": "found"}
    face = {"dataset_id": dataset, "kind": "face", "left": 8, "top": 8, "right": 56, "bottom": 56, "score": 0.9}
    owned = {"dataset_id": dataset, "source": Source.MODEL}
    rows = {
        Image: [{"id": n, "path": f"{n}.png", "sha256": f"{n:064}", "original": f"{n}", **image} for n in numbers],
        Instance: [{"id": n, "image_id": n, **face} for n in numbers],
        Person: [{"id": n, "dataset_id": dataset} for n in (1, 2)],
        Assignment: [{"instance_id": n, "person_id": 1 if n <= OF_FIRST else 2, **owned} for n in numbers],
    }
    with writing(workspace.engine) as session:
        for table, values in rows.items():
            session.connection().execute(insert(table), values)
    return numbers


@pytest.mark.nightly
def test_they_are_merged_moved_confirmed_and_undone(workspace, dataset, author, two):
    before = owners(workspace, dataset)
    merged = merge_people(workspace, 1, [2], author_id=author)
    assert owners(workspace, dataset) == dict.fromkeys(two, (1, True))
    undo(workspace, merged, author_id=author)
    assert owners(workspace, dataset) == before
    confirm_people(workspace, {1: OF_FIRST, 2: MANY - OF_FIRST}, author_id=author)
    new = move_faces(workspace, two[5:], author_id=author)
    assert owners(workspace, dataset) == {n: (new if n > 5 else 1, True) for n in two}


def test_as_many_people_are_asked_for_at_once(workspace, two):
    with reading(workspace.engine) as session:
        assert instances_of(two, session=session) == two
        assert len(whose_faces(two, session=session)) == MANY
        assert photos_shared(two, session=session) == {}
