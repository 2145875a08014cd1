"""Frames of a clip one by one, each exactly the one of its number: in order without a seek, elsewhere from a key frame.

Threads that ask for neighbours in about their order share one decoder: what it has just decoded stays at hand.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from core.foundation.errors import UnreadableVideo
from core.media.clip_index import ClipIndex, checksum
from core.media.videos import opened_clip, upright_pixels

_AT_HAND_BYTES: Final = 96 * 2**20  # of decoded frames, for each clip that is open
_AT_HAND: Final = 3  # frames at least
_OPEN: Final = 4  # clips
_EARLIER: Final = (0, 1, 4)  # so many key frames before the nearest one; after these from the beginning


class FrameNotFound(UnreadableVideo):
    """A frame that was there when the clip came in is not found in the file now."""


@dataclass(frozen=True)
class FramePlace:
    """One frame: the clip's file, the file with its `ClipIndex`, the number from 0, and what sentences call it."""

    clip: Path
    index: Path
    number: int
    name: str

    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, upright.

        Raises
        ------
        UnreadableVideo
            If the clip or its index is gone, or changed, or the frame cannot be decoded any more.
        """
        return _reader(self).read(self.number)


class ClipReader:
    """Reads frames of one clip in any order; several threads may ask at once."""

    def __init__(self, path: Path, index: ClipIndex, name: str | None = None) -> None:
        self.path, self.index, self.name = path, index, name or path.name
        self._lock = Lock()
        self._at_hand: OrderedDict[int, Any] = OrderedDict()
        self._bytes = 0
        self._open = ExitStack()
        self._container: Any = None
        self._stream: Any = None
        self._coming: Iterator[tuple[int, Any]] = iter(())
        self._next: int | None = None  # the number of the frame that is decoded next, where that is known

    def read(self, number: int) -> NDArray[np.uint8]:
        """Frame `number` as (H, W, 3) uint8 RGB, upright; the same as decoding the whole clip gives.

        Raises
        ------
        UnreadableVideo
            If the file is gone or no clip.
        FrameNotFound
            If the clip has no such frame, or not the one that it had.
        """
        with self._lock:
            frame = self._at_hand.get(number) or self._find(number)
        return upright_pixels(frame)

    def close(self) -> None:
        """Let go of the file; reading opens it again."""
        with self._lock:
            self._close()
            self._at_hand.clear()
            self._bytes = 0

    def _find(self, number: int) -> Any:
        if not 0 <= number < len(self.index):
            raise FrameNotFound("clips.frame_gone", of=self.name, frame=number)
        for _ in self._approaches(number):
            if (frame := self._forward(number)) is not None:
                return frame
        self._close()
        raise FrameNotFound("clips.frame_gone", of=self.name, frame=number)

    def _approaches(self, number: int) -> Iterator[None]:
        """Go to places from which decoding forward should reach a frame, the nearest first."""
        nearest = self._key_before(number)
        if self._next is not None and self._first_from(nearest) <= self._next <= number:
            yield
        for earlier in _EARLIER:
            if nearest - earlier >= 0 and self._seek(nearest - earlier):
                yield
        self._begin()
        yield

    def _key_before(self, number: int) -> int:
        """Which key packet is the last before a frame, -1 where there is none or times do not tell."""
        if not len(self.index.times):
            return -1
        return int(np.searchsorted(self.index.keys[:, 0], self.index.times[number], side="right")) - 1

    def _first_from(self, key: int) -> int:
        """The number of the first frame from a key packet on."""
        return 0 if key < 0 else int(np.searchsorted(self.index.times, self.index.keys[key, 0]))

    def _begin(self) -> None:
        """Open the clip anew, and count."""
        self._close()
        self._container, self._stream = self._open.enter_context(opened_clip(self.path, self.name))
        self._coming, self._next = enumerate(self._container.decode(self._stream)), 0

    def _seek(self, key: int) -> bool:
        """Go to a key packet; False where the container refuses."""
        if self._container is None:
            self._begin()
        try:
            self._container.seek(int(self.index.keys[key, 1]), stream=self._stream, backward=True)
        except FFmpegError:
            return False
        self._coming, self._next = self._by_time(), None
        return True

    def _by_time(self) -> Iterator[tuple[int, Any]]:
        """The frames that come, with the numbers of their times; what the clip does not show has none."""
        for frame in self._container.decode(self._stream):
            if frame.pts is not None:
                number = int(np.searchsorted(self.index.times, frame.pts))
                if number < len(self.index) and self.index.times[number] == frame.pts:
                    yield number, frame

    def _forward(self, wanted: int) -> Any | None:
        """Decode up to a frame; None if it does not come, or another one does in its place."""
        try:
            for number, frame in self._coming:
                self._next = number + 1
                right = number < len(self.index) and checksum(frame) == self.index.checksums[number]
                if right:
                    self._keep(number, frame)
                if number >= wanted:
                    found = right and number == wanted
                    if not found:
                        self._next = None
                    return frame if found else None
        except FFmpegError:
            pass
        self._next = None
        return None

    def _keep(self, number: int, frame: Any) -> None:
        """Have a frame at hand, and drop those that were decoded longest ago."""
        if (older := self._at_hand.pop(number, None)) is not None:
            self._bytes -= _size(older)
        self._at_hand[number] = frame
        self._bytes += _size(frame)
        while self._bytes > _AT_HAND_BYTES and len(self._at_hand) > _AT_HAND:
            _, oldest = self._at_hand.popitem(last=False)
            self._bytes -= _size(oldest)

    def _close(self) -> None:
        self._coming, self._next, self._container, self._stream = iter(()), None, None, None
        self._open.close()


def _size(frame: Any) -> int:
    return sum(plane.buffer_size for plane in frame.planes)


_readers: OrderedDict[tuple[object, ...], ClipReader] = OrderedDict()
_readers_lock = Lock()


def _reader(place: FramePlace) -> ClipReader:
    """The reader of a clip, opened once in each process; another one when the file or its index is another."""
    try:
        key = (os.getpid(), *_state(place.clip), *_state(place.index))
        index = _index(place.index, key[-1])
    except (OSError, ValueError) as error:
        raise UnreadableVideo(
            "clips.not_read", of=place.name, reason=getattr(error, "strerror", None) or error
        ) from error
    with _readers_lock:
        reader = _readers.pop(key, None) or ClipReader(place.clip, index, place.name)
        _readers[key] = reader
        gone = [_readers.popitem(last=False)[1] for _ in range(len(_readers) - _OPEN)]
    for unused in gone:
        unused.close()
    return reader


def _state(file: Path) -> tuple[str, int, int]:
    """What tells a file from another that lies in its place."""
    found = file.stat()
    return str(file), found.st_size, found.st_mtime_ns


@lru_cache(maxsize=16)
def _index(file: Path, _written: object) -> ClipIndex:
    return ClipIndex.from_bytes(file.read_bytes())
