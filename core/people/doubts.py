"""How doubtful each person of a dataset is: how little the least fitting face is like the others."""

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats
from core.foundation.workspace import Workspace
from core.people.vectors import face_vectors
from db.engine import reading
from db.queries.people.ownership import confirmed_owners, owners
from db.tables import ModelVersion


def least_likeness(workspace: Workspace, dataset_id: int, version: ModelVersion) -> dict[int, float]:
    """Person to the least average similarity of a face that no human has confirmed to the person's other faces.

    Whoever has no such face, or no other, is left out: there is nothing to doubt.
    """
    with reading(workspace.engine) as session:
        faces = face_vectors(workspace, dataset_id, version.id, session=session)
        owned = dict(owners(dataset_id, session=session))
        confirmed = confirmed_owners(dataset_id, session=session)
    instances = faces.instances.tolist()
    rows = np.array([row for row, face in enumerate(instances) if face in owned], np.int64)
    if not len(rows):
        return {}
    of = np.array([owned[instances[row]] for row in rows], np.int64)
    people, which = np.unique(of, return_inverse=True)
    waiting = np.array([instances[row] not in confirmed for row in rows], bool)
    likeness = likeness_to_others(faces.vectors[rows], which)
    least = np.full(len(people), np.inf)
    there = waiting & ~np.isnan(likeness)
    np.minimum.at(least, which[there], likeness[there])
    return {int(person): float(value) for person, value in zip(people, least, strict=True) if np.isfinite(value)}


def likeness_to_others(vectors: NDArray[np.floating], which: NDArray[np.integer]) -> Floats:
    """(N,) average similarity of each of N faces to the others of its group; NaN for one that is alone.

    `vectors` (N, D) of unit length, `which` (N,) the group of each, 0 to G - 1.
    """
    sums = np.zeros((int(which.max(initial=-1)) + 1, vectors.shape[1]))
    np.add.at(sums, which, vectors.astype(np.float64))
    counts = np.bincount(which)[which]
    to_all = np.einsum("nd,nd->n", vectors, sums[which])
    others = np.maximum(counts - 1, 1)
    return np.where(counts > 1, (to_all - 1) / others, np.nan)
