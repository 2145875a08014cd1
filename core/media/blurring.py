"""Faces that nobody shall recognise."""

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Box

_CELLS: Final = 6  # what is left of a face are the mean colours of so many cells across and down
_MARGIN: Final = 0.25  # of the box's own size, on each side: hair, ears and chin


def with_blurred(pixels: NDArray[np.uint8], boxes: Iterable[Box]) -> NDArray[np.uint8]:
    """A copy of a picture in which no face in a box can be recognised.

    A region is reduced to the mean colours of 6 × 6 cells, between which it fades: unlike a filter, that cannot be
    calculated back.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8.
    boxes
        Left, top, right, bottom in pixels; what lies outside of the picture is left out.
    """
    blurred = pixels.copy()
    height, width = pixels.shape[:2]
    for left, top, right, bottom in boxes:
        across, down = _MARGIN * (right - left), _MARGIN * (bottom - top)
        x0, x1 = (round(min(max(edge, 0), width)) for edge in (left - across, right + across + 1))
        y0, y1 = (round(min(max(edge, 0), height)) for edge in (top - down, bottom + down + 1))
        if x1 > x0 and y1 > y0:
            blurred[y0:y1, x0:x1] = _faded(blurred[y0:y1, x0:x1])
    return blurred


def _faded(region: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = region.shape[:2]
    cells = cv2.resize(region, (min(_CELLS, width), min(_CELLS, height)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
