"""What a model has learned from, kept with it: whatever becomes of groups and names, it is never measured on that.

Groups alone do not settle it: a person who is named later, or another way to split, makes other groups of the same
pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

KEY: Final = "learned"  # in `db.tables.TrainedModel.data`


def as_ranges(instances: Iterable[int]) -> list[list[int]]:
    """Ids as first and last of each run of whole numbers without a gap, in rising order: short for whole clips.

    >>> as_ranges([7, 1, 2, 3])
    [[1, 3], [7, 7]]
    """
    ids = np.unique(np.fromiter(instances, np.int64))
    if not len(ids):
        return []
    ends = np.flatnonzero(np.diff(ids) > 1)
    first, last = np.r_[ids[0], ids[ends + 1]], np.r_[ids[ends], ids[-1]]
    return [[int(low), int(high)] for low, high in zip(first, last, strict=True)]


def learned_from(data: Mapping[str, Any]) -> set[int]:
    """Ids of the instances that a model, its parents and its choice of an epoch have seen; empty if that is not known.

    Parameters
    ----------
    data
        `db.tables.TrainedModel.data`.
    """
    return {number for low, high in data.get(KEY) or [] for number in range(low, high + 1)}
