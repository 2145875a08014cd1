"""What every label file becomes: rows of points, and what could not be read, with the place and the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.formats.labels.doubts import Doubt, DoubtKind
from core.foundation.arrays import Box, Keypoints
from core.foundation.errors import UnreadableLabels
from core.foundation.messages import Message
from core.foundation.skeletons import Skeleton

ANY_ENDING: Final = ".*"


@dataclass(frozen=True, eq=False)
class LabelledRow:
    """The points of one face or person, and which picture they lie in.

    Attributes
    ----------
    picture
        The picture's path as the file gives it, posix. ``name.*``: the file does not say the ending. For a row of a
        clip (`frame` is given) the clip's name without its ending.
    keypoints
        In the order of `skeleton`, pixels in our convention (the centre of the first pixel is 0, 0).
    skeleton
        A key of `SKELETONS`.
    size
        Width and height of the picture where the file gives them.
    box
        Left, top, right, bottom in pixels where the file gives them.
    sequence
        The clip or action that the picture is of, where the file says so.
    frame
        Index in the clip, from 0.
    frames
        How many frames the track has that a row of a clip is of, where the file says so.
    inside
        The format promises that no point lies outside of the picture.
    doubts
        What is not certain about it, whatever picture it is of.
    answers
        What the file itself answers, by the kind of doubt (`core.formats.labels.doubts`).
    """

    picture: str
    keypoints: Keypoints
    skeleton: str
    size: tuple[int, int] | None = None
    box: Box | None = None
    sequence: str | None = None
    frame: int | None = None
    frames: int | None = None
    inside: bool = False
    doubts: tuple[Doubt, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_progress(self) -> bool:
        """Whether nobody has accepted the points yet: those that are there a human has set, and no others."""
        return any(doubt.kind == DoubtKind.IN_PROGRESS for doubt in self.doubts)


@dataclass
class LabelFile:
    """What one file says.

    Attributes
    ----------
    format
        Its name, a key of `LABEL_READERS`.
    rows
        The labels, in the order of the file.
    skipped
        Place in the file (``line 7``) and reason of each label that cannot be used.
    left_out
        How many entries of each kind are no labels, by the file's own account (``crowds``, ``without points``).
    """

    format: str
    rows: list[LabelledRow] = field(default_factory=list)
    skipped: list[tuple[str, Message]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, what: str) -> None:
        """Count an entry that is no label."""
        self.left_out[what] = self.left_out.get(what, 0) + 1


def tight_box(points: NDArray[np.float32]) -> Box:
    """The smallest box (left, top, right, bottom) around the points (K, 2) that are not NaN; at least a pixel wide.

    At least one point has to be present.
    """
    seen = points[np.isfinite(points).all(axis=1)].astype(np.float64)
    low, high = seen.min(axis=0), seen.max(axis=0)
    grown = np.maximum(0, 1 - (high - low)) / 2
    left, top = (low - grown).tolist()
    right, bottom = (high + grown).tolist()
    return left, top, right, bottom


def refuse_count(name: str, points: Message, skeleton: Skeleton) -> UnreadableLabels:
    """Make the error of a file whose instances have another number of points (said by `points`) than the skeleton."""
    return UnreadableLabels("labels.point_count", of=name, points=points, skeleton=skeleton.name, wanted=len(skeleton))


def text_of(name: str, content: bytes) -> str:
    """Decode a text file: UTF-8 (with or without byte order mark), UTF-16 by its mark.

    Raises
    ------
    UnreadableLabels
        If it is neither.
    """
    coding = "utf-16" if is_utf16(content) else "utf-8-sig"
    try:
        return content.decode(coding)
    except UnicodeDecodeError as error:
        raise UnreadableLabels("labels.not_utf8", of=name, byte=error.start) from error


def is_utf16(content: bytes) -> bool:
    """Whether the mark of UTF-16 stands in front."""
    return content[:2] in (b"\xff\xfe", b"\xfe\xff")


def posix(path: str) -> str:
    """A path as other systems write it, with slashes and without ``./`` in front; how `..` is kept."""
    return PurePosixPath(path.strip().replace("\\", "/")).as_posix()
