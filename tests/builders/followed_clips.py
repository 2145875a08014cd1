"""Clips of a texture that moves as is known, in a store, with faces of a human or a model in some of their frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from sqlmodel import select

from core.formats.labels.rows import tight_box
from core.foundation.arrays import Keypoints
from core.foundation.workspace import Workspace
from core.library.clip_importing import ClipIntake
from core.media.videos import VideoWriter
from db.engine import reading
from db.tables import BoxSource, Frame, Instance, KeypointRevision, Review, Run, RunState, Source, Video, sides
from db.writes.library import refresh_picture
from db.writes.models import ensure_model_version
from db.writes.points import append_revision
from db.writing import writing

WIDTH, HEIGHT = 240, 180
STEP = np.array([1.5, 0.75])  # pixels a frame


def texture(seed: int = 0) -> np.ndarray:
    """(180, 240) uint8 noise at two scales, so that every place looks like no other."""
    rng = np.random.default_rng(seed)
    fine, coarse = (cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)), (0, 0), sigma) for sigma in (1.5, 6))
    return np.clip(127 + 40 * (fine / fine.std() + coarse / coarse.std()), 0, 255).astype(np.uint8)


def face_at_start() -> np.ndarray:
    """(68, 2) points of frame 0."""
    return np.random.default_rng(68).uniform((70, 50), (150, 130), (68, 2)).astype(np.float32).astype(float)


def truth(frames: int) -> np.ndarray:
    """(T, 68, 2) where the points are in each frame."""
    return face_at_start() + np.arange(frames)[:, None, None] * STEP


def followed_clip(
    workspace: Workspace, dataset: int, author: int, folder: Path, *, frames: int = 12, cut: int | None = None
) -> int:
    """Import a clip whose texture moves by `STEP` a frame, from `cut` on another one; gives the video's id."""
    with VideoWriter(folder / "moving.mp4", WIDTH, HEIGHT, 25) as writer:
        for t in range(frames):
            turned = cut is not None and t >= cut
            x, y = t * STEP
            how = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REFLECT}
            grey = cv2.warpAffine(
                texture(1) if turned else texture(0), np.array([[1, 0, x], [0, 1, y]]), (WIDTH, HEIGHT), **how
            )
            colour = np.array([1.0, 0.3, 0.2]) if turned else np.array([0.6, 1.0, 0.9])
            writer.write((grey[:, :, None] * colour).astype(np.uint8))
    with writing(workspace.engine) as session:
        run = Run(kind="import", state=RunState.RUNNING, dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        run_id = run.id
    ClipIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id).take_source(folder / "moving.mp4")
    with reading(workspace.engine) as session:
        return session.exec(select(Video.id).where(Video.dataset_id == dataset)).one()


def put_face(
    workspace: Workspace,
    video: int,
    frame: int,
    points: np.ndarray | None,
    *,
    review: Review = Review.OPEN,
    author: int | None = None,
    box: tuple[float, float, float, float] | None = None,
    kind: str = "face",
    skeleton: str = "face68",
) -> int:
    """An instance in a frame with (K, 2) points of a model, or of `author`; without points a box alone."""
    with writing(workspace.engine) as session:
        clip = session.get_one(Video, video)
        image = session.exec(select(Frame.image_id).where(Frame.video_id == video, Frame.index == frame)).one()
        keypoints = None if points is None else Keypoints.of(points, confidence=np.full(len(points), 0.5))
        instance = Instance(
            dataset_id=clip.dataset_id,
            image_id=image,
            kind=kind,
            **sides(box or tight_box(keypoints.points)),
            origin=Source.MODEL,
            box_source=BoxSource.DETECTOR,
        )
        session.add(instance)
        session.flush()
        if keypoints is not None:
            version = None
            if review == Review.OPEN:
                version = ensure_model_version("dlib-68", "landmarks", "1" * 64, {}, session=session)
            append_revision(
                instance,
                skeleton,
                keypoints.to_bytes(),
                review,
                author_id=author,
                model_version_id=version,
                session=session,
            )
        refresh_picture(image, session=session)
        return instance.id


def faces_in(workspace: Workspace, video: int) -> dict[int, list[tuple[Instance, KeypointRevision | None]]]:
    """The instances that are there, with the revision that counts, by frame."""
    found: dict[int, list[tuple[Instance, KeypointRevision | None]]] = {}
    with reading(workspace.engine) as session:
        rows = session.exec(
            select(Frame.index, Instance)
            .join(Instance, Instance.image_id == Frame.image_id)
            .where(Frame.video_id == video, ~Instance.removed)
            .order_by(Frame.index, Instance.id)
        ).all()
        for frame, instance in rows:
            head = session.get(KeypointRevision, instance.revision_id) if instance.revision_id else None
            found.setdefault(frame, []).append((instance, head))
    return found


def points_in(workspace: Workspace, video: int) -> dict[int, np.ndarray]:
    """(K, 2) points of the one face of each frame that has some."""
    heads = {frame: rows[0][1] for frame, rows in faces_in(workspace, video).items()}
    return {frame: Keypoints.from_bytes(head.points).points for frame, head in heads.items() if head is not None}
