"""The pairs of faces that are alike enough, found in blocks: what the methods of graphs begin with."""

from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Ints
from core.foundation.errors import BadInput

_BLOCK: Final = 2048
_MOST_LINKS: Final = 60_000_000  # pairs; with 50 million of them, of 10,000 copies of one face, HDBSCAN takes 6 GB


def links(faces: NDArray[np.float32], threshold: float) -> scipy.sparse.coo_array:
    """(N, N) float32 cosine similarity of each pair with at least a threshold, once (row < column), in order.

    Raises
    ------
    BadInput
        If there are more such pairs than memory is meant for, as of ten thousands of copies of one face.
    """
    count = len(faces)
    rows, columns, values = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    found = 0
    for start in range(0, count, _BLOCK):
        for left in range(start, count, _BLOCK):
            alike = faces[start : start + _BLOCK] @ faces[left : left + _BLOCK].T
            near = alike >= threshold
            row, column = np.nonzero(np.triu(near, 1) if left == start else near)
            found += len(row)
            if found > _MOST_LINKS:
                raise BadInput("clustering.too_many_links", most=_MOST_LINKS, threshold=threshold)
            rows.append((row + start).astype(np.int32))
            columns.append((column + left).astype(np.int32))
            values.append(alike[row, column])
    ends = np.concatenate(rows), np.concatenate(columns)
    return scipy.sparse.coo_array((np.concatenate(values), ends), shape=(count, count))


def numbered_parts(count: int, left: NDArray, right: NDArray) -> Ints:
    """(N,) int64 connected component of each of N nodes, with (L,) ends of links; numbers from 0."""
    edges = scipy.sparse.coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    return np.asarray(scipy.sparse.csgraph.connected_components(edges, directed=False)[1], np.int64)


def spanning_forest(count: int, left: NDArray, right: NDArray, length: NDArray) -> tuple[Ints, Ints, NDArray]:
    """The links of a minimum spanning forest, the shortest first: (L,) ends and lengths, each 0 or more."""
    longer = 1 + length.astype(np.float64)  # SciPy takes 0 for no link
    edges = scipy.sparse.coo_array((longer, (left, right)), shape=(count, count)).tocsr()
    forest = scipy.sparse.csgraph.minimum_spanning_tree(edges).tocoo()
    order = np.lexsort((forest.col, forest.row, forest.data))
    return forest.row[order].astype(np.int64), forest.col[order].astype(np.int64), forest.data[order] - 1
