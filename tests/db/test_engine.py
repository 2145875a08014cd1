"""The store's connection: durable, strict, and with a sentence when it cannot be written."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from core.foundation.errors import StoreBusy, StoreFull
from db.engine import open_engine, reading
from db.tables import User
from db.writes.library import ensure_user
from db.writing import writing


@pytest.mark.usefixtures("durable")
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2), ("page_size", 4096), ("busy_timeout", 30_000)],
)
def test_every_connection_is_durable_and_strict(workspace, pragma, value):
    with workspace.engine.connect() as one, workspace.engine.connect() as other:
        for connection in (one, other):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_a_new_store_has_small_pages(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "new.db")) as plain:
        assert plain.execute("PRAGMA page_size").fetchone() == (4096,)


def test_a_reader_does_not_wait_for_a_writer_and_sees_only_what_is_done(workspace, author):
    with writing(workspace.engine) as session:
        ensure_user("half done", session=session)
        with reading(workspace.engine) as other:
            assert other.exec(select(User.name)).all() == ["ada"]
    with reading(workspace.engine) as other:
        assert set(other.exec(select(User.name))) == {"ada", "half done"}


def test_a_writer_that_waits_in_vain_gets_a_sentence(workspace, author, monkeypatch):
    monkeypatch.setattr("db.engine._BUSY_MS", 50)
    workspace.engine.dispose()
    with writing(workspace.engine) as held:
        ensure_user("bo", session=held)
        busy = "other work kept the store busy for too long and nothing was saved; try again in a moment"
        with pytest.raises(StoreBusy, match=busy), writing(workspace.engine) as session:
            ensure_user("eve", session=session)
        with reading(workspace.engine) as session:
            assert session.exec(select(User.name)).all() == ["ada"]


def test_without_a_sentence_of_its_own_a_busy_store_raises_what_the_database_does(tmp_path, monkeypatch):
    monkeypatch.setattr("db.engine._BUSY_MS", 50)
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with writing(engine) as held:
        held.connection()
        with pytest.raises(OperationalError, match="database is locked"), writing(engine) as session:
            session.connection()
    engine.dispose()


def test_a_full_disk_is_one_sentence_and_loses_nothing_that_was_saved(workspace, author):
    full = "the store cannot be written: the disk is full, read-only or damaged"
    with pytest.raises(StoreFull, match=full):
        _fill(workspace)
    workspace.engine.dispose()  # the limit is the connection's
    with reading(workspace.engine) as session:
        assert session.exec(select(User.name)).all() == ["ada"]


def test_a_disk_that_became_read_only_is_the_same_sentence(workspace, author):
    with reading(workspace.engine) as session:
        session.connection().exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(StoreFull, match="the disk is full, read-only or damaged"), writing(workspace.engine) as session:
        ensure_user("bea", session=session)
    workspace.engine.dispose()
    with reading(workspace.engine) as session:
        assert session.exec(select(User.name)).all() == ["ada"]


def _fill(workspace):
    with writing(workspace.engine) as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(5000):
            ensure_user(f"user {number:06d} " + "x" * 200, session=session)
