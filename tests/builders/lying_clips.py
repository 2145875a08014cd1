"""Clips whose header says another rate than their frames' times."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def lying_clip(path: Path, count: int = 10, rate: int = 25, stated: int = 600) -> Path:
    """An AVI whose header says that there are far more frames a second than there are, as screen recorders write it."""
    y, x = np.mgrid[:48, :64]
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=stated)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for index in range(count):
            pixels = np.stack([x * 2 + index * 5, y * 3, np.full_like(x, index * 5)], axis=2).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index * stated // rate, Fraction(1, stated)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
