"""Faces that lack something: an embedding of this encoder, or points at all.

They were drawn by a human, came in with an import, or were embedded by another encoder before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, delete

from core.foundation.arrays import Keypoints
from core.foundation.geometry import boxes_of
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.library.batches import OpenedPicture, PictureFailure, attempt, opened_batches
from core.people.face_models import FaceModels, five_points
from db.engine import reading
from db.queries.library import incomplete_faces
from db.queries.people.vectors import has_embedding
from db.tables import Embedding, Instance, Skipped, Source
from db.writes.models import note_model_use
from db.writes.points import append_revision
from db.writing import writing


@dataclass(frozen=True)
class _Described:
    """Id, 68 points and embedding of one face."""

    instance_id: int
    points: Keypoints
    vector: NDArray[np.float32]


def complete_faces(
    workspace: Workspace, *, dataset_id: int, run_id: int, encoder: str | None = None, progress: Progress | None = None
) -> int:
    """Give every face of a dataset points and an embedding; returns how many faces could not get them.

    A picture that cannot be read, or that a model fails on, becomes a `Skipped` row of the run with the reason; its
    faces stay as they are until a later run.

    Raises
    ------
    MissingWeights, BadWeights
        If a model's file is absent or damaged.
    """
    progress = progress or Progress()
    models = FaceModels.load(workspace, encoder)
    with writing(workspace.engine) as session:
        _, landmarker_id, encoder_id = models.versions(session=session)
        session.exec(delete(Skipped).where(col(Skipped.run_id) == run_id))
    with reading(workspace.engine) as session:
        waiting = incomplete_faces(dataset_id, encoder_id, session=session)
    faces: dict[int, list[Instance]] = defaultdict(list)
    for face, image in waiting:
        faces[image.id].append(face)
    if waiting:
        _note_use(workspace, dataset_id, (landmarker_id, encoder_id))
    progress.begin(len(waiting), message="Completing faces")
    done = left = 0
    for batch in opened_batches(workspace, list({image.id: image for _, image in waiting}.values())):
        found = attempt(batch, lambda pictures: _describe(models, [(item, faces[item.image.id]) for item in pictures]))
        with writing(workspace.engine) as session:
            for picture, described in zip(batch, found, strict=True):
                _store(picture, described, run_id, landmarker_id, encoder_id, session=session)
        done += sum(len(faces[picture.image.id]) for picture in batch)
        failed = [item for item, described in zip(batch, found, strict=True) if isinstance(described, PictureFailure)]
        left += sum(len(faces[picture.image.id]) for picture in failed)
        progress.advance(done)
    return left


def _note_use(workspace: Workspace, dataset_id: int, versions: Sequence[int]) -> None:
    with writing(workspace.engine) as session:
        for version in versions:
            note_model_use(dataset_id, version, session=session)


def _describe(
    models: FaceModels, pictures: Sequence[tuple[OpenedPicture, Sequence[Instance]]]
) -> list[list[_Described]]:
    """The faces of each picture, all embedded together."""
    located: list[tuple[int, Keypoints]] = []
    crops = []
    for picture, faces in pictures:
        corners = boxes_of(faces).astype(np.float32)
        points_of = models.landmarker.locate(picture.pixels, corners)
        for face, box, points in zip(faces, corners, points_of, strict=True):
            located.append((face.id, points))
            crops.append(models.encoder.crop(picture.pixels, box, _five(face, points), points))
    described = iter([_Described(*row, vector) for row, vector in zip(located, models.embed(crops), strict=True)])
    return [[next(described) for _ in faces] for _, faces in pictures]


def _five(face: Instance, points: Keypoints) -> NDArray[np.float32]:
    if face.five_points is not None:
        stored = np.frombuffer(face.five_points, dtype="<f4").reshape(5, 2)
        if np.isfinite(stored).all():
            return stored
    return five_points(points)


def _store(
    picture: OpenedPicture,
    described: Sequence[_Described] | PictureFailure,
    run_id: int,
    landmarker_id: int,
    encoder_id: int,
    *,
    session: Session,
) -> None:
    if isinstance(described, PictureFailure):
        reason = described.reason.reason()
        session.add(Skipped(run_id=run_id, path=picture.image.path, reason=reason))
        return
    for face in described:
        instance = session.get(Instance, face.instance_id)
        if instance is None:
            continue  # deleted meanwhile
        if instance.revision_id is None:
            points = face.points.to_bytes()
            append_revision(instance, "face68", points, Source.MODEL, model_version_id=landmarker_id, session=session)
        if not has_embedding(face.instance_id, encoder_id, session=session):
            vector = face.vector.astype("<f4").tobytes()
            session.add(Embedding(instance_id=face.instance_id, model_version_id=encoder_id, vector=vector))
