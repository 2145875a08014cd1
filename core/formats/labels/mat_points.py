"""MATLAB files of 300W-LP and AFLW2000-3D: the 68 points of one face a file (http://www.cbsr.ia.ac.cn/users/xiangyuzhu).

``pt3d_68`` (3 rows: x, y, depth) goes before ``pt2d`` (2 rows), which AFLW2000 fills with the 21 points of AFLW. The
first pixel counts as 1 there (the sets' own scripts plot the points over the picture in Matlab), so 1 is subtracted.
The depth is left out. The file is of the picture of its own name, whatever the ending. Which points are occluded is not
written: every point is visible, also one on the far side of a turned head, which the fitted 3D face gives.

The variables are read here (MAT-file level 5, https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf) and not
by SciPy, which allocates and unpacks whatever a file claims to hold.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from core.formats.labels.rows import ANY_ENDING, LabelFile, LabelledRow, refuse_count
from core.foundation.arrays import Floats, Keypoints
from core.foundation.errors import UnreadableLabels
from core.foundation.messages import message, or_none, some
from core.foundation.skeletons import Skeleton

FORMAT: Final = "mat"
MAGIC: Final = b"MATLAB 5.0 MAT-file"
_VARIABLES: Final = ("pt3d_68", "pt2d")  # the first that is there counts
_ROWS: Final = (2, 3)
_FIRST_PIXEL: Final = 1.0
_HEADER: Final = 128  # bytes
_ORDER: Final = {b"IM": "<", b"MI": ">"}
_MOST: Final = 1000  # variables that are looked at: these sets have ten
_MOST_BYTES: Final = 1 << 16  # of one of them: 68 points have less than 2,000
_NAMED: Final = 6
_MATRIX: Final = 14
_PACKED: Final = 15
_DTYPES: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_NUMBERS: Final = range(6, 16)  # the classes of arrays of numbers
_DAMAGED: Final = (struct.error, zlib.error, ValueError, KeyError, IndexError, OverflowError)


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read the points of one face; parameters as `core.formats.labels.pts.read`.

    Raises
    ------
    UnreadableLabels
        If it is damaged, has neither variable, or the points are not those of the skeleton, infinite or all NaN (one
        with a NaN is absent).
    """
    points = _points(name, content)
    if len(points) != len(skeleton):
        raise refuse_count(name, message("labels.file_has", count=len(points)), skeleton)
    if np.isinf(points).any():
        row = points[np.isinf(points).any(axis=1)][0]
        raise UnreadableLabels("labels.no_place", of=name, text=" ".join(f"{value:g}" for value in row))
    points[np.isnan(points).any(axis=1)] = np.nan
    if np.isnan(points).all():
        raise UnreadableLabels("labels.no_points", of=name)
    picture = PurePosixPath(name).with_suffix("").as_posix() + ANY_ENDING
    return LabelFile(FORMAT, [LabelledRow(picture, Keypoints.of(points - _FIRST_PIXEL), skeleton.name)])


def _points(name: str, content: bytes) -> Floats:
    """(K, 2) float64 as the file has them."""
    try:
        found = dict(_variables(content))
        key = next((key for key in _VARIABLES if key in found), None)
        table = None if key is None else _numbers(found[key], _order(content))
    except _DAMAGED as error:
        raise UnreadableLabels("labels.mat_damaged", of=name) from error
    if key is None or table is None:
        names = some(sorted(found), _NAMED) if found else or_none(found)
        raise UnreadableLabels("labels.mat_without_points", of=name, wanted=list(_VARIABLES), names=names)
    if len(table) not in _ROWS:
        raise UnreadableLabels("labels.mat_rows", of=name, key=key, rows=len(table))
    with np.errstate(over="ignore"):  # what is too large becomes infinite
        return table[:2].T.astype(np.float32).astype(np.float64)


def _order(content: bytes) -> str:
    return _ORDER[content[_HEADER - 2 : _HEADER]]


def _variables(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The name of each variable, and how it stands in the file."""
    order = _order(content)
    for kind, data in islice(_elements(content[_HEADER:], order), _MOST):
        if kind == _PACKED:
            unpacked = zlib.decompressobj().decompress(data, _MOST_BYTES)
            kind, data = next(_elements(unpacked, order), (0, b""))
        if kind == _MATRIX:
            _, _, (_, called) = islice(_elements(data, order), 3)
            yield called.decode("ascii"), data


def _numbers(variable: bytes, order: str) -> Floats:
    """The (rows, columns) of a variable, which are stored column by column; ValueError if it is no table of numbers."""
    (_, flags), (_, shape), _, (kind, values) = islice(_elements(variable, order), 4)
    rows, columns = np.frombuffer(shape, f"{order}i4")
    if struct.unpack_from(f"{order}I", flags)[0] & 0xFF not in _NUMBERS:
        raise ValueError
    numbers = np.frombuffer(values, order + _DTYPES[kind])
    return numbers.astype(np.float64).reshape((rows, columns), order="F")


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """The kind and the content of each element; up to four bytes may stand in the tag itself."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:
            kind, size = kind & 0xFFFF, kind >> 16
            yield kind, data[at + 4 : at + 4 + min(size, 4)]
            at += 8
        else:
            yield kind, data[at + 8 : at + 8 + size]
            at += 8 + (size if kind == _PACKED else -(-size // 8) * 8)
