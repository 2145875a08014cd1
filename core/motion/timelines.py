"""What a timeline shows of a clip: its frames with their times, its tracks, and the course of one of these.

A browser asks for each by the numbers in its address, ``video``, ``track``, ``instance`` and ``width``; what it asks is
input from outside.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Keypoints
from core.foundation.errors import BadInput, NotFound
from core.foundation.workspace import Workspace
from core.metrics.stability.deviation import dev, deviation_curve
from core.motion.courses import present_places
from core.motion.linking import breaks_of
from core.motion.rippling import faded_frames
from core.motion.sent_clip_edits import clip_shown
from core.points.sent_values import number_in
from db.engine import reading
from db.queries.motion.ranges import timeline_frames
from db.queries.motion.seen import clip_frames
from db.queries.motion.tracks import TrackHead, heads_of_track
from db.tables import TRUTH, Source, Video

NOTHING: Final = 0
PREDICTED: Final = 1
HUMAN: Final = 2
TRUE: Final = 3
Asked = Mapping[str, str]


class CourseOfTrack(NamedTuple):
    """A track over the T frames of its clip.

    Attributes
    ----------
    deviations
        (T,) float64 percent: how much its points move against one another from the frame before (RMS, the mean of x
        and y, as `core.metrics.stability.deviation`); NaN where either frame has none, and across cuts.
    kinds
        (T,) uint8: `NOTHING` there, a model's points (`PREDICTED`), a `HUMAN`'s under way, or accepted or imported
        ones (`TRUE`).
    """

    deviations: Floats
    kinds: NDArray[np.uint8]


def course_of_track(workspace: Workspace, video_id: int, track_id: int) -> CourseOfTrack:
    """The course of a track; of one that is in no frame nothing but gaps.

    Raises
    ------
    NotFound
        If there is no such clip.
    """
    with reading(workspace.engine) as session:
        _require(session.get(Video, video_id), video_id)
        frames = clip_frames(video_id, frozenset(), session=session)
        heads = heads_of_track(video_id, track_id, session=session)
    place = {row.frame: at for at, row in enumerate(frames)}
    kinds = np.zeros(len(frames), np.uint8)
    for head in heads:
        kinds[place[head.frame]] = _kind(head)
    return CourseOfTrack(_deviations(heads, place, breaks_of(frames)), kinds)


def _require(video: Video | None, number: int) -> None:
    if video is None:
        raise NotFound("clips.none_numbered", number=number)


def _kind(head: TrackHead) -> int:
    if head.review in TRUTH:
        return TRUE
    return HUMAN if head.source == Source.HUMAN else PREDICTED


def _deviations(heads: Sequence[TrackHead], place: Mapping[int, int], breaks: Bools) -> Floats:
    """(T,) percent, over the frames that have points of the skeleton that the track begins with."""
    if not heads or len(place) < 2:
        return np.full(len(place), np.nan)
    skeleton = heads[0].skeleton
    points = {place[head.frame]: Keypoints.from_bytes(head.points) for head in heads if head.skeleton == skeleton}
    tracks = np.full((len(place), len(next(iter(points.values()))), 2), np.nan)
    for at, keypoints in points.items():
        tracks[at] = present_places(keypoints)
    return np.concatenate([[np.nan], deviation_curve(dev(tracks, breaks)).mean(axis=1)])


def asked_frames(workspace: Workspace, asked: Asked) -> bytes:
    """The frames of a ``video``: their pictures (T int32; 0 where one was removed), their numbers (T int32), their
    times in seconds (T float32), and whether they are left out (T uint8), little-endian, one after another.

    Raises
    ------
    BadInput
        If it asks for none.
    NotFound
        If there is no such clip.
    """
    video = _number(asked, "video")
    with reading(workspace.engine) as session:
        _require(session.get(Video, video), video)
        rows = timeline_frames(video, session=session)
    pictures = np.array([row.image_id or 0 for row in rows], "<i4")
    numbers = np.array([row.frame for row in rows], "<i4")
    times = np.array([row.seconds for row in rows], "<f4")
    left_out = np.array([row.left_out for row in rows], np.uint8)
    return b"".join(array.tobytes() for array in (pictures, numbers, times, left_out))


def asked_course(workspace: Workspace, asked: Asked) -> bytes:
    """The course of a ``track`` in the frames of its ``video``: T float32 percent, then T uint8 kinds; raises as
    `asked_frames`."""
    course = course_of_track(workspace, _number(asked, "video"), _number(asked, "track"))
    return course.deviations.astype("<f4").tobytes() + course.kinds.tobytes()


def asked_tracks(workspace: Workspace, asked: Asked) -> dict[str, Any]:
    """The tracks of a ``video``, as `clip_shown`; raises as `asked_frames`."""
    return clip_shown(workspace, _number(asked, "video"))


def asked_fade(workspace: Workspace, asked: Asked) -> dict[str, Any]:
    """The ``frames`` that a correction of an ``instance`` would move over a ``width``, as ``[number, weight]``.

    Raises
    ------
    BadInput, NotFound
        As `faded_frames`.
    """
    faded = faded_frames(workspace, _number(asked, "instance"), _number(asked, "width"))
    return {"frames": [[row.frame, row.weight] for row in faded]}


def _number(asked: Asked, name: str) -> int:
    number = number_in(asked.get(name, ""))
    if number is None:
        raise BadInput("clip_edits.not_asked", name=name)
    return number
