"""Photos that a camera stores lying down: EXIF orientations, and where a stored pixel is in the upright picture.

Orientations are those of EXIF 2.3 (tag 0x0112): 1 is upright, 3, 6 and 8 are turned, 2, 4, 5 and 7 mirrored as well.
Points follow `core.foundation.arrays`: the centre of the top-left pixel is (0, 0).
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

UPRIGHT: Final = 1
MIRRORED: Final = frozenset({2, 4, 5, 7})
_LYING: Final = frozenset({5, 6, 7, 8})  # width and height change places
_ORIENTATIONS: Final = range(1, 9)


def orientation_of(file: Path) -> int:
    """The EXIF orientation of a picture's file, 1 to 8; 1 where it says none. Only the head of the file is read.

    Raises
    ------
    OSError
        If the file is missing or cannot be opened as a picture.
    """
    with Image.open(file) as opened:
        try:
            orientation = opened.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
        except Exception:  # an EXIF block that cannot be read names no orientation, as where the picture is decoded
            return UPRIGHT
    return orientation if orientation in _ORIENTATIONS else UPRIGHT


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
