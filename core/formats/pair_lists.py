"""Which pictures are to be compared, and whether they show one person: a CSV of pairs, or the `pairs.txt` of LFW.

The CSV has the columns `left`, `right` and `same`, in any order among others where it has a header, in this order where
it has none: paths of pictures, and 0 or 1, true or false, yes or no.

LFW (Huang et al. 2007, "Labeled Faces in the Wild"): the first line says how many folds there are and how many pairs
of each kind they have (``10 300``), or only the latter (``1100``); then fold by fold those of one person (``name 1 4``)
and those of two (``name 1 other 3``), by tabs where names hold spaces. Picture 4 of a name is ``name/name_0004`` of any
ending.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.formats.csv_blocks import UNKNOWN, CellNames, CsvBlock, coding_of, column_places, csv_blocks, yes_and_no
from core.formats.labels.rows import ANY_ENDING, posix
from core.foundation.arrays import Bools, Ints
from core.foundation.errors import UnreadableLabels

_COLUMNS: Final = ("left", "right", "same")
_COUNTS: Final = re.compile(r"\s*([1-9][0-9]{0,8})(?:\s+([1-9][0-9]{0,8}))?\s*", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_SHOWN: Final = 80  # signs of a line in a sentence


@dataclass(frozen=True, eq=False)
class PairList:
    """What a file says of M pairs of pictures.

    Attributes
    ----------
    name
        Of the file.
    left, right
        (M,) int32 places in `pictures`.
    same
        (M,) bool.
    lines
        (M,) int64 the line of each, from 1.
    pictures
        Paths in the order in which they come, posix; ``name.*`` where the file does not say the ending.
    people
        (pictures,) int32 whose each is, numbered from 0: as they are called in LFW, else pictures that pairs of one
        person link are of one, and of others as far as the file says.
    fold
        (M,) int64 from 0 where the file has folds, else None.
    repeated
        How many pairs were given once more with the same answer, and count once.
    ignored
        Columns that were left alone.
    """

    name: str
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    same: Bools
    lines: Ints
    pictures: tuple[str, ...]
    people: NDArray[np.int32]
    fold: Ints | None = None
    repeated: int = 0
    ignored: tuple[str, ...] = ()

    def refuse(self, code: str, row: int, /, **fields: object) -> NoReturn:
        """Raise what is wrong with a pair, with its line."""
        raise UnreadableLabels(code, of=f"{self.name}: line {self.lines[row]}", **fields)


def read_pairs(path: Path) -> PairList:
    """Read a file of pairs, of either form, in one pass.

    Raises
    ------
    UnreadableLabels
        With file and line: it cannot be read, has other columns, a cell that is empty or no answer, a picture with
        itself, a pair twice with different answers, or folds of another size than its first line says; no rows.
    """
    try:
        with open(path, encoding=coding_of(path), newline=None) as file:
            counts = _COUNTS.fullmatch(file.readline(_SHOWN))
            if counts is not None:
                return _whole(_lfw(path.name, enumerate(file, start=2), counts))
    except OSError as error:
        raise UnreadableLabels("exports.not_read", name=path.name, reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise UnreadableLabels("labels.not_utf8", of=path.name, byte=error.start) from error
    return _whole(_table(path))


def _table(path: Path) -> PairList:
    blocks = csv_blocks(path)
    first = next(blocks, None)
    if first is None:
        raise UnreadableLabels("labels.empty", of=path.name)
    answers, pictures = yes_and_no(), CellNames()
    places, ignored = {name: at for at, name in enumerate(_COLUMNS)}, tuple[str, ...]()
    if len(first.columns) == 3 and answers[first.columns[2][0]] != UNKNOWN:
        blocks = chain([first], blocks)
    else:
        places, ignored = column_places(first, _COLUMNS)
    parts = [_part(block, places, pictures) for block in blocks]
    if not parts:
        raise UnreadableLabels("tables.no_rows", of=path.name)
    left, right, same, lines = (np.concatenate([part[at] for part in parts]) for at in range(4))
    paths: dict[str, int] = {}
    plain = np.array([paths.setdefault(posix(name), len(paths)) for name in pictures.names], np.int32)
    left, right = plain[left], plain[right]
    linked = coo_array((np.ones(int(same.sum()), bool), (left[same], right[same])), (len(paths), len(paths)))
    people = connected_components(linked, directed=False)[1]
    return PairList(path.name, left, right, same, lines, tuple(paths), people, ignored=ignored)


def _part(block: CsvBlock, places: dict[str, int], pictures: CellNames) -> tuple[NDArray, ...]:
    sides = []
    for side in _COLUMNS[:2]:
        found = block.numbered(places[side], pictures)
        for row in np.flatnonzero(found == UNKNOWN)[:1]:
            raise block.wrong("exports.cell_empty", row, column=side)
        sides.append(found)
    return *sides, block.answers(places["same"], yes_and_no()), np.asarray(block.lines, np.int64)


def _lfw(name: str, lines: Iterator[tuple[int, str]], counts: re.Match[str]) -> PairList:
    folds, each = (int(counts[1]), int(counts[2])) if counts[2] else (1, int(counts[1]))
    pictures: dict[str, int] = {}
    people: list[int] = []
    names: dict[str, int] = {}
    rows: list[tuple[int, ...]] = []
    for number, line in lines:
        if line.strip():
            alike = len(rows) // each % 2 == 0
            pair = []
            for person, picture in _lfw_sides(f"{name}: line {number}", line, alike=alike):
                key = f"{person}/{person}_{int(picture):04d}{ANY_ENDING}"
                if pictures.setdefault(key, len(people)) == len(people):
                    people.append(names.setdefault(person, len(names)))
                pair.append(pictures[key])
            rows.append((*pair, alike, number))
    if len(rows) != 2 * folds * each:
        raise UnreadableLabels("tables.lfw_count", of=name, folds=folds, each=each, found=len(rows))
    table = np.array(rows, np.int64)
    left, right = table[:, 0].astype(np.int32), table[:, 1].astype(np.int32)
    fold = np.arange(len(rows)) // (2 * each) if folds > 1 else None
    return PairList(name, left, right, table[:, 2] == 1, table[:, 3], tuple(pictures), np.array(people, np.int32), fold)


def _lfw_sides(of: str, line: str, *, alike: bool) -> list[tuple[str, str]]:
    """Name and number of each side of a pair."""
    cells = [cell.strip() for cell in (line.split("\t") if "\t" in line else line.split())]
    wanted = 3 if alike else 4
    numbers = [cells[1], cells[-1]] if len(cells) == wanted else [""]
    if not all(map(_NUMBER.fullmatch, numbers)) or not cells[0] or not cells[-2]:
        raise UnreadableLabels("tables.no_lfw_pair", of=of, wanted=wanted, line=line.strip()[:_SHOWN])
    if alike:
        return [(cells[0], cells[1]), (cells[0], cells[2])]
    if cells[0] == cells[2]:
        raise UnreadableLabels("tables.one_person", of=of, left=cells[0], right=cells[2])
    return [(cells[0], cells[1]), (cells[2], cells[3])]


def _whole(pairs: PairList) -> PairList:
    """The pairs, each once where there are no folds. Raises where one contradicts itself or another."""
    for row in np.flatnonzero(pairs.left == pairs.right)[:1]:
        pairs.refuse("tables.itself", row, picture=pairs.pictures[pairs.left[row]])
    again = _repeated_rows(pairs)
    for row in np.flatnonzero((pairs.people[pairs.left] == pairs.people[pairs.right]) & ~pairs.same)[:1]:
        names = [pairs.pictures[side[row]] for side in (pairs.left, pairs.right)]
        pairs.refuse("tables.linked", row, left=names[0], right=names[1])
    if pairs.fold is not None or not len(again):
        return pairs
    kept = np.ones(len(pairs.same), bool)
    kept[again] = False
    left, right, same, lines = pairs.left[kept], pairs.right[kept], pairs.same[kept], pairs.lines[kept]
    return replace(pairs, left=left, right=right, same=same, lines=lines, repeated=len(again))


def _repeated_rows(pairs: PairList) -> Ints:
    """Rows of pairs that were there before. Raises UnreadableLabels where one then had the other answer."""
    low, high = np.minimum(pairs.left, pairs.right), np.maximum(pairs.left, pairs.right)
    code = low.astype(np.int64) * len(pairs.pictures) + high
    order = np.argsort(code, kind="stable")
    again = np.flatnonzero(code[order][1:] == code[order][:-1]) + 1
    before, after = order[again - 1], order[again]
    other = np.flatnonzero(pairs.same[before] != pairs.same[after])
    if len(other):
        row = other[np.argmin(after[other])]
        names = [pairs.pictures[side[after[row]]] for side in (pairs.left, pairs.right)]
        earlier = int(pairs.lines[before[row]])
        pairs.refuse("tables.pair_twice", int(after[row]), left=names[0], right=names[1], line=earlier)
    return np.sort(after)
