"""Tracks through a part of a clip: the points that they have there, and those that are proposed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from core.foundation.arrays import ABSENT, Floats, Keypoints
from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import Message
from db.queries.motion.ranges import RangeFrame, RangeInstance, frames_between, instances_between
from db.tables import Instance, Source, Video

MOST_FRAMES: Final = 20_000  # at once: all of it is one transaction, and one undo


@dataclass
class Course:
    """One track through a range of frames: what is there, what was proposed, and where and why that ended.

    `skeleton` is the first one that the track has points of; it is empty where it has none. `visibility` is that of the
    points that are followed, (K,) uint8.
    """

    track_id: int
    kind: str = ""
    skeleton: str = ""
    rows: dict[int, RangeInstance] = field(default_factory=dict)
    visibility: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    proposed: dict[int, Keypoints] = field(default_factory=dict)
    stopped_at: int | None = None
    reason: Message | None = None

    def stop(self, frame: int, reason: Message) -> None:
        """Say that from this frame on nothing is proposed."""
        self.stopped_at, self.reason = frame, reason

    def points_at(self, frame: int) -> Keypoints | None:
        """The points that count in a frame, if there are some, of the course's skeleton."""
        head = self.rows[frame].head if frame in self.rows else None
        if head is None or head.skeleton != self.skeleton or not Keypoints.any_in(head.points):
            return None
        return Keypoints.from_bytes(head.points)

    def is_human(self, frame: int) -> bool:
        """Whether a human, or a file, has said there where points are."""
        head = self.rows[frame].head if frame in self.rows else None
        return head is not None and head.source == Source.HUMAN


def present_places(keypoints: Keypoints) -> Floats:
    """(K, 2) float64 pixels, NaN where a point is absent."""
    seen = keypoints.visibility > ABSENT
    return np.where(seen[:, None], keypoints.points.astype(np.float64), np.nan)


def frames_on_the_way(video_id: int, first: int, last: int, *, session: Session) -> list[RangeFrame]:
    """The frames from one to another in the order in which they are gone through.

    Raises
    ------
    NotFound
        If there is no such clip.
    BadInput
        If there is no such frame, or they are more than `MOST_FRAMES`.
    """
    if abs(last - first) >= MOST_FRAMES:
        raise BadInput("clip_edits.too_many_frames", count=abs(last - first) + 1, limit=MOST_FRAMES)
    video = session.get(Video, video_id)
    if video is None:
        raise NotFound("clips.none_numbered", number=video_id)
    rows = frames_between(video_id, min(first, last), max(first, last), session=session)
    there = {row.frame for row in rows}
    for frame in (first, last):
        if frame not in there:
            raise BadInput("clip_edits.no_frame", path=video.path, frame=frame, last=video.frames - 1)
    return rows if first <= last else rows[::-1]


def chosen_track(track_id: int | None, instance_id: int | None, *, session: Session) -> int | None:
    """The track that is asked for, by itself or by one of its instances; None where all are.

    Raises
    ------
    NotFound
        If it is not there, or nothing is in it.
    """
    if instance_id is not None:
        instance = session.get(Instance, instance_id)
        if instance is None or instance.removed:
            raise NotFound("points.instance_gone")
        track_id = instance.track_id
    if track_id is not None:
        own = select(Instance.id).where(Instance.track_id == track_id, ~col(Instance.removed))
        if session.exec(own.limit(1)).first() is None:
            raise NotFound("tracks.none_numbered", number=track_id)
    return track_id


def courses_of(video_id: int, frames: Sequence[RangeFrame], track_id: int | None, *, session: Session) -> list[Course]:
    """A course for the track that is asked for, or for each that has points in these frames."""
    numbers = [frame.frame for frame in frames]
    rows = instances_between(video_id, min(numbers), max(numbers), track_id, session=session)
    courses = {} if track_id is None else {track_id: Course(track_id)}
    for row in rows if numbers[0] <= numbers[-1] else reversed(rows):
        if row.instance.track_id is None:
            continue  # came in meanwhile
        course = courses.setdefault(row.instance.track_id, Course(row.instance.track_id))
        course.rows[row.frame], course.kind = row, row.instance.kind
        if not course.skeleton and row.head is not None:
            course.skeleton = row.head.skeleton
    return [course for course in courses.values() if course.skeleton or track_id is not None]
