"""Cutting faces out of pictures for retraining: upright, with a margin, the same bytes every time."""

from __future__ import annotations

import io
from math import ceil, floor
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from core.formats.dataset import Box

GROWTH: Final = 1.3  # the crop's width and height as multiples of the box's
QUALITY: Final = 95


class CropFailed(Exception):
    """A face cannot be cut out; the text says why."""


def upright(file: Path, size: tuple[int, int]) -> Image.Image:
    """Decode a picture as RGB with its EXIF orientation applied; transparency over white, 16 bits of grey as 8.

    Raises
    ------
    CropFailed
        If it cannot be decoded or is not of that width and height.
    """
    try:
        with Image.open(file) as opened:
            picture = _rgb(ImageOps.exif_transpose(opened))
    except Exception as error:  # decoders raise OSError, ValueError, SyntaxError, struct.error, ... on damaged files
        raise CropFailed(f"the picture cannot be decoded ({type(error).__name__})") from error
    if picture.size != size:
        found = f"{picture.width} × {picture.height}"
        raise CropFailed(f"the picture is {found} pixels, but its labels are for {size[0]} × {size[1]}")
    return picture


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # Pillow's own conversion would clip 16 bits at 255
        grey = np.clip(np.asarray(picture, dtype=np.int64), 0, 65535) // 257
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")


def crop_jpeg(picture: Image.Image, box: Box) -> bytes:
    """Cut the grown box out of an upright RGB picture, as JPEG without metadata.

    Raises
    ------
    CropFailed
        If the grown box covers no pixel of the picture.
    """
    left, right = _span(box[0], box[2], picture.width)
    top, bottom = _span(box[1], box[3], picture.height)
    if left >= right or top >= bottom:
        raise CropFailed("its box lies outside the picture")
    # A new image from the pixels alone: Pillow would carry comments of the source along.
    pixels = np.asarray(picture.crop((left, top, right, bottom)))
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def _span(low: float, high: float, size: int) -> tuple[int, int]:
    """Return the first pixel and the one after the last that the grown interval touches; pixel i spans i ± 0.5."""
    centre, half = (low + high) / 2, (high - low) / 2 * GROWTH
    return max(0, floor(centre - half + 0.5)), min(size, ceil(centre + half + 0.5))
