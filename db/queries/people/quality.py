"""Reads of how well faces can be recognised."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from db.tables import Assignment, ClipEdit, FaceQuality, Image, Instance, KeypointRevision, Person, Source


class MeasuredFace(NamedTuple):
    """The quality of a face, as `FaceQuality`."""

    sharpness: float
    size: float
    yaw: float | None
    pitch: float | None
    disagreement: float | None


_FIGURES = (FaceQuality.sharpness, FaceQuality.size, FaceQuality.yaw, FaceQuality.pitch, FaceQuality.disagreement)


def qualities(dataset_id: int, *, session: Session) -> dict[int, MeasuredFace]:
    """The quality of every face of a dataset that was measured, by instance; as columns, for there may be many."""
    rows = (
        select(FaceQuality.instance_id, *_FIGURES)  # type: ignore[call-overload]  # SQLModel types a select of at most four
        .join(Instance, col(Instance.id) == col(FaceQuality.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed))
    )
    return {instance: MeasuredFace(*figures) for instance, *figures in session.connection().execute(rows)}


def unmeasured_faces(dataset_id: int, *, session: Session) -> Sequence[tuple[Instance, Image]]:
    """Faces whose quality is not known, those of one picture together."""
    measured = select(FaceQuality.instance_id).where(FaceQuality.instance_id == Instance.id).exists()
    return session.exec(
        select(Instance, Image)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(Instance.dataset_id == dataset_id, Instance.kind == "face", ~col(Instance.removed), ~measured)
        .order_by(col(Instance.image_id), col(Instance.id))
    ).all()


def machine_points(instances: Sequence[int], *, session: Session) -> dict[int, bytes]:
    """The packed 68 points of those instances whose points that count are a model's."""
    rows = session.exec(
        select(Instance.id, KeypointRevision.points)
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id))
        .where(
            col(Instance.id).in_(instances),
            KeypointRevision.skeleton == "face68",
            KeypointRevision.source == Source.MODEL,
        )
    )
    return dict(rows.all())


class LooseFace(NamedTuple):
    """A face of nobody, or the only one of a person without a name, with its detection score and its quality."""

    instance_id: int
    person_id: int | None
    score: float | None
    quality: MeasuredFace | None


def loose_with_quality(dataset_id: int, *, session: Session) -> list[LooseFace]:
    """The faces of nobody, and those of people without a name who are seen once, by instance."""
    once = (
        select(Assignment.person_id)
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .where(Assignment.dataset_id == dataset_id, col(Person.active), col(Person.name).is_(None))
        .group_by(col(Assignment.person_id))
        .having(func.count() == 1)
    )
    rows = (
        select(Instance.id, Assignment.person_id, Instance.score, *_FIGURES)  # type: ignore[call-overload]
        .select_from(Instance)
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .join(FaceQuality, col(FaceQuality.instance_id) == col(Instance.id), isouter=True)
        .where(
            Instance.dataset_id == dataset_id,
            Instance.kind == "face",
            ~col(Instance.removed),
            or_(col(Assignment.person_id).is_(None), col(Assignment.person_id).in_(once)),
        )
        .order_by(col(Instance.id))
    )
    return [
        LooseFace(instance, person, score, None if figures[0] is None else MeasuredFace(*figures))
        for instance, person, score, *figures in session.connection().execute(rows)
    ]


def tracks_of_faces(dataset_id: int, *, session: Session) -> dict[int, int]:
    """The track of every face of a dataset that is in one, by instance."""
    rows = session.exec(select(Instance.id, Instance.track_id).where(*_in_a_track(dataset_id)))
    return {instance: track for instance, track in rows if track is not None}


def track_state(dataset_id: int, *, session: Session) -> tuple[int, int]:
    """What changes with everything that is done to the tracks of faces, for which no revision of a dataset rises.

    Programs only put faces into tracks; whatever a human does to tracks is an edit of a clip.
    """
    edits = session.exec(select(func.max(ClipEdit.id)).where(ClipEdit.dataset_id == dataset_id)).one()
    return session.exec(select(func.count()).where(*_in_a_track(dataset_id))).one(), edits or 0


def _in_a_track(dataset_id: int) -> tuple[ColumnElement[bool], ...]:
    tied = col(Instance.track_id).is_not(None)
    return col(Instance.dataset_id) == dataset_id, col(Instance.kind) == "face", tied, ~col(Instance.removed)
