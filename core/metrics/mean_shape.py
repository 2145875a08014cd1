"""A guess that knows nothing of the picture: the mean shape of other labels, laid into each box.

A model that is no better than this has learned nothing, whatever its curves look like.
"""

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats


def mean_places(points: NDArray, visibility: NDArray, boxes: NDArray) -> Floats:
    """Mean place of each point in its box.

    Parameters
    ----------
    points, visibility
        (N, K, 2) real pixels, anything where a point is not labelled; (N, K) int, above 0 where it is.
    boxes
        (N, 4) real corners left, top, right, bottom in pixels.

    Returns
    -------
    shape
        (K, 2) float64 from the middle of the box, in units of its longer side; NaN for a point that is never labelled.
    """
    totals, counts = _sums(points, visibility, boxes)
    return _quotient(totals.sum(axis=0), counts.sum(axis=0))


def lay_into(shape: NDArray, boxes: NDArray) -> Floats:
    """(N, K, 2) pixels: a shape (K, 2) as `mean_places` gives it, or one for each box (N, K, 2), in (N, 4) boxes.

    A point that the shape lacks is taken to lie in the middle of the box.
    """
    corners = np.asarray(boxes, np.float64)
    return _middles(corners)[:, None] + np.nan_to_num(shape) * _sides(corners)[:, None, None]


def guesses_from_other_groups(points: NDArray, visibility: NDArray, boxes: NDArray, groups: NDArray) -> Floats:
    """(N, K, 2) pixels: for each instance the mean shape of those of other groups, laid into its box.

    `groups` (N,) are clips, people or folders, the rest as in `mean_places`. All NaN where there is only one group:
    then there is nothing to guess from.
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        return np.full(np.shape(points), np.nan)
    totals, counts = (_by_group(part, group_of, len(names)) for part in _sums(points, visibility, boxes))
    shapes = _quotient(totals.sum(axis=0) - totals, counts.sum(axis=0) - counts)
    return lay_into(shapes[group_of], boxes)


def _sums(points: NDArray, visibility: NDArray, boxes: NDArray) -> tuple[Floats, Floats]:
    """What each instance adds: its places (N, K, 2) in its box, 0 where not labelled, and 1 for each labelled point."""
    corners, labelled = np.asarray(boxes, np.float64), (np.asarray(visibility) > 0)[..., None]
    placed = (np.asarray(points, np.float64) - _middles(corners)[:, None]) / _sides(corners)[:, None, None]
    return np.where(labelled, placed, 0.0), np.broadcast_to(labelled, placed.shape).astype(np.float64)


def _by_group(values: Floats, group_of: NDArray, count: int) -> Floats:
    sums = np.zeros((count, *values.shape[1:]))
    np.add.at(sums, group_of, values)
    return sums


def _quotient(totals: Floats, counts: Floats) -> Floats:
    return np.divide(totals, counts, out=np.full(totals.shape, np.nan), where=counts > 0.5)


def _middles(corners: Floats) -> Floats:
    return (corners[:, :2] + corners[:, 2:]) / 2


def _sides(corners: Floats) -> Floats:
    return (corners[:, 2:] - corners[:, :2]).max(axis=1)
