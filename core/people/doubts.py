"""How doubtful each person of a dataset is: how little the least fitting face is like the others."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.sums import means_of, summed
from core.foundation.arrays import Floats, Ints
from core.foundation.workspace import Workspace
from core.people.owned_faces import OF_NOBODY, OwnedFaces
from core.people.vectors import FaceVectors, face_vectors
from db.engine import reading
from db.queries.people.ownership import out_of_sight, separations, whose_faces
from db.tables import ModelVersion, Person

_ROWS: Final = 1024  # faces that are compared with everybody at a time


@dataclass(frozen=True, eq=False)
class WaitingFaces:
    """The faces that a machine has placed with others, of people who are in sight.

    Attributes
    ----------
    instances, people
        (N,) int64 ids of the faces and of whose they are.
    likeness
        (N,) float64 average similarity of each to the other faces of its person.
    among
        How many people have faces.
    """

    instances: Ints
    people: Ints
    likeness: Floats
    among: int

    def above(self, bar: float) -> dict[int, int]:
        """Face to person of those at least so alike."""
        there = self.likeness >= bar
        return dict(zip(self.instances[there].tolist(), self.people[there].tolist(), strict=True))

    def most_mistakes(self, bar: float, rate: float) -> float:
        """How many of those above a bar are somebody else's, at most on average.

        A face of somebody else is above it where it is as alike to one of the other people as that. Two different
        people are with the false match rate at the bar; so a face is with one of the others at most as often as that
        rate times their number (the union bound). Groups are less often as alike as single faces, so it is less.
        """
        return min(len(self.above(bar)), len(self.instances) * min(1.0, rate * (self.among - 1)))


def waiting_faces(workspace: Workspace, dataset_id: int, version: ModelVersion) -> WaitingFaces:
    """What no human has confirmed yet, as an encoder version sees it; faces that are alone are left out."""
    with reading(workspace.engine) as session:
        faces = face_vectors(workspace, dataset_id, version.id, session=session)
        owned = OwnedFaces.of(dataset_id, session=session)
        hidden = out_of_sight(dataset_id, session=session)
    of = owned.person_of(faces.instances)
    rows = np.flatnonzero(of != OF_NOBODY)
    of, instances = of[rows], faces.instances[rows]
    people, which = np.unique(of, return_inverse=True)
    likeness = likeness_to_others(faces.vectors[rows], which)
    there = ~owned.confirmed(instances) & ~np.isin(of, hidden) & ~np.isnan(likeness)
    return WaitingFaces(instances[there], of[there], likeness[there], len(people))


def least_likeness(workspace: Workspace, dataset_id: int, version: ModelVersion) -> dict[int, float]:
    """Person to the least average similarity of a face that no human has confirmed to the person's other faces.

    Whoever has no such face, or no other, is left out: there is nothing to doubt.
    """
    found = waiting_faces(workspace, dataset_id, version)
    people, which = np.unique(found.people, return_inverse=True)
    least = np.full(len(people), np.inf)
    np.minimum.at(least, which, found.likeness)
    return {int(person): float(value) for person, value in zip(people, least, strict=True)}


def by_certainty(workspace: Workspace, version: ModelVersion, person_id: int) -> list[tuple[int, float | None]]:
    """The faces of a person and how alike each is to the others on average, the least first.

    Those that no encoder has seen, or that are alone, come before: nothing is known of them.
    """
    with reading(workspace.engine) as session:
        dataset_id = session.get_one(Person, person_id).dataset_id
        owned = whose_faces([person_id], session=session)
        faces = face_vectors(workspace, dataset_id, version.id, session=session)
    rows = np.flatnonzero(np.isin(faces.instances, np.fromiter(owned, np.int64, len(owned))))
    likeness = likeness_to_others(faces.vectors[rows], np.zeros(len(rows), np.int64))
    known = dict(zip(faces.instances[rows].tolist(), likeness.tolist(), strict=True))
    found = [(face, None if math.isnan(known.get(face, math.nan)) else known[face]) for face in sorted(owned)]
    return sorted(found, key=lambda row: -2.0 if row[1] is None else row[1])


@dataclass(frozen=True)
class Better:
    """Somebody else whom a face is more like, on average over their faces, than its own person's other faces."""

    person: int
    score: float


def better_people(
    workspace: Workspace, version: ModelVersion, person_id: int, shown: Sequence[int] | None = None
) -> dict[int, Better]:
    """Face to the person whom it is most like, for the faces of a person that no human has confirmed.

    Only where that is somebody else, and of the faces `shown` where they are given. Nobody is suggested whom a human
    has said that the face is not, who is in the same photo, or who is hidden.
    """
    with reading(workspace.engine) as session:
        dataset_id = session.get_one(Person, person_id).dataset_id
        owned = OwnedFaces.of(dataset_id, session=session)
        apart = separations(dataset_id, session=session)
        hidden = out_of_sight(dataset_id, session=session)
        faces = face_vectors(workspace, dataset_id, version.id, session=session)
    of = owned.person_of(faces.instances)
    theirs, others = np.flatnonzero(of == person_id), np.flatnonzero(~np.isin(of, [OF_NOBODY, person_id, *hidden]))
    asked = ~owned.confirmed(faces.instances[theirs])
    if shown is not None:
        asked &= np.isin(faces.instances[theirs], shown)
    if not asked.any() or not len(others):
        return {}
    own = likeness_to_others(faces.vectors[theirs], np.zeros(len(theirs), np.int64))[asked]
    people, which = np.unique(of[others], return_inverse=True)
    means, asked_rows = means_of(faces.vectors, others, which), theirs[asked]
    best, score = _most_like(faces, asked_rows, means, _barred(faces, of, asked_rows, people, apart))
    better = score > np.nan_to_num(own, nan=1.0)
    told = zip(faces.instances[asked_rows][better], people[best[better]], score[better], strict=True)
    return {int(face): Better(int(person), float(value)) for face, person, value in told}


def _barred(
    faces: FaceVectors, of: Ints, theirs: Ints, people: Ints, apart: Sequence[tuple[int, int]]
) -> dict[int, list[int]]:
    """Instance to the places in `people` of those whom it cannot be: it was said, or they are in its photo."""
    place_of = {person: place for place, person in enumerate(people.tolist())}
    in_photo: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(np.isin(faces.images, faces.images[theirs])).tolist():
        if (place := place_of.get(int(of[row]))) is not None:
            in_photo[int(faces.images[row])].append(place)
    pairs = zip(faces.instances[theirs].tolist(), faces.images[theirs].tolist(), strict=True)
    barred = {face: list(in_photo[image]) for face, image in pairs}
    for face, person in apart:
        if face in barred and person in place_of:
            barred[face].append(place_of[person])
    return barred


def _most_like(
    faces: FaceVectors, rows: Ints, means: NDArray[np.float32], barred: dict[int, list[int]]
) -> tuple[Ints, Floats]:
    """(len(rows),) whom of the means each face is most like, and how much; -inf where it can be none of them."""
    best, score = np.zeros(len(rows), np.int64), np.zeros(len(rows))
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        alike = faces.vectors[part] @ means.T
        for at, face in enumerate(faces.instances[part].tolist()):
            alike[at, barred[face]] = -np.inf
        best[start : start + _ROWS] = alike.argmax(axis=1)
        score[start : start + _ROWS] = alike.max(axis=1)
    return best, score


def likeness_to_others(vectors: NDArray[np.floating], which: Ints) -> Floats:
    """(N,) average similarity of each of N faces to the others of its group; NaN for one that is alone.

    `vectors` (N, D) of unit length, `which` (N,) the group of each, 0 to G - 1.
    """
    if not len(which):
        return np.zeros(0)
    sums = summed(vectors, which, int(which.max()) + 1)
    counts = np.bincount(which)[which]
    to_all = np.einsum("nd,nd->n", vectors, sums[which])
    others = np.maximum(counts - 1, 1)
    return np.where(counts > 1, (to_all - 1) / others, np.nan)
