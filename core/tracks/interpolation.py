"""Points between frames that were set by hand: linear, and so that the shape as a whole turns, grows and moves.

A key frame stays as it is, bit by bit. Nothing is made up before the first key frame, after the last, or across a cut.

Sources: Gower, "Generalized Procrustes Analysis", Psychometrika 1975; Dryden and Mardia, "Statistical Shape Analysis",
1998 (centroid size, shortest rotation).
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from core.foundation.arrays import Bools, Floats
from core.foundation.errors import BadInput

_LEAST: Final = (
    1e-9  # of a shape's size in pixels, and of how alike two shapes are, for a turn between them to be known
)


def linear(tracks: ArrayLike, keys: ArrayLike, breaks: ArrayLike | None = None) -> Floats:
    """Each point on the straight line from one key frame to the next, at an even speed.

    Parameters
    ----------
    tracks
        (T, K, 2) pixels, NaN where absent; only the key frames are read.
    keys
        (T,) bool: the frames that were set by hand.
    breaks
        (T - 1,) bool, True where the clip cuts between a frame and the next, or None.

    Returns
    -------
    interpolated
        (T, K, 2) float64. Key frames are bit-equal to the input. NaN before the first key frame, after the last,
        between two that a break parts, and for a point that is absent in one of the two.

    Raises
    ------
    BadInput
        If a shape or a type is wrong.
    """
    return _between(tracks, keys, breaks, _straight)


def shape_preserving(tracks: ArrayLike, keys: ArrayLike, breaks: ArrayLike | None = None) -> Floats:
    """The similarity that brings one key frame's shape to the next is done bit by bit, and what it leaves is linear.

    From key A to key B, of the points that both have, with a share w from 0 to 1 of the time that has passed::

        X(w) = c(w) + s^w R(w angle) ((A - cA) + w rest)     c(w) = (1 - w) cA + w cB
        s    = |B - cB| / |A - cA|                           the ratio of the centroid sizes: the scale is log-linear
        rest = R(-angle) (B - cB) / s - (A - cA)             what no similarity explains

    with cA, cB the means and the angle of the least-squares rotation, in (-180, 180] degrees: the shorter way. A turned
    head keeps its size on the way, where linear interpolation makes it smaller. Played backwards it is the same.
    Where no turn is known (a single point, all points at one place) it is linear.

    Parameters, Returns and Raises as `linear`.
    """
    return _between(tracks, keys, breaks, _similar)


# Each takes (tracks, keys, breaks).
INTERPOLATIONS: Final[dict[str, Callable[..., Floats]]] = {"interpolate": shape_preserving, "linear": linear}


def _between(
    tracks: ArrayLike, keys: ArrayLike, breaks: ArrayLike | None, way: Callable[[Floats, Floats, Floats], Floats]
) -> Floats:
    track, is_key, broken = _checked(tracks, keys, breaks)
    interpolated = np.full(track.shape, np.nan)
    interpolated[is_key] = track[is_key]
    at = np.flatnonzero(is_key)
    for first, last in pairwise(at):
        known = np.isfinite(track[[first, last]]).all(axis=(0, 2))
        if last - first > 1 and known.any() and not broken[first:last].any():
            shares = np.arange(1, last - first) / (last - first)
            interpolated[first + 1 : last, known] = way(track[first, known], track[last, known], shares)
    return interpolated


def _straight(first: Floats, last: Floats, shares: Floats) -> Floats:
    """(S, M, 2) at each of the (S,) shares of the way between two (M, 2) shapes."""
    share = shares[:, None, None]
    return np.asarray((1 - share) * first + share * last)


def _similar(first: Floats, last: Floats, shares: Floats) -> Floats:
    """As `_straight`, in complex numbers: a similarity is a factor there."""
    a, b = (shape[:, 0] + 1j * shape[:, 1] for shape in (first, last))
    mean_a, mean_b = a.mean(), b.mean()
    a, b = a - mean_a, b - mean_b
    size_a, size_b = np.linalg.norm(a), np.linalg.norm(b)
    alike = np.vdot(a, b)  # its angle is that of the least-squares rotation
    if min(size_a, size_b) < _LEAST or abs(alike) < _LEAST * size_a * size_b:
        return _straight(first, last, shares)
    growth = np.log(size_b / size_a) + 1j * np.angle(alike)
    rest = b / np.exp(growth) - a
    share = shares[:, None]
    at = (1 - share) * mean_a + share * mean_b + np.exp(share * growth) * (a + share * rest)
    return np.stack([at.real, at.imag], axis=2)


def _checked(tracks: ArrayLike, keys: ArrayLike, breaks: ArrayLike | None) -> tuple[Floats, Bools, Bools]:
    track, is_key = np.array(tracks, dtype=np.float64), np.asarray(keys)
    if track.shape[2:] != (2,):
        raise BadInput("arrays.shape", name="tracks", shape="(frames, points, 2)", found=track.shape)
    broken = np.zeros(max(len(track) - 1, 0), bool) if breaks is None else np.asarray(breaks)
    for name, flags, count in (("keys", is_key, len(track)), ("breaks", broken, max(len(track) - 1, 0))):
        if flags.shape != (count,) or flags.dtype != np.bool_:
            raise BadInput("tracks.flags", name=name, count=count, dtype=flags.dtype, shape=flags.shape)
    return track, is_key, broken
