"""The ripple edit: a correction of one frame fades over its neighbours, on top of the points that they have.

The fade is a raised cosine, the proportional editing of animation programs with time in the place of distance. It has
no kink where it begins and none where it ends.
"""

import numpy as np
from numpy.typing import ArrayLike

from core.foundation.arrays import Bools, Floats
from core.foundation.errors import BadInput


def weights(
    frames: int, at: int, width: int, fixed: ArrayLike | None = None, breaks: ArrayLike | None = None
) -> Floats:
    """How much of a correction of frame `at` each frame takes: 1 there, 0 from `width` frames on.

    ``w(d) = (1 + cos(pi d / reach)) / 2`` at d frames' distance; the reach is the width, or on a side where a frame is
    fixed nearer than that, the distance of that frame. Beyond a cut everything is 0.

    Parameters
    ----------
    frames, at
        T of the clip, and the corrected one, from 0.
    width
        Frames, 0 or more; with 0 or 1 no other frame takes part.
    fixed
        (T,) bool: frames whose points a human has set, or None. That of `at` does not matter.
    breaks
        (T - 1,) bool, True where the clip cuts between a frame and the next, or None.

    Returns
    -------
    (T,) float64 in [0, 1]

    Raises
    ------
    BadInput
        If there is no frame `at`, the width is negative, or flags have a wrong shape or type.
    """
    if not 0 <= at < frames:
        raise BadInput("tracks.no_frame", count=frames, frame=at)
    if width < 0:
        raise BadInput("arrays.least", name="width", least=0, found=width)
    stands, cut = _flags("fixed", fixed, frames), _flags("breaks", breaks, frames - 1)
    weight = np.zeros(frames)
    weight[at] = 1.0
    for step, others, cuts in ((1, stands[at + 1 :], cut[at:]), (-1, stands[:at][::-1], cut[:at][::-1])):
        distance = np.arange(1, len(others) + 1)
        reach = min(width, *distance[others][:1]) if others.any() else width
        far = min(reach - 1, int(np.argmax(cuts)) if cuts.any() else len(others))
        near = distance[: max(far, 0)]
        weight[at + step * near] = (1 + np.cos(np.pi * near / max(reach, 1))) / 2
    return weight


def faded_by(points: Floats, before: Floats, after: Floats, weight: float) -> Floats:
    """(K, 2) float64 points of another frame, each moved by a weight times its move from `before` to `after`.

    Bit-equal where a point does not move, or is absent in one of the two.
    """
    move = after - before
    moves = np.isfinite(move).all(axis=1) & (move != 0).any(axis=1)
    moved = points.copy()
    moved[moves] += weight * move[moves]
    return moved


def _flags(name: str, given: ArrayLike | None, count: int) -> Bools:
    flags = np.zeros(count, bool) if given is None else np.asarray(given)
    if flags.shape != (count,) or flags.dtype != np.bool_:
        raise BadInput("tracks.flags", name=name, count=count, dtype=flags.dtype, shape=flags.shape)
    return flags
