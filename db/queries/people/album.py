"""Reads of a whole dataset for a search: its pictures, and the faces in them."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from db.tables import CaptureTime, Frame, Image, Instance
from db.whole_columns import read_columns, whole


class AlbumColumns(NamedTuple):
    """A dataset as whole columns, each table in an order of its own.

    Ids of the pictures, and their paths as a JSON list; of the pictures whose time is known the id, and the time in
    seconds since 1970 by the camera's clock; of frames the picture, the clip and the scene; of faces that were not
    removed the instance and its picture.
    """

    pictures: tuple[str, ...]
    times: tuple[str, ...]
    frames: tuple[str, ...]
    faces: tuple[str, ...]


def album_columns(dataset_id: int, *, session: Session) -> AlbumColumns:
    """What a search looks through."""
    seconds = func.strftime("%s", CaptureTime.at)
    pictures = whole(Image.id).add_columns(func.json_group_array(Image.path))
    times = whole(CaptureTime.image_id, seconds).join(Image, col(Image.id) == col(CaptureTime.image_id))
    frames = whole(Frame.image_id, Frame.video_id, Frame.scene).join(Image, col(Image.id) == col(Frame.image_id))
    faces = whole(Instance.id, Instance.image_id).where(col(Instance.kind) == "face", ~col(Instance.removed))
    of_pictures = col(Image.dataset_id) == dataset_id
    return AlbumColumns(
        *(
            read_columns(statement, session=session)
            for statement in (
                pictures.where(of_pictures),
                times.where(of_pictures, seconds.is_not(None)),
                frames.where(of_pictures),
                faces.where(col(Instance.dataset_id) == dataset_id),
            )
        )
    )


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
