"""Which people of a dataset may be one and the same: the questions worth asking a human."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.workspace import Workspace
from core.metrics.calibration import LogisticCalibration
from core.people.before_merge import least_alike
from core.people.chances import learned_chance
from core.people.encoders import own_threshold, threshold_of
from core.people.known_faces import KnownFaces, known_faces
from core.people.owned_faces import OF_NOBODY
from core.people.vectors import FaceVectors
from db.engine import reading
from db.queries.people.ownership import named_people
from db.tables import ModelVersion

MOST_PEOPLE: Final = 3000  # the largest; a person seen once among thousands is seldom worth a question

MOST_QUESTIONS: Final = 12  # at a time

_ROWS: Final = 1024  # people who are compared with all others at a time
_NONE: Final = np.zeros(0, np.int64)

_FARTHER: Final = 1.1  # than at the threshold: see `floor_below`


@dataclass(frozen=True)
class LikelyPair:
    """Two people, the one with more faces first, and the average cosine similarity of their faces.

    `chance` is that they are one person (`chance_of_one`), and `learned` whether confirmed people say how quickly it
    rises; `gain` is how many faces an answer is expected to settle: those of the smaller one, times that chance.
    `least` is the similarity of the two of their faces that are least alike.
    """

    first: int
    second: int
    score: float
    chance: float
    learned: bool
    gain: float
    least: float


@dataclass(frozen=True)
class Questions:
    """Which people are worth asking about.

    Attributes
    ----------
    pairs
        The first that are to be asked.
    left
        How many there are, with these.
    floor
        The least similarity of a pair that is asked about.
    compared, people
        How many people were compared, those with most faces, and how many there are.
    learned
        Whether confirmed people say how quickly the chance rises with the similarity, or it is only for the order.
    """

    pairs: list[LikelyPair]
    left: int
    floor: float
    compared: int
    people: int
    learned: bool = False


@dataclass(frozen=True, eq=False)
class _Crowd:
    """The P people who are compared, the largest first.

    `ids`, `sizes` (P,) int64; `named` (P,) bool; `members` (P, N) sparse, 1 where a face is that person's; `means`
    (P, D) float32 mean embedding; `total` is how many people there are in all.
    """

    ids: Ints
    sizes: Ints
    named: Bools
    members: scipy.sparse.csr_array
    means: Floats
    total: int

    def pairs(self, one: Ints, other: Ints) -> Ints:
        """(M,) the number of each pair of rows, whichever comes first."""
        return np.minimum(one, other).astype(np.int64) * len(self.ids) + np.maximum(one, other)

    def pairs_of(self, one: Ints, other: Ints) -> Ints:
        """The numbers of those pairs of people of whom both are here."""
        here = np.isin(one, self.ids) & np.isin(other, self.ids)
        order = np.argsort(self.ids)
        return self.pairs(*(order[np.searchsorted(self.ids, of[here], sorter=order)] for of in (one, other)))

    def least(self, one: int, other: int, faces: FaceVectors) -> float:
        """The similarity of the two faces of two people, by their rows, that are least alike."""
        starts, rows = self.members.indptr, self.members.indices
        mine, theirs = (rows[starts[person] : starts[person + 1]] for person in (one, other))
        return least_alike(faces.vectors, mine, theirs)[2]


def floor_below(threshold: float, own: float) -> float:
    """The least similarity at which it is worth asking whether two people are one.

    A tenth farther apart (1 - similarity) than at the threshold in force, or at the encoder's own where that is lower.
    Measured on 442 faces of 56 people and 13 passers-by: of two people's faces one pair in a hundred is as similar
    (`dlib-resnet` 0.911 for a floor of 0.912, MobileFaceNet 0.294 for 0.296). Of the groups into which stricter
    thresholds tear a person (0.92 to 0.96, 0.36 to 0.68) 165 of 179 pairs and 107 of 107 lie above it, and there are
    260 and 169 questions in all; a quarter farther would find 177 and 107 with 523 and 635.
    """
    return max(-1.0, 1 - _FARTHER * (1 - min(threshold, own)))


def chance_of_one(
    score: NDArray[np.floating] | float, threshold: float, floor: float, line: LogisticCalibration | None = None
) -> Floats:
    """How likely it is that two groups of faces are one person: a half at the threshold in force.

    How quickly it rises there the confirmed people say (`KnownFaces.line`). Where they are too few to say anything it
    is not measured, and only puts questions in order: nothing at the floor, certain as far above the threshold as the
    floor lies below.
    """
    if line is not None:
        return learned_chance(line, score, threshold)
    above = (np.asarray(score, np.float64) - threshold) / max(threshold - floor, 1e-6)
    return np.clip(0.5 + 0.5 * above, 0.0, 1.0)


def likely_same(
    workspace: Workspace, dataset_id: int, version: ModelVersion, *, limit: int = MOST_QUESTIONS
) -> Questions:
    """The pairs of people whom nobody has told apart and who share no photo, most expected gain first.

    The similarity is the one that grouping compares with its threshold: the average over all pairs of their faces
    (average linkage), which is the product of their mean embeddings. Pairs below the floor (`floor_below`) are not
    asked about, nor is who is hidden, or about whom somebody was not sure. Two people who both have a name come last:
    whoever named them has nearly answered. The 3,000 people with most faces are compared.
    """
    threshold = threshold_of(workspace, dataset_id, version)
    floor = floor_below(threshold, own_threshold(workspace, version))
    known = known_faces(workspace, dataset_id, version.id)
    with reading(workspace.engine) as session:
        named = named_people(dataset_id, session=session)
    crowd = _crowd(known, named)
    first, second, found = _alike(crowd.means, floor)
    barred = np.concatenate([_in_one_photo(crowd, known.faces), _told_apart(crowd, known), _left_open(crowd, known)])
    hidden = np.isin(crowd.ids, known.hidden)
    asked = ~np.isin(crowd.pairs(first, second), barred) & ~(hidden[first] | hidden[second])
    first, second, found = first[asked], second[asked], found[asked]
    chance = chance_of_one(found, threshold, floor, known.line)
    gain = crowd.sizes[second] * chance
    best = np.lexsort((-found, -gain, crowd.named[first] & crowd.named[second]))[:limit]
    pairs = [
        LikelyPair(
            int(crowd.ids[one]),
            int(crowd.ids[other]),
            float(found[i]),
            float(chance[i]),
            known.line is not None,
            float(gain[i]),
            crowd.least(one, other, known.faces),
        )
        for i, one, other in zip(best, first[best], second[best], strict=True)
    ]
    return Questions(pairs, len(found), floor, len(crowd.ids), crowd.total, known.line is not None)


def _crowd(known: KnownFaces, named: Sequence[int]) -> _Crowd:
    somebodys = np.flatnonzero(known.of != OF_NOBODY)
    people, which, sizes = np.unique(known.of[somebodys], return_inverse=True, return_counts=True)
    largest = np.argsort(-sizes, kind="stable")[:MOST_PEOPLE]
    row_of = np.full(len(people), -1, np.int64)
    row_of[largest] = np.arange(len(largest))
    owner_row = np.full(len(known.of), -1, np.int64)
    owner_row[somebodys] = row_of[which]
    members = _members(owner_row, len(largest))
    means = (members @ known.faces.vectors) / np.maximum(sizes[largest], 1)[:, None].astype(np.float32)
    return _Crowd(people[largest], sizes[largest], np.isin(people[largest], list(named)), members, means, len(people))


def _alike(means: Floats, floor: float) -> tuple[Ints, Ints, Floats]:
    """The rows of every two people who are that similar or more, the lower one first, and how similar they are."""
    parts = []
    for start in range(0, len(means), _ROWS):
        scores = means[start : start + _ROWS] @ means[start:].T
        one, other = np.divmod(np.flatnonzero(scores >= floor), scores.shape[1])
        there = one < other
        one, other = one[there], other[there]
        parts.append((one + start, other + start, scores[one, other]))
    first, second, found = zip(*parts, strict=True) if parts else ([_NONE], [_NONE], [_NONE])
    return np.concatenate(first), np.concatenate(second), np.concatenate(found)


def _told_apart(crowd: _Crowd, known: KnownFaces) -> Ints:
    """The pairs of whom a human has said of a face of one that it is not the other."""
    faces, others = np.array(known.apart, np.int64).reshape(-1, 2).T
    return crowd.pairs_of(known.owned.person_of(faces), others)


def _left_open(crowd: _Crowd, known: KnownFaces) -> Ints:
    """The pairs of whom somebody could not tell."""
    return crowd.pairs_of(*np.array([pair for pair in known.unsure if len(pair) == 2], np.int64).reshape(-1, 2).T)


def _members(owner_row: Ints, count: int) -> scipy.sparse.csr_array:
    """(P, N) 1 where a face is that person's."""
    columns = np.flatnonzero(owner_row >= 0)
    ones = np.ones(len(columns), np.float32)
    return scipy.sparse.coo_array((ones, (owner_row[columns], columns)), shape=(count, len(owner_row))).tocsr()


def _in_one_photo(crowd: _Crowd, faces: FaceVectors) -> Ints:
    """The pairs who are seen in one photo: then they are not the same."""
    photos, photo = np.unique(faces.images, return_inverse=True)
    ones = np.ones(len(photo), np.float32)
    of_photo = scipy.sparse.coo_array((ones, (np.arange(len(photo)), photo)), shape=(len(photo), len(photos))).tocsr()
    seen = crowd.members @ of_photo
    together = (seen @ seen.T).tocoo()
    return crowd.pairs(together.row, together.col)
