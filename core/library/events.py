"""Which pictures are of one occasion: by the times in their files, the order of the files, and the cuts of clips."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Ints

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
    dated = np.flatnonzero(~np.isnat(taken) & np.array([shot is None for shot in shots], bool))
    dated = dated[np.lexsort((dated, taken[dated]))]
    if len(dated):
        numbers[dated] = np.concatenate([[0], np.cumsum(np.diff(taken[dated]) > gap)])
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for row in _in_file_order(paths):
        if (shot := shots[row]) is not None:
            groups["shot", *shot].append(row)
    _place_by_file_order(numbers, paths, shots, groups)
    first = sorted(groups.values(), key=lambda rows: (_natural(paths[rows[0]]), rows[0]))
    for number, rows in enumerate(first, start=int(numbers.max(initial=-1)) + 1):
        numbers[rows] = number
    return numbers


def _place_by_file_order(
    numbers: Ints,
    paths: Sequence[str],
    shots: Sequence[tuple[int, int] | None],
    groups: dict[tuple[object, ...], list[int]],
) -> None:
    """Give pictures without a time the event of both their neighbours with one, or else put them into `groups`."""
    folders: dict[str, list[int]] = defaultdict(list)
    for row in _in_file_order(paths):
        if shots[row] is None:
            folders[str(PurePosixPath(paths[row]).parent)].append(row)
    for folder, rows in folders.items():
        known = numbers[rows]
        at = np.arange(len(rows))
        before = np.maximum.accumulate(np.where(known >= 0, at, -1))
        after = np.minimum.accumulate(np.where(known >= 0, at, len(rows))[::-1])[::-1]
        for position in np.flatnonzero(known < 0).tolist():
            left, right = int(before[position]), int(after[position])
            if left >= 0 and right < len(rows) and known[left] == known[right]:
                numbers[rows[position]] = known[left]
            else:
                groups["folder", folder].append(rows[position])


def _in_file_order(paths: Sequence[str]) -> list[int]:
    """Rows by path, as people count: 9 before 10."""
    return sorted(range(len(paths)), key=lambda row: (_natural(paths[row]), row))


def _natural(path: str) -> list[tuple[int, int, str]]:
    parts = (part.lstrip("0") if part.isdecimal() else part for part in _DIGITS.split(path))
    return [(at % 2 == 0, len(part) if at % 2 else 0, part) for at, part in enumerate(parts)]
