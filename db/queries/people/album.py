"""Reads of a whole dataset for a search: its pictures, and the faces in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, func, select

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


def boxes_of_faces(image_id: int, *, session: Session) -> dict[int, tuple[float, float, float, float]]:
    """Instance to box (left, top, right, bottom in pixels) of every face of a picture that was not removed."""
    faces = select(Instance).where(Instance.image_id == image_id, Instance.kind == "face", ~col(Instance.removed))
    return {face.id: face.box for face in session.exec(faces.order_by(col(Instance.id)))}


def count_capture_times(dataset_id: int, *, session: Session) -> int:
    """Of how many pictures somebody has looked when they were taken."""
    looked_at = select(func.count()).select_from(CaptureTime).join(Image, col(Image.id) == col(CaptureTime.image_id))
    return session.exec(looked_at.where(Image.dataset_id == dataset_id)).one()


def shown_pictures(images: Sequence[int], *, session: Session) -> dict[int, tuple[str, str]]:
    """Picture to its path and the SHA-256 of its content."""
    rows = session.exec(select(Image.id, Image.path, Image.sha256).where(col(Image.id).in_([*map(int, images)])))
    return {number: (path, sha256) for number, path, sha256 in rows}
