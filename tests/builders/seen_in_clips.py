"""Faces in the frames of clips, without any picture."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import select

from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import Frame, Image, Instance, Video
from db.writing import writing
from tests.builders.staged_tracks import add_video


def clip_of(workspace: Workspace, dataset: int, name: str, frames: int, rate: float = 4.0) -> int:
    """The id of a new clip of so many frames."""
    add_video(workspace, dataset, name, indices=list(range(frames)), rate=rate)
    with reading(workspace.engine) as session:
        return session.exec(select(Video.id).where(Video.dataset_id == dataset, Video.path == name)).one()


def faces_at(workspace: Workspace, clip: int, frames: Sequence[int]) -> list[int]:
    """A face in each of these frames; gives their ids."""
    with writing(workspace.engine) as session:
        rows = session.exec(select(Frame.index, Image).join(Image).where(Frame.video_id == clip)).all()
        images = dict(rows)
        faces = [
            Instance(dataset_id=image.dataset_id, image_id=image.id, kind="face", left=8, top=8, right=56, bottom=56)
            for image in (images[at] for at in frames)
        ]
        session.add_all(faces)
        session.flush()
        return [face.id for face in faces]
