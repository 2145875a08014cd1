"""Finding faces: boxes, 68 landmarks, an embedding and the quality of every face of a dataset.

What a picture gave is written in one transaction with the note that it was scanned (`Scan`), so a run that was killed
goes on where it stopped: nothing twice, nothing lost. Faces that were drawn by a human, came in with an import or were
embedded by another encoder are completed: they get what they lack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from core.foundation.arrays import Boxes, Keypoints
from core.foundation.geometry import boxes_of
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.batches import OpenedPicture, PictureFailure, attempt, opened_batches, visit_instances
from core.library.derived import find_derived, keep_derived
from core.media.images import crop_suffix, face_crop, jpeg
from core.metrics.face_quality import FaceFigures
from core.models import AUTO, LANDMARKERS, lacking
from core.models.faces.interfaces import LocatedPoints, located
from core.people.face_models import FaceAnalysis, FaceModels, five_points
from core.people.quality import figures_of, quality_row
from core.people.scans import note_scan, unknown
from db.engine import reading
from db.queries.learning.models import StoredPrediction
from db.queries.library import count_images, images_without_scan, incomplete_faces
from db.queries.people.vectors import has_embedding
from db.tables import Embedding, Instance, Review, Source, sides
from db.writes.library import refresh_picture
from db.writes.models import note_model_use, replace_predictions
from db.writes.points import append_revision
from db.writes.quality import set_quality
from db.writing import writing


@dataclass(frozen=True)
class _Provenance:
    """What the rows are stored under: the run, and the versions of the three models."""

    dataset_id: int
    run_id: int
    detector_id: int
    landmarker_id: int
    encoder_id: int


def find_faces(
    workspace: Workspace, *, dataset_id: int, run_id: int, encoder: str | None = None, progress: Progress = DEAF
) -> None:
    """Detect, landmark, embed and measure every picture that the detector has not seen.

    A face that is there already (drawn or removed by a human, or found by an earlier version) is not added again. A
    picture that cannot be looked at becomes a `SkippedInput` row of the run, and a scan with the reason.

    Raises
    ------
    MissingWeights, BadWeights
        If a model's file is absent or damaged.
    Cancelled
        If a person stopped the run; finished pictures stay.
    """
    models = FaceModels.load(workspace, encoder)
    with writing(workspace.engine) as session:
        provenance = _Provenance(dataset_id, run_id, *models.versions(session=session))
        for version in (provenance.detector_id, provenance.landmarker_id, provenance.encoder_id):
            note_model_use(dataset_id, version, session=session)
    with reading(workspace.engine) as session:
        waiting = images_without_scan(dataset_id, provenance.detector_id, run_id, session=session)
        total = count_images(dataset_id, session=session)
    done = total - len(waiting)
    progress.begin(total, done, message("progress.looking_for_faces"))
    for batch in opened_batches(workspace, waiting, progress):
        outcomes = attempt(batch, lambda pictures: models.analyse([picture.pixels for picture in pictures]))
        _keep_crops(workspace, batch, outcomes)
        figures = [
            [] if isinstance(faces, PictureFailure) else figures_of(picture.pixels, faces)
            for picture, faces in zip(batch, outcomes, strict=True)
        ]
        with writing(workspace.engine) as session:
            for picture, faces, measured in zip(batch, outcomes, figures, strict=True):
                _store_scan(picture.image.id, faces, measured, provenance, session=session)
        done += len(batch)
        progress.advance(done)


def lacks_mesh(workspace: Workspace) -> bool:
    """Whether turned heads get dlib's points alone because the file of the face mesh is not on this machine."""
    asked = workspace.settings.landmarker == AUTO
    return asked and lacking(LANDMARKERS["dlib-mesh"], workspace.weights) is not None


def _keep_crops(
    workspace: Workspace, batch: Sequence[OpenedPicture], outcomes: Sequence[FaceAnalysis | PictureFailure]
) -> None:
    for picture, faces in zip(batch, outcomes, strict=True):
        for corners in [] if isinstance(faces, PictureFailure) else faces.boxes.corners.tolist():
            suffix = crop_suffix(tuple(corners))
            if find_derived(workspace, picture.image, "crops", suffix) is None:
                content = jpeg(face_crop(picture.pixels, tuple(corners)))
                keep_derived(workspace, picture.image, "crops", content, suffix)


def _store_scan(
    image_id: int,
    outcome: FaceAnalysis | PictureFailure,
    figures: Sequence[FaceFigures],
    provenance: _Provenance,
    *,
    session: Session,
) -> None:
    looked = outcome if isinstance(outcome, PictureFailure) else len(outcome.boxes)
    image = note_scan(image_id, provenance.detector_id, provenance.run_id, looked, session=session)
    if image is None or isinstance(outcome, PictureFailure):
        return
    there = session.exec(select(Instance).where(Instance.image_id == image_id, Instance.kind == "face")).all()
    added = unknown(outcome.boxes, there)
    instances = _add_faces(image_id, outcome, added, provenance, session=session)
    for instance, row in zip(instances, added, strict=True):
        set_quality(quality_row(instance.id, figures[row]), session=session)
    refresh_picture(image_id, session=session)


def _add_faces(
    image_id: int, faces: FaceAnalysis, rows: Sequence[int], provenance: _Provenance, *, session: Session
) -> list[Instance]:
    instances = [_instance(image_id, faces.boxes, row, provenance) for row in rows]
    session.add_all(instances)
    session.flush()
    for instance, row in zip(instances, rows, strict=True):
        _complete(instance, faces.landmarks[row], faces.vectors[row], provenance, session=session)
    session.flush()
    return instances


def _complete(
    face: Instance, found: LocatedPoints, vector: NDArray[np.float32], provenance: _Provenance, *, session: Session
) -> None:
    """Give a face the points, with the doubt that they have, and the embedding that it lacks."""
    if face.revision_id is None:
        points, doubt = (part.to_bytes() for part in found)
        landmarker_id = provenance.landmarker_id
        append_revision(face, "face68", points, Review.OPEN, model_version_id=landmarker_id, session=session)
        if found[1].stated:
            rows = {face.id: StoredPrediction("face68", points, doubt)}
            replace_predictions(landmarker_id, rows, session=session)
    if not has_embedding(face.id, provenance.encoder_id, session=session):
        packed = vector.astype("<f4").tobytes()
        session.add(Embedding(instance_id=face.id, model_version_id=provenance.encoder_id, vector=packed))


def _instance(image_id: int, boxes: Boxes, row: int, provenance: _Provenance) -> Instance:
    return Instance(
        dataset_id=provenance.dataset_id,
        image_id=image_id,
        kind="face",
        **sides(boxes.corners[row].tolist()),
        score=float(boxes.scores[row]),
        origin=Source.MODEL,
        model_version_id=provenance.detector_id,
        run_id=provenance.run_id,
        five_points=boxes.five_points[row].astype("<f4").tobytes(),
    )


class CompletedFaces(NamedTuple):
    """The version of the encoder whose embedding every face has now, but for how many that could not get one."""

    encoder_id: int
    left: int


def complete_faces(
    workspace: Workspace, *, dataset_id: int, run_id: int, encoder: str | None = None, progress: Progress = DEAF
) -> CompletedFaces:
    """Give every face of a dataset points and an embedding.

    A picture that cannot be read, or that a model fails on, becomes a `SkippedInput` row of the run with the reason;
    its faces stay as they are until a later run.

    Raises
    ------
    MissingWeights, BadWeights
        If a model's file is absent or damaged.
    """
    models = FaceModels.load(workspace, encoder)
    with writing(workspace.engine) as session:
        provenance = _Provenance(dataset_id, run_id, *models.versions(session=session))
    with reading(workspace.engine) as session:
        faces = incomplete_faces(dataset_id, provenance.encoder_id, session=session)
    if faces:
        with writing(workspace.engine) as session:
            for version in (provenance.landmarker_id, provenance.encoder_id):
                note_model_use(dataset_id, version, session=session)

    def keep(face: Instance, description: FaceDescription, session: Session) -> None:
        _complete(face, *description, provenance, session=session)

    phase = message("progress.completing")
    left = visit_instances(
        workspace,
        faces,
        lambda pictures: _describe(models, pictures),
        keep,
        run_id=run_id,
        phase=phase,
        progress=progress,
    )
    return CompletedFaces(provenance.encoder_id, left)


FaceDescription = tuple[LocatedPoints, NDArray[np.float32]]  # 68 points with their doubt, and embedding, of one face


def _describe(
    models: FaceModels, pictures: Sequence[tuple[NDArray[np.uint8], Sequence[Instance]]]
) -> list[list[FaceDescription]]:
    """The faces of each picture, all embedded together."""
    found: list[LocatedPoints] = []
    crops = []
    for pixels, faces in pictures:
        corners, sources = boxes_of(faces).astype(np.float32), [face.box_source for face in faces]
        found_here = located(models.landmarker, pixels, corners, sources)
        found += found_here
        crops += [
            models.encoder.crop(pixels, box, _five(face, points))
            for face, box, (points, _) in zip(faces, corners, found_here, strict=True)
        ]
    described = zip(found, models.embed(crops), strict=True)
    return [list(islice(described, len(faces))) for _, faces in pictures]


def _five(face: Instance, points: Keypoints) -> NDArray[np.float32]:
    if face.five_points is not None:
        stored = np.frombuffer(face.five_points, dtype="<f4").reshape(5, 2)
        if np.isfinite(stored).all():
            return stored
    return five_points(points)
