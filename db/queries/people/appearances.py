"""Reads of the frames of clips in which somebody is seen."""

from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, or_, select

from db.queries.people.ownership import separations_that_count
from db.tables import Assignment, Frame, Instance, Person, Track, Video


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

    A face of which it was said that it is not them is left out. Each frame comes once, with the first of such faces.
    """
    dataset_id = session.exec(select(Person.dataset_id).where(Person.id == person_id)).one()
    said = separations_that_count(dataset_id).subquery()
    refused = select(said.c.instance_id).where(said.c.person_id == person_id)
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
        .where(~col(Instance.removed), col(Instance.id).not_in(refused), _theirs_or_in_their_tracks(person_id))
        .order_by(col(Video.path), col(Video.id), col(Frame.index), col(Instance.id))
    )
    frames: dict[tuple[int, float], Sighting] = {}
    for row in rows:
        frames.setdefault((row[0], row[3]), Sighting(*row))
    return list(frames.values())


def _theirs_or_in_their_tracks(person_id: int) -> ColumnElement[bool]:
    theirs = select(Assignment.instance_id).where(Assignment.person_id == person_id)
    tracks = (
        select(Instance.track_id)
        .join(Track, col(Track.id) == col(Instance.track_id))
        .where(col(Instance.id).in_(theirs), Track.kind == "face")
    )
    owned = select(Assignment.instance_id).where(Assignment.instance_id == Instance.id).exists()
    return or_(col(Instance.id).in_(theirs), and_(col(Instance.track_id).in_(tracks), ~owned))
