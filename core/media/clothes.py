"""The region below the face, and what somebody wears there told without weights: its colours and texture.

A second cue beside the face: within one event or shot people keep their clothes, from one day to the next they do not
(Zhang et al., "Beyond Frontal Faces: Improving Person Recognition Using Multiple Cues", CVPR 2015; Oh et al., "Person
Recognition in Personal Photo Collections", ICCV 2015, where the body alone falls from 79 % to 47 % on another day).

>>> clothes_area((100.0, 50.0, 160.0, 130.0), (640, 480))
(59.5, 146.0, 200.5, 290.0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Box, is_picture
from core.foundation.errors import BadInput

LENGTH: Final = 2 * (8 * 4 * 4 + 10)
"""Numbers of a descriptor: for the upper and the lower half, colours (hue x saturation x value) and texture."""

_WIDTH: Final = 2.35  # of the region, in widths of the face: from shoulder to shoulder
_GAP: Final = 0.2  # between chin and region, in heights of the face: the neck is left out
_HEIGHT: Final = 1.8  # of the region, in heights of the face
_SEEN: Final = 1 / 3  # of the region must lie in the picture, else it says nothing
_SIDE: Final = (48, 64)  # width and height that a region is measured at, in pixels
_BINS: Final = (8, 4, 4)
_TEXTURE: Final = 10  # uniform patterns of eight neighbours under rotation: 0 to 8 bright ones in a row, and the rest
_FOCUS: Final = 0.28  # standard deviation of the weight about the middle, in widths: background stands at the sides
_LEAST_SIDE: Final = 8  # pixels of the region as it lies in the picture


def clothes_area(face: Box, size: tuple[int, int]) -> Box | None:
    """The region below a face, clipped to the picture; None where less than a third of it can be seen.

    Parameters
    ----------
    face
        Left, top, right, bottom of the face in pixels.
    size
        Width and height of the picture in pixels.
    """
    left, top, right, bottom = face
    middle, width, height = (left + right) / 2, _WIDTH * (right - left), bottom - top
    first, last = bottom + _GAP * height, bottom + (_GAP + _HEIGHT) * height
    whole = (middle - width / 2, first, middle + width / 2, last)
    seen = (max(whole[0], -0.5), max(first, -0.5), min(whole[2], size[0] - 0.5), min(last, size[1] - 0.5))
    wide, high = seen[2] - seen[0], seen[3] - seen[1]
    if min(wide, high) < _LEAST_SIDE or wide * high < _SEEN * width * _HEIGHT * height:
        return None
    return seen


def clothes_region(picture: NDArray[np.uint8], area: Box) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 RGB, a view of the picture's own pixels: the region that `clothes_area` has found.

    Raises
    ------
    BadInput
        If the picture is not (H, W, 3) uint8, or the area does not lie in it.
    """
    if not is_picture(picture):
        raise BadInput("arrays.picture", shape=picture.shape, dtype=picture.dtype)
    left, top, right, bottom = (round(edge + 0.5) for edge in area)
    cut = picture[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if not cut.size:
        raise BadInput("crops.box", box=area)
    return cut


class ColoursAndTexture:
    """A `core.models.faces.interfaces.Descriptor` that needs no weights."""

    dimension = LENGTH

    def describe(self, regions: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, LENGTH), each as `clothes_descriptor`."""
        return np.array([clothes_descriptor(region) for region in regions], np.float32).reshape(-1, LENGTH)


def clothes_descriptor(region: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(LENGTH,) float32 of unit length: square roots of the shares of colours and patterns in a region.

    The square roots make a cosine the Bhattacharyya coefficient of two histograms (the Hellinger kernel). Colours of
    dark or pale pixels have no hue, so these share one bin for each value. Texture is what Ojala et al.,
    "Multiresolution Gray-Scale and Rotation Invariant Texture Classification with Local Binary Patterns", PAMI 24
    (2002), call riu2 with eight neighbours at radius 1.

    Parameters
    ----------
    region
        (h, w, 3) uint8 RGB, from `clothes_region`.
    """
    pixels: NDArray[np.uint8] = np.asarray(cv2.resize(region, _SIDE, interpolation=cv2.INTER_AREA), np.uint8)
    colour, pattern = _colour_bins(pixels), _patterns(pixels)
    weight = np.exp(-0.5 * (np.linspace(-0.5, 0.5, _SIDE[0]) / _FOCUS) ** 2) * np.ones((_SIDE[1], 1))
    parts = []
    for half in np.split(np.arange(_SIDE[1]), 2):
        for bins, count in ((colour, int(np.prod(_BINS))), (pattern, _TEXTURE)):
            shares = np.bincount(bins[half].ravel(), weight[half].ravel(), count)
            parts.append(np.sqrt(shares / shares.sum()))
    found = np.concatenate(parts)
    return (found / np.linalg.norm(found)).astype(np.float32)


def _colour_bins(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(H, W) number of the colour of each pixel; without a hue where it is dark or pale."""
    hue, saturation, value = np.moveaxis(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.int64), 2, 0)
    tone, strength, light = hue * _BINS[0] // 180, saturation * _BINS[1] // 256, value * _BINS[2] // 256
    grey = (strength == 0) | (light == 0)
    tone[grey], strength[grey] = 0, 0
    return (tone * _BINS[1] + strength) * _BINS[2] + light


def _patterns(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(H, W) number of bright neighbours where they stand in one row around the pixel, else 9."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    framed = np.pad(grey, 1, mode="edge").astype(np.int64)
    around = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    height, width = grey.shape
    bright = np.stack([framed[y : y + height, x : x + width] >= grey for y, x in around])
    changes = (bright != np.roll(bright, 1, axis=0)).sum(axis=0)
    return np.where(changes <= 2, bright.sum(axis=0), 9)
