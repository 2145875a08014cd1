"""Pairs of faces that humans have confirmed, with the similarity that an encoder gives them.

Only people whom humans confirmed give pairs: clusters that a threshold made cannot judge that threshold.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import NotEnoughData
from core.foundation.workspace import Workspace
from core.metrics.ranked_scores import RankedScores
from core.metrics.verification import Pairing, RateIntervals
from core.people.encoders import encoder_of
from core.people.known_faces import known_faces
from core.verification.drawing import MOST_PAIRS, different_pairs, same_pairs
from core.verification.grid import GridCounts

_AT_A_TIME: Final = 1000  # rows that stay in the processor's cache


@dataclass(frozen=True, eq=False)
class PairSet:
    """Pairs of confirmed faces of one dataset, with the similarity that one encoder gives them.

    Attributes
    ----------
    left, right
        (M,) int64 instance ids; `left_person`, `right_person` (M,) int64 person ids.
    scores
        (M,) float32 cosine similarity.
    encoder_id, encoder
        The encoder's version and name.
    faces, people, all_same, all_different
        What there was to take pairs of, and how many pairs there are.
    different_per_same
        The mixture on which accuracy, precision and F1 depend: how much all pairs of two people weigh beside all of
        one person.
    """

    dataset_id: int
    encoder_id: int
    encoder: str
    left: Ints
    right: Ints
    left_person: Ints
    right_person: Ints
    scores: NDArray[np.float32]
    faces: int
    people: int
    all_same: int
    all_different: int
    different_per_same: float = 1.0

    @cached_property
    def same(self) -> Bools:
        """(M,) bool: both faces are of one person."""
        return self.left_person == self.right_person

    @cached_property
    def pairing(self) -> Pairing:
        """Of which people each pair is."""
        return Pairing.of(self.left_person, self.right_person)

    @cached_property
    def ranked(self) -> RankedScores:
        """The scores of each kind in their order, every person counting the same."""
        return RankedScores.of(self.scores, self.same, self.weights)

    @cached_property
    def grid(self) -> GridCounts:
        """What each threshold accepts."""
        return GridCounts.of(self.ranked, self.different_per_same)

    @cached_property
    def intervals(self) -> dict[float, RateIntervals]:
        """Those that were asked for, by threshold (`core.verification.report.intervals_at`)."""
        return {}

    @cached_property
    def weights(self) -> Floats:
        """(M,) float64 under which every person counts the same (`Pairing.weights`)."""
        return self.pairing.weights(self.different_per_same)


def confirmed_pairs(
    workspace: Workspace,
    dataset_id: int,
    encoder: str | None = None,
    *,
    different_per_same: float | None = 1.0,
    seed: int = 0,
) -> PairSet:
    """Pair up every confirmed face with every other.

    Of more than half a million pairs of either kind that many are drawn by a seed, evenly over people. Both kinds weigh
    the same by default (as in LFW), since accuracy depends on the mixture; None: as the pairs occur.

    Raises
    ------
    NotEnoughData
        If fewer than two people, or no person with two faces, are confirmed.
    NotFound
        If the dataset has no embedding of that encoder.
    """
    version = encoder_of(workspace, dataset_id, encoder)
    known = known_faces(workspace, dataset_id, version.id)
    faces, rows = known.faces, np.flatnonzero(known.confirmed)
    people = known.of[rows]
    rng = np.random.default_rng(seed)
    same, different = same_pairs(people, MOST_PAIRS, rng), different_pairs(people, MOST_PAIRS, rng)
    sizes = np.unique(people, return_counts=True)[1]
    if not len(same) or not len(different):
        raise NotEnoughData("verification.few_confirmed", faces=len(rows), people=len(sizes))
    pairs = np.concatenate([same, different])
    left, right = rows[pairs[:, 0]], rows[pairs[:, 1]]
    all_same = int((sizes * (sizes - 1) // 2).sum())
    all_different = len(rows) * (len(rows) - 1) // 2 - all_same
    return PairSet(
        dataset_id,
        version.id,
        version.name,
        faces.instances[left],
        faces.instances[right],
        people[pairs[:, 0]],
        people[pairs[:, 1]],
        cosines_of_rows(np.asarray(faces.vectors), left, right),
        len(rows),
        len(sizes),
        all_same,
        all_different,
        all_different / all_same if different_per_same is None else different_per_same,
    )


def cosines_of_rows(vectors: NDArray[np.float32], left: Ints, right: Ints) -> NDArray[np.float32]:
    """(M,) float32 of each two rows, in parts: a million copies of vectors do not fit beside one another."""
    parts = range(0, len(left), _AT_A_TIME)
    found = [
        np.einsum("md,md->m", vectors[left[at : at + _AT_A_TIME]], vectors[right[at : at + _AT_A_TIME]]) for at in parts
    ]
    return np.concatenate(found) if found else np.zeros(0, np.float32)
