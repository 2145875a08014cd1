"""Tracks as they come in files: one numpy array of frames x points x 2."""

import io
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.lib import format as npy

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput
from core.foundation.messages import message

FARTHEST: Final = 1e7  # pixels; no picture has one there, and squares of it still add up exactly enough
_MOST_BYTES: Final = 1 << 30  # 1.5 million frames of 68 points in float64
_WANTED: Final = message("tracks.wanted")


def read_tracks(source: Path | bytes, name: str | None = None) -> Floats:
    """Read a ``.npy`` file, without ever unpickling anything.

    Parameters
    ----------
    source
        The file, or its content.
    name
        What to call it in an error; by default the file's own.

    Returns
    -------
    tracks
        (T, K, 2) float64 pixels, T and K at least 1; a point of which x or y was NaN is NaN in both.

    Raises
    ------
    BadInput
        If it is no such file, is cut off, holds objects or other than numbers, has another shape, holds no point at
        all, or an infinite one. Each sentence names the file.
    """
    called = name or (source.name if isinstance(source, Path) else "the file")
    if isinstance(source, bytes):
        tracks = read_numbers(io.BytesIO(source), len(source), called)
    else:
        try:
            with source.open("rb") as file:
                tracks = read_numbers(file, source.stat().st_size, called)
        except OSError as error:
            raise BadInput("tracks.not_read", of=source, reason=error.strerror or error) from None
    _require_points(tracks, called)
    tracks[np.isnan(tracks).any(axis=2)] = np.nan
    return tracks


def read_numbers(file: BinaryIO, size: int, name: str) -> Floats:
    """(T, K, 2) float64 as the file holds them, T and K at least 1: also NaN and infinite ones.

    The header is looked at first: nothing is allocated on the word of a damaged file, and nothing is unpickled.

    Raises
    ------
    BadInput
        If it is no such file, is cut off, or holds other things or another shape.
    """
    try:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except (ValueError, EOFError, OSError, OverflowError, MemoryError):
        raise BadInput("tracks.no_npy", of=name, wanted=_WANTED) from None
    if dtype.hasobject:
        raise BadInput("tracks.pickled", of=name, wanted=_WANTED)
    if dtype.kind not in "fiu":
        raise BadInput("tracks.dtype", of=name, dtype=dtype, wanted=_WANTED)
    if len(shape) != 3 or shape[2] != 2:
        raise BadInput("tracks.shape", of=name, shape=shape, wanted=_WANTED)
    if min(shape) < 1:
        raise BadInput("tracks.no_point", of=name, shape=shape, wanted=_WANTED)
    count = shape[0] * shape[1] * shape[2]
    if max(dtype.itemsize, 8) * count > _MOST_BYTES:
        raise BadInput("tracks.too_large", of=name, frames=shape[0], points=shape[1])
    held, promised = size - file.tell(), count * dtype.itemsize
    if held < promised:
        raise BadInput("tracks.cut_off", of=name, frames=shape[0], held=held, promised=promised)
    values = np.frombuffer(file.read(count * dtype.itemsize), dtype=dtype)
    return np.array(values.reshape(shape, order="F" if fortran else "C"), dtype=np.float64, order="C")


def _require_points(tracks: Floats, name: str) -> None:
    if np.isinf(tracks).any():
        frame, point = np.argwhere(np.isinf(tracks))[0][:2]
        raise BadInput("tracks.infinite", of=name, point=point + 1, frame=frame)
    if np.isnan(tracks).any(axis=2).all():
        raise BadInput("tracks.all_absent", of=name)
    if np.nanmax(np.abs(tracks)) > FARTHEST:
        raise BadInput("tracks.in_no_picture", of=name, coordinate=np.nanmax(np.abs(tracks)))
