"""What a search looks through: the pictures of a dataset, their events, the faces in them, and whose these are."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Bools, Ints
from core.foundation.workspace import Workspace
from core.library.events import Moments, event_numbers
from core.people.vectors import face_vectors
from db.engine import reading
from db.queries.people.album import faces_of_album, pictures_of_album
from db.queries.people.ownership import Ownership, ownerships, separations

NOT_MEASURED: Final = -1  # a face without an embedding of the encoder
OF_NOBODY: Final = -1


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
            pictures = pictures_of_album(dataset_id, session=session)
            faces = np.array(faces_of_album(dataset_id, session=session), np.int64).reshape(-1, 2)
            owners = ownerships(dataset_id, session=session)
            refused = frozenset((face, person) for face, person in separations(dataset_id, session=session))
            measured, vectors = _measured(workspace, dataset_id, encoder_id, faces[:, 0], session=session)
        images = np.array([picture.id for picture in pictures], np.int64)
        paths = tuple(picture.path for picture in pictures)
        taken = np.array([picture.at for picture in pictures], "datetime64[s]")
        shots = [None if one.video_id is None else (one.video_id, one.scene) for one in pictures]
        return cls(
            images=images,
            paths=paths,
            taken=taken,
            events=event_numbers(taken, paths, shots),
            faces=faces[:, 0],
            rows=np.searchsorted(images, faces[:, 1]),
            **_owned(faces[:, 0], owners),
            refused=refused,
            measured=measured,
            vectors=vectors,
        )

    def vectors_of(self, chosen: Bools) -> NDArray[np.float32]:
        """(N, D) of the chosen faces (F,), of those that are measured; a vector that points nowhere is left out."""
        rows = self.measured[chosen]
        vectors = self.vectors[rows[rows != NOT_MEASURED]]
        return vectors[np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)]


def _owned(faces: Ints, owners: dict[int, Ownership]) -> dict[str, NDArray]:
    """The columns of a face that say whose it is."""
    of = [owners.get(face) for face in faces.tolist()]
    return {
        "owners": np.array([OF_NOBODY if one is None else one.person_id for one in of], np.int64),
        "settled": np.array([one is not None and (one.human or one.named) for one in of], bool),
        "confirmed": np.array([one is not None and one.human for one in of], bool),
    }


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
