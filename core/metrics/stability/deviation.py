"""The project's second and third metric and its indicator: how much the points move against one another.

What all points share, the movement of the head in the picture, is taken off; what is left is the face's own play and
the predictor's jitter. Nothing here can tell these two apart without a truth.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from core.foundation.arrays import Bools, Floats
from core.foundation.errors import BadInput
from core.metrics.stability.normality import MAD_TO_STD
from core.metrics.stability.tracks import Units, as_breaks, as_tracks, displacements, nan_mean, nan_median, row_medians

EPSILON: Final = 1e-6  # of the unit (a ten-thousandth of a percent): keeps a ratio finite where nothing moves


def dev(tracks: ArrayLike, breaks: ArrayLike | None = None) -> Floats:
    """Metric 2, the deviation of every point and pair.

    ((dx_t - mean_K dx_t) / |P37 P46|, (dy_t - mean_K dy_t) / |P28 P34|), the lengths being those of the later frame
    (`Units`).

    Parameters
    ----------
    tracks
        (T, K, 2) pixels, NaN where absent.
    breaks
        (T - 1,) bool, or indices of frames that begin something new.

    Returns
    -------
    deviations
        (T - 1, K, 2) ratios. NaN across breaks, where a point is absent, or where the frame has no unit.
    """
    track = as_tracks(tracks)
    return deviations(track, as_breaks(breaks, len(track)), Units.of(track))


def deviations(tracks: Floats, breaks: Bools, units: Units) -> Floats:
    """`dev` in units that are given."""
    moved = displacements(tracks, breaks)
    lengths = np.stack([units.x, units.y], axis=1)[1:, None]
    return (moved - nan_mean(moved, axis=1)[:, None]) / lengths


def deviation_curve(deviation: Floats) -> Floats:
    """(P, 2) percent: RMS over the points of each pair, in x and in y."""
    return 100 * np.sqrt(nan_mean(deviation**2, axis=1))


def robust_curve(moved: Floats, units: Units) -> Floats:
    """(P, 2) percent: 1.4826 times the median distance of the points' displacements (P, K, 2) from their median.

    The same as `deviation_curve` where they are normal; a few points that fly off do not count.
    """
    curve = np.full((len(moved), 2), np.nan)
    for axis, unit in enumerate((units.x, units.y)):
        along = moved[..., axis]
        curve[:, axis] = MAD_TO_STD * row_medians(np.abs(along - row_medians(along)[:, None])) / unit[1:]
    return 100 * curve


def shapes(tracks: Floats, units: Units) -> Floats:
    """(T, K, 2): each point from the mean of the points, (x_k - mean_K x_k) / l_k; constant for a rigid, still face."""
    lengths = np.stack([units.x, units.y], axis=1)[:, None]
    return (tracks - nan_mean(tracks, axis=1)[:, None]) / lengths


def length_ratio(tracks: ArrayLike, breaks: ArrayLike | None = None) -> Floats:
    """Metric 3, the length ratio of consecutive frames: 1 where the face keeps its shape, however it moves and grows.

    (x_k - mean x_k) / (x_{k-1} - mean x_{k-1}) * l_{k-1} / l_k, not point by point but as the ratio of the means over
    the points of the absolute values, with epsilon. (Point by point it is without bound: a point in line with the
    mean divides by nearly nothing. See `ratio_of_each_point`.)

    Returns
    -------
    ratios
        (T - 1, 2) in x and y, of the points present in both frames. NaN where undefined.
    """
    track = as_tracks(tracks)
    return length_ratios(shapes(track, Units.of(track)), as_breaks(breaks, len(track)))


def length_ratios(shape: Floats, breaks: Bools) -> Floats:
    """`length_ratio` of shapes (T, K, 2)."""
    now, before = _pairs(shape, breaks)
    return (nan_mean(np.abs(now), axis=1) + EPSILON) / (nan_mean(np.abs(before), axis=1) + EPSILON)


def ratio_of_each_point(shape: Floats, breaks: Bools) -> Floats:
    """(P, K, 2) metric 3 as the project wrote it, of shapes (T, K, 2); NaN where a point was less than epsilon off."""
    now, before = _pairs(shape, breaks)
    usable = np.abs(before) > EPSILON  # NaN compares false
    return np.divide(now, before, out=np.full(now.shape, np.nan), where=usable)


def _pairs(shape: Floats, breaks: Bools) -> tuple[Floats, Floats]:
    now, before = shape[1:].copy(), shape[:-1].copy()
    lost = np.isnan(now) | np.isnan(before)
    lost[breaks] = True
    now[lost] = before[lost] = np.nan
    return now, before


def motion_curves(tracks: Floats, truth: Floats, breaks: Bools, units: Units) -> tuple[Floats, Floats]:
    """(P, 2) ratios, predicted and true: RMS deviation of the points that both have, in the units of the truth."""
    both = ~(np.isnan(tracks) | np.isnan(truth))
    predicted, true = (
        np.sqrt(nan_mean(deviations(np.where(both, points, np.nan), breaks, units) ** 2, axis=1))
        for points in (tracks, truth)
    )
    return predicted, true


def motion_ratio(predicted: Floats, true: Floats) -> Floats:
    """(2,) mean predicted over mean true deviation of `motion_curves`, each with epsilon: 1 moves as much as the truth.

    0 is frozen, more than 1 jitters, less lags or smooths. A still prediction of a still face has 1.
    """
    return (nan_mean(predicted, axis=0) + EPSILON) / (nan_mean(true, axis=0) + EPSILON)


def indicator(tracks: ArrayLike, truth: ArrayLike | None = None, breaks: ArrayLike | None = None) -> float:
    """The project's final indicator: a ratio of means, best at 1.0, the mean of x and y.

    With a truth: the mean over the pairs of the predicted deviation (RMS over the points), over the mean of the true
    one, in the units of the truth, epsilon (1e-6 of the unit) added to both. Without: the mean over the pairs of
    `length_ratio`, that is each frame against the frame before; noise lifts it above 1 (clip 548 of 300-VW: 1.0038),
    since the mean of a ratio of two alike noisy values exceeds 1. It is then no judgement of a frozen predictor, which
    has 1 exactly.

    The project averaged ratios point by point. That mean differs by a factor of 1.6 to 1.8 on noise and has no finite
    expectation; it stands beside the indicator as `..._mean_of_ratios_...` in `stability`.

    NaN where it is undefined: no pair, or no unit.

    Raises
    ------
    BadInput
        If the shapes disagree.
    """
    track = as_tracks(tracks)
    broken = as_breaks(breaks, len(track))
    if truth is None:
        return float(nan_mean(nan_mean(length_ratio(track, broken), axis=0)))
    true = as_truth(truth, track)
    return float(motion_ratio(*motion_curves(track, true, broken, Units.of(true))).mean())


def as_truth(truth: ArrayLike, tracks: Floats) -> Floats:
    """The truth beside tracks, of the same shape; BadInput if it is not."""
    true = as_tracks(truth, "truth")
    if true.shape != tracks.shape:
        raise BadInput("metrics.truth_of_tracks", shape=tracks.shape, found=true.shape)
    return true


def spread_about_one(ratios: Floats) -> float:
    """Percent: 1.4826 times the median distance of ratios from 1. The robust reading of metric 3."""
    return 100 * MAD_TO_STD * nan_median(np.abs(ratios - 1))
