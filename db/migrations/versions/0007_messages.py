"""Messages instead of sentences: columns hold a code and fields; what was written before is kept word for word.

A sentence becomes the message ``words.verbatim`` with the field ``text``; known notes and reasons of thresholds get
codes of their own. Going back makes texts of all these again. Messages written since stay as they are, as no revision
before has their sentences: nothing is lost, and coming forward again leaves them alone.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"

_COLUMNS = (
    ("run", "message"),
    ("run", "error"),
    ("skipped", "reason"),
    ("image", "reason"),
    ("scan", "failure"),
    ("peopleevent", "summary"),
    ("keypointrevision", "note"),
    ("threshold", "chosen"),
)
_KNOWN = {
    "note": {
        "Pre-labelled": "edits.pre_labelled",
        "Accepted as it is": "edits.accepted",
        "Imported": "edits.imported",
        "Known from drawing it": "edits.drawn",
    },
    "chosen": {
        "by hand": "thresholds.by_hand",
        "best accuracy": "thresholds.best_accuracy",
        "eer": "thresholds.eer",
        "fmr 1 %": "thresholds.fmr_one_percent",
        "fits the drawn sample, not photos": "thresholds.fits_the_sample",
    },
}
_FROM = "Imported from "  # and the file's name, in a note
_LISTS = (("run", "id", "counts"), ("trainedmodel", "model_version_id", "data"))
_TOLD = ("said", "warnings", "reason")  # keys of these whose values were sentences
_MESSAGE = '{"code":'


def upgrade() -> None:
    for table, name in _COLUMNS:
        column = sa.column(name, sa.String)
        sentence = sa.and_(column != "", sa.not_(column.startswith(_MESSAGE, autoescape=True)))
        _set(table, column, _message_of(column), sentence)
    _rewrite_lists(_wrapped)


def downgrade() -> None:
    for table, name in _COLUMNS:
        column = sa.column(name, sa.String)
        texts = [
            (_inside(column, "code") == "words.verbatim", _inside(column, "fields", "text")),
            *((_inside(column, "code") == code, sa.literal(text)) for text, code in _KNOWN.get(name, {}).items()),
            (_inside(column, "code") == "edits.imported_from", sa.literal(_FROM) + _inside(column, "fields", "file")),
        ]
        _set(table, column, sa.case(*texts, else_=column), column.startswith(_MESSAGE, autoescape=True))
    _rewrite_lists(_unwrapped)


def _set(table: str, column: Any, value: Any, where: Any) -> None:
    """One statement for all rows: a table may have millions."""
    op.execute(sa.table(table, column).update().where(where).values({column: value}))


def _message_of(column: Any) -> Any:
    known = [(column == text, _message(code)) for text, code in _KNOWN.get(column.name, {}).items()]
    if column.name == "note":
        file = sa.func.substr(column, len(_FROM) + 1)
        known.append((column.startswith(_FROM), _message("edits.imported_from", file=file)))
    verbatim = _message("words.verbatim", text=column)
    return sa.case(*known, else_=verbatim) if known else verbatim


def _message(code: str, **fields: Any) -> Any:
    """A message as JSON text, made by the database."""
    build = sa.func.json_object if op.get_bind().dialect.name == "sqlite" else sa.func.json_build_object
    return sa.cast(
        build("code", code, "fields", build(*(part for field in fields.items() for part in field))), sa.String
    )


def _inside(column: Any, *path: str) -> Any:
    """The text at a path in a message."""
    if op.get_bind().dialect.name == "sqlite":
        return sa.func.json_extract(column, f"$.{'.'.join(path)}")
    return sa.func.json_extract_path_text(sa.cast(column, sa.JSON), *path)


def _rewrite_lists(change: Callable[[Any], Any]) -> None:
    """Of trainings and measurements, a few thousand at most."""
    bind = op.get_bind()
    for name, key, column in _LISTS:
        table = sa.table(name, sa.column(key), sa.column(column, sa.JSON))
        for number, content in bind.execute(sa.select(table.c[key], table.c[column])).all():
            changed = {word: change(value) if word in _TOLD else value for word, value in content.items()}
            if changed != content:
                bind.execute(table.update().where(table.c[key] == number).values({column: changed}))


def _wrapped(value: Any) -> Any:
    if isinstance(value, list):
        return [_wrapped(item) for item in value]
    return {"code": "words.verbatim", "fields": {"text": value}} if isinstance(value, str) else value


def _unwrapped(value: Any) -> Any:
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    verbatim = isinstance(value, dict) and value.get("code") == "words.verbatim"
    return value["fields"]["text"] if verbatim else value
