"""Reads of clips: their frames in order, the humans' points in them, and what models predicted there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from db.queries.tracks import videos
from db.tables import Frame, Image, Instance, KeypointRevision, Prediction, Source, Video


@dataclass(frozen=True)
class ShownFrame:
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


def clip_files(dataset_id: int, sha256: str, *, session: Session) -> list[str]:
    """The kept files (`original`) of the clip of that content and of its frames; empty where it is not here."""
    known = select(Video).where(Video.dataset_id == dataset_id, Video.sha256 == sha256)
    video = session.exec(known).first()
    if video is None:
        return []
    frames = select(Image.original).join(Frame, col(Frame.image_id) == Image.id).where(Frame.video_id == video.id)
    return [video.original, *session.exec(frames).all()]


def free_path(dataset_id: int, path: str, sha256: str, *, session: Session) -> str:
    """`path`, or ``clip-2.mp4`` and so on where a clip of other content has that name already."""
    taken = {video.path for video in videos(dataset_id, session=session) if video.sha256 != sha256}
    wanted, number = PurePosixPath(path), 1
    while path in taken:
        number += 1
        path = str(wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}"))
    return path


def frames_of(video_id: int, *, session: Session) -> list[ShownFrame]:
    """The frames of a clip in their order."""
    rows = session.exec(
        select(Frame, Image)
        .outerjoin(Image, col(Frame.image_id) == Image.id)
        .where(Frame.video_id == video_id)
        .order_by(col(Frame.index))
    )
    return [ShownFrame(frame.index, frame.seconds, image) for frame, image in rows]


def human_points(video_id: int, *, session: Session) -> list[FramePoints]:
    """What humans say about the frames of a clip: the points that count, of each instance that is there."""
    rows = session.exec(
        select(Instance.image_id, Instance.id, KeypointRevision.skeleton, KeypointRevision.points)
        .join(KeypointRevision, col(Instance.revision_id) == KeypointRevision.id)
        .where(_in_clip(video_id), KeypointRevision.source == Source.HUMAN, ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [FramePoints(*row) for row in rows]


def predicted_points(video_id: int, model_version_id: int, *, session: Session) -> list[FramePoints]:
    """What a model version predicted in the frames of a clip."""
    rows = session.exec(
        select(Instance.image_id, Instance.id, Prediction.skeleton, Prediction.points)
        .join(Prediction, col(Prediction.instance_id) == Instance.id)
        .where(_in_clip(video_id), Prediction.model_version_id == model_version_id, ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [FramePoints(*row) for row in rows]


def seen_of_clip(video_id: int, kind: str, model_version_id: int | None, *, session: Session) -> tuple[int, int]:
    """Of the instances of a kind in the frames of a clip, how many a version has predicted, and how many it has not."""
    known = select(Instance.id).where(_in_clip(video_id), Instance.kind == kind, ~col(Instance.removed))
    there = set(session.exec(known))
    done = select(Prediction.instance_id).where(
        col(Prediction.instance_id).in_(known), Prediction.model_version_id == model_version_id
    )
    seen = len(set(session.exec(done)))
    return seen, len(there) - seen


def all_clips(dataset_id: int | None = None, *, session: Session) -> list[Video]:
    """The clips of a dataset, or of every one, by path."""
    chosen = select(Video) if dataset_id is None else select(Video).where(Video.dataset_id == dataset_id)
    return list(session.exec(chosen.order_by(Video.path, col(Video.dataset_id))))


def clips_named(name: str, dataset_id: int | None = None, *, session: Session) -> list[Video]:
    """The clips that `name` may mean, in a dataset or in any, by path.

    In each dataset it is the clip of that path; else the only one whose file has that name, with or without its ending;
    else all whose files have it.
    """
    of_dataset: dict[int, list[Video]] = defaultdict(list)
    known = all_clips(dataset_id, session=session)
    for video in known:
        of_dataset[video.dataset_id].append(video)
    meant = {video.id for clips in of_dataset.values() for video in _meant(clips, name)}
    return [video for video in known if video.id in meant]


def _meant(clips: Sequence[Video], name: str) -> list[Video]:
    ways: tuple[Callable[[PurePosixPath], str], ...] = (str, lambda path: path.name, lambda path: path.stem)
    found = [[video for video in clips if way(PurePosixPath(video.path)) == name] for way in ways]
    return next((one for one in found if len(one) == 1), next(filter(None, found), []))


def _in_clip(video_id: int) -> ColumnElement[bool]:
    return col(Instance.image_id).in_(select(Frame.image_id).where(Frame.video_id == video_id))
