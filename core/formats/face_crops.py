"""Cutting faces out of pictures for retraining: upright, with a margin, the same bytes every time."""

import io
import sys
from math import ceil, floor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.foundation.arrays import Box
from core.foundation.errors import FacetError, UnreadableImage
from core.media.images import decode

_GROWTH: Final = 1.3  # the crop's width and height as multiples of the box's
_QUALITY: Final = 95


class CropFailed(FacetError):
    """A face cannot be cut out."""


def upright(file: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Decode a picture of a known width and height: (H, W, 3) uint8 RGB, EXIF orientation applied.

    Raises
    ------
    CropFailed
        If it cannot be decoded or is not of that width and height.
    """
    try:
        pixels = decode(file, file.name, sys.maxsize).pixels  # its size was judged when it was imported
    except UnreadableImage as error:
        raise CropFailed.saying(error.message.nowhere()) from error
    if pixels.shape[1::-1] != size:
        height, width = pixels.shape[:2]
        raise CropFailed(
            "images.other_size", width=width, height=height, labelled_width=size[0], labelled_height=size[1]
        )
    return pixels


def crop_jpeg(pixels: NDArray[np.uint8], box: Box) -> bytes:
    """Cut the grown box out of (H, W, 3) uint8 RGB pixels, as JPEG without metadata.

    Raises
    ------
    CropFailed
        If the grown box covers no pixel of the picture.
    """
    height, width = pixels.shape[:2]
    left, right = _span(box[0], box[2], width)
    top, bottom = _span(box[1], box[3], height)
    if left >= right or top >= bottom:
        raise CropFailed("crops.box_outside")
    buffer = io.BytesIO()
    Image.fromarray(pixels[top:bottom, left:right]).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    """Return the first pixel and the one after the last that the grown interval touches; pixel i spans i ± 0.5."""
    centre, half = (low + high) / 2, (high - low) / 2 * _GROWTH
    return max(0, floor(centre - half + 0.5)), min(size, ceil(centre + half + 0.5))
