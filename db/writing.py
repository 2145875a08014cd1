"""Transactions that write. Pages never import this: they ask a subject."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from db.engine import WRITE
from db.revisions import CountingSession


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction: committed when the block ends, rolled back when it raises. Writers queue up for up to 30 s.

    Datasets that it changes get another `revision` (`db.revisions`).
    """
    with CountingSession(engine.execution_options(**{WRITE: True}), expire_on_commit=False) as session, session.begin():
        yield session
        session.count_changes()


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """One transaction that may rebuild tables; other writers, and others who migrate, wait for its end.

    Raises
    ------
    IntegrityError
        If a row refers to nothing at the end; everything is rolled back then.
    """
    writer = engine.execution_options(**{WRITE: True})
    with writer.connect() as connection, _unenforced(connection), connection.begin():
        yield connection
        if engine.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise IntegrityError(f"{len(broken)} rows refer to nothing, as in {broken[0][0]}", None, Exception())


@contextmanager
def _unenforced(connection: Connection) -> Iterator[None]:
    """SQLite rebuilds a table by dropping it, and with foreign keys on that deletes whatever refers to it."""
    raw = connection.connection.dbapi_connection
    if not isinstance(raw, sqlite3.Connection):
        yield
        return
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")
