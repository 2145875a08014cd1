"""Clips in and out: what is in a video file, its frames with their times, and H.264 that every browser plays.

Nothing that a header claims is believed: frames are counted by decoding them, their times are the presentation times
in the file (so a variable rate stays what it is), and a rotation in the metadata is applied. Decoding and encoding are
FFmpeg's, through PyAV.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from core.foundation.errors import BadInput, FacetError, UnreadableVideo
from core.media.files import open_partial

# Streams have no index: each step back would decode from the beginning. They are refused as clips, not as pictures.
_STREAMS: Final = (".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv", ".flv")
_CLIP_SUFFIXES: Final = frozenset({".mp4", ".m4v", ".mov", ".3gp", ".avi", ".mkv", ".webm", *_STREAMS})

# A playlist or a concat script under a clip's name would make FFmpeg open other files and addresses.
_DEMUXERS: Final = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm"
_KINDS: Final = "MP4, MOV, AVI, MKV, WebM"
_BT709: Final = 1  # FFmpeg's number for it as matrix, primaries and transfer
_LIMITED: Final = 1
# What looks ahead makes the bytes depend on how busy the machine is; the same frames give the same file.
_ENCODING: Final = {"crf": "18", "preset": "veryfast", "threads": "1", "x264-params": "rc-lookahead=0:no-mbtree=1"}
_KEY_SECONDS: Final = 1.0  # a browser seeks to key frames first
_USUAL: Final = 25.0  # frames a second
_AGREES: Final = 0.01
_FASTEST: Final = 1000.0  # frames a second


@dataclass(frozen=True)
class Clip:
    """What a clip's first frame and its header say.

    Attributes
    ----------
    width, height
        Pixels of the upright picture (rotation applied).
    frames_per_second
        The header's average rate, which may be anything (`rate_of`); 0 where it gives none.
    frames
        How many the header promises, None where it does not; `core.media.clip_index` says how many there are.
    """

    width: int
    height: int
    frames_per_second: float
    frames: int | None


def rate_of(frames: int, seconds: float, stated: float) -> float:
    """Frames a second of a clip by the presentation times: of its last frame, `frames` and `seconds` after the first.

    Where the header's rate agrees within a hundredth it is kept, as it is exact; without two frames it is all there is,
    or 25 where it is none.
    """
    measured = frames / seconds if frames > 0 and seconds > 0 else 0.0
    if not measured:
        return stated or _USUAL
    return stated if abs(stated / measured - 1) < _AGREES else measured


def is_clip(path: str) -> bool:
    """Whether a file's name has the ending of a clip."""
    return Path(path).suffix.lower() in _CLIP_SUFFIXES


def probe(path: Path, name: str | None = None) -> Clip:
    """Look at a clip's header and decode its first frame.

    Raises
    ------
    UnreadableVideo
        With `name` (the file's own if None) and the reason: no video, another kind, no frame that decodes.
    """
    with opened_clip(path, name or path.name) as (container, stream):
        for frame in _decoded(container, stream, name or path.name):
            width, height = frame.width, frame.height
            if quarter_turns(frame) % 2:
                width, height = height, width
            rate = float(stream.average_rate or stream.guessed_rate or 0)
            return Clip(width, height, rate, stream.frames or None)
    raise AssertionError("a clip without a frame is refused before")


def frames(path: Path, name: str | None = None) -> Iterator[tuple[int, float, NDArray[np.uint8]]]:
    """Decode a clip.

    Yields
    ------
    (index, seconds, pixels): index from 0; seconds from the first frame, by the presentation times of the file; pixels
    (H, W, 3) uint8 RGB, upright. Frames of another size than the first come as they are.

    Raises
    ------
    UnreadableVideo
        With the file's name, the reason, and how many frames came before: no video, another kind, damaged.
    """
    with opened_clip(path, name or path.name) as (container, stream):
        clock = Clock(stream)
        for index, frame in enumerate(_decoded(container, stream, name or path.name)):
            yield index, clock.seconds(frame), upright_pixels(frame)


class Clock:
    """Tells the seconds of the frames of a stream from the first on, as they are decoded one after the other.

    A frame without a time, or with one that is not later than that of the frame before, as AVI files have them, follows
    the one before at the header's rate.
    """

    def __init__(self, stream: Any) -> None:
        self._step = 1.0 / float(stream.average_rate or stream.guessed_rate or _USUAL)
        self._start: float | None = None
        self._before = -self._step

    def seconds(self, frame: Any) -> float:
        """Those of the next frame."""
        at, following = frame.time, self._before + self._step
        if at is not None and self._start is None:
            self._start = at - following
        told = None if at is None or self._start is None else at - self._start
        self._before = following if told is None or told <= self._before else told
        return self._before


def upright_pixels(frame: Any) -> NDArray[np.uint8]:
    """A decoded frame as (H, W, 3) uint8 RGB, turned as its metadata says; several threads may ask at once."""
    pixels = VideoReformatter().reformat(frame, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns(frame)))


@contextmanager
def opened_clip(path: Path, name: str) -> Iterator[tuple[Any, Any]]:
    """PyAV's container of a clip and its first stream of pictures, which several threads decode.

    Raises
    ------
    UnreadableVideo
        If it is not there, of another kind, or holds no pictures.
    """
    try:
        container = av.open(str(path.resolve()), options={"format_whitelist": _DEMUXERS})
    except FileNotFoundError:
        raise UnreadableVideo("clips.none", of=name) from None
    except FFmpegError as error:
        if isinstance(error, OSError) and not isinstance(error, av.error.InvalidDataError):
            raise UnreadableVideo("clips.not_read", of=name, reason=error.strerror) from error
        raise UnreadableVideo("clips.no_clip", of=name, kinds=_KINDS) from error
    with container:
        if not container.streams.video:
            raise UnreadableVideo("clips.no_picture", of=name)
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise UnreadableVideo("clips.unknown_coding", of=name)
        stream.thread_type = "AUTO"
        yield container, stream


def _decoded(container: Any, stream: Any, name: str) -> Iterator[Any]:
    """The frames of an opened clip, at least one; FFmpeg's errors become sentences."""
    decoded = 0
    frames = container.decode(stream)
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            break
        except FFmpegError as error:
            raise UnreadableVideo(
                "clips.damaged", of=name, count=decoded, reason=error.strerror, decoded=decoded
            ) from error
        decoded += 1
        yield frame
    if not decoded:
        raise UnreadableVideo("clips.no_frame", of=name)


def quarter_turns(frame: Any) -> int:
    """How often to turn the picture by 90 degrees counter-clockwise so that it is upright; other angles stay."""
    return round(frame.rotation / 90) % 4


class VideoWriter:
    """Writes frames as H.264 (yuv420p, BT.709, index first) that browsers play and seek in.

    A context manager. The file has its name only when it is complete: what fails or is cancelled leaves nothing, and an
    older file of that name as it was. An odd width or height is padded by repeating the last column or row.
    """

    def __init__(self, path: Path, width: int, height: int, frames_per_second: float) -> None:
        """State the frames' size in pixels and their constant rate.

        Raises
        ------
        BadInput
            If the size or the rate cannot be a video's.
        """
        if min(width, height) < 1 or not 0 < frames_per_second <= _FASTEST:
            raise BadInput("clips.no_video", of=path.name, width=width, height=height, rate=frames_per_second)
        self.path, self.width, self.height = path, width, height
        self.rate = Fraction(frames_per_second).limit_denominator(1001)
        self.written = 0

    def __enter__(self) -> VideoWriter:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, self._partial = open_partial(self.path.parent, ".mp4")
        os.close(descriptor)
        self._container = av.open(str(self._partial), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=self.rate, options=dict(_ENCODING))
        context = self._stream.codec_context
        context.width, context.height = self.width + self.width % 2, self.height + self.height % 2
        context.pix_fmt = "yuv420p"
        context.gop_size = max(1, round(float(self.rate) * _KEY_SECONDS))
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        return self

    def write(self, pixels: NDArray[np.uint8]) -> None:
        """Append a frame, (height, width, 3) uint8 RGB.

        Raises
        ------
        BadInput
            If it is of another size or type.
        FacetError
            If it cannot be saved, such as on a full disk.
        """
        if pixels.shape != (self.height, self.width, 3) or pixels.dtype != np.uint8:
            wanted = (self.height, self.width, 3)
            raise BadInput(
                "clips.other_frame", of=self.path.name, wanted=wanted, shape=pixels.shape, dtype=pixels.dtype
            )
        even = np.pad(pixels, ((0, self.height % 2), (0, self.width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts, frame.time_base = self.written, 1 / self.rate
        self._mux(frame)
        self.written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._discard()

    def _finish(self) -> None:
        if not self.written:
            raise BadInput("clips.no_frame_written", of=self.path.name)
        self._mux(None)
        try:
            self._container.close()
            os.replace(self._partial, self.path)
        except OSError as error:
            raise self._unsaved(error) from error

    def _mux(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except OSError as error:  # FFmpeg's are among them
            raise self._unsaved(error) from error

    def _unsaved(self, error: OSError) -> FacetError:
        return FacetError("clips.not_written", path=self.path, reason=error.strerror or error)

    def _discard(self) -> None:
        with suppress(OSError, FFmpegError):  # what could not be finished is removed
            self._container.close()
        self._partial.unlink(missing_ok=True)
