"""Reads of the frames of clips, and of what humans and models saw in them."""

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, select

from db.batching import id_batches
from db.tables import TRUTH, Assignment, Frame, Image, Instance, KeypointRevision, ModelVersion, Prediction


class ClipFrame(NamedTuple):
    """A frame of a video: its place in the clip, its picture (None if removed or excluded), its scene; all from 0."""

    frame: int
    path: str | None
    scene: int = 0


class SeenInstance(NamedTuple):
    """An instance in a frame, with its box, whose it is, and packed points (`Keypoints.to_bytes`).

    `predicted` is None where the version has not looked, `human` where the points are neither accepted nor imported.
    """

    frame: int
    instance_id: int
    box: tuple[float, float, float, float]
    person_id: int | None
    skeleton: str
    predicted: bytes
    human: bytes | None


def clip_frames(video_id: int, left_out: Set[int], *, session: Session) -> list[ClipFrame]:
    """The frames of a video in their order, those `left_out` (ids of pictures) as if they were removed."""
    rows = session.exec(
        select(Frame.index, Image.path, Image.id, Frame.scene)
        .join(Image, col(Image.id) == col(Frame.image_id), isouter=True)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    ).all()
    return [ClipFrame(index, None if image in left_out else path, scene) for index, path, image, scene in rows]


def seen_instances(video_id: int, version_id: int, *, session: Session) -> list[SeenInstance]:
    """What a version predicted in the frames of a video, with the true points beside, by frame and instance."""
    by_human = and_(
        col(KeypointRevision.id) == col(Instance.revision_id),
        col(KeypointRevision.review).in_(TRUTH),
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
        SeenInstance(frame, instance.id, instance.box, person, predicted.skeleton, predicted.points, human)
        for frame, instance, person, predicted, human in rows
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


@dataclass(frozen=True)
class FramePicture:
    """A frame's place in its clip and its picture, None where that was removed."""

    index: int
    seconds: float
    image: Image | None


@dataclass(frozen=True)
class FramePoints:
    """Packed points (`core.foundation.arrays.Keypoints.to_bytes`) of one instance in a picture."""

    image_id: int
    instance_id: int
    skeleton: str
    points: bytes


def frame_pictures(video_id: int, *, session: Session) -> list[FramePicture]:
    """The frames of a clip in their order."""
    rows = session.exec(
        select(Frame, Image)
        .outerjoin(Image, col(Frame.image_id) == Image.id)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    )
    return [FramePicture(frame.index, frame.seconds, image) for frame, image in rows]


def human_points(video_id: int, *, session: Session) -> list[FramePoints]:
    """The true points in the frames of a clip: the accepted and the imported ones, of each instance that is there."""
    rows = session.exec(
        select(Instance.image_id, Instance.id, KeypointRevision.skeleton, KeypointRevision.points)
        .join(KeypointRevision, col(Instance.revision_id) == KeypointRevision.id)
        .where(in_clip(video_id), col(KeypointRevision.review).in_(TRUTH), ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [FramePoints(*row) for row in rows]


def predicted_points(video_id: int, model_version_id: int, *, session: Session) -> list[FramePoints]:
    """What a model version predicted in the frames of a clip."""
    rows = session.exec(
        select(Instance.image_id, Instance.id, Prediction.skeleton, Prediction.points)
        .join(Prediction, col(Prediction.instance_id) == Instance.id)
        .where(in_clip(video_id), Prediction.model_version_id == model_version_id, ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [FramePoints(*row) for row in rows]


def instances_in_clips(video_ids: Collection[int], *, session: Session) -> set[int]:
    """Ids of the instances in the frames of any of these clips."""
    ids: set[int] = set()
    for part in id_batches(video_ids):
        frames = select(Frame.image_id).where(col(Frame.video_id).in_(part))
        ids |= set(session.exec(select(Instance.id).where(col(Instance.image_id).in_(frames), ~col(Instance.removed))))
    return ids


def count_clip_predictions(
    video_id: int, kind: str, model_version_id: int | None, *, session: Session
) -> tuple[int, int]:
    """Of the instances of a kind in the frames of a clip, how many a version has predicted, and how many it has not."""
    known = select(Instance.id).where(in_clip(video_id), Instance.kind == kind, ~col(Instance.removed))
    every = set(session.exec(known))
    done = select(Prediction.instance_id).where(
        col(Prediction.instance_id).in_(known), Prediction.model_version_id == model_version_id
    )
    predicted = len(set(session.exec(done)))
    return predicted, len(every) - predicted


def in_clip(video_id: int) -> ColumnElement[bool]:
    """That an instance is in a frame of a clip."""
    return col(Instance.image_id).in_(select(Frame.image_id).where(Frame.video_id == video_id))
