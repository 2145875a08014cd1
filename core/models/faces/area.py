"""Shrinking pictures and cut-outs by averaging areas, all at once, out of a summed-area table.

Crow: Summed-area tables for texture mapping, SIGGRAPH 1984. The cells are those of adaptive average pooling (cell i of
n over a length L runs from floor(i L / n) to ceil((i + 1) L / n)), which is what PyTorch calls the area mode.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Ints


class SummedArea:
    """The summed-area table of one picture: (H + 1, W + 1, 3) int32.

    Sums may wrap around in pictures of more than 8 megapixels; differences over any area below 8 megapixels are still
    exact, because both ends wrap alike.
    """

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.height, self.width = image.shape[:2]
        self.table: NDArray[np.int32] = np.asarray(cv2.integral(image, sdepth=cv2.CV_32S), dtype=np.int32)

    def shrink(self, height: int, width: int) -> NDArray[np.float32]:
        """The whole picture as (height, width, 3) float32 means of its areas."""
        top, bottom = _cells(np.zeros(1, np.int64), np.array([self.height]), height)
        left, right = _cells(np.zeros(1, np.int64), np.array([self.width]), width)
        rows = self.table.take(bottom[0], axis=0)
        rows -= self.table.take(top[0], axis=0)
        sums = rows.take(right[0], axis=1)
        sums -= rows.take(left[0], axis=1)
        weights = 1.0 / np.outer(bottom[0] - top[0], right[0] - left[0])
        return np.multiply(sums, weights.astype(np.float32)[..., None], dtype=np.float32)

    def crops(self, spans: Ints, side: int) -> NDArray[np.float32]:
        """Every cut-out as (K, side, side, 3) float32 means.

        Parameters
        ----------
        spans
            (K, 4) int64 left, top, right, bottom; right and bottom are the first pixels outside. All inside the
            picture and not empty.
        side
            Of the squares that they are averaged (or, when smaller, spread) into.
        """
        left, right = _cells(spans[:, 0], spans[:, 2], side)
        top, bottom = _cells(spans[:, 1], spans[:, 3], side)
        flat = self.table.reshape(-1, 3)
        upper, lower = top[:, :, None] * (self.width + 1), bottom[:, :, None] * (self.width + 1)
        sums = flat.take(lower + right[:, None], axis=0)
        sums -= flat.take(lower + left[:, None], axis=0)
        sums -= flat.take(upper + right[:, None], axis=0)
        sums += flat.take(upper + left[:, None], axis=0)
        weights = 1.0 / ((bottom - top)[:, :, None] * (right - left)[:, None])
        return np.multiply(sums, weights.astype(np.float32)[..., None], dtype=np.float32)


def _cells(start: Ints, end: Ints, count: int) -> tuple[Ints, Ints]:
    """First pixel of each cell and first pixel after it, both (K, count), for K spans divided into `count` cells."""
    length = (end - start)[:, None]
    index = np.arange(count)[None]
    first = start[:, None] + index * length // count
    return first, start[:, None] - (-(index + 1) * length // count)
