"""Bringing a store up to date, and copying it while it is in use.

Alembic takes a third of a second to load: only a migration that is pending waits for it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text
from sqlmodel import col, select, update

from db.engine import PAGE_SIZE, reading
from db.tables import Store
from db.tables.columns import random_name
from db.writing import migrating, writing

if TYPE_CHECKING:
    from alembic.config import Config

_HEADER = b"SQLite format 3\0"
_SCRIPTS = Path(__file__).parent / "migrations"
_REVISION: Final = re.compile(r"^(down_)?revision\b.*= ['\"](\w+)['\"]$", re.MULTILINE)


def config() -> Config:
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return made


@cache
def _revisions(folder: Path) -> tuple[frozenset[str], str]:
    """Every migration's revision, and that of the one that no other follows, as their files say it."""
    files = (folder / "versions").glob("*.py")
    told = [found for file in files for found in _REVISION.findall(file.read_text(encoding="utf-8"))]
    own = frozenset(value for down, value in told if not down)
    (newest,) = own.difference(value for down, value in told if down)
    return own, newest


class UnknownRevision(Exception):
    """The store was last written by a version that has migrations which this one does not know."""


def upgrade(engine: Engine, backups: Path) -> Path | None:
    """Apply what is pending. Where the store already holds something, a copy goes into `backups` first.

    Returns the path of that copy, or None where nothing was pending or the store was new.

    Raises
    ------
    UnknownRevision
        If the store is newer than this program.
    """
    known, newest = _revisions(_SCRIPTS)
    with engine.connect() as connection:
        if _revision(connection) == newest:
            return None
    from alembic import command

    with migrating(engine) as connection:
        current = _revision(connection)  # again: another process may have been quicker
        if current == newest:
            return None
        if current is not None and current not in known:
            raise UnknownRevision(current)
        copy = None
        if current is not None and engine.dialect.name == "sqlite":
            copy = backup(engine, backups / f"store-{current}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db")
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
    return copy


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def own_id(engine: Engine) -> None:
    """Give a store that was a copy an id of its own: from now on it goes another way than the one it was taken of."""
    with reading(engine) as session:
        if not session.exec(select(Store.copied)).one():
            return
    with writing(engine) as session:  # of two that open it at once the second finds nothing left to do
        session.exec(update(Store).where(col(Store.copied)).values(id=random_name(), copied=False))


def backup(engine: Engine, target: Path) -> Path:
    """A consistent copy of an SQLite store, taken while others read and write it; the copy says that it is one.

    Raises
    ------
    FileExistsError
        If `target` is there already.
    StoreNotCopied
        If it cannot be written, as on a full disk; nothing stays behind then.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    source = engine.url.database
    assert source is not None
    _copy(Path(source), target)
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # what a kill leaves of it is swept with all parts of files that are called so
    partial = target.with_name(f".partial-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(8)}{target.suffix}")
    try:
        with closing(sqlite3.connect(source)) as live:
            live.execute(f"PRAGMA page_size={PAGE_SIZE}")  # older stores have larger ones, which each edit writes whole
            live.execute("VACUUM INTO ?", (str(partial),))  # one read transaction: no writer waits for it
        with closing(sqlite3.connect(partial)) as copy:
            _say_copied(copy)
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(partial, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreNotCopied(error) from error
    finally:
        partial.unlink(missing_ok=True)


def _say_copied(copy: sqlite3.Connection) -> None:
    if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'store'").fetchone():  # not before revision 0010
        with copy:
            copy.execute("UPDATE store SET copied = 1")


class StoreNotCopied(Exception):
    """A copy of the store could not be written; the argument is the reason."""


class NoStore(Exception):
    """The file is not a store that this program can read; the argument is the reason."""


class StoreInUse(Exception):
    """Another process has the store open."""


def put_back(source: Path, store: Path, backups: Path) -> Path | None:
    """Put a backup in the place of the store, which is kept in `backups`; returns where, or None where there was none.

    Raises
    ------
    NoStore
        If `source` is damaged or not written by this program; nothing was changed then.
    StoreInUse
        If another process has the store open.
    StoreNotCopied
        If it cannot be written, as on a full disk; the store is as it was.
    """
    _check(source)
    kept = None
    if store.is_file() and store.stat().st_size:
        _check_alone(store)
        kept = backups / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db"
        backups.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(store, kept)
        for rest in ("-wal", "-shm"):  # of a damaged store; another's would be read into the one that comes
            if (beside := store.with_name(store.name + rest)).exists():
                shutil.move(beside, kept.with_name(kept.name + rest))
    _copy(source, store)
    return kept


def is_store(path: Path) -> bool:
    """Whether a file is a whole store that this program can read; reads all of it."""
    try:
        _check(path)
    except NoStore:
        return False
    return True


def _check(source: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            (verdict,) = opened.execute("PRAGMA quick_check(1)").fetchone()
            (revision,) = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise NoStore(error) from error
    if verdict != "ok":
        raise NoStore(verdict)
    if revision not in _revisions(_SCRIPTS)[0]:
        raise NoStore(f"revision {revision}")


def _check_alone(store: Path) -> None:
    """Leave the write-ahead log, which only the last connection may."""
    with store.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:  # damaged: opening it would cost the log beside it
            return
    try:
        with closing(sqlite3.connect(store, timeout=0.0)) as opened:
            opened.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:  # else it is damaged, and is replaced as it is
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise StoreInUse from error
