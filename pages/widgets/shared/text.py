"""Names, paths and cells that somebody else wrote, made safe for Markdown and for spreadsheets."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from core.foundation.messages import worded

_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Escapes are gone when Streamlit looks in the text for shortcodes, addresses, dashes and arrows: these need a break.
_REPLACED_LATER: Final = re.compile(
    r"(?<=:)(?=[\w+/-])|(?<=-)(?=[->])|(?<=[<>~])(?=[=-])|(?<=www)(?=\.)|(?<=@)(?=\w)", re.I
)
_WORD_JOINER: Final = "\u2060"
_FORMULA: Final = re.compile(r"^\s*['=+\-@\t\r\n＝＋－＠]")


def plain(text: object) -> str:
    """A text that Markdown shows as it is, on one line: no emphasis, link, formula, shortcode or HTML comes of it.

    Control characters, and those that turn the direction of the text around, become a replacement character.
    """
    line = " ".join(_CONTROL.sub("\ufffd", str(text)).split())
    return _PUNCTUATION.sub(r"\\\1", _REPLACED_LATER.sub(_WORD_JOINER, line))


def sentence(error: object) -> str:
    """An error as Markdown that shows it as it is, with a capital at its start unless a file is named there."""
    text = str(error)
    before, colon, _ = text.partition(": ")
    return plain(text if colon and "." in before else text[:1].upper() + text[1:])


def stored(content: Mapping[str, Any] | None) -> str:
    """The sentence of a message that a row holds, as Markdown that shows it as it is; empty where there is none."""
    return "" if content is None else plain(worded(content))


def csv_bytes(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as a CSV file in UTF-8 without a byte order mark; the columns are those of the first row.

    A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers.

    Raises
    ------
    ValueError
        If a row has a column that the first row lacks.
    """
    out = io.StringIO(newline="")
    columns = list(rows[0]) if rows else []
    writer = csv.writer(out)
    if columns:
        writer.writerow([_guarded(column) for column in columns])
    for row in rows:
        if unknown := row.keys() - set(columns):
            raise ValueError(f"the first row has no column {', '.join(sorted(unknown))}")
        writer.writerow([_guarded(row.get(column)) for column in columns])
    return out.getvalue().encode("utf-8", errors="backslashreplace")


def _guarded(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: "1 picture", "1,200 pictures"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def lasting(seconds: float) -> str:
    """A duration in its two largest units: "less than 1 s", "8 s", "3 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 1:
        return "less than 1 s"
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def utc(moment: datetime) -> str:
    """A moment to the minute, with its time zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
