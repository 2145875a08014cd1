"""Pairs of faces that humans have confirmed, with the similarity that an encoder gives them.

Only people whom humans confirmed give pairs: clusters that a threshold made cannot judge that threshold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Ints
from core.foundation.errors import NotEnoughData
from core.foundation.workspace import Workspace
from core.people.encoders import encoder_of
from core.people.vectors import face_vectors
from core.verification.drawing import MOST_PAIRS, different_pairs, same_pairs
from db.engine import reading
from db.queries.people.ownership import ownerships


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
        What there was to draw from.
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

    @property
    def same(self) -> Bools:
        """(M,) bool: both faces are of one person."""
        return self.left_person == self.right_person


def confirmed_pairs(
    workspace: Workspace, dataset_id: int, encoder: str | None = None, *, different_per_same: float = 1.0, seed: int = 0
) -> PairSet:
    """Pair up every confirmed face: all pairs of one person, and as many of two people, drawn by a seed.

    At most 20,000 of each kind. Equal numbers by default (as LFW does), since accuracy depends on the mixture.

    Raises
    ------
    NotEnoughData
        If fewer than two people, or no person with two faces, are confirmed.
    NotFound
        If the dataset has no embedding of that encoder.
    """
    version = encoder_of(workspace, dataset_id, encoder)
    with reading(workspace.engine) as session:
        faces = face_vectors(workspace, dataset_id, version.id, session=session)
        owners = ownerships(dataset_id, session=session)
    confirmed = [
        (row, owners[i].person_id) for row, i in enumerate(faces.instances.tolist()) if i in owners and owners[i].human
    ]
    rows, people = np.array(confirmed, np.int64).reshape(-1, 2).T
    rng = np.random.default_rng(seed)
    same = same_pairs(people, rng)
    different = different_pairs(people, min(MOST_PAIRS, round(len(same) * different_per_same)), rng)
    if not len(same) or not len(different):
        raise NotEnoughData("verification.few_confirmed", faces=len(rows), people=len(np.unique(people)))
    pairs = np.concatenate([same, different])
    left, right = rows[pairs[:, 0]], rows[pairs[:, 1]]
    sizes = np.unique(people, return_counts=True)[1]
    all_same = int((sizes * (sizes - 1) // 2).sum())
    return PairSet(
        dataset_id,
        version.id,
        version.name,
        faces.instances[left],
        faces.instances[right],
        people[pairs[:, 0]],
        people[pairs[:, 1]],
        np.einsum("md,md->m", faces.vectors[left], faces.vectors[right]),
        len(rows),
        len(sizes),
        all_same,
        len(rows) * (len(rows) - 1) // 2 - all_same,
    )
