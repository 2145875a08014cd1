"""Groups of faces whose error rates are compared: by folder, by photo or video, by a measure of their quality.

A pair is of a group where both of its faces are.
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.workspace import Workspace
from core.media.videos import is_clip
from core.verification.comparisons import Comparisons
from core.verification.pairs import PairSet
from db.engine import reading
from db.queries.people.quality import qualities
from db.queries.verification import face_pictures

_PARTS: Final = 3  # a third of the faces each
_TOP: Final = "."


def _folder(path: str) -> str:
    """The first folder of a picture's path, a clip where that is one; ``.`` where it lies in none."""
    return path.split("/", 1)[0] if "/" in path else _TOP


def _medium(path: str) -> str:
    return "video" if is_clip(posixpath.dirname(path)) else "photo"


_OF_PATH: Final[dict[str, Callable[[str], str]]] = {"folder": _folder, "medium": _medium}
_MEASURES: Final = ("size", "sharpness", "yaw", "pitch")
COLUMNS: Final = (*_OF_PATH, *_MEASURES)


def with_groups(workspace: Workspace, compared: Comparisons, pairs: PairSet, column: str) -> Comparisons:
    """The same pairs with the groups of their faces.

    Measures are cut into thirds of the faces; of yaw and pitch their size counts, to either side. Faces that were not
    measured are in no group.

    Raises
    ------
    BadInput
        If there is no such column.
    NotEnoughData
        If no face was measured.
    """
    if column not in COLUMNS:
        raise BadInput("verification.no_column", found=column, choices=list(COLUMNS))
    names, of = _by_path(workspace, pairs, column) if column in _OF_PATH else _by_measure(workspace, pairs, column)
    left, right = (
        np.array([of.get(face, -1) for face in side.tolist()], np.int64) for side in (pairs.left, pairs.right)
    )
    return replace(compared, left_group=left, right_group=right, groups=names)


def _by_path(workspace: Workspace, pairs: PairSet, column: str) -> tuple[tuple[str, ...], dict[int, int]]:
    with reading(workspace.engine) as session:
        paths = face_pictures(pairs.dataset_id, session=session)
    called = {face: _OF_PATH[column](paths[face]) for face in _faces(pairs).tolist() if face in paths}
    names = tuple(sorted(set(called.values())))
    number = {name: place for place, name in enumerate(names)}
    return names, {face: number[name] for face, name in called.items()}


def _by_measure(workspace: Workspace, pairs: PairSet, column: str) -> tuple[tuple[str, ...], dict[int, int]]:
    with reading(workspace.engine) as session:
        measured = qualities(pairs.dataset_id, session=session)
    found: Mapping[int, float | None] = {
        face: getattr(measured[face], column) for face in _faces(pairs).tolist() if face in measured
    }
    values = {face: abs(value) for face, value in found.items() if value is not None}
    if not values:
        raise NotEnoughData("verification.not_measured", column=column)
    cuts = np.quantile(np.array(list(values.values())), np.arange(1, _PARTS) / _PARTS)
    places = np.searchsorted(cuts, np.array(list(values.values())), side="right")
    return _ranges(column, cuts), dict(zip(values, places.tolist(), strict=True))


def _ranges(column: str, cuts: Floats) -> tuple[str, ...]:
    ends = [f"{cut:.4g}" for cut in cuts]
    between = [f"{column} {low} to {high}" for low, high in pairwise(ends)]
    return (f"{column} below {ends[0]}", *between, f"{column} {ends[-1]} and above")


def _faces(pairs: PairSet) -> Ints:
    return np.unique(np.concatenate([pairs.left, pairs.right]))
