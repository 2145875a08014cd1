"""Frames of clips as pictures of a dataset: no file is kept of one, it is read from the clip when it is needed."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import col, select

from core.foundation.errors import FacetError, UnreadableVideo
from core.foundation.workspace import Workspace
from core.media.clip_index import ClipSurvey
from core.media.clip_reading import FramePlace
from core.media.files import write_atomically
from db.engine import reading
from db.tables import Video

_MARK: Final = "clip"
_TOLD_APART: Final = 16  # digits of a SHA-256 that tell a clip from all others here


@dataclass(frozen=True)
class FrameOriginal:
    """What `Image.original` says of a frame that is read from its clip: ``clip:0123456789abcdef:7``.

    `clip` is the beginning of the clip's SHA-256, `number` the frame's, from 0.
    """

    clip: str
    number: int

    @classmethod
    def of(cls, sha256: str, number: int) -> FrameOriginal:
        """Of the clip of that content."""
        return cls(sha256[:_TOLD_APART], number)

    @classmethod
    def parse(cls, original: str) -> FrameOriginal | None:
        """None where it is the file of a picture."""
        mark, _, rest = original.partition(":")
        clip, _, number = rest.partition(":")
        return cls(clip, int(number)) if mark == _MARK and len(clip) == _TOLD_APART and number.isdigit() else None

    def __str__(self) -> str:
        return f"{_MARK}:{self.clip}:{self.number}"


def frame_identity(sha256: str, number: int) -> str:
    """`Image.sha256` of a frame: of the clip's SHA-256 and the number, so that a clip that comes again is known."""
    return hashlib.sha256(f"{sha256}:{number}".encode()).hexdigest()


def frame_place(workspace: Workspace, frame: FrameOriginal, path: str) -> FramePlace:
    """Where a frame is read, whether its clip is there or not; the picture's `path` is what sentences call it.

    An index that is gone is made anew, which takes as long as decoding the clip.
    """
    index = workspace.clip_index(frame.clip)
    file = _known.get((workspace.home, frame.clip))
    if file is None or not file.is_file():
        file = _known[workspace.home, frame.clip] = _clip_file(workspace, frame.clip)
    if not index.is_file() and file.is_file():
        with suppress(FacetError, OSError):  # whoever reads the frame is told that there is no index
            write_index(workspace, frame.clip, file)
    return FramePlace(file, index, frame.number, path)


_known: dict[tuple[Path, str], Path] = {}  # where clips were found: each frame asks, and they hardly ever move


def _clip_file(workspace: Workspace, clip: str) -> Path:
    """The file of a clip, in whatever dataset; where it should be if it is in none."""
    with reading(workspace.engine) as session:
        originals = session.exec(select(Video.original).where(col(Video.sha256).startswith(clip))).all()
    files = [workspace.original(original) for original in originals]
    return next((file for file in files if file.is_file()), files[0] if files else workspace.originals / clip)


def read_frame(workspace: Workspace, frame: FrameOriginal, path: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB, upright.

    Where the clip is the one that came in, but what decodes is not what its index says (another decoder on another
    machine, a damaged index), the index is made anew, once in each process.

    Raises
    ------
    UnreadableVideo
        As `FramePlace.pixels`.
    """
    place = frame_place(workspace, frame, path)
    try:
        return place.pixels()
    except UnreadableVideo:
        if not _may_make_anew(place.clip, frame.clip):
            raise
    write_index(workspace, frame.clip, place.clip)
    return place.pixels()


_compared: set[tuple[Path, int]] = set()  # files as they were then: an hour of video is not read for each frame


def _may_make_anew(file: Path, clip: str) -> bool:
    """Whether a file is the clip of that SHA-256; False where it was compared before."""
    if not file.is_file() or (state := (file, file.stat().st_mtime_ns)) in _compared:
        return False
    _compared.add(state)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest().startswith(clip)


def write_index(workspace: Workspace, clip: str, file: Path) -> None:
    """Make the index of a clip anew, as far as it can be decoded."""
    survey = ClipSurvey(file)
    try:
        for _ in survey:
            pass
    except UnreadableVideo as error:
        if not error.decoded:
            raise
    write_atomically(workspace.clip_index(clip), survey.index().to_bytes(), durable=True)
