"""Reads of the frames of clips in which somebody is seen."""

from typing import NamedTuple

from sqlmodel import Session, and_, col, or_, select

from db.tables import Assignment, Frame, Instance, Track, Video


class Sighting(NamedTuple):
    """A face of somebody in a frame of a clip; `length` is the clip's, in seconds."""

    video_id: int
    path: str
    length: float
    seconds: float
    image_id: int
    instance_id: int


def sightings(person_id: int, *, session: Session) -> list[Sighting]:
    """The faces of somebody in frames of clips, and the faces of nobody in tracks that they are seen in; by clip, time.

    Each frame comes once, with the first of such faces in it.
    """
    theirs = select(Assignment.instance_id).where(Assignment.person_id == person_id)
    tracks = (
        select(Instance.track_id)
        .join(Track, col(Track.id) == col(Instance.track_id))
        .where(col(Instance.id).in_(theirs), Track.kind == "face")
    )
    owned = select(Assignment.instance_id).where(Assignment.instance_id == Instance.id).exists()
    rows = session.exec(
        select(  # type: ignore[call-overload]  # SQLModel types a select of at most four columns
            Video.id,
            Video.path,
            col(Video.frames) / col(Video.frames_per_second),
            Frame.seconds,
            Instance.image_id,
            Instance.id,
        )
        .join(Frame, col(Frame.video_id) == col(Video.id))
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .where(
            ~col(Instance.removed), or_(col(Instance.id).in_(theirs), and_(col(Instance.track_id).in_(tracks), ~owned))
        )
        .order_by(col(Video.path), col(Video.id), col(Frame.index), col(Instance.id))
    )
    frames: dict[tuple[int, float], Sighting] = {}
    for row in rows:
        frames.setdefault((row[0], row[3]), Sighting(*row))
    return list(frames.values())
