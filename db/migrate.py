"""Bringing a store up to date, and copying it while it is in use."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from db.writing import migrating

_SCRIPTS = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return made


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
    scripts = ScriptDirectory.from_config(config())
    with engine.connect() as connection:
        if _revision(connection) == scripts.get_current_head():
            return None
    with migrating(engine) as connection:
        current = _revision(connection)  # again: another process may have been quicker
        if current == scripts.get_current_head():
            return None
        if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
            raise UnknownRevision(current)
        copy = None
        if current is not None and engine.dialect.name == "sqlite":
            copy = backup(engine, backups / f"store-{current}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db")
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
    return copy


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def backup(engine: Engine, target: Path) -> Path:
    """A consistent copy of an SQLite store, taken while others read and write it.

    Raises
    ------
    FileExistsError
        If `target` is there already.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    source = engine.url.database
    assert source is not None
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(partial)) as copy:
            live.backup(copy)  # one read transaction: a writer neither waits for it nor makes it start again
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return target
