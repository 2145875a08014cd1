"""Sums and means of embeddings by group."""

from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints

_COLUMNS: Final = 64


def summed(embeddings: NDArray, groups: Ints, count: int) -> Floats:
    """(count, D) float64 sum of the rows of each group; `embeddings` (N, D), `groups` (N,) int64 in [0, count)."""
    rows = np.arange(len(groups))
    belongs = scipy.sparse.coo_array((np.ones(len(groups)), (groups, rows)), shape=(count, len(groups)))
    belongs, sums = belongs.tocsr(), np.zeros((count, embeddings.shape[1]))
    for left in range(0, embeddings.shape[1], _COLUMNS):  # so that no copy of all rows in double precision is needed
        columns = slice(left, left + _COLUMNS)
        sums[:, columns] = belongs @ embeddings[:, columns].astype(np.float64)
    return sums


def means_of(embeddings: NDArray[np.float32], rows: Ints, groups: Ints) -> NDArray[np.float32]:
    """(G, D) float32 mean embedding of the rows of each group; `groups` (len(rows),) in [0, G), none of them empty.

    In single precision: these are asked for at each cut and each look at a person, of all faces.
    """
    share = (1 / np.bincount(groups))[groups].astype(np.float32)
    belongs = scipy.sparse.csr_array((share, (groups, rows)), shape=(int(groups.max()) + 1, len(embeddings)))
    return np.asarray(belongs @ embeddings)
