"""Scores of pairs of faces from any system: a CSV with `score` and `same`, and where known whose faces they are.

Columns may stand in any order and be called `Left person` or `left-person`; others are named and left alone. `same` is
0 or 1, true or false, yes or no. `left_person` and `right_person` come together, and `same` says no other than they do;
`group` is the group that a pair counts for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.formats.csv_blocks import UNKNOWN, CellNames, CsvBlock, column_places, csv_blocks, yes_and_no
from core.foundation.arrays import Bools, Floats
from core.foundation.errors import NotEnoughData, UnreadableLabels

_PEOPLE: Final = ("left_person", "right_person")
_FEWEST_PEOPLE: Final = 2


@dataclass(frozen=True, eq=False)
class PairScores:
    """What a file says of M pairs.

    Attributes
    ----------
    scores, same
        (M,) float64 and bool.
    left_person, right_person
        (M,) int32 places in `people`; None where the file has no such columns.
    group
        (M,) int32 places in `groups`, -1 for none; None where the file has no such column.
    people, groups
        Names in the order in which they come.
    ignored
        Columns that were left alone.
    """

    scores: Floats
    same: Bools
    left_person: NDArray[np.int32] | None
    right_person: NDArray[np.int32] | None
    group: NDArray[np.int32] | None
    people: tuple[str, ...]
    groups: tuple[str, ...]
    ignored: tuple[str, ...]


def read_scores(path: Path) -> PairScores:
    """Read a file of scores in one pass; ten million rows take 13 bytes each, with people and groups 25.

    Raises
    ------
    UnreadableLabels
        With file and line: no CSV, a column that is missing or there twice, a cell that is empty, no finite number or
        no answer, people of whom `same` says otherwise; no rows.
    NotEnoughData
        If it names people, but fewer than two.
    """
    blocks = csv_blocks(path)
    header = next(blocks, None)
    if header is None:
        raise UnreadableLabels("labels.empty", of=path.name)
    places, ignored = column_places(header, ("score", "same"), (*_PEOPLE, "group"))
    one, other = (name in places for name in _PEOPLE)
    if one != other:
        raise UnreadableLabels("tables.columns_missing", of=path.name, missing=[_PEOPLE[one]], found=list(places))
    people, groups = CellNames(), CellNames()
    parts = list(_parts(blocks, places, people, groups))
    if not parts:
        raise UnreadableLabels("tables.no_rows", of=path.name)
    scores, same, left, right, group = (np.concatenate([part[at] for part in parts]) for at in range(5))
    if one and len(people.names) < _FEWEST_PEOPLE:
        raise NotEnoughData("tables.few_people", of=path.name)
    return PairScores(
        scores,
        same,
        left if one else None,
        right if one else None,
        group if "group" in places else None,
        tuple(people.names),
        tuple(groups.names),
        ignored,
    )


def _parts(
    blocks: Iterator[CsvBlock], places: dict[str, int], people: CellNames, groups: CellNames
) -> Iterator[tuple[NDArray, ...]]:
    """Scores, answers, both people and the group of each block; empty arrays of what the file does not have."""
    known, none = yes_and_no(), np.zeros(0, np.int32)
    for block in blocks:
        same = block.answers(places["same"], known)
        left, right, group = none, none, none
        if _PEOPLE[0] in places:
            left, right = (_people(block, places[name], people, name) for name in _PEOPLE)
            for row in np.flatnonzero((left == right) != same)[:1]:
                names = [block.columns[places[name]][row] for name in _PEOPLE]
                code = "tables.one_person" if left[row] == right[row] else "tables.two_people"
                raise block.wrong(code, row, left=names[0], right=names[1])
        if "group" in places:
            group = block.numbered(places["group"], groups)
        yield block.numbers(places["score"]), same, left, right, group


def _people(block: CsvBlock, column: int, people: CellNames, name: str) -> NDArray[np.int32]:
    found = block.numbered(column, people)
    for row in np.flatnonzero(found == UNKNOWN)[:1]:
        raise block.wrong("exports.cell_empty", row, column=name)
    return found
