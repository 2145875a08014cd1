"""Alembic's environment: works on the connection it is given, or on FACET_STORE_URL from the command line."""

import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel import AutoString, SQLModel

from db import tables
from db.engine import open_engine


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Spell our own types as plain ones: a migration must outlive the class that it was made from."""
    if kind == "type" and isinstance(item, tables.Moment):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, AutoString | tables.MessageText):
        return "sa.String()"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True, render_item=_render
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    with open_engine(os.environ["FACET_STORE_URL"]).begin() as opened:
        _migrate(opened)
