"""NME by a pair of points and RMSE of a whole set, out of what the metrics give for each instance."""

import numpy as np

from core.metrics.landmarks import errors, point_errors, squares_of


def nme(predicted, truth, visibility, pair):
    """(N,) `errors` in the distance of two labelled points; NaN also where a labelled point was not given."""
    first, second = pair
    unit = np.linalg.norm(np.asarray(truth[:, first], float) - truth[:, second], axis=1)
    found = errors(predicted, truth, visibility, np.where((visibility[:, list(pair)] > 0).all(axis=1), unit, np.nan))
    return np.where(np.isfinite(found), found, np.nan)


def squared_sums(predicted, truth, visibility):
    """`squares_of` the errors in pixels."""
    return squares_of(point_errors(predicted, truth, visibility))


def rmse(predicted, truth, visibility):
    """Pixels; inf if a labelled point has no prediction, NaN if nothing is labelled."""
    sums, counts = squared_sums(predicted, truth, visibility)
    return float(np.sqrt(sums.sum() / counts.sum())) if counts.sum() else float("nan")
