"""Sums of embeddings by group."""

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints


def summed(embeddings: NDArray, groups: Ints, count: int) -> Floats:
    """(count, D) float64 sum of the rows of each group; `embeddings` (N, D), `groups` (N,) int64 in [0, count)."""
    rows = np.arange(len(groups))
    belongs = scipy.sparse.coo_array((np.ones(len(groups)), (groups, rows)), shape=(count, len(groups)))
    return np.asarray(belongs.tocsr() @ embeddings.astype(np.float64))
