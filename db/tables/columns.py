"""The kinds of columns that the tables are made of."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, String
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


class MessageText(TypeDecorator[dict[str, Any]]):
    """A message as JSON: its code and fields, never its sentence. `nothing` lies there where there is none.

    What is no message, as in a damaged row, is read as a text word for word: one row does not hide all others.
    """

    impl = String
    cache_ok = True

    def __init__(self, nothing: str | None = None) -> None:
        super().__init__()
        self.nothing = nothing

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return self.nothing
        if not _is_message(value):
            raise TypeError(f"a message has a code and fields, not {value!r}")
        return json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        return _message(value) if value else None


def _message(written: str) -> dict[str, Any]:
    try:
        content = json.loads(written)
    except ValueError:
        content = None
    return content if _is_message(content) else {"code": "words.verbatim", "fields": {"text": written}}


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() - {"of"} == {"code", "fields"}


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def random_mark() -> int:
    """A random number of 62 bits."""
    return secrets.randbits(62)


def random_name() -> str:
    """A random name of 32 hexadecimal digits."""
    return secrets.token_hex(16)


def json_object() -> Any:
    """A column of a JSON object, empty by default."""
    return Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def json_list() -> Any:
    """A column of a JSON list, empty by default."""
    return Field(default_factory=list, sa_column=Column(JSON, nullable=False))


def message_text() -> Any:
    """A column of a message."""
    return Field(sa_column=Column(MessageText, nullable=False))


def maybe_message(nothing: str | None = None) -> Any:
    """A column that may hold a message; `nothing` is what lies in the store where there is none."""
    return Field(default=None, sa_column=Column(MessageText(nothing), nullable=nothing is None))


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
