"""Which pictures are of one occasion: by the times in their files, the order of the files, and the cuts of clips."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Ints

Moments = NDArray[np.datetime64]

EVENT_GAP: Final = np.timedelta64(3, "h")  # a longer pause between two pictures begins another event
_DIGITS: Final = re.compile(r"(\d+)")


def event_numbers(
    taken: Moments, paths: Sequence[str], shots: Sequence[tuple[int, int] | None], gap: np.timedelta64 = EVENT_GAP
) -> Ints:
    """The event of each picture, counted from 0: those with a time in the order of time, then the others by path.

    A pause longer than `gap` begins another event. A picture without a time belongs to the event of the pictures with
    one between which its file lies in its folder, where these are of one event; the others of a folder are an event
    together. A frame belongs to the shot of its clip.

    Parameters
    ----------
    taken
        (P,) datetime64[s], of the camera's clock; NaT where there is none.
    paths
        P relative posix paths.
    shots
        Clip and scene of each frame, None of other pictures.

    Returns
    -------
    NDArray
        (P,) int64.
    """
    numbers = np.full(len(paths), -1, np.int64)
    alone = np.array([shot is None for shot in shots], bool)
    dated = np.flatnonzero(~np.isnat(taken) & alone)
    dated = dated[np.lexsort((dated, taken[dated]))]
    if len(dated):
        numbers[dated] = np.concatenate([[0], np.cumsum(np.diff(taken[dated]) > gap)])
    folders = [path.rpartition("/")[0] for path in paths]
    groups = _left_over(numbers, paths, folders, alone)
    for row in np.flatnonzero(~alone).tolist():
        groups[folders[row], *(shots[row] or ())].append(row)
    in_order = sorted(groups, key=lambda group: (_natural(group[0]), *group))
    for number, group in enumerate(in_order, start=int(numbers.max(initial=-1)) + 1):
        numbers[groups[group]] = number
    return numbers


def _left_over(
    numbers: Ints, paths: Sequence[str], folders: Sequence[str], alone: Bools
) -> dict[tuple[Any, ...], list[int]]:
    """Give pictures without a time the event of both their neighbours with one; the rows of the others by folder."""
    left: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for unordered in _with_open_ones(numbers, folders, alone):
        folder = folders[unordered[0]]
        if (numbers[unordered] < 0).all():
            left[folder,] = unordered.tolist()
            continue
        rows = sorted(unordered.tolist(), key=lambda row: (_natural(paths[row].rpartition("/")[2]), row))
        known = numbers[rows]
        at = np.arange(len(rows))
        before = np.maximum.accumulate(np.where(known >= 0, at, -1))
        after = np.minimum.accumulate(np.where(known >= 0, at, len(rows))[::-1])[::-1]
        for position in np.flatnonzero(known < 0).tolist():
            first, last = int(before[position]), int(after[position])
            if first >= 0 and last < len(rows) and known[first] == known[last]:
                numbers[rows[position]] = known[first]
            else:
                left[folder,].append(rows[position])
    return left


def _with_open_ones(numbers: Ints, folders: Sequence[str], alone: Bools) -> list[Ints]:
    """The rows of each folder that has a picture without an event."""
    numbered: dict[str, int] = {}
    of = np.array([numbered.setdefault(folder, len(numbered)) for folder in folders], np.int64)
    rows = np.flatnonzero(alone & np.isin(of, of[alone & (numbers < 0)]))
    rows = rows[np.argsort(of[rows], kind="stable")]
    return np.split(rows, np.flatnonzero(np.diff(of[rows])) + 1) if len(rows) else []


def _natural(path: str) -> list[tuple[int, int, str]]:
    """Orders paths as people count: 9 before 10."""
    parts = (part.lstrip("0") if part.isdecimal() else part for part in _DIGITS.split(path))
    return [(at % 2 == 0, len(part) if at % 2 else 0, part) for at, part in enumerate(parts)]
