"""Reads of a whole dataset for a search: its pictures, and the faces in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from db.tables import CaptureTime, Frame, Image, Instance


def pictures_of_album(dataset_id: int, *, session: Session) -> Sequence[Row[Any]]:
    """Id, path, when it was taken, and of a frame its clip and scene, of every picture, by id."""
    statement = (
        select(Image.id, Image.path, CaptureTime.at, Frame.video_id, Frame.scene)  # type: ignore[call-overload]
        .join(Frame, col(Frame.image_id) == col(Image.id), isouter=True)
        .join(CaptureTime, col(CaptureTime.image_id) == col(Image.id), isouter=True)
        .where(Image.dataset_id == dataset_id)
        .order_by(col(Image.id))
    )
    return session.connection().execute(statement).all()


def faces_of_album(dataset_id: int, *, session: Session) -> Sequence[Row[int, int]]:
    """Instance and picture of every face that was not removed, by instance."""
    statement = (
        select(Instance.id, Instance.image_id)
        .where(Instance.dataset_id == dataset_id, Instance.kind == "face", ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return session.connection().execute(statement).all()
