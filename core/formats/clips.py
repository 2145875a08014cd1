"""What a dataset says beyond its pictures: which of them are a clip's frames, and which part of the split is whose."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from core.formats.checks import SHA256, require_choice, require_text, text_or_none
from core.foundation.errors import BadInput

PARTS: Final = ("train", "validation", "test")  # what is held out most comes last
GROUPS: Final = ("clip", "sequence", "person", "person-id", "folder", "picture")


@dataclass(frozen=True)
class LabelledFrame:
    """A frame's number in its clip, its time in seconds, the path of its picture or None, its scene; from 0."""

    index: int
    seconds: float
    image: str | None
    scene: int = 0


@dataclass(frozen=True)
class LabelledClip:
    """A clip of which pictures of the dataset are frames; the clip's own file is not part of a dataset.

    Attributes
    ----------
    path
        As imported: posix, relative; unique in the dataset.
    sha256, width, height
        Of the file that the frames were taken from; pixels.
    length
        How many frames the clip has.
    frames_per_second
        0 where that is not known.
    frames
        Those that were taken, by number; two equal frames may share a picture.

    Raises
    ------
    BadInput
        If a number is out of its range, or the frames are not in order.
    """

    path: str
    sha256: str
    width: int
    height: int
    length: int
    frames_per_second: float
    frames: tuple[LabelledFrame, ...] = ()

    def __post_init__(self) -> None:
        require_text(self.path, "terms.clip_name")
        if not SHA256.fullmatch(self.sha256):
            raise BadInput("clips.digest", path=self.path)
        if min(self.width, self.height) < 1:
            raise BadInput("clips.size", path=self.path, width=self.width, height=self.height)
        if not 0 <= self.frames_per_second < math.inf:
            raise BadInput("clips.rate", path=self.path, rate=self.frames_per_second)
        for frame in self.frames:
            if not 0 <= frame.index < self.length:
                raise BadInput("clips.frame_outside", path=self.path, count=self.length, frame=frame.index)
            if not math.isfinite(frame.seconds):
                raise BadInput("clips.frame_time", frame=frame.index, path=self.path)
        for before, after in pairwise(self.frames):
            if after.index <= before.index or after.scene < before.scene:
                raise BadInput(
                    "clips.frame_order",
                    frame=after.index,
                    scene=after.scene,
                    path=self.path,
                    before=before.index,
                    before_scene=before.scene,
                )

    def within(self, images: Set[str]) -> LabelledClip:
        """The clip where only these pictures are there: frames of others have none."""
        frames = (frame if frame.image in images else replace(frame, image=None) for frame in self.frames)
        return replace(self, frames=tuple(frames))


@dataclass(frozen=True, order=True)
class LabelledTrack:
    """One face or body through the frames of a clip.

    Attributes
    ----------
    number
        Unique in the dataset.
    clip
        The clip's path.
    kind
        Of all its instances.
    name
        Who it is, or None; a face is called as its person.
    """

    number: int
    clip: str
    kind: str
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", text_or_none(self.name, "terms.track_name", number=self.number))


@dataclass(frozen=True, order=True)
class SplitPart:
    """The part of the split (one of `PARTS`) that a group belongs to, so that nothing held out is ever learned from.

    `group` is one of `GROUPS`, and `name` the path of a clip, folder or picture, the name of a sequence or person, or
    (``person-id``) the key of a person.
    """

    group: str
    name: str
    part: str

    def __post_init__(self) -> None:
        require_choice(self.group, GROUPS, "terms.split_group")
        require_choice(self.part, PARTS, "terms.split_part", group=self.group, name=self.name)
        if self.group != "folder":  # the folder of pictures that lie in none has no name
            require_text(self.name, "terms.split_name", group=self.group)
