"""The quality of faces: measuring it where it is not known, and why a face is a poor one to tell a person by."""

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Boxes, Keypoints
from core.foundation.geometry import boxes_of
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.batches import PictureFailure, attempt, opened_batches
from core.metrics.face_quality import SIDE, FaceFigures, face_figures
from core.people.face_models import FaceAnalysis, five_points
from db.batching import id_batches
from db.engine import reading
from db.queries.people.quality import machine_points, unmeasured_faces
from db.tables import FaceQuality, Image, Instance
from db.writes.quality import set_quality
from db.writing import writing

_NEARLY_STRAIGHT: Final = 30.0  # degrees
_SHARP: Final = 400.0  # a face that is sharper is not told better


class Reason(StrEnum):
    """Why a face is nobody's yet: what is wrong with it, else that nobody is near enough."""

    SMALL = "small"
    BLURRED = "blurred"
    PROFILE = "profile"
    COVERED = "covered"
    ALONE = "nobody near"


class FaceMeasures(Protocol):
    """Whatever has the figures of `FaceFigures`."""

    @property
    def sharpness(self) -> float: ...
    @property
    def size(self) -> float: ...
    @property
    def yaw(self) -> float | None: ...
    @property
    def pitch(self) -> float | None: ...
    @property
    def disagreement(self) -> float | None: ...


def reason_of(quality: FaceMeasures, settings: Settings) -> Reason | None:
    """What makes a face a poor one, the first of the reasons that hold; None for a good one.

    Models disagree about turned heads too: covered is only who looks nearly straight.
    """
    turned = max(abs(quality.yaw or 0.0), abs(quality.pitch or 0.0))
    if quality.size < settings.least_face:
        return Reason.SMALL
    if quality.sharpness < settings.least_sharpness:
        return Reason.BLURRED
    if turned > settings.most_turned:
        return Reason.PROFILE
    covered = turned < _NEARLY_STRAIGHT and (quality.disagreement or 0.0) > settings.most_disagreement
    return Reason.COVERED if covered else None


def standing(quality: FaceMeasures) -> float:
    """How well a face can stand for others of the same person, in [0, 1]: sharp, large and looking straight."""
    turned = max(abs(quality.yaw or 0.0), abs(quality.pitch or 0.0))
    straight = max(float(np.cos(np.radians(turned))), 0.0)
    return straight * min(quality.size / SIDE, 1.0) * min(quality.sharpness / _SHARP, 1.0)


def measure_faces(workspace: Workspace, *, dataset_id: int, progress: Progress = DEAF) -> int:
    """Measure every face of a dataset whose quality is not known; returns how many stay without it.

    Those are faces of pictures that cannot be read, which finding faces has told of.
    """
    images, instances, points = _unmeasured(workspace, dataset_id)
    if not images:
        return 0
    progress.begin(sum(map(len, instances.values())), message=message("progress.measuring"))
    done = failed = 0
    for batch in opened_batches(workspace, images, progress):
        outcomes = attempt(
            batch, lambda pictures: [_measured(each.pixels, instances[each.image.id], points) for each in pictures]
        )
        with writing(workspace.engine) as session:
            for picture, outcome in zip(batch, outcomes, strict=True):
                faces = instances[picture.image.id]
                done += len(faces)
                if isinstance(outcome, PictureFailure):
                    failed += len(faces)
                else:
                    _write(faces, outcome, session=session)
        progress.advance(done)
    return failed


def _unmeasured(
    workspace: Workspace, dataset_id: int
) -> tuple[list[Image], dict[int, list[Instance]], dict[int, bytes]]:
    """The pictures that have faces to measure, the faces of each, and the points that a machine gave each face."""
    with reading(workspace.engine) as session:
        waiting = unmeasured_faces(dataset_id, session=session)
        points: dict[int, bytes] = {}
        for part in id_batches([face.id for face, _ in waiting]):
            points |= machine_points(part, session=session)
    instances: dict[int, list[Instance]] = defaultdict(list)
    for face, image in waiting:
        instances[image.id].append(face)
    return list({image.id: image for _, image in waiting}.values()), instances, points


def _write(faces: Sequence[Instance], figures: Sequence[FaceFigures], *, session: Session) -> None:
    """Write the figures of faces, but of those that were deleted or moved meanwhile."""
    for face, measured in zip(faces, figures, strict=True):
        there = session.get(Instance, face.id)
        if there is not None and there.box == face.box:
            set_quality(quality_row(face.id, measured), session=session)


def quality_row(instance_id: int, figures: FaceFigures) -> FaceQuality:
    """The row of the store that holds the figures of a face."""
    return FaceQuality(instance_id=instance_id, **vars(figures))


def figures_of(pixels: NDArray[np.uint8], found: FaceAnalysis) -> list[FaceFigures]:
    """The figures of all faces that models have just found in (H, W, 3) uint8 RGB pixels."""
    boxes: Boxes = found.boxes
    rows = zip(boxes.corners.tolist(), boxes.five_points, found.landmarks, strict=True)
    return [face_figures(pixels, tuple(box), _known(five), five_points(points)) for box, five, (points, _) in rows]


def _measured(pixels: NDArray[np.uint8], faces: Sequence[Instance], points: dict[int, bytes]) -> list[FaceFigures]:
    measured = []
    for face, box in zip(faces, boxes_of(faces).tolist(), strict=True):
        five = None if face.five_points is None else np.frombuffer(face.five_points, "<f4").reshape(5, 2)
        packed = points.get(face.id)
        others = None if packed is None else five_points(Keypoints.from_bytes(packed))
        measured.append(face_figures(pixels, tuple(box), _known(five), others))
    return measured


def _known(five: NDArray | None) -> NDArray | None:
    return five if five is not None and np.isfinite(five).all() else None
