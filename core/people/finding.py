"""Finding faces: boxes, 68 landmarks and an embedding for every face of a dataset.

What a picture gave is written in one transaction with the note that it was looked at (`Scan`), so a run that was killed
goes on where it stopped: nothing twice, nothing lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlmodel import Session, select

from core.foundation.arrays import Boxes
from core.foundation.geometry import boxes_of, iou
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.library.batches import OpenedPicture, PictureFailure, attempt, opened_batches
from core.media.images import crop_suffix, face_crop, jpeg, write_atomically
from core.people.face_models import FaceModels, Faces
from db.engine import reading
from db.queries.library import count_images, has_human_points, images_without_scan
from db.tables import Embedding, Image, ImageState, Instance, Scan, Source, now, sides
from db.writes.library import recount_faces
from db.writes.models import note_model_use
from db.writes.points import append_revision
from db.writing import writing

_SAME_FACE: Final = 0.5  # IoU from which a box is a face that is there already


@dataclass(frozen=True)
class _Versions:
    """What the rows are stored under."""

    dataset_id: int
    run_id: int
    detector: int
    landmarker: int
    encoder: int


def find_faces(
    workspace: Workspace, *, dataset_id: int, run_id: int, encoder: str | None = None, progress: Progress | None = None
) -> int:
    """Detect, landmark and embed every picture that the detector has not seen; returns the encoder's version id.

    A face that is there already (drawn or removed by a human, or found by an earlier version) is not added again.

    Raises
    ------
    MissingWeights, BadWeights
        If a model's file is absent or damaged.
    Cancelled
        If a person stopped the run; finished pictures stay.
    """
    progress = progress or Progress()
    models = FaceModels.load(workspace, encoder)
    with writing(workspace.engine) as session:
        versions = _Versions(dataset_id, run_id, *models.versions(session=session))
        for version in (versions.detector, versions.landmarker, versions.encoder):
            note_model_use(dataset_id, version, session=session)
    with reading(workspace.engine) as session:
        waiting = images_without_scan(dataset_id, versions.detector, run_id, session=session)
        total = count_images(dataset_id, session=session)
    done = total - len(waiting)
    progress.begin(total, done, "Looking for faces")
    for batch in opened_batches(workspace, waiting):
        found = attempt(batch, lambda pictures: models.analyse([picture.pixels for picture in pictures]))
        _keep_crops(workspace, batch, found)
        with writing(workspace.engine) as session:
            for picture, faces in zip(batch, found, strict=True):
                _store(picture.image.id, faces, versions, session=session)
        done += len(batch)
        progress.advance(done)
    return versions.encoder


def _keep_crops(workspace: Workspace, batch: Sequence[OpenedPicture], found: Sequence[Faces | PictureFailure]) -> None:
    for picture, faces in zip(batch, found, strict=True):
        for corners in [] if isinstance(faces, PictureFailure) else faces.boxes.corners.tolist():
            target = workspace.derived("crops", picture.image.sha256, crop_suffix(tuple(corners)))
            if not target.is_file():
                write_atomically(target, jpeg(face_crop(picture.pixels, tuple(corners))))


def _store(image_id: int, found: Faces | PictureFailure, versions: _Versions, *, session: Session) -> None:
    image = session.get(Image, image_id)
    if image is None:
        return  # deleted meanwhile
    scan = session.get(Scan, (image_id, versions.detector))
    if scan is not None and scan.failure is None:
        return  # another process was quicker
    scan = scan or Scan(image_id=image_id, model_version_id=versions.detector)
    scan.run_id, scan.at = versions.run_id, now()
    session.add(scan)
    if isinstance(found, PictureFailure):
        scan.faces, scan.failure = 0, found.reason.text()
        image.state, image.reason = ImageState.FAILED, found.reason.text()
        return
    scan.faces, scan.failure = len(found.boxes), None
    there = session.exec(select(Instance).where(Instance.image_id == image_id)).all()
    known = [instance for instance in there if instance.kind == "face"]
    _add_faces(image_id, found, _unknown_faces(found.boxes, known), versions, session=session)
    recount_faces(image_id, session=session)
    session.refresh(image)
    _mark(image, session, people=len(known) < len(there))


def _add_faces(image_id: int, faces: Faces, rows: Sequence[int], versions: _Versions, *, session: Session) -> None:
    instances = [_instance(image_id, faces.boxes, row, versions) for row in rows]
    session.add_all(instances)
    session.flush()
    for instance, row in zip(instances, rows, strict=True):
        points = faces.landmarks[row].to_bytes()
        append_revision(instance, "face68", points, Source.MODEL, model_version_id=versions.landmarker, session=session)
        vector = faces.vectors[row].astype("<f4").tobytes()
        session.add(Embedding(instance_id=instance.id, model_version_id=versions.encoder, vector=vector))
    session.flush()


def _unknown_faces(boxes: Boxes, there: Sequence[Instance]) -> list[int]:
    if not there or not len(boxes):
        return list(range(len(boxes)))
    return [int(row) for row in np.flatnonzero(iou(boxes.corners, boxes_of(there)).max(axis=1) < _SAME_FACE)]


def _instance(image_id: int, boxes: Boxes, row: int, versions: _Versions) -> Instance:
    return Instance(
        dataset_id=versions.dataset_id,
        image_id=image_id,
        kind="face",
        **sides(boxes.corners[row].tolist()),
        score=float(boxes.scores[row]),
        origin=Source.MODEL,
        model_version_id=versions.detector,
        run_id=versions.run_id,
        five_points=boxes.five_points[row].astype("<f4").tobytes(),
    )


def _mark(image: Image, session: Session, *, people: bool) -> None:
    """Say where a picture stands that was looked at; one that failed before may have been corrected before that."""
    image.reason = None
    if image.state == ImageState.FAILED and has_human_points(image.id, session=session):
        image.state = ImageState.CORRECTED
    elif image.state != ImageState.CORRECTED:
        image.state = ImageState.FOUND if image.faces or people else ImageState.EMPTY
