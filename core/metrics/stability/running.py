"""The indicator as it changes along a clip: over the frames that end at each frame."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput
from core.metrics.stability.deviation import as_truth, indicator
from core.metrics.stability.tracks import as_breaks, as_tracks

WINDOW: Final = 20  # frames, as the stability loss takes
FEWEST: Final = 5


def running_indicator(
    tracks: ArrayLike, truth: ArrayLike, breaks: ArrayLike | None = None, *, window: int = WINDOW, fewest: int = FEWEST
) -> Floats:
    """`indicator` against the truth of the (up to) `window` consecutive frames that end at each frame.

    A window goes neither over a break nor over a frame in which no point has both a prediction and a truth, so it is
    shorter after one. Each has its own units (`Units`), so that its figure is that of `indicator` of these frames.

    Parameters
    ----------
    tracks, truth
        (T, K, 2) pixels, NaN where a point is absent.
    breaks
        (T - 1,) bool, or indices of frames that begin something new.
    window, fewest
        Frames at most and at least, `fewest` from 2 to `window`.

    Returns
    -------
    indicators
        (T,) float64, 1 = moves as much as the truth; NaN where fewer than `fewest` frames lead up to a frame.

    Raises
    ------
    BadInput
        If the shapes disagree or the numbers of frames make no sense.
    """
    if not 2 <= fewest <= window:
        raise BadInput("metrics.window", window=window, fewest=fewest)
    track = as_tracks(tracks)
    true, broken = as_truth(truth, track), as_breaks(breaks, len(track))
    present = np.any(~np.isnan(track + true)[..., 0], axis=1)
    figures, start = np.full(len(track), np.nan), 0
    for frame in range(len(track)):
        if not present[frame]:
            start = frame + 1
            continue
        if frame and broken[frame - 1]:
            start = frame
        first, after = max(start, frame + 1 - window), frame + 1
        if after - first >= fewest:
            figures[frame] = indicator(track[first:after], true[first:after])
    return figures
