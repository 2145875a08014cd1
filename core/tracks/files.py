"""Tracks as they come in files: one numpy array of frames x points x 2."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from core.foundation.errors import BadInput

_MOST_BYTES = 1 << 30  # 1.5 million frames of 68 points in float64
_WANTED = "a track file is a float array of frames x points x 2 in pixels, as numpy.save writes it"


def read_tracks(source: Path | bytes, name: str | None = None) -> NDArray[np.float64]:
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
            raise BadInput(f"{source}: {error.strerror or error}; name a .npy file that can be read") from None
    _require_points(tracks, called)
    tracks[np.isnan(tracks).any(axis=2)] = np.nan
    return tracks


def read_numbers(file: BinaryIO, size: int, name: str) -> NDArray[np.float64]:
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
        raise BadInput(f"{name}: this is no .npy file; {_WANTED}") from None
    if dtype.hasobject:
        raise BadInput(f"{name}: it holds pickled Python objects, which could run code and are never opened; {_WANTED}")
    if dtype.kind not in "fiu":
        raise BadInput(f"{name}: it holds {dtype} values; {_WANTED}")
    if len(shape) != 3 or shape[2] != 2:
        raise BadInput(f"{name}: its shape is {shape}; {_WANTED}")
    if min(shape) < 1:
        raise BadInput(f"{name}: its shape is {shape}, so there is no point in it; {_WANTED}")
    count = shape[0] * shape[1] * shape[2]
    if max(dtype.itemsize, 8) * count > _MOST_BYTES:
        raise BadInput(f"{name}: {shape[0]:,} frames of {shape[1]:,} points are more than fit; cut the track")
    held, promised = size - file.tell(), count * dtype.itemsize
    if held < promised:
        raise BadInput(
            f"{name}: the file is cut off: {shape[0]:,} frames are announced, and {held:,} of {promised:,} bytes are "
            "there; copy it again"
        )
    values = np.frombuffer(file.read(count * dtype.itemsize), dtype=dtype)
    return np.array(values.reshape(shape, order="F" if fortran else "C"), dtype=np.float64, order="C")


def _require_points(tracks: NDArray[np.float64], name: str) -> None:
    if np.isinf(tracks).any():
        frame, point = np.argwhere(np.isinf(tracks))[0][:2]
        raise BadInput(f"{name}: point {point + 1} of frame {frame} is infinite; write NaN where a point is absent")
    if np.isnan(tracks).any(axis=2).all():
        raise BadInput(f"{name}: every point of every frame is absent (NaN)")
    if np.nanmax(np.abs(tracks)) > 1e7:
        raise BadInput(
            f"{name}: a coordinate of {np.nanmax(np.abs(tracks)):.3g} is in no picture; points are in pixels"
        )
