"""Tracks of one face or person through a clip: a NumPy array (T, K, 2), x and y of every point in every frame.

Row t is frame t of the clip of the same name (``talk.npy`` and ``talk.mp4``), in pixels of the clip, the centre of the
first pixel at (0, 0): the array is taken as it is. A point with a number that is not finite is absent; a frame without
any point is left out and counted. Nothing is unpickled.
"""

import io
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.lib import format as npy

from core.formats.labels.rows import LabelFile, LabelledRow, refuse_count
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.messages import message
from core.foundation.skeletons import Skeleton
from core.tracks.files import read_numbers

FORMAT: Final = "tracks-npy"
MAGIC: Final = npy.MAGIC_PREFIX


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read one row for each frame; parameters as `core.formats.labels.pts.read`.

    Raises
    ------
    UnreadableLabels
        If it is no .npy file, holds Python objects or other things than numbers, is shorter than its header says, or
        its shape is not (T, K, 2) with the skeleton's K.
    """
    try:
        numbers = read_numbers(io.BytesIO(content), len(content), name)
    except BadInput as error:
        raise UnreadableLabels.saying(error.message) from error
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and so absent
        tracks = numbers.astype(np.float32)
    if tracks.shape[1] != len(skeleton):
        raise refuse_count(name, message("labels.frames_have", count=tracks.shape[1]), skeleton)
    clip = PurePosixPath(name).with_suffix("").as_posix()
    finite = np.asarray(np.isfinite(tracks).all(axis=2))
    tracks[~finite] = np.nan
    rows = [
        LabelledRow(
            clip,
            Keypoints.of(points),
            skeleton.name,
            sequence=PurePosixPath(clip).name,
            frame=frame,
            frames=len(tracks),
        )
        for frame, points in enumerate(tracks)
        if finite[frame].any()
    ]
    empty = len(tracks) - len(rows)
    return LabelFile(FORMAT, rows, left_out={"frames without points": empty} if empty else {})
