"""Tracks of points, which pairs of frames belong together, and the lengths that make pixels comparable.

Legend
------
- T: frames, K: points, P: pairs of consecutive frames (T - 1)
- `breaks` (P,) bool: True where frame t + 1 does not follow frame t (a removed frame between them, or a cut)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from core.foundation.arrays import Bools, Floats
from core.foundation.errors import BadInput
from core.tracks.files import FARTHEST

FLOOR: Final = 0.5  # of its median over the track: what a normalising length is raised to where it is shorter

# Points whose distance is the unit in x and in y, by the number of points. For 68: the outer eye corners (P37, P46)
# and the ends of the nose's ridge and base (P28, P34), which the stability project takes for fixed on the face.
UNIT_PAIRS: Final[dict[int, tuple[tuple[int, int], tuple[int, int]]]] = {
    68: ((36, 45), (27, 33)),
    24: ((5, 12), (5, 12)),
    17: ((5, 12), (5, 12)),
}


def as_tracks(tracks: ArrayLike, name: str = "tracks") -> Floats:
    """(T, K, 2) float64; a point whose x or y is NaN is absent, in both.

    Raises
    ------
    BadInput
        If the shape is another one, there is no point, or a coordinate is infinite or beyond 10,000,000 pixels.
    """
    points = np.array(tracks, dtype=np.float64)
    if points.shape[2:] != (2,) or not points.shape[1]:
        raise BadInput("arrays.shape", shape="(frames, points, 2)", name=name, found=points.shape)
    far = np.abs(points) > FARTHEST  # NaN compares false
    if far.any():
        frame, point, _ = np.argwhere(far)[0]
        raise BadInput("tracks.far_away", of=name, point=point + 1, frame=frame, place=points[frame, point])
    points[np.isnan(points).any(axis=2)] = np.nan
    return points


def as_breaks(breaks: ArrayLike | None, frames: int) -> Bools:
    """(P,) bool of such flags, or of the indices of the frames that begin something new; None is no break.

    Raises
    ------
    BadInput
        If flags have another shape, or an index lies outside [0, T).
    """
    pairs = max(frames - 1, 0)
    marks = np.zeros(pairs, bool) if breaks is None else np.asarray(breaks)
    if marks.dtype == np.bool_:
        if marks.shape != (pairs,):
            raise BadInput("tracks.breaks_shape", count=frames, pairs=pairs, found=marks.shape)
        return marks.copy()
    if marks.size and (marks.ndim != 1 or marks.dtype.kind not in "iu"):
        raise BadInput("tracks.breaks")
    if marks.size and (marks.min() < 0 or marks.max() >= frames):
        raise BadInput("tracks.breaks_outside", count=frames, first=marks.min(), last=marks.max())
    flags = np.zeros(pairs + 1, bool)
    flags[marks.astype(np.intp)] = True
    return flags[1:]


def displacements(tracks: Floats, breaks: Bools) -> Floats:
    """(P, K, 2) pixels that each point moves from a frame to the next; NaN across a break or where it is absent."""
    moved = np.diff(tracks, axis=0)
    moved[breaks] = np.nan
    return moved


def nan_mean(values: Floats, axis: int | tuple[int, ...] | None = None) -> Floats:
    """The mean of what is not NaN; NaN where nothing is."""
    present = ~np.isnan(values)
    count = np.asarray(present.sum(axis=axis), np.float64)
    total = np.asarray(np.where(present, values, 0.0).sum(axis=axis))
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def nan_median(values: Floats) -> float:
    """The median of what is not NaN; NaN where nothing is."""
    present = values[~np.isnan(values)]
    return float(np.median(present)) if present.size else float("nan")


def row_medians(values: Floats) -> Floats:
    """(N,) median of what is not NaN in each row of (N, K); NaN where nothing is."""
    medians = np.full(len(values), np.nan)
    defined = ~np.isnan(values).all(axis=1)
    if defined.any():
        medians[defined] = np.nanmedian(values[defined], axis=1)
    return medians


@dataclass(frozen=True, eq=False)
class Units:
    """The lengths of each frame, (T,) float64 pixels, that errors are divided by.

    Each is raised to half its own median over the track where it is shorter: |P37 P46| shrinks towards nothing when
    the head turns, and one such frame would outweigh all others. (The first percentile of real tracks lies at 0.81 to
    0.89 of the median, so the floor touches broken frames only.) NaN where the points that make it are absent, and
    where it is zero in every frame.

    Attributes
    ----------
    x, y
        Distance of the pair of points of `UNIT_PAIRS`; for other numbers of points, `scale`.
    face
        The longer side of the box around the present points (Tai et al., AAAI 2019).
    scale
        The square root of that box's area.
    """

    x: Floats
    y: Floats
    face: Floats
    scale: Floats

    @classmethod
    def of(cls, tracks: Floats) -> Units:
        """The units of tracks (T, K, 2)."""
        present = ~np.isnan(tracks).all(axis=(1, 2))
        sides = np.full((len(tracks), 2), np.nan)
        if present.any():
            sides[present] = np.nanmax(tracks[present], axis=1) - np.nanmin(tracks[present], axis=1)
        scale = _floored(np.sqrt(sides.prod(axis=1)))
        x, y = (_floored(length) for length in _distances(tracks)) if tracks.shape[1] in UNIT_PAIRS else (scale, scale)
        return cls(x, y, _floored(sides.max(axis=1)), scale)


def _distances(tracks: Floats) -> tuple[Floats, Floats]:
    pairs = UNIT_PAIRS[tracks.shape[1]]
    x, y = (np.linalg.norm(tracks[:, first] - tracks[:, second], axis=1) for first, second in pairs)
    return x, y


def eye_over_nose(tracks: Floats) -> float:
    """The median of |P37 P46| / |P28 P34| over the frames after the first; NaN for other than 68 points.

    It says how much larger a deviation in y looks than the same one in x, only for its unit.
    """
    if tracks.shape[1] != 68:
        return float("nan")
    eyes, nose = _distances(tracks[1:])
    return nan_median(np.divide(eyes, nose, out=np.full(len(eyes), np.nan), where=nose > 0))


def _floored(lengths: Floats) -> Floats:
    middle = nan_median(lengths)
    if not middle > 0:
        return np.full(len(lengths), np.nan)
    return np.maximum(lengths, FLOOR * middle)
