"""When somebody is seen in the clips of a dataset."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from core.foundation.workspace import Workspace
from db.engine import reading
from db.queries.people.appearances import Sighting, sightings

SHORT_GAP: Final = 1.0  # seconds: whoever is not seen for less than this is taken to be there all the while


@dataclass(frozen=True)
class Appearance:
    """From when to when somebody is seen in a clip, in seconds, both included; and the face with which it begins."""

    start: float
    end: float
    image_id: int
    instance_id: int


@dataclass(frozen=True)
class ClipAppearances:
    """When somebody is seen in a clip of a `length` in seconds, in its order, and in how many frames."""

    video_id: int
    path: str
    length: float
    frames: int
    ranges: list[Appearance]


def appearances(workspace: Workspace, person_id: int, *, gap: float = SHORT_GAP) -> list[ClipAppearances]:
    """The clips in which somebody is seen, by path. Ranges with less than a `gap` in seconds between them are one."""
    with reading(workspace.engine) as session:
        seen = sightings(person_id, session=session)
    by_clip = [list(frames) for _, frames in groupby(seen, key=lambda sighting: sighting.video_id)]
    return [ClipAppearances(*frames[0][:3], len(frames), _ranges(frames, gap)) for frames in by_clip]


def seen_at(workspace: Workspace, person_id: int, video_id: int, second: float) -> tuple[int, int] | None:
    """The picture and the face of somebody nearest to a second of a clip; None where they are not seen in it."""
    with reading(workspace.engine) as session:
        seen = [sighting for sighting in sightings(person_id, session=session) if sighting.video_id == video_id]
    nearest = min(seen, key=lambda sighting: abs(sighting.seconds - second), default=None)
    return nearest and (nearest.image_id, nearest.instance_id)


def _ranges(frames: Sequence[Sighting], gap: float) -> list[Appearance]:
    found: list[Appearance] = []
    for frame in frames:
        if found and frame.seconds - found[-1].end < gap:
            begin = found.pop()
            found.append(Appearance(begin.start, frame.seconds, begin.image_id, begin.instance_id))
        else:
            found.append(Appearance(frame.seconds, frame.seconds, frame.image_id, frame.instance_id))
    return found
