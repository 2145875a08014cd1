"""Labels that are named by numbers of frames: which clip a folder of them is of, and what its first frame is called.

Tools write the frames of a clip as pictures, and count them from 0 or from 1 (FFmpeg, 300-VW). What the first one is
called is told by the numbers themselves, and where they do not tell it, nobody knows: no label is put anywhere then.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.formats.labels.rows import ANY_ENDING
from core.foundation.errors import BadInput
from core.library.picture_names import PictureNames
from core.library.spellings import composed, stem_of, without_kept_in

_NUMBERED: Final = re.compile(r"(.*?)(\d{1,9})")
_OF_CVAT: Final = re.compile(r"frame_\d{6}(\.PNG)?")  # CVAT's own names of a clip's frames, which it counts from 0
_FRAMES_IN: Final = re.compile(r"ima?ge?s?|frames?|pictures?|annots?", re.I)  # folders that only say what lies in them


class ClipPath(NamedTuple):
    """A clip of the dataset: its id, path and number of frames."""

    id: int
    path: str
    frames: int


@dataclass(frozen=True)
class FrameNumbers:
    """The clip that a folder's labels are of; `first` is the number of its first frame, None where nobody knows."""

    clip: ClipPath
    first: int | None


def clip_of_numbers(folder: str, names: Collection[str], clips: Sequence[ClipPath]) -> FrameNumbers | None:
    """The clip whose frames the pictures `names` of a folder are, or None.

    It is the clip of the folder's name; else the only one that lies there, or beside the folder, and has exactly as
    many frames as there are numbers in a row; else, by CVAT's names of frames, the only clip that there is.
    """
    numbers = _numbers(names)
    if not numbers:
        return None
    if (named := _named(folder, clips)) is not None:
        return FrameNumbers(named, first_number(numbers, named.frames))
    whole = [clip for clip in clips_at(folder, clips) if _is_all(numbers, clip.frames)]
    if len(whole) == 1:
        return FrameNumbers(whole[0], min(numbers))
    if len(clips) == 1 and not _place(folder) and all(_OF_CVAT.fullmatch(posixpath.basename(name)) for name in names):
        return FrameNumbers(clips[0], 0 if max(numbers) < clips[0].frames else None)
    return None


def number_of(name: str) -> int | None:
    """The number that the name of a picture ends with."""
    found = _NUMBERED.fullmatch(stem_of(name))
    return int(found[2]) if found else None


def first_number(numbers: Collection[int], frames: int) -> int | None:
    """What the first of so many frames is called, by some of their numbers: 0, 1, or None where both may be.

    >>> first_number({0, 7}, 40), first_number({1, 40}, 40), first_number({5, 7}, 40), first_number({0, 40}, 40)
    (0, 1, None, None)
    """
    if max(numbers) < frames:
        return 0 if 0 in numbers else None
    return 1 if max(numbers) == frames and 0 not in numbers else None


def may_be_frames(names: Collection[str]) -> bool:
    """Whether names are numbered in a row from 0 or 1, as the frames of a clip are."""
    numbers = _numbers(names)
    return len(numbers) > 1 and _is_all(numbers, len(numbers))


def clips_at(folder: str, clips: Iterable[ClipPath]) -> list[ClipPath]:
    """The clips in a folder, or beside it where it is of their frames (``talk_frames`` beside ``talk.mp4``)."""
    place, above = _place(folder), posixpath.dirname(composed(folder))
    last = posixpath.basename(composed(folder)).casefold()
    near, unplaced = [], []
    for clip in clips:
        at = posixpath.dirname(clip.path)
        if (at and place and _agree(at, place)) or (stem_of(clip.path).casefold() in last and _agree(at, above)):
            near.append(clip)
        elif not at or not place:
            unplaced.append(clip)
    return near or unplaced


def _named(folder: str, clips: Sequence[ClipPath]) -> ClipPath | None:
    names = PictureNames((number, clip.path) for number, clip in enumerate(clips))
    for name in filter(None, (folder, _place(folder))):
        for spelled in (name, name + ANY_ENDING):
            with suppress(BadInput):  # of two clips nobody knows which is meant
                match = names.find(spelled)
                if match is not None and match.spelling is None:
                    return clips[match.id]
    return None


def _numbers(names: Iterable[str]) -> set[int]:
    """The numbers of names that differ in nothing else; none of other names."""
    found = [_NUMBERED.fullmatch(stem_of(name)) for name in names]
    if not all(found) or len({match[1] for match in found if match}) > 1:
        return set()
    return {int(match[2]) for match in found if match}


def _is_all(numbers: Collection[int], frames: int) -> bool:
    return min(numbers) in (0, 1) and len(numbers) == frames == max(numbers) - min(numbers) + 1


def _place(folder: str) -> str:
    """A folder without the last parts that only say what lies there."""
    parts = [part for part in without_kept_in(folder).split("/") if part]
    while parts and _FRAMES_IN.fullmatch(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _agree(folder: str, other: str) -> bool:
    """Whether two folders may be one: the same, one the end of the other, or one not given."""
    shorter, longer = sorted((folder, other), key=len)
    return not shorter or f"/{longer}".endswith(f"/{shorter}")
