"""Bringing a store up to date, and copying it while it is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_SCRIPTS = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return made


def upgrade(engine: Engine, backups: Path) -> Path | None:
    """Apply what is pending. Where the store already holds something, a copy goes into `backups` first.

    Returns the path of that copy, or None where nothing was pending or the store was new.
    """
    head = ScriptDirectory.from_config(config()).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return None
    copy = None
    if current is not None and engine.dialect.name == "sqlite":
        copy = backup(engine, backups / f"store-{current}-{datetime.now(UTC):%Y%m%dT%H%M%S}.db")
    made = config()
    with engine.begin() as connection:
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
    return copy


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
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(partial)) as copy:
        live.backup(copy, pages=1000)
    os.replace(partial, target)
    return target
