"""Which points labels teach: a network gives all of a skeleton, but what it says of the others means nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import ABSENT, Bools
from core.foundation.skeletons import Skeleton
from core.media.crops import mirror_order


def taught_points(visibility: NDArray[np.uint8], skeleton: Skeleton, *, mirrored: bool) -> Bools:
    """(K,) bool: the points that some label has.

    Parameters
    ----------
    visibility
        (N, K) uint8 of N labels.
    mirrored
        Whether labels are also learned from mirrored: then the left one of a pair teaches the right one too.
    """
    taught = np.asarray((visibility > ABSENT).any(axis=0), np.bool_)
    return taught | taught[mirror_order(len(skeleton), skeleton.flip_pairs)] if mirrored else taught


def point_list(skeleton: Skeleton, rows: Sequence[int]) -> list[str]:
    """Points by name, in order; a region by its own name where all of it is among them."""
    left, names = set(rows), []
    for region, members in skeleton.regions.items():
        if left.issuperset(members):
            names.append((min(members), region))
            left -= set(members)
    names += [(row, skeleton.point_names[row]) for row in left]
    return [name for _, name in sorted(names)]
