"""Photos that a camera stores lying down: EXIF orientations, where a stored pixel is upright, and upright files.

Orientations are those of EXIF 2.3 (tag 0x0112): 1 is upright, 3, 6 and 8 are turned, 2, 4, 5 and 7 mirrored as well.
Points follow `core.foundation.arrays`: the centre of the top-left pixel is (0, 0).
"""

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from core.media.images import OPENERS, alone_if_large, as_unreadable

UPRIGHT: Final = 1
MIRRORED: Final = frozenset({2, 4, 5, 7})
_LYING: Final = frozenset({5, 6, 7, 8})  # width and height change places
_ORIENTATIONS: Final = range(1, 9)
_UPRIGHT_BY: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WRITTEN: Final[dict[str, dict[str, Any]]] = {  # each kind that has a tag for it, how it is written
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "TIFF": {"compression": "tiff_adobe_deflate"},
    "WEBP": {"lossless": True, "exact": True},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},
}


def orientation_of(file: Path) -> int:
    """The EXIF orientation of a picture's file, 1 to 8; 1 where it says none. Only the head of the file is read.

    Raises
    ------
    OSError
        If the file is missing or cannot be opened as a picture.
    """
    with Image.open(file) as opened:
        return _stated(opened)


def _stated(opened: Image.Image) -> int:
    try:
        orientation = opened.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
    except Exception:  # an EXIF block that cannot be read names no orientation, as where the picture is decoded
        return UPRIGHT
    return orientation if orientation in _ORIENTATIONS else UPRIGHT


def upright_file(file: Path, name: str) -> bytes:
    """The picture of a file whose orientation is not 1, upright and without the tag, as a file of the same kind.

    JPEG of quality 95 (AVIF likewise), the others without loss. The colour profile stays; all other metadata go.

    Raises
    ------
    UnreadableImage
        With the name and the reason.
    """
    with as_unreadable(file, name), Image.open(file, formats=OPENERS) as opened, alone_if_large(opened):
        opened.load()
        stated = _stated(opened)  # of a TIFF none any more: Pillow turns it by itself
        upright = opened.copy() if stated == UPRIGHT else opened.transpose(_UPRIGHT_BY[stated])
        kind = "JPEG" if opened.format == "MPO" else str(opened.format)  # the first of a phone's pair
        upright.info = {key: value for key, value in opened.info.items() if key == "transparency"}
        buffer = io.BytesIO()
        upright.save(buffer, kind, icc_profile=opened.info.get("icc_profile"), **_WRITTEN[kind])
        return buffer.getvalue()


def stored_size(upright: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height as stored, from those of the upright picture."""
    width, height = upright
    return (height, width) if orientation in _LYING else (width, height)


def upright_points(points: NDArray, orientation: int, size: tuple[int, int]) -> NDArray[np.float64]:
    """Where points (K, 2) of the stored pixels lie in the upright picture; NaN stays NaN.

    Parameters
    ----------
    points
        In pixels of the file as it is stored.
    orientation
        1 to 8.
    size
        Width and height as stored.
    """
    x, y = np.asarray(points, np.float64).T
    right, bottom = size[0] - 1 - x, size[1] - 1 - y
    columns = {
        1: (x, y),
        2: (right, y),
        3: (right, bottom),
        4: (x, bottom),
        5: (y, x),
        6: (bottom, x),
        7: (bottom, right),
        8: (y, right),
    }[orientation]
    return np.column_stack(columns)
