"""What a list of landmark errors adds up to: cumulative curve, area, failures, and means by point, region and group.

Everything here takes errors that `core.metrics.landmarks` has made. NaN is undefined: left out. Infinity is a failed
prediction: it stays in.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput
from core.foundation.skeletons import Skeleton


@dataclass(frozen=True, eq=False)
class Ced:
    """Cumulative error distribution up to a limit.

    Attributes
    ----------
    error, share
        (P,) float64 corners of the steps, from error 0 to the limit: `share` is the part of the instances whose error
        is at most `error`. To be drawn as a step that holds its value to the right (plotly's ``hv``).
    limit
        Where the curve ends, in the unit of the errors.
    auc, failure_rate
        The area under the steps divided by the limit, exactly: the mean of max(0, 1 - error / limit), where published
        codes sum on a grid and differ in the third or fourth digit. The share of errors above the limit.
    """

    error: Floats
    share: Floats
    limit: float
    auc: float
    failure_rate: float


def ced(errors: NDArray, limit: float) -> Ced:
    """The cumulative curve of the errors, with a corner at every one of them: no grid.

    Parameters
    ----------
    errors
        (N,) real, 0 or more; inf = failed, NaN = undefined.
    limit
        Above 0, in the unit of the errors (0.08 for an NME).

    Returns
    -------
    curve
        With empty `error` and `share` and NaN figures where no error is defined.

    Raises
    ------
    BadInput
        If the shape is wrong, an error is negative, or the limit is not above 0.
    """
    defined = _defined(errors, limit)
    if not len(defined):
        return Ced(np.zeros(0), np.zeros(0), limit, np.nan, np.nan)
    area, failures = float(np.maximum(0.0, 1.0 - defined / limit).mean()), float((defined > limit).mean())
    corners, counts = np.unique(defined[defined <= limit], return_counts=True)
    share = np.cumsum(counts) / len(defined)
    if not len(corners) or corners[0] > 0:
        corners, share = np.concatenate([[0.0], corners]), np.concatenate([[0.0], share])
    if corners[-1] < limit:
        corners, share = np.append(corners, limit), np.append(share, share[-1])
    return Ced(corners, share, limit, area, failures)


def point_means(point_errors: NDArray) -> Floats:
    """Mean error of each point over the instances in which it is defined.

    Parameters
    ----------
    point_errors
        (N, K) real; NaN is left out, a single inf makes the mean inf.

    Returns
    -------
    means
        (K,) float64, NaN where the point is never defined.

    Raises
    ------
    BadInput
        If the shape is wrong.
    """
    errors = _table(point_errors)
    defined = ~np.isnan(errors)
    count = defined.sum(axis=0)
    return np.divide(
        np.where(defined, errors, 0.0).sum(axis=0), count, out=np.full(errors.shape[1], np.nan), where=count > 0
    )


def region_means(point_errors: NDArray, skeleton: Skeleton) -> dict[str, float]:
    """Mean error over all defined points of each region of the skeleton, in the order of `Skeleton.regions`.

    Parameters
    ----------
    point_errors
        (N, K) real with K the skeleton's points.

    Returns
    -------
    means
        NaN where no point of the region is defined.

    Raises
    ------
    BadInput
        If the shape is wrong.
    """
    errors = _table(point_errors)
    if errors.shape[1] != len(skeleton):
        raise BadInput("metrics.point_errors_count", skeleton=skeleton.name, count=len(skeleton), found=errors.shape[1])
    return {name: _mean(errors[:, list(points)]) for name, points in skeleton.regions.items()}


def group_means(errors: NDArray, groups: NDArray) -> dict[str, float]:
    """Mean error of the instances of each group (video, person, condition), groups in sorted order.

    Parameters
    ----------
    errors
        (N,) or (N, K) real; NaN is left out.
    groups
        (N,) int or str.

    Returns
    -------
    means
        The group's name as text and its mean; NaN where nothing of the group is defined.

    Raises
    ------
    BadInput
        If the lengths differ.
    """
    values, names = np.asarray(errors, np.float64), np.asarray(groups)
    if names.shape != values.shape[:1]:
        raise BadInput("metrics.groups_of_errors", count=len(values), found=names.shape)
    labels, group_of = np.unique(names, return_inverse=True)
    return {str(name): _mean(values[group_of == i]) for i, name in enumerate(labels)}


def _mean(values: Floats) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def _table(point_errors: NDArray) -> Floats:
    errors = np.asarray(point_errors, np.float64)
    if errors.ndim != 2:
        raise BadInput("arrays.shape", name="point_errors", shape="(N, K)", found=errors.shape)
    return errors


def _defined(errors: NDArray, limit: float) -> Floats:
    """The errors that are not NaN."""
    values = np.asarray(errors, np.float64)
    if values.ndim != 1:
        raise BadInput("arrays.shape", name="errors", shape="(N,)", found=values.shape)
    if not (np.isfinite(limit) and limit > 0):
        raise BadInput("metrics.limit", limit=limit)
    defined = values[~np.isnan(values)]
    if (defined < 0).any():
        raise BadInput("metrics.error_negative", found=defined.min())
    return defined
