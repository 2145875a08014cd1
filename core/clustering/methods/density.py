"""DBSCAN: groups are where faces lie close, and who has too few around is nobody's."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.linkage import unit_faces
from core.clustering.methods.links import links, numbered_parts
from core.foundation.arrays import Ints

MIN_FACES: Final = 3  # as Immich has it


def dbscan(embeddings: NDArray[np.float32], threshold: float, *, min_faces: int = MIN_FACES) -> Ints:
    """Ester, Kriegel, Sander & Xu, "A density-based algorithm for discovering clusters", KDD 1996. No constraints.

    A face with `min_faces` within the threshold, itself among them, is a core face; core faces within it of one
    another are one group. Another face joins the core face that is most like it (the paper: the first that is found),
    or is unknown where there is none.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1.
    threshold
        Cosine similarity.

    Returns
    -------
    labels
        (N,) int64 from 0 on, -1 = unknown.

    Raises
    ------
    BadInput
        As `merge_tree` of the embeddings and the threshold, and as `links`.
    """
    faces = unit_faces(embeddings, threshold)
    count = len(faces)
    near = links(faces, threshold)
    core = np.bincount(np.concatenate([near.row, near.col]), minlength=count) + 1 >= min_faces
    inner = core[near.row] & core[near.col]
    labels = np.full(count, -1, np.int64)
    part = numbered_parts(count, near.row[inner], near.col[inner])
    labels[core] = np.unique(part[core], return_inverse=True)[1]
    edge = core[near.row] ^ core[near.col]
    left, right, alike = near.row[edge], near.col[edge], near.data[edge]
    outer, inside = np.where(core[left], right, left), np.where(core[left], left, right)
    order = np.lexsort((-inside, alike))  # the best comes last and stays
    labels[outer[order]] = labels[inside[order]]
    return labels
