"""What the field measures: FHR-STA (error, delay, non-smoothness), NMF, acceleration error; NME beside them.

Sources: Tai et al., "Towards Highly Accurate and Stable Face Alignment for High-Resolution Videos", AAAI 2019;
Micaelli et al., "Recurrence without Recurrence: Stable Video Landmark Detection with Deep Equilibrium Models", CVPR
2023 (NMF); Zeng et al., "SmoothNet", ECCV 2022 (acceleration). Every function takes the broken pairs (T - 1,), leaves
out whatever reaches across one, and gives a curve with NaN where undefined.
"""

from typing import Final

import numpy as np

from core.foundation.arrays import Bools, Floats
from core.metrics.stability.tracks import nan_mean

STILL: Final = 1e-4  # of the face's size: a true face that moves less (RMS) has no direction to lag in
_NMF_SIDE: Final = 256.0  # pixels of the crop that NMF is thought in


def rms_error(tracks: Floats, truth: Floats, face: Floats) -> Floats:
    """(T,) percent of the face's size: RMS over the points of the distance to the truth (STA's error)."""
    return 100 * _rms(tracks - truth) / face


def track_nme(tracks: Floats, truth: Floats, unit: Floats) -> Floats:
    """(T,) percent of the unit (T,): mean over the points of the distance to the truth."""
    return 100 * nan_mean(np.linalg.norm(tracks - truth, axis=2), axis=1) / unit


def delays(tracks: Floats, truth: Floats, breaks: Bools, face: Floats) -> tuple[Floats, Floats]:
    """(P,) numerator and denominator of STA's time delay, in frames: <p̂_t - p_t, p_{t-1} - p_t> / |p_{t-1} - p_t|².

    Their quotient's mean is STA's; the quotient of their means is the robust one. NaN where the true face is still
    (RMS below 0.01 % of its size), which the original divides by.
    """
    error, back = (tracks - truth)[1:], truth[:-1] - truth[1:]
    back[breaks] = np.nan
    lost = np.isnan(error) | np.isnan(back)
    error[lost] = back[lost] = np.nan
    squared = nan_mean((back**2).sum(axis=2), axis=1)
    along = nan_mean((error * back).sum(axis=2), axis=1)
    moving = squared > (STILL * face[1:]) ** 2  # NaN compares false
    return np.where(moving, along, np.nan), np.where(moving, squared, np.nan)


def non_smooth_1(tracks: Floats, breaks: Bools, face: Floats) -> Floats:
    """(T - 2,) percent of the face's size: RMS over the points of the distance to the middle of the neighbours."""
    before, here, after = _triples(tracks, breaks)
    return 100 * _rms(here - (before + after) / 2) / face[1:-1]


def non_smooth_2(tracks: Floats, breaks: Bools, face: Floats) -> Floats:
    """(T - 2,) as `non_smooth_1`, to the nearest place on the segment between the neighbours, of all points together.

    The segment goes from the whole face before to the whole face after, in 2K dimensions. Where both are the same (a
    frozen face, 0/0 in the original) that place is the face before.
    """
    before, here, after = _triples(tracks, breaks)
    reach, way = here - before, after - before
    squared = np.nansum(way**2, axis=(1, 2))
    along = np.nansum(reach * way, axis=(1, 2))
    share = np.divide(along, squared, out=np.zeros_like(along), where=squared > 0).clip(0, 1)
    return 100 * _rms(reach - share[:, None, None] * way) / face[1:-1]


def nmf(tracks: Floats, truth: Floats, breaks: Bools, scale: Floats) -> Floats:
    """(P,) normalised mean flicker of each pair: how much the error changes, 100 |e_{t+1} - e_t| / sqrt(w h / 256²).

    RMS over the points. The track's NMF is the RMS over the pairs. A constant bias has 0, by design.
    """
    flicker = np.diff(tracks - truth, axis=0)
    flicker[breaks] = np.nan
    return 100 * _NMF_SIDE * _rms(flicker) / scale[:-1]


def acceleration_error(tracks: Floats, truth: Floats, breaks: Bools) -> Floats:
    """(T - 2, K) pixels/frame²: length of the second difference of the error. No frame rate is in it."""
    before, here, after = _triples(tracks - truth, breaks)
    return np.linalg.norm(before - 2 * here + after, axis=2)


def _rms(vectors: Floats) -> Floats:
    """(N,) root of the mean over the points of the squared length of (N, K, 2)."""
    return np.sqrt(nan_mean((vectors**2).sum(axis=2), axis=1))


def _triples(tracks: Floats, breaks: Bools) -> tuple[Floats, Floats, Floats]:
    """Three times (T - 2, K, 2): frame before, frame, frame after; a point is NaN in all where it is in one."""
    three = tracks[:-2].copy(), tracks[1:-1].copy(), tracks[2:].copy()
    lost = np.isnan(three[0]) | np.isnan(three[1]) | np.isnan(three[2])
    lost[breaks[:-1] | breaks[1:]] = True
    for part in three:
        part[lost] = np.nan
    return three
