"""The kinds of columns that the tables are made of."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC; SQLite keeps no time zone of its own."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def mark() -> int:
    """A random number of 62 bits."""
    return secrets.randbits(62)


def json_object() -> Any:
    """A column of a JSON object, empty by default."""
    return Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def moment() -> Any:
    """A column of a moment, by default the present one."""
    return Field(default_factory=now, sa_type=Moment)


def key(column: str, *, cascade: bool = False, index: bool = False, primary: bool = False) -> Any:
    """A column that refers to another table; `cascade`: the row goes when what it refers to goes."""
    action = {"ondelete": "CASCADE"} if cascade else {}
    return Field(foreign_key=column, index=index, primary_key=primary, nullable=False, **action)  # type: ignore[call-overload]


def maybe_key(column: str, *, index: bool = False) -> Any:
    """A column that may refer to another table."""
    return Field(default=None, foreign_key=column, index=index)
