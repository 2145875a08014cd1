"""Large CSV files from outside, read in blocks of rows: ten million pass in little memory, and a wrong cell has a line.

UTF-8, with a byte order mark or without, or UTF-16 with one; commas, semicolons or tabs, whichever the first line has
most of; quotes after RFC 4180. Empty lines are nobody's row.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.formats.labels.rows import is_utf16
from core.formats.names import unguard
from core.foundation.arrays import Floats
from core.foundation.errors import UnreadableLabels

_AT_ONCE: Final = 500  # rows: they stay in the processor's cache, which makes it four times as quick
_SHOWN: Final = 40  # signs of a cell in a sentence
_ANSWERS: Final = {"1": 1, "1.0": 1, "true": 1, "yes": 1, "0": 0, "0.0": 0, "false": 0, "no": 0}
UNKNOWN: Final = -1


@dataclass(frozen=True)
class CsvBlock:
    """Rows that follow one another, each with as many cells as the first of the file.

    Attributes
    ----------
    name
        Of the file.
    lines
        The number of each row's last line, from 1.
    columns
        The cells of each column.
    """

    name: str
    lines: Sequence[int]
    columns: list[tuple[str, ...]]

    def wrong(self, code: str, row: int, /, **fields: Any) -> UnreadableLabels:
        """The error to raise about a row."""
        return UnreadableLabels(code, of=f"{self.name}: line {self.lines[row]}", **fields)

    def numbers(self, column: int) -> Floats:
        """(R,) finite numbers of a column, also with decimal commas."""
        cells = self.columns[column]
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            values = np.array([_number(cell) for cell in cells])
        if "_" in "".join(cells):  # Python takes 1_000 for a number
            values = np.array([np.nan if "_" in cell else value for cell, value in zip(cells, values, strict=True)])
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            raise self.wrong("tables.no_number", wrong[0], value=cells[wrong[0]][:_SHOWN])
        return values

    def numbered(self, column: int, numbers: "CellNumbers") -> NDArray[np.int32]:
        """(R,) the number of each cell of a column."""
        cells = self.columns[column]
        return np.fromiter(map(numbers.__getitem__, cells), np.int32, len(cells))

    def answers(self, column: int, known: "CellNumbers") -> NDArray[np.bool_]:
        """(R,) yes or no, by `yes_and_no`."""
        found = self.numbered(column, known)
        wrong = np.flatnonzero(found == UNKNOWN)
        if len(wrong):
            raise self.wrong("tables.no_answer", wrong[0], value=self.columns[column][wrong[0]][:_SHOWN])
        return found == 1


class CellNumbers(dict[str, int]):
    """The number of each spelling of a cell, found once."""

    def __init__(self, number_of: Callable[[str], int]) -> None:
        super().__init__()
        self._number_of = number_of

    def __missing__(self, cell: str) -> int:
        number = self[cell] = self._number_of(cell)
        return number


class CellNames(CellNumbers):
    """Numbers from 0 for texts in the order in which they come; UNKNOWN for an empty cell."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        super().__init__(self._next)

    def _next(self, cell: str) -> int:
        text = unguard(cell.strip()) or ""
        return self.names.setdefault(text, len(self.names)) if text else UNKNOWN


def yes_and_no() -> CellNumbers:
    """1 for yes, 0 for no, UNKNOWN for what is neither."""
    return CellNumbers(lambda cell: _ANSWERS.get(cell.strip().lower(), UNKNOWN))


def _number(cell: str) -> float:
    try:
        return float(cell if "." in cell else cell.replace(",", "."))
    except ValueError:
        return np.nan


def csv_blocks(path: Path) -> Iterator[CsvBlock]:
    """Go through a CSV file, its header (or first row) being a block of its own.

    Raises
    ------
    UnreadableLabels
        With the line: it cannot be read, is no text or no CSV, or a row has another number of cells than the first.
    """
    try:
        with open(path, encoding=coding_of(path), newline="") as file:
            first = next((line for line in iter(file.readline, "") if line.strip()), "")
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True)
            yield from _blocks(path.name, reader)
    except UnicodeDecodeError as error:
        raise UnreadableLabels("labels.not_utf8", of=path.name, byte=error.start) from error
    except OSError as error:
        raise UnreadableLabels("exports.not_read", name=path.name, reason=error.strerror) from error


def coding_of(path: Path) -> str:
    """The encoding of a text file by its mark. Raises OSError where it cannot be read."""
    with open(path, "rb") as file:
        return "utf-16" if is_utf16(file.read(2)) else "utf-8-sig"


def _blocks(name: str, reader: Any) -> Iterator[CsvBlock]:
    width, at_once = 0, 1
    while True:
        before = reader.line_num
        try:
            rows = list(islice(reader, at_once))
        except csv.Error as error:
            raise UnreadableLabels("labels.not_csv", of=name, line=reader.line_num, reason=error) from error
        except UnicodeDecodeError as error:
            raise UnreadableLabels("tables.not_text", of=name, line=reader.line_num) from error
        if not rows:
            return
        lines: Sequence[int] = range(before + 1, reader.line_num + 1)
        if len(lines) != len(rows):
            lines = (before + np.cumsum([1 + sum(cell.count("\n") for cell in row) for row in rows])).tolist()
        if not width or set(map(len, rows)) != {width}:
            lines, rows = _filled(name, lines, rows, width)
        if rows:
            width, at_once = len(rows[0]), _AT_ONCE
            yield CsvBlock(name, lines, list(zip(*rows, strict=True)))


def _filled(
    name: str, lines: Sequence[int], rows: list[list[str]], width: int
) -> tuple[Sequence[int], list[list[str]]]:
    """The rows that are not empty. Raises where one has another number of cells than the first of the file."""
    kept = [(line, row) for line, row in zip(lines, rows, strict=True) if len(row) > 1 or any(map(str.strip, row))]
    for line, row in kept:
        width = width or len(row)
        if len(row) != width:
            raise UnreadableLabels("labels.cells", of=f"{name}: line {line}", count=width, found=len(row))
    return [line for line, _ in kept], [row for _, row in kept]


def column_places(
    block: CsvBlock, wanted: Iterable[str], optional: Iterable[str] = ()
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where a header has what, in any order, capitals or none, and the columns that nobody asked for.

    Raises
    ------
    UnreadableLabels
        If one that is wanted is missing, or one occurs twice.
    """
    titles = [cells[0].strip() for cells in block.columns]
    plain = [title.lower().replace(" ", "_").replace("-", "_") for title in titles]
    missing = [name for name in wanted if name not in plain]
    if missing:
        shown = [title[:_SHOWN] for title in titles[:20]]
        raise UnreadableLabels("tables.columns_missing", of=block.name, missing=missing, found=shown)
    known = [name for name in (*wanted, *optional) if name in plain]
    twice = next((name for name in known if plain.count(name) > 1), None)
    if twice is not None:
        raise UnreadableLabels("labels.column_twice", of=block.name, column=twice)
    others = tuple(title for title, name in zip(titles, plain, strict=True) if name not in known)
    return {name: plain.index(name) for name in known}, others
