"""What a search looks through: the pictures of a dataset, their events, the faces in them, and whose these are."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Bools, Ints, integers
from core.foundation.workspace import Workspace
from core.library.events import Moments, event_numbers
from core.people.owned_faces import OwnedFaces
from core.people.vectors import face_vectors
from db.engine import reading
from db.queries.people.album import album_columns
from db.queries.people.ownership import named_people, separations

NOT_MEASURED: Final = -1  # a face without an embedding of the encoder


@dataclass(frozen=True, eq=False)
class Album:
    """P pictures by id, and the F faces in them that were not removed, by instance.

    Attributes
    ----------
    images, paths, taken, events
        (P,) ids; P paths; (P,) datetime64[s] of the camera's clock, NaT where unknown; (P,) `event_numbers`.
    faces, rows
        (F,) instances; (F,) the row of each one's picture.
    owners, settled
        (F,) the person of each face, -1 for nobody; whether a human has said so, or that person has a name.
    confirmed
        (F,) whether a human has said whose it is.
    refused
        Instance and person of every "this is not that person" that counts.
    measured, vectors
        (F,) the row of each face in `vectors`, -1 where it has none; (E, D) float32 of unit length.
    """

    images: Ints
    paths: tuple[str, ...]
    taken: Moments
    events: Ints
    faces: Ints
    rows: Ints
    owners: Ints
    settled: Bools
    confirmed: Bools
    refused: frozenset[tuple[int, int]]
    measured: Ints
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, workspace: Workspace, dataset_id: int, encoder_id: int | None) -> Self:
        """What the store knows now, all of one moment; without an encoder no face is measured."""
        with reading(workspace.engine) as session:
            columns = album_columns(dataset_id, session=session)
            faces, of_pictures = map(integers, columns.faces)
            by_instance = np.argsort(faces)
            faces, of_pictures = faces[by_instance], of_pictures[by_instance]
            owned = OwnedFaces.of(dataset_id, session=session)
            named = named_people(dataset_id, session=session)
            refused = frozenset((face, person) for face, person in separations(dataset_id, session=session))
            measured, vectors = _measured(workspace, dataset_id, encoder_id, faces, session=session)
        images, paths, taken, events = _pictures(columns.pictures, columns.times, columns.frames)
        owners, confirmed = owned.person_of(faces), owned.confirmed(faces)
        return cls(
            images=images,
            paths=paths,
            taken=taken,
            events=events,
            faces=faces,
            rows=np.searchsorted(images, of_pictures),
            owners=owners,
            settled=confirmed | np.isin(owners, named),
            confirmed=confirmed,
            refused=refused,
            measured=measured,
            vectors=vectors,
        )

    def vectors_of(self, chosen: Bools) -> NDArray[np.float32]:
        """(N, D) of the chosen faces (F,), of those that are measured; a vector that points nowhere is left out."""
        rows = self.measured[chosen]
        vectors = self.vectors[rows[rows != NOT_MEASURED]]
        return vectors[np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)]


@lru_cache(maxsize=2)
def _pictures(
    pictures: tuple[str, ...], times: tuple[str, ...], frames: tuple[str, ...]
) -> tuple[Ints, tuple[str, ...], Moments, Ints]:
    """Ids, paths, times and events of the pictures, by id; kept, for what is decided about people changes none."""
    numbers, paths = integers(pictures[0]), json.loads(pictures[1])
    order = np.argsort(numbers)
    images, in_order = numbers[order], tuple(paths[at] for at in order.tolist())
    dated, seconds = map(integers, times)
    taken = np.full(len(images), "NaT", "datetime64[s]")
    taken[np.searchsorted(images, dated)] = seconds.astype("datetime64[s]")
    of_frames, clips, scenes = map(integers, frames)
    shots: list[tuple[int, int] | None] = [None] * len(images)
    for row, *shot in zip(np.searchsorted(images, of_frames).tolist(), clips.tolist(), scenes.tolist(), strict=True):
        shots[row] = (shot[0], shot[1])
    return images, in_order, taken, event_numbers(taken, in_order, shots)


def _measured(
    workspace: Workspace, dataset_id: int, encoder_id: int | None, faces: Ints, *, session: Session
) -> tuple[Ints, NDArray[np.float32]]:
    """The row of the vector of each face, and the vectors."""
    found = None if encoder_id is None else face_vectors(workspace, dataset_id, encoder_id, session=session)
    if found is None or not len(found.instances):
        return np.full(len(faces), NOT_MEASURED, np.int64), np.zeros((0, 0), np.float32)
    order = np.argsort(found.instances, kind="stable")
    at = np.minimum(np.searchsorted(found.instances, faces, sorter=order), len(order) - 1)
    rows = order[at]
    return np.where(found.instances[rows] == faces, rows, NOT_MEASURED), found.vectors
