"""FINCH: who has whom as the first neighbour."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.linkage import unit_faces
from core.clustering.methods.links import numbered_parts
from core.clustering.sums import summed
from core.foundation.arrays import Ints

_ROWS: Final = 1024


def finch(embeddings: NDArray[np.float32], threshold: float) -> Ints:
    """Sarfraz, Sharma & Stiefelhagen, "Efficient Parameter-free Clustering Using First Neighbor Relations", CVPR 2019.

    arXiv:1902.11266. Each face is linked with the one that is most like it, and what is linked, also through a
    neighbour that two have in common (equation 1), is a group; then the same of the groups' means, until nothing
    joins. The paper gives a hierarchy and leaves the choice of a level open. Here a link less alike than the threshold
    is not made, on any level, and the last level is the answer. No constraints.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1.
    threshold
        Cosine similarity of two faces, or of the means of two groups.

    Returns
    -------
    labels
        (N,) int64 from 0 on.

    Raises
    ------
    BadInput
        As `merge_tree` of the embeddings and the threshold.
    """
    faces = unit_faces(embeddings, threshold)
    labels = np.arange(len(faces))
    means = faces
    while len(means) > 1:
        nearest, alike = _first_neighbours(means)
        linked = np.flatnonzero(alike >= threshold)
        joined = numbered_parts(len(means), linked, nearest[linked])
        labels = joined[labels]
        count = int(joined.max()) + 1
        if count == len(means):
            break
        sums = summed(faces, labels, count)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        means = (sums / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    return labels


def _first_neighbours(means: NDArray[np.float32]) -> tuple[Ints, NDArray[np.float32]]:
    """(N,) int64 the other one that is most like each, and (N,) float32 their cosine similarity."""
    nearest, alike = np.zeros(len(means), np.int64), np.zeros(len(means), np.float32)
    for start in range(0, len(means), _ROWS):
        products = means[start : start + _ROWS] @ means.T
        rows = np.arange(len(products))
        products[rows, rows + start] = -np.inf
        found = products.argmax(axis=1)
        nearest[start : start + _ROWS], alike[start : start + _ROWS] = found, products[rows, found]
    return nearest, alike
