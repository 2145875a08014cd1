"""Opening the store, and reading from it."""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

# A commit writes each page that it touches whole to the log: one moved point touches six. With 16 KB that is 99 KB for
# each, with 4 KB 27 KB, and reads are as quick. A row of a 512-d embedding (2,048 bytes) then takes a page of its own.
PAGE_SIZE: Final = 4096
_BUSY_MS: Final = 30_000
_CACHE_KIB: Final = 32_000  # at most, of each connection: what pages ask of 100,000 pictures; SQLite's own is 2,000
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
# A disk that fails is often made read-only by the system; a folder may be somebody else's.
_SHUT: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
LARGEST_ID: Final = 2**63 - 1  # what the store's integers hold; an address may name any number
WRITE: Final = "facet_write"  # the execution option of a connection that will write

Translation = Callable[[Exception], Exception]


def store_file(url: str) -> Path | None:
    """The file of an SQLite store; None for a URL of anything else, or of none."""
    try:
        parts = make_url(url)
    except ArgumentError:
        return None
    return Path(parts.database) if parts.get_backend_name() == "sqlite" and parts.database else None


def open_engine(
    url: str, *, busy: Translation | None = None, full: Translation | None = None, damaged: Translation | None = None
) -> Engine:
    """An engine for the store at `url` (``sqlite:///FILE``).

    Of the database's own exception `busy` makes the one for whoever has waited for other writers in vain, `full` for
    whoever finds no room on the disk or may not write there, and `damaged` for whoever comes upon a damaged part.

    SQLite gets write-ahead logging, foreign keys, ``synchronous=FULL`` (a committed correction survives a power cut)
    and, where it is new, pages that keep the log of small commits small.
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
        for codes, make in (
            ({sqlite3.SQLITE_BUSY}, busy),
            (_NO_ROOM | _SHUT, full),
            ({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}, damaged),
        ):
            if make is not None:
                event.listen(engine, "handle_error", _raising(codes, make))
    return engine


def _raising(codes: Collection[int], make: Translation) -> Callable[[ExceptionContext], None]:
    def handle(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in codes:
            raise make(error) from error

    return handle


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, see _begin
    for pragma in (
        f"busy_timeout={_BUSY_MS}",
        f"page_size={PAGE_SIZE}",  # counts only before the first table
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        "temp_store=MEMORY",
        f"cache_size=-{_CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns into a writer after somebody else wrote fails at once, whatever the timeout.
    writes = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads; never waits for a writer."""
    with Session(engine) as session:
        yield session
