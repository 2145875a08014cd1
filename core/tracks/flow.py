"""Points followed from frame to frame by optical flow, for as long as the way back leads to where they came from.

Each step is pyramidal Lucas-Kanade there and back: a point whose way back ends elsewhere is not followed by its own
flow. The others of its shape take it along, and where too many fail the flow ends.

Sources: Lucas and Kanade, "An Iterative Image Registration Technique", IJCAI 1981; Bouguet, "Pyramidal Implementation
of the Lucas Kanade Feature Tracker", 2000 (OpenCV's); Kalal, Mikolajczyk and Matas, "Forward-Backward Error: Automatic
Detection of Tracking Failures", ICPR 2010.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.foundation.arrays import Bools, Floats
from core.foundation.errors import BadInput
from core.foundation.geometry import similarity_transform

Grey = NDArray[np.uint8]

MOST_ERROR: Final = 0.02  # way there and back, over the shape's size, up to which a point is followed
LEAST_FOLLOWED: Final = 0.6  # share of a shape's points that have to be
_WINDOW: Final = 0.2  # side of the window around a point, over the shape's size
_WINDOWS: Final = (9, 31)  # pixels
_LEVELS: Final = 3
_ENDING: Final = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.01)


class Stop(StrEnum):
    """Why a flow ended before its last frame."""

    CHECK = "check"  # too few points came back to where they were
    SIZE = "size"  # the frame has another size than the one before


@dataclass(frozen=True, eq=False)
class Step:
    """Points one frame later.

    Attributes
    ----------
    points
        (K, 2) float64 pixels; NaN where they were absent, all NaN where `stop` is set.
    ok
        (K,) bool: followed by its own flow, back to within `MOST_ERROR`. The others went along with those.
    errors
        (K,) float64: how far from its start the way there and back ended, over the shape's size; infinite where the
        flow lost the point, NaN where it was absent.
    stop
        Why there are no points; None where there are.
    """

    points: Floats
    ok: Bools
    errors: Floats
    stop: Stop | None = None


def shape_size(points: ArrayLike) -> float:
    """The size of a shape in pixels: the root of the area of the box around its (K, 2) points, at least 1.

    A shape that is thinner than a third of its length is taken to be as thick as that. 1 without any point.
    """
    there = np.asarray(points, dtype=np.float64)
    there = there[np.isfinite(there).all(axis=1)]
    if not len(there):
        return 1.0
    sides = np.ptp(there, axis=0)
    return float(max(1.0, np.sqrt(sides.max() * max(sides.min(), sides.max() / 3))))


def flow_step(before: Grey, after: Grey, points: ArrayLike, size: float | None = None) -> Step:
    """Follow points from one frame into the next.

    Parameters
    ----------
    before, after
        (H, W) uint8 grey.
    points
        (K, 2) pixels in `before`, NaN where absent.
    size
        Pixels, above 0: what errors are measured in; None takes the size of the points (`shape_size`).

    Raises
    ------
    BadInput
        If a shape or a type is wrong.
    """
    start = _checked(before, after, points)
    there = _present(start)
    nothing = Step(np.full_like(start, np.nan), np.zeros(len(start), bool), np.full(len(start), np.nan))
    if before.shape != after.shape:
        return Step(nothing.points, nothing.ok, nothing.errors, Stop.SIZE)
    if not there.any():
        return Step(nothing.points, nothing.ok, nothing.errors, Stop.CHECK)
    unit = shape_size(start) if size is None else size
    moved, errors = nothing.points.copy(), nothing.errors.copy()
    moved[there], errors[there] = _there_and_back(before, after, start[there], unit)
    ok = there & (errors <= MOST_ERROR)
    if ok.sum() < LEAST_FOLLOWED * there.sum():
        return Step(nothing.points, ok, errors, Stop.CHECK)
    carried = there & ~ok
    moved[carried] = _carry(start, moved, ok, start[carried])
    return Step(moved, ok, errors)


def _present(points: Floats) -> Bools:
    return np.asarray(np.isfinite(points).all(axis=1), np.bool_)


def _there_and_back(before: Grey, after: Grey, points: Floats, size: float) -> tuple[Floats, Floats]:
    """(M, 2) where points of `before` lie in `after`, and (M,) how far off the way back ends, over the size."""
    side = int(np.clip(round(_WINDOW * size), *_WINDOWS)) | 1
    start = points.astype(np.float32)[:, None]
    there, found = _lucas_kanade(before, after, start, side)
    back, found_back = _lucas_kanade(after, before, there, side)
    errors = np.linalg.norm((back - start)[:, 0].astype(np.float64), axis=1) / size
    height, width = after.shape
    inside = ((there[:, 0] > -0.5) & (there[:, 0] < (width - 0.5, height - 0.5))).all(axis=1)
    lost = ~(found & found_back & inside)
    # what the flow has moved is added, so that a point keeps the digits that float32 has no room for
    return points + (there - start)[:, 0], np.where(lost, np.inf, errors)


def _lucas_kanade(before: Grey, after: Grey, points: NDArray[np.float32], side: int) -> tuple[NDArray, Bools]:
    """(M, 1, 2) float32 of where points went, and (M,) whether the flow has found them."""
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, np.empty_like(points), winSize=(side, side), maxLevel=_LEVELS, criteria=_ENDING
    )
    return np.asarray(moved), np.asarray(found)[:, 0] == 1


def _carry(start: Floats, moved: Floats, ok: Bools, points: Floats) -> Floats:
    """Points by the similarity of those that were followed, or by their mean movement where that is not known."""
    if ok.sum() >= 2 and np.ptp(start[ok], axis=0).any():
        matrix = similarity_transform(start[ok], moved[ok]).astype(np.float64)
        return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])
    return np.asarray(points + (moved[ok] - start[ok]).mean(axis=0))


def _checked(before: Grey, after: Grey, points: ArrayLike) -> Floats:
    for name, frame in (("before", before), ("after", after)):
        if frame.ndim != 2 or frame.dtype != np.uint8 or not frame.size:
            raise BadInput("tracks.no_grey", name=name, shape=frame.shape, dtype=frame.dtype)
    start = np.array(points, dtype=np.float64)
    if start.shape[1:] != (2,):
        raise BadInput("arrays.shape", name="points", shape="(K, 2)", found=start.shape)
    return start
