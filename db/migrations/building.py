"""Tables as migrations make them. What a call here makes never changes: stores were made with it."""

from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op

Columns = tuple[sa.Column[Any], ...]


def _column(kind: type[sa.types.TypeEngine[Any]], name: str, *arguments: Any, **info: Any) -> sa.Column[Any]:
    return sa.Column(name, kind(*arguments), nullable=False, info=info)


text, number, real, flag = (partial(_column, kind) for kind in (sa.String, sa.Integer, sa.Float, sa.Boolean))
json, blob, moment = (partial(_column, kind) for kind in (sa.JSON, sa.LargeBinary, sa.DateTime))


def row_of(table: str, name: str | None = None, **action: Any) -> sa.Column[Any]:
    """A column that refers to a row of a table, called after it unless there is a `name`; `action`: see SQLAlchemy."""
    return _column(sa.Integer, name or f"{table}_id", table=table, action=action)


def part_of(table: str, name: str | None = None) -> sa.Column[Any]:
    """A column that refers to a row of a table with which its own row goes."""
    return row_of(table, name, ondelete="CASCADE")


def maybe(*columns: sa.Column[Any]) -> Columns:
    """Columns that may be empty."""
    for column in columns:
        column.nullable = True
    return columns


def create_table(
    table: str, *rows: Columns, primary: tuple[str, ...] = (), unique: tuple[str, ...] = (), **options: Any
) -> None:
    """A table of rows of columns, with an id before them unless `primary` names its key.

    Its constraints are called after it and their columns.
    """
    columns = [column for row in ((() if primary else (number("id"),)), *rows) for column in row]
    references = [
        sa.ForeignKeyConstraint([name], [f"{info['table']}.id"], name=op.f(f"fk_{table}_{name}"), **info["action"])
        for name, info in sorted((column.name, column.info) for column in columns if column.info)
    ]
    key = sa.PrimaryKeyConstraint(*(primary or ("id",)), name=op.f(f"pk_{table}"))
    once = [sa.UniqueConstraint(*unique, name=op.f("_".join(("uq", table, *unique))))] if unique else []
    op.create_table(table, *columns, *references, key, *once, **options)
