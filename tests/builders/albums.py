"""Albums made up of a few faces, without a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from core.people.owned_faces import OF_NOBODY
from core.people.search.album import NOT_MEASURED, Album


class PlacedFace(NamedTuple):
    """A face: the row of its picture, its vector (None: not measured), whose it is and how that is known."""

    picture: int
    vector: Sequence[float] | None
    owner: int = OF_NOBODY
    settled: bool = False
    confirmed: bool = False


def album_of(
    pictures: int,
    faces: Iterable[PlacedFace],
    *,
    taken: Sequence[str | None] | None = None,
    events: Sequence[int] | None = None,
    refused: Iterable[tuple[int, int]] = (),
) -> Album:
    """An album of pictures 100, 101, ... with faces 1, 2, ...; vectors are made of unit length."""
    listed = list(faces)
    known = [np.array(face.vector, np.float64) for face in listed if face.vector is not None]
    vectors = np.stack([one / np.linalg.norm(one) for one in known]) if known else np.zeros((0, 0))
    measured = np.cumsum([face.vector is not None for face in listed]) - 1 if listed else np.zeros(0)
    measured = np.where([face.vector is not None for face in listed], measured, NOT_MEASURED)
    return Album(
        images=np.arange(100, 100 + pictures),
        paths=tuple(f"{number}.jpg" for number in range(pictures)),
        taken=np.array(taken or [None] * pictures, "datetime64[s]"),
        events=np.array(events if events is not None else [0] * pictures, np.int64),
        faces=np.arange(1, len(listed) + 1),
        rows=np.array([face.picture for face in listed], np.int64),
        owners=np.array([face.owner for face in listed], np.int64),
        settled=np.array([face.settled for face in listed], bool),
        confirmed=np.array([face.confirmed for face in listed], bool),
        refused=frozenset(refused),
        measured=measured.astype(np.int64),
        vectors=vectors.astype(np.float32),
    )
