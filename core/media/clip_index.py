"""Where the frames of a clip are, so that each can be read by itself: built once, by decoding all of them.

A header, and even the list of packets, only promises frames. So every frame is decoded once when a clip comes in; this
also tells where it cuts. What is kept of each is its presentation time and a checksum of its brightness: whoever reads
it later knows whether it is that frame, whatever a container's seeking did.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from core.foundation.errors import UnreadableVideo
from core.media.scenes import SMALL
from core.media.videos import Clock, opened_clip, quarter_turns

_BY_DECODING_TIME: Final = ("mov", "mp4", "avi")  # demuxers that seek by it; others do by presentation time
_PLANAR: Final = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p")  # eight bits, three planes


@dataclass(frozen=True, eq=False)
class ClipIndex:
    """The frames of a clip in the order in which they are shown, N of them.

    Attributes
    ----------
    times
        (N,) int64 presentation times in the stream's own unit, rising; (0,) where the file's times do not tell frames
        apart: these are found by counting.
    checksums
        (N,) uint32 CRC-32 of the brightness of each as it is decoded.
    keys
        (K, 2) int64 of the packets at which decoding can begin, rising: presentation time, and what to seek to.
    remarks
        What was to be said of the clip when it was gone through, as its writer words it.
    """

    times: NDArray[np.int64]
    checksums: NDArray[np.uint32]
    keys: NDArray[np.int64]
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.checksums)

    def to_bytes(self) -> bytes:
        """About six bytes a frame."""
        kept = io.BytesIO()
        steps = np.diff(self.times, prepend=0)  # they hardly differ, so they pack well
        remarks = np.array(self.remarks, str)
        np.savez_compressed(kept, steps=steps, checksums=self.checksums, keys=self.keys, remarks=remarks)
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> ClipIndex:
        """What `to_bytes` gave. Raises ValueError if it is damaged."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as kept:
                times, checksums, keys = np.cumsum(kept["steps"]), kept["checksums"], kept["keys"]
                remarks = tuple(kept["remarks"].tolist())
        except Exception as error:  # zip, zlib and numpy each have their own
            raise ValueError(str(error)) from error
        return cls(times.astype(np.int64), checksums.astype(np.uint32), keys.astype(np.int64).reshape(-1, 2), remarks)


class SeenFrame(NamedTuple):
    """A frame that was decoded: number from 0, seconds from the first, upright size, and a small RGB picture of it.

    `small` is (36, 64, 3) float32, not turned upright.
    """

    number: int
    seconds: float
    width: int
    height: int
    small: NDArray[np.float32]


class ClipSurvey:
    """Goes through a clip once, frame after frame; `index` then has those that were gone through."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path, self.name = path, name or path.name
        self._times: list[int | None] = []
        self._checksums: list[int] = []
        self._keys: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[SeenFrame]:
        """Decode the frames.

        Raises
        ------
        UnreadableVideo
            With the name, the reason, and as `decoded` how many frames came before.
        """
        with opened_clip(self.path, self.name) as (container, stream):
            clock = Clock(stream)
            for frame in self._decoded(container, stream):
                turned = quarter_turns(frame) % 2
                width, height = (frame.height, frame.width) if turned else (frame.width, frame.height)
                self._times.append(frame.pts)
                self._checksums.append(checksum(frame))
                number = len(self._checksums) - 1
                yield SeenFrame(number, clock.seconds(frame), width, height, _small(frame))

    def index(self) -> ClipIndex:
        """Of the frames so far."""
        known = [time for time in self._times if time is not None]
        times = np.array(known, np.int64)
        if len(known) < len(self._times) or (np.diff(times) <= 0).any():
            times = times[:0]
        keys = np.array(sorted(self._keys), np.int64).reshape(-1, 2)
        return ClipIndex(times, np.array(self._checksums, np.uint32), keys)

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        by_decoding_time = any(kind in _BY_DECODING_TIME for kind in container.format.name.split(","))
        count = 0
        try:
            for packet in container.demux(stream):
                if packet.is_keyframe and packet.pts is not None:
                    told = packet.dts is not None and by_decoding_time
                    self._keys.append((packet.pts, packet.dts if told else packet.pts))
                for frame in packet.decode():
                    count += 1
                    yield frame
        except FFmpegError as error:
            raise UnreadableVideo(
                "clips.damaged", of=self.name, count=count, reason=error.strerror, decoded=count
            ) from error
        if not count:
            raise UnreadableVideo("clips.no_frame", of=self.name)


def checksum(frame: Any) -> int:
    """CRC-32 of the brightness of a decoded frame, or of its RGB values where brightness has no plane of its own."""
    if frame.format.name not in _PLANAR:
        return zlib.crc32(np.ascontiguousarray(frame.to_ndarray(format="rgb24")).data)
    return zlib.crc32(np.ascontiguousarray(_plane(frame.planes[0])).data)


def _small(frame: Any) -> NDArray[np.float32]:
    """A frame as it is looked at for cuts; the usual kinds are made small before their colours are mixed."""
    if frame.format.name not in _PLANAR:
        pixels = frame.to_ndarray(format="rgb24")
        return cv2.resize(pixels, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
    planes = [cv2.resize(_plane(plane), SMALL, interpolation=cv2.INTER_AREA) for plane in frame.planes[:3]]
    small = np.stack(planes, axis=2).astype(np.float32)
    bright, blue, red = small[..., 0], small[..., 1] - 128.0, small[..., 2] - 128.0
    if not frame.format.name.startswith("yuvj"):
        bright = (bright - 16.0) * (255.0 / 219.0)
    mixed = (bright + 1.402 * red, bright - 0.344 * blue - 0.714 * red, bright + 1.772 * blue)
    return np.clip(np.stack(mixed, axis=2), 0, 255).astype(np.float32)


def _plane(plane: Any) -> NDArray[np.uint8]:
    """The values of a plane, without what fills its rows up."""
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
