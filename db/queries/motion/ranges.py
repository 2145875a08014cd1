"""Reads of parts of a clip: its frames, and the points that count in them."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, case
from sqlmodel import Session, and_, col, func, select

from db.tables import PROPOSAL, Exclusion, Frame, Image, Instance, KeypointRevision, ModelVersion, Review, Track


class RangeFrame(NamedTuple):
    """A frame of a part of a clip: its place, its scene, and the id of its picture (None where that was removed)."""

    frame: int
    scene: int
    image_id: int | None


def frames_between(video_id: int, first: int, last: int, *, session: Session) -> list[RangeFrame]:
    """The frames of a clip from one to another, both included, in their order."""
    rows = select(Frame.index, Frame.scene, Frame.image_id).where(
        Frame.video_id == video_id, col(Frame.index).between(first, last)
    )
    return [RangeFrame(*row) for row in session.exec(rows.order_by(col(Frame.index)))]


class RangeInstance(NamedTuple):
    """An instance in a frame, with the revision that counts."""

    frame: int
    instance: Instance
    head: KeypointRevision | None


def instances_between(
    video_id: int, first: int, last: int, track_id: int | None = None, *, session: Session
) -> list[RangeInstance]:
    """The instances, of one track or all, in the frames of a part of a clip, by frame and instance."""
    chosen = [col(Frame.video_id) == video_id, col(Frame.index).between(first, last), ~col(Instance.removed)]
    if track_id is not None:
        chosen.append(col(Instance.track_id) == track_id)
    rows = (
        select(Frame.index, Instance, KeypointRevision)
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(*chosen)
        .order_by(col(Frame.index), col(Instance.id))
    )
    return [RangeInstance(*row) for row in session.exec(rows)]


def predicted_between(
    video_id: int, first: int, last: int, track_id: int | None = None, *, session: Session
) -> dict[int, KeypointRevision]:
    """The newest points that a model has predicted of each instance, of one track or all, in a part of a clip.

    What only proposes predicts nothing.
    """
    chosen = [col(Frame.video_id) == video_id, col(Frame.index).between(first, last), ~col(Instance.removed)]
    if track_id is not None:
        chosen.append(col(Instance.track_id) == track_id)
    newest = (
        select(func.max(KeypointRevision.id))
        .select_from(Frame)
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(KeypointRevision, col(KeypointRevision.instance_id) == col(Instance.id))
        .where(*chosen, *_predicted())
        .group_by(col(Instance.id))
    )
    rows = session.exec(select(KeypointRevision).where(col(KeypointRevision.id).in_(newest)))
    return {row.instance_id: row for row in rows}


def predicted_of(instance_id: int, *, session: Session) -> KeypointRevision | None:
    """The newest points that a model has predicted of an instance, as `predicted_between`."""
    rows = select(KeypointRevision).where(KeypointRevision.instance_id == instance_id, *_predicted())
    return session.exec(rows.order_by(col(KeypointRevision.id).desc()).limit(1)).first()


def _predicted() -> tuple[ColumnElement[bool], ...]:
    proposers = select(ModelVersion.id).where(ModelVersion.kind == PROPOSAL)
    version = col(KeypointRevision.model_version_id)
    return col(KeypointRevision.review) == Review.OPEN, version.is_not(None), version.not_in(proposers)


class PlaceOfInstance(NamedTuple):
    """The clip and the first frame of it that an instance is in; where it is in several, the clip of its track."""

    video_id: int
    frame: int


def place_of_instance(instance_id: int, *, session: Session) -> PlaceOfInstance | None:
    """Where an instance is; None where it is not there, was removed, or is in no clip."""
    own = case((col(Frame.video_id) == Track.video_id, 0), else_=1)
    rows = (
        select(Frame.video_id, Frame.index)
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(Track, col(Track.id) == col(Instance.track_id), isouter=True)
        .where(Instance.id == instance_id, ~col(Instance.removed))
        .order_by(own, col(Frame.video_id), col(Frame.index))
    )
    row = session.exec(rows.limit(1)).first()
    return None if row is None else PlaceOfInstance(*row)


class TimelineFrame(NamedTuple):
    """A frame of a clip: its picture (None where that was removed), its time, and whether it is named as left out."""

    frame: int
    image_id: int | None
    seconds: float
    left_out: bool


def timeline_frames(video_id: int, *, session: Session) -> list[TimelineFrame]:
    """The frames of a clip in their order."""
    named = and_(col(Exclusion.dataset_id) == col(Image.dataset_id), col(Exclusion.name) == col(Image.path))
    rows = (
        select(Frame.index, Frame.image_id, Frame.seconds, col(Exclusion.name).is_not(None))
        .join(Image, col(Image.id) == col(Frame.image_id), isouter=True)
        .join(Exclusion, named, isouter=True)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    )
    return [TimelineFrame(*row) for row in session.connection().execute(rows)]
