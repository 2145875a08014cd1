"""Reads for labels from files: the paths that pictures and clips have, and the labels that wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from db.tables import Frame, Image, ImagePath, Instance, KeypointRevision, Source, Video, WaitingLabel


class WaitingPicture(NamedTuple):
    """A picture that labels wait for: its name as in the file, the file, and how many labels."""

    picture: str
    source: str
    labels: int


def picture_paths(dataset_id: int, *, session: Session) -> list[tuple[int, str]]:
    """Id and path of every picture, once for each path that it came under."""
    also = select(ImagePath.image_id, ImagePath.path).join(Image, col(Image.id) == col(ImagePath.image_id))
    own = session.exec(select(Image.id, Image.path).where(Image.dataset_id == dataset_id)).all()
    return [*{*own, *session.exec(also.where(Image.dataset_id == dataset_id)).all()}]


def clip_paths(dataset_id: int, *, session: Session) -> list[tuple[int, str]]:
    """Id and path of every clip."""
    return list(session.exec(select(Video.id, Video.path).where(Video.dataset_id == dataset_id)))


def frame_pictures(video_id: int, *, session: Session) -> dict[int, int | None]:
    """The picture of each frame of a clip, by the frame's index; None where it was removed."""
    return dict(session.exec(select(Frame.index, Frame.image_id).where(Frame.video_id == video_id)).all())


def labelled_skeletons(dataset_id: int, *, session: Session) -> dict[str, int]:
    """The skeletons of the points that count as a human's, with the number of instances."""
    rows = session.exec(
        select(KeypointRevision.skeleton, func.count())
        .join(Instance, col(Instance.revision_id) == col(KeypointRevision.id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), KeypointRevision.source == Source.HUMAN)
        .group_by(col(KeypointRevision.skeleton))
    )
    return dict(rows.all())


def waiting_labels(dataset_id: int, *, session: Session) -> Sequence[WaitingLabel]:
    """Labels whose pictures are not here, the oldest first."""
    rows = select(WaitingLabel).where(WaitingLabel.dataset_id == dataset_id).order_by(col(WaitingLabel.id))
    return session.exec(rows).all()


def count_waiting(dataset_id: int, *, session: Session) -> int:
    """How many labels wait for their pictures."""
    rows = select(func.count()).select_from(WaitingLabel).where(WaitingLabel.dataset_id == dataset_id)
    return session.exec(rows).one()


def waiting_pictures(dataset_id: int, *, offset: int = 0, limit: int = 50, session: Session) -> list[WaitingPicture]:
    """The pictures (or clips) that labels wait for, by name."""
    rows = session.exec(
        select(WaitingLabel.picture, WaitingLabel.source, func.count())
        .where(WaitingLabel.dataset_id == dataset_id)
        .group_by(col(WaitingLabel.picture), col(WaitingLabel.source))
        .order_by(col(WaitingLabel.picture), col(WaitingLabel.source))
        .offset(offset)
        .limit(limit)
    )
    return [WaitingPicture(*row) for row in rows]
