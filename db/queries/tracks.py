"""Reads of what models and humans say about the frames of videos, in the order of the frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, and_, col, select

from db.queries.learning import is_excluded
from db.tables import (
    Assignment,
    Exclusion,
    Frame,
    Image,
    Instance,
    KeypointRevision,
    ModelVersion,
    Prediction,
    Source,
    Video,
)


class FrameRow(NamedTuple):
    """A frame of a video: its place in the clip from 0, its picture (None if removed or excluded), its scene from 0."""

    frame: int
    path: str | None
    scene: int = 0


class Seen(NamedTuple):
    """An instance in a frame, with its box, whose it is, and packed points (`Keypoints.to_bytes`).

    `predicted` is None where the version has not looked, `human` where no human has set the points that count.
    """

    frame: int
    instance_id: int
    box: tuple[float, float, float, float]
    person_id: int | None
    skeleton: str
    predicted: bytes
    human: bytes | None


def videos(dataset_id: int, *, session: Session) -> Sequence[Video]:
    """The videos of a dataset, by path."""
    return session.exec(select(Video).where(Video.dataset_id == dataset_id).order_by(col(Video.path))).all()


def frame_rows(video_id: int, *, session: Session) -> list[FrameRow]:
    """The frames of a video in their order, excluded pictures without their path, as if they were removed."""
    rows = session.exec(
        select(Frame.index, Image.path, Image.dataset_id, Frame.scene)
        .join(Image, col(Image.id) == col(Frame.image_id), isouter=True)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    ).all()
    datasets = {dataset for _, _, dataset, _ in rows if dataset is not None}
    left_out = set(session.exec(select(Exclusion.name).where(col(Exclusion.dataset_id).in_(datasets))))
    return [
        FrameRow(index, None if path is None or is_excluded(path, left_out) else path, scene)
        for index, path, _, scene in rows
    ]


def seen_in_frames(video_id: int, version_id: int, *, session: Session) -> list[Seen]:
    """What a version predicted in the frames of a video, with a human's points beside, by frame and instance."""
    by_human = and_(
        col(KeypointRevision.id) == col(Instance.revision_id),
        col(KeypointRevision.source) == Source.HUMAN,
        col(KeypointRevision.skeleton) == col(Prediction.skeleton),
    )
    rows = session.exec(
        select(Frame.index, Instance, Assignment.person_id, Prediction, KeypointRevision.points)  # type: ignore[call-overload]
        .join(Instance, col(Instance.image_id) == col(Frame.image_id))
        .join(Prediction, col(Prediction.instance_id) == col(Instance.id))
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .join(KeypointRevision, by_human, isouter=True)
        .where(Frame.video_id == video_id, Prediction.model_version_id == version_id, ~col(Instance.removed))
        .order_by(col(Frame.index), col(Instance.id))
    )
    return [
        Seen(index, row.id, (row.left, row.top, row.right, row.bottom), person, found.skeleton, found.points, human)
        for index, row, person, found, human in rows
    ]


def versions_in_videos(dataset_id: int, *, session: Session) -> Sequence[ModelVersion]:
    """Versions that have predicted in a frame of a video of the dataset, the newest first."""
    used = (
        select(Prediction.id)
        .join(Instance, col(Instance.id) == col(Prediction.instance_id))
        .join(Frame, col(Frame.image_id) == col(Instance.image_id))
        .where(Instance.dataset_id == dataset_id, Prediction.model_version_id == ModelVersion.id)
        .exists()
    )
    return session.exec(select(ModelVersion).where(used).order_by(col(ModelVersion.id).desc())).all()
