"""Bad predictors made from a true track: each is wrong in one way that some stability metric cannot see.

Each takes the true track (T, K, 2) in pixels, NaN where absent, and a random generator, and gives a track of the same
shape. Lengths are shares of the face's size, so that they mean the same at every resolution.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from core.foundation.arrays import Floats
from core.tracks.smoothing import one_euro

NOISE: Final = 0.0075  # of the face's size, standard deviation in x and in y
_BIAS: Final = 0.025
_DROPPED: Final = 0.1  # of the frames
_TAPS: Final = 5
_FRAMES_PER_SECOND: Final = 30.0


def face_size(tracks: Floats) -> float:
    """The median over the frames of the longer side of the box around the points; 0 where there is no point."""
    present = tracks[~np.isnan(tracks).all(axis=(1, 2))]
    if not len(present):
        return 0.0
    return float(np.median((np.nanmax(present, axis=1) - np.nanmin(present, axis=1)).max(axis=1)))


def exact(tracks: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    """The truth itself."""
    return tracks.copy()


def noisy(tracks: Floats, rng: np.random.Generator) -> Floats:
    """Each coordinate of each frame off by itself: jitter."""
    return tracks + rng.normal(0, NOISE * face_size(tracks), tracks.shape)


def lagged(tracks: Floats, rng: np.random.Generator, frames: int = 3) -> Floats:  # noqa: ARG001
    """The truth some frames late; the first frames hold what came first."""
    return tracks[np.maximum(np.arange(len(tracks)) - frames, 0)]


def frozen(tracks: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    """Never moves: every point stays where it was first seen."""
    return np.where(np.isnan(tracks), np.nan, _first_seen(tracks))


def biased(tracks: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    """Every point off by the same, in every frame."""
    return tracks + _BIAS * face_size(tracks)


def halved(tracks: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    """Half of the movement away from the first place."""
    return (tracks + _first_seen(tracks)) / 2


def averaged(tracks: Floats, rng: np.random.Generator) -> Floats:
    """The noisy predictor, averaged over five frames around each; at the ends over fewer."""
    jittery = noisy(tracks, rng)
    present = ~np.isnan(jittery)
    total, count = np.zeros_like(jittery), np.zeros_like(jittery)
    for step in range(-(_TAPS // 2), _TAPS // 2 + 1):
        to = slice(max(0, -step), len(jittery) - max(0, step))
        of = slice(max(0, step), len(jittery) - max(0, -step))
        total[to] += np.where(present, jittery, 0.0)[of]
        count[to] += present[of]
    return np.divide(total, count, out=np.full_like(jittery, np.nan), where=present)


def one_euro_smoothed(tracks: Floats, rng: np.random.Generator) -> Floats:
    """The noisy predictor through a One-Euro filter of 1 Hz at 30 frames a second, with no beta: smooth and late."""
    return one_euro(noisy(tracks, rng), _FRAMES_PER_SECOND, min_cutoff_hz=1.0, beta=0.0)


def held(tracks: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    """Every second frame repeats the one before, as a dropped frame does in a player."""
    return tracks[np.arange(len(tracks)) // 2 * 2]


def dropped(tracks: Floats, rng: np.random.Generator) -> Floats:
    """The truth, but a tenth of the frames has no prediction at all."""
    remaining = tracks.copy()
    remaining[rng.random(len(tracks)) < _DROPPED] = np.nan
    return remaining


def _first_seen(tracks: Floats) -> Floats:
    """(K, 2) where each point is in the first frame that has it; NaN where it is in none."""
    if not len(tracks):
        return np.full(tracks.shape[1:], np.nan)
    first = (~np.isnan(tracks)).argmax(axis=0)
    return np.take_along_axis(tracks, first[None], axis=0)[0]


PREDICTORS: Final[dict[str, Callable[[Floats, np.random.Generator], Floats]]] = {
    "exact": exact,
    "noisy": noisy,
    "averaged": averaged,
    "one-euro": one_euro_smoothed,
    "lagged by 1": partial(lagged, frames=1),
    "lagged by 3": lagged,
    "held": held,
    "halved": halved,
    "frozen": frozen,
    "biased": biased,
    "dropped": dropped,
}
