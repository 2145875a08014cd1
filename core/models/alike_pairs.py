"""Which rows of a large matrix are alike, on a GPU: what grouping spends its time on where there are many faces.

Imports torch.
"""

import logging

import numpy as np
import torch
from numpy.typing import NDArray

from core.clustering.neighbours import AlikePairs, PairFinder, pairs_by_numpy
from core.foundation.arrays import Ints
from core.models.devices import refuse_all_but_memory, release_memory

_log = logging.getLogger(__name__)


def pairs_by_torch(device: str) -> PairFinder:
    """What finds the pairs of a matrix on a device of torch ("cuda", "cpu"), a block at a time.

    The matrix lies there while pairs are asked for. Where the device has no memory for it, or for a block, the
    processor does that part, and the log says so: the pairs are the same.

    Raises
    ------
    FacetError
        When pairs are asked for, if the device fails.
    """

    def finder(means: NDArray[np.float32]) -> AlikePairs:
        by_processor = pairs_by_numpy(means)
        try:
            there = torch.from_numpy(means).to(device)
        except Exception as problem:
            _make_room(problem)
            return by_processor

        def alike(rows: slice, columns: slice, least: float) -> tuple[Ints, Ints, NDArray[np.float32]]:
            try:
                return _alike(there, rows, columns, least)
            except Exception as problem:
                _make_room(problem)
                return by_processor(rows, columns, least)

        return alike

    return finder


def _alike(means: torch.Tensor, rows: slice, columns: slice, least: float) -> tuple[Ints, Ints, NDArray[np.float32]]:
    near = means[rows] @ means[columns].T
    row, column = torch.nonzero(near >= least, as_tuple=True)
    similarity = near[row, column].cpu().numpy()
    return row.cpu().numpy() + rows.start, column.cpu().numpy() + columns.start, similarity


def _make_room(problem: Exception) -> None:
    """Come back only where memory ran out, and say so."""
    refuse_all_but_memory(problem)
    release_memory()
    _log.warning("the device has no memory for so many faces; the processor compares them: %s", problem)
