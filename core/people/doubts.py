"""How doubtful each person of a dataset is: how little the least fitting face is like the others."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.sums import summed
from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.workspace import Workspace
from core.people.known_faces import KnownFaces, known_faces
from core.people.owned_faces import OF_NOBODY
from db.tables import ModelVersion

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
    known = known_faces(workspace, dataset_id, version.id)
    rows = np.flatnonzero(known.of != OF_NOBODY)
    of, instances = known.of[rows], known.faces.instances[rows]
    likeness = likeness_to_others(known.faces.vectors[rows], np.searchsorted(known.people, of))
    there = ~known.confirmed[rows] & ~np.isin(of, known.hidden) & ~np.isnan(likeness)
    return WaitingFaces(instances[there], of[there], likeness[there], len(known.people))


def least_likeness(workspace: Workspace, dataset_id: int, version: ModelVersion) -> dict[int, float]:
    """Person to the least average similarity of a face that no human has confirmed to the person's other faces.

    Whoever has no such face, or no other, is left out: there is nothing to doubt.
    """
    found = waiting_faces(workspace, dataset_id, version)
    people, which = np.unique(found.people, return_inverse=True)
    least = np.full(len(people), np.inf)
    np.minimum.at(least, which, found.likeness)
    return {int(person): float(value) for person, value in zip(people, least, strict=True)}


def by_certainty(known: KnownFaces, person_id: int) -> list[tuple[int, float | None]]:
    """The faces of a person and how alike each is to the others on average, the least first.

    Those that no encoder has seen, or that are alone, come before: nothing is known of them.
    """
    theirs = known.owned.instances[known.owned.people == person_id]
    rows = np.flatnonzero(known.of == person_id)
    likeness = np.full(len(theirs), np.nan)
    alike = likeness_to_others(known.faces.vectors[rows], np.zeros(len(rows), np.int64))
    likeness[np.searchsorted(theirs, known.faces.instances[rows])] = alike
    order = np.argsort(np.nan_to_num(likeness, nan=-2.0), kind="stable")
    told = zip(theirs[order].tolist(), likeness[order].tolist(), strict=True)
    return [(face, None if math.isnan(value) else value) for face, value in told]


@dataclass(frozen=True)
class BetterPerson:
    """Somebody else whom a face is more like, on average over their faces, than its own person's other faces."""

    person: int
    score: float


def better_people(known: KnownFaces, person_id: int, shown: Sequence[int] | None = None) -> dict[int, BetterPerson]:
    """Face to the person whom it is most like, for the faces of a person that no human has confirmed.

    Only where that is somebody else, and of the faces `shown` where they are given. Nobody is suggested whom a human
    has said that the face is not, who is in the same photo, or who is hidden.
    """
    theirs = np.flatnonzero(known.of == person_id)
    asked = ~known.confirmed[theirs]
    if shown is not None:
        asked &= np.isin(known.faces.instances[theirs], shown)
    barred = np.isin(known.people, [person_id, *known.hidden])
    if not asked.any() or barred.all():
        return {}
    own = likeness_to_others(known.faces.vectors[theirs], np.zeros(len(theirs), np.int64))[asked]
    rows = theirs[asked]
    best, score = _most_like(known, rows, barred)
    better = score > np.nan_to_num(own, nan=1.0)
    told = zip(known.faces.instances[rows][better], known.people[best[better]], score[better], strict=True)
    return {int(face): BetterPerson(int(person), float(value)) for face, person, value in told}


def _most_like(known: KnownFaces, rows: Ints, barred: Bools) -> tuple[Ints, Floats]:
    """(len(rows),) whom each face is most like of those who are not barred (P,), and how much; -inf for nobody."""
    best, score = np.zeros(len(rows), np.int64), np.zeros(len(rows))
    impossible = _impossible(known, rows)
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        alike = known.faces.vectors[part] @ known.means.T
        alike[:, barred] = -np.inf
        for at, face in enumerate(known.faces.instances[part].tolist()):
            alike[at, impossible[face]] = -np.inf
        best[start : start + _ROWS] = alike.argmax(axis=1)
        score[start : start + _ROWS] = alike.max(axis=1)
    return best, score


def _impossible(known: KnownFaces, rows: Ints) -> dict[int, list[int]]:
    """Instance to the places of those whom it cannot be: it was said, or they are in its photo."""
    faces = known.faces
    in_photo: dict[int, list[int]] = defaultdict(list)
    beside = np.flatnonzero(np.isin(faces.images, faces.images[rows]) & (known.of != OF_NOBODY))
    for image, place in zip(faces.images[beside], np.searchsorted(known.people, known.of[beside]), strict=True):
        in_photo[int(image)].append(int(place))
    pairs = zip(faces.instances[rows].tolist(), faces.images[rows].tolist(), strict=True)
    found = {face: list(in_photo[image]) for face, image in pairs}
    for face, person in known.apart:
        if face in found:
            found[face] += np.flatnonzero(known.people == person).tolist()
    return found


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
