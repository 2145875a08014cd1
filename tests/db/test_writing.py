"""Transactions that write: whole or not at all, one after the other, and with tables rebuilt."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import func, select

from db.engine import reading
from db.tables import DailyWork, Person, User
from db.writes.dashboard import record_work
from db.writing import migrating, writing


def test_writers_wait_for_one_another_also_after_reading(workspace, dataset, author):
    errors = []

    def count():
        try:
            for _ in range(25):
                with writing(workspace.engine) as session:
                    session.exec(select(func.count()).select_from(User)).one()  # a deferred transaction would fail now
                    record_work(author, dataset, "tests", session=session)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with reading(workspace.engine) as session:
        assert session.exec(select(DailyWork.count)).one() == 100


def test_what_raises_is_rolled_back(workspace):
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.add_all([User(name="nobody"), Person(dataset_id=99)])
    with reading(workspace.engine) as session:
        assert session.exec(select(User)).all() == []


def test_rows_can_be_read_after_the_commit(workspace):
    with writing(workspace.engine) as session:
        user = User(name="eve")
        session.add(user)
    assert user.name == "eve"


def test_rebuilding_a_table_in_a_migration_does_not_delete_what_refers_to_it(workspace, dataset):
    with migrating(workspace.engine) as connection:
        connection.execute(text("CREATE TABLE copy AS SELECT * FROM user"))
        connection.execute(text("DROP TABLE user"))
        connection.execute(text("ALTER TABLE copy RENAME TO user"))
        connection.execute(text("CREATE UNIQUE INDEX user_id ON user (id)"))
        assert connection.execute(text("SELECT count(*) FROM dataset")).scalar() == 1
    with workspace.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_migration_that_leaves_loose_rows_is_rolled_back(workspace, dataset):
    loose = "1 rows refer to nothing, as in dataset"
    with pytest.raises(IntegrityError, match=loose), migrating(workspace.engine) as connection:
        connection.execute(text("DELETE FROM user"))
    with reading(workspace.engine) as session:
        assert len(session.exec(select(User)).all()) == 1
