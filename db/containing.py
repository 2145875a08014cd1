"""Rows whose text holds a piece of text that a person gives."""

from typing import Any, Final

from sqlalchemy import ColumnElement, false

_LONGEST: Final = 10_000  # characters; SQLite refuses a pattern of more than 50,000 bytes


def contains(column: Any, piece: str) -> ColumnElement[bool]:
    """Whether a column of text holds the piece, capitals aside; what is longer than any name is in none."""
    found: ColumnElement[bool] = column.contains(piece, autoescape=True) if len(piece) <= _LONGEST else false()
    return found
