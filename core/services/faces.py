"""Finding faces: boxes, 68 landmarks and an embedding for every face of a dataset.

What a picture gave is written in one transaction with the note that it was looked at (`Scan`), so a run that was killed
goes on where it stopped: nothing twice, nothing lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from core.errors import UnreadableImage
from core.face_models import FaceModels, Faces
from core.geometry import iou
from core.images import crop_suffix, decode, face_crop, jpeg, write_atomically
from core.keypoints import Boxes
from core.progress import Progress
from core.workspace import Workspace
from db.engine import writing
from db.queries.library import count_images, images_without_scan
from db.tables import Embedding, Image, ImageState, Instance, KeypointRevision, Scan, Source, now
from db.writes import note_model_use, recount_faces

_BATCH_PIXELS: Final = 32_000_000  # a batch holds at most this many, or one picture
_SAME_FACE: Final = 0.5  # IoU from which a box is a face that is there already
_NOTHING: Final = Faces(Boxes.none(), (), np.zeros((0, 0), np.float32))


@dataclass(frozen=True)
class _Look:
    """What the models say about one picture, or why they say nothing."""

    image: Image
    faces: Faces
    failure: str | None = None


@dataclass(frozen=True)
class _Versions:
    """What the rows are stored under."""

    dataset_id: int
    run_id: int
    detector: int
    landmarker: int
    encoder: int


@dataclass(frozen=True)
class _Opened:
    """One picture of a batch: its row, and its pixels or the reason why there are none."""

    image: Image
    pixels: NDArray[np.uint8] | None
    failure: str | None = None


def find_faces(
    workspace: Workspace,
    *,
    dataset_id: int,
    run_id: int,
    encoder: str | None = None,
    progress: Progress | None = None,
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
        versions = _Versions(dataset_id, run_id, *models.versions(session))
        for version in (versions.detector, versions.landmarker, versions.encoder):
            note_model_use(dataset_id, version, session=session)
        waiting = images_without_scan(dataset_id, versions.detector, run_id, session=session)
        total = count_images(dataset_id, session=session)
    done = total - len(waiting)
    progress.begin(total, done, "Looking for faces")
    for batch in _opened_batches(workspace, waiting):
        looks = _look(models, batch)
        _keep_crops(workspace, batch, looks)
        with writing(workspace.engine) as session:
            for look in looks:
                _store(look, versions, session)
        done += len(batch)
        progress.advance(done)
    return versions.encoder


def _opened_batches(workspace: Workspace, images: Sequence[Image]) -> Iterator[list[_Opened]]:
    """Decode one batch ahead of the models."""
    groups = list(_grouped(images, workspace.settings.batch))
    with ThreadPoolExecutor(max_workers=2) as pool:
        ahead = [pool.submit(_open, workspace, image) for image in groups[0]] if groups else []
        for following in [*groups[1:], []]:
            batch = [future.result() for future in ahead]
            ahead = [pool.submit(_open, workspace, image) for image in following]
            yield batch


def _grouped(images: Sequence[Image], most: int) -> Iterator[list[Image]]:
    """Batches of neighbours (the images come ordered by size), limited in number and in pixels."""
    batch: list[Image] = []
    pixels = 0
    for image in images:
        size = image.width * image.height
        if batch and (len(batch) == most or pixels + size > _BATCH_PIXELS):
            yield batch
            batch, pixels = [], 0
        batch.append(image)
        pixels += size
    if batch:
        yield batch


def _open(workspace: Workspace, image: Image) -> _Opened:
    file = workspace.original(image.original)
    if not file.is_file():
        return _Opened(image, None, f"{image.path}: the original is gone from {file.parent}")
    try:
        return _Opened(image, decode(file, image.path, workspace.settings.max_pixels).pixels)
    except UnreadableImage as error:
        return _Opened(image, None, str(error))


def _look(models: FaceModels, batch: Sequence[_Opened]) -> list[_Look]:
    """Run the models on a batch; where that fails, on each picture by itself, so that one cannot spoil the others."""
    failed = [_Look(item.image, _NOTHING, item.failure) for item in batch if item.pixels is None]
    good = [(item.image, item.pixels) for item in batch if item.pixels is not None]
    try:
        faces = models.look([pixels for _, pixels in good])
    except (RuntimeError, MemoryError) as error:
        if len(good) == 1:
            image = good[0][0]
            return [*failed, _Look(image, _NOTHING, f"{image.path}: a model failed on it ({error})")]
        return failed + [look for item in batch if item.pixels is not None for look in _look(models, [item])]
    return failed + [_Look(image, found) for (image, _), found in zip(good, faces, strict=True)]


def _keep_crops(workspace: Workspace, batch: Sequence[_Opened], looks: Sequence[_Look]) -> None:
    pixels = {item.image.id: item.pixels for item in batch}
    for look in looks:
        opened = pixels[look.image.id]
        for corners in look.faces.boxes.corners.tolist():
            target = workspace.derived("crops", look.image.sha256, crop_suffix(tuple(corners)))
            if opened is not None and not target.is_file():
                write_atomically(target, jpeg(face_crop(opened, tuple(corners))))


def _store(look: _Look, versions: _Versions, session: Session) -> None:
    image = session.get(Image, look.image.id)
    if image is None:
        return  # deleted meanwhile
    scan = session.get(Scan, (image.id, versions.detector))
    if scan is not None and scan.failure is None:
        return  # another process was quicker
    scan = scan or Scan(image_id=image.id, model_version_id=versions.detector)
    scan.run_id, scan.faces, scan.failure, scan.at = versions.run_id, len(look.faces.boxes), look.failure, now()
    session.add(scan)
    there = session.exec(select(Instance).where(Instance.image_id == image.id)).all()
    faces = [instance for instance in there if instance.kind == "face"]
    _add_faces(image.id, look.faces, _unknown_faces(look.faces.boxes, faces), versions, session)
    recount_faces(image.id, session=session)
    session.refresh(image)
    _mark(image, look.failure, people=len(faces) < len(there))


def _add_faces(image_id: int, faces: Faces, rows: Sequence[int], versions: _Versions, session: Session) -> None:
    instances = [_instance(image_id, faces.boxes, row, versions) for row in rows]
    session.add_all(instances)
    session.flush()
    revisions = [
        KeypointRevision(
            instance_id=instance.id, skeleton="face68", points=faces.landmarks[row].to_bytes(), source=Source.MODEL,
            model_version_id=versions.landmarker,
        )
        for instance, row in zip(instances, rows, strict=True)
    ]  # fmt: skip
    session.add_all(revisions)
    session.flush()
    for instance, revision, row in zip(instances, revisions, rows, strict=True):
        instance.revision_id = revision.id
        vector = faces.vectors[row].astype("<f4").tobytes()
        session.add(Embedding(instance_id=instance.id, model_version_id=versions.encoder, vector=vector))
    session.flush()


def _unknown_faces(boxes: Boxes, there: Sequence[Instance]) -> list[int]:
    if not there or not len(boxes):
        return list(range(len(boxes)))
    known = np.array([(face.left, face.top, face.right, face.bottom) for face in there], dtype=np.float32)
    return [int(row) for row in np.flatnonzero(iou(boxes.corners, known).max(axis=1) < _SAME_FACE)]


def _instance(image_id: int, boxes: Boxes, row: int, versions: _Versions) -> Instance:
    left, top, right, bottom = boxes.corners[row].tolist()
    return Instance(
        dataset_id=versions.dataset_id, image_id=image_id, kind="face", left=left, top=top, right=right, bottom=bottom,
        score=float(boxes.scores[row]), origin=Source.MODEL, model_version_id=versions.detector,
        run_id=versions.run_id, five_points=boxes.five_points[row].astype("<f4").tobytes(),
    )  # fmt: skip


def _mark(image: Image, failure: str | None, *, people: bool) -> None:
    image.reason = failure
    if failure:
        image.state = ImageState.FAILED
    elif image.state != ImageState.CORRECTED:
        image.state = ImageState.FOUND if image.faces or people else ImageState.EMPTY
