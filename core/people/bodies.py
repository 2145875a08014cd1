"""Finding people: boxes and 24 points for every body of a dataset, as `core.people.finding` finds faces.

What a picture gave is written in one transaction with the note that it was scanned. Bodies that a human drew, or that
came in with an import, get points where they have none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from core.foundation.arrays import Boxes, Keypoints
from core.foundation.geometry import boxes_of
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.batches import PictureFailure, attempt, opened_batches, visit_instances
from core.models import BODY_DETECTORS, LANDMARKERS, lacking, load_body_detector, load_landmarker
from core.models.faces.interfaces import Detector, Landmarker
from core.people.scans import note_scan, unknown
from db.engine import reading
from db.queries.library import BodyCounts, body_counts, count_images, images_without_scan, incomplete_bodies
from db.tables import Instance, Review, Source, sides
from db.writes.library import refresh_picture
from db.writes.models import ensure_model_version, note_model_use
from db.writes.points import append_revision
from db.writing import writing

_MODEL: Final = "blazepose"
_SKELETON: Final = "body24"
BODY_WEIGHTS: Final = "pose-detection"  # what has to be fetched; the other files come with it


@dataclass(frozen=True)
class BodyModels:
    """What finds people, and what locates their points, loaded."""

    detector: Detector
    landmarker: Landmarker

    @classmethod
    def load(cls, workspace: Workspace) -> "BodyModels":
        """Load both.

        Raises
        ------
        MissingWeights, BadWeights
            If a file is absent or damaged.
        """
        where = (workspace.settings.device, workspace.weights)
        return cls(load_body_detector(_MODEL, *where), load_landmarker(_MODEL, *where))

    def look(self, pictures: Sequence[NDArray[np.uint8]]) -> list[tuple[Boxes, list[Keypoints]]]:
        """The people of each (H, W, 3) uint8 RGB picture, with the points of each."""
        found = self.detector.detect(pictures)
        pairs = zip(pictures, found, strict=True)
        return [(boxes, self.landmarker.locate(pixels, boxes.corners)) for pixels, boxes in pairs]

    def versions(self, dataset_id: int, *, session: Session) -> tuple[int, int]:
        """The ids that rows of both are stored under; that the dataset has output of them is noted."""
        ids = []
        for model, kind in ((self.detector, "body-detector"), (self.landmarker, "landmarks")):
            settings = dict(model.settings)
            ids.append(ensure_model_version(model.name, kind, model.weights_sha256, settings, session=session))
            note_model_use(dataset_id, ids[-1], session=session)
        return ids[0], ids[1]


def what_is_missing(workspace: Workspace) -> str | None:
    """Why nobody can be found on this machine, as one sentence; None where everything is here."""
    problem = lacking(BODY_DETECTORS[_MODEL], workspace.weights) or lacking(LANDMARKERS[_MODEL], workspace.weights)
    return None if problem is None else str(problem)


def counted_bodies(workspace: Workspace, dataset_id: int) -> BodyCounts:
    """How many bodies a dataset holds, and how many pictures were looked at in vain."""
    with reading(workspace.engine) as session:
        return body_counts(dataset_id, session=session)


def find_bodies(workspace: Workspace, *, dataset_id: int, run_id: int, progress: Progress = DEAF) -> None:
    """Look for people in every picture in which the detector has not looked, and place the points of each.

    Somebody who is there already (drawn, imported or removed by a human, or found before) is not added again. A picture
    that cannot be looked at becomes a `SkippedInput` row of the run, and a scan with the reason.

    Raises
    ------
    MissingWeights, BadWeights
        If a model's file is absent or damaged.
    Cancelled
        If a person stopped the run; finished pictures stay.
    """
    models = BodyModels.load(workspace)
    with writing(workspace.engine) as session:
        versions = models.versions(dataset_id, session=session)
    with reading(workspace.engine) as session:
        waiting = images_without_scan(dataset_id, versions[0], run_id, session=session)
        total = count_images(dataset_id, session=session)
    done = total - len(waiting)
    progress.begin(total, done, message("progress.looking_for_people"))
    for batch in opened_batches(workspace, waiting, progress):
        outcomes = attempt(batch, lambda pictures: models.look([picture.pixels for picture in pictures]))
        with writing(workspace.engine) as session:
            for picture, outcome in zip(batch, outcomes, strict=True):
                _store(picture.image.id, dataset_id, outcome, versions, run_id, session=session)
        done += len(batch)
        progress.advance(done)


def _store(
    image_id: int,
    dataset_id: int,
    outcome: tuple[Boxes, list[Keypoints]] | PictureFailure,
    versions: tuple[int, int],
    run_id: int,
    *,
    session: Session,
) -> None:
    looked = outcome if isinstance(outcome, PictureFailure) else len(outcome[0])
    image = note_scan(image_id, versions[0], run_id, looked, session=session)
    if image is None or isinstance(outcome, PictureFailure):
        return
    boxes, points = outcome
    there = session.exec(select(Instance).where(Instance.image_id == image_id, Instance.kind == "person")).all()
    for row in unknown(boxes, there):
        body = Instance(
            dataset_id=dataset_id,
            image_id=image_id,
            kind="person",
            **sides(boxes.corners[row].tolist()),
            score=float(boxes.scores[row]),
            origin=Source.MODEL,
            model_version_id=versions[0],
            run_id=run_id,
        )
        session.add(body)
        session.flush()
        _give(body, points[row], versions[1], session=session)
    refresh_picture(image_id, session=session)


def complete_bodies(workspace: Workspace, *, dataset_id: int, run_id: int, progress: Progress = DEAF) -> int:
    """Give every body of a dataset that has no points some; returns how many could not get them.

    A picture that cannot be read, or that a model fails on, becomes a `SkippedInput` row of the run with the reason.

    Raises
    ------
    MissingWeights, BadWeights
        If a model's file is absent or damaged.
    """
    with reading(workspace.engine) as session:
        bodies = incomplete_bodies(dataset_id, session=session)
    if not bodies:
        return 0
    models = BodyModels.load(workspace)
    with writing(workspace.engine) as session:
        _, landmarker_id = models.versions(dataset_id, session=session)

    def locate(pictures: Sequence[tuple[NDArray[np.uint8], Sequence[Instance]]]) -> list[list[Keypoints]]:
        return [
            models.landmarker.locate(pixels, boxes_of(here), [body.box_source for body in here])
            for pixels, here in pictures
        ]

    def keep(body: Instance, points: Keypoints, session: Session) -> None:
        if body.revision_id is None:  # else a human was quicker
            _give(body, points, landmarker_id, session=session)

    phase = message("progress.completing_bodies")
    return visit_instances(workspace, bodies, locate, keep, run_id=run_id, phase=phase, progress=progress)


def _give(body: Instance, points: Keypoints, landmarker_id: int, *, session: Session) -> None:
    append_revision(body, _SKELETON, points.to_bytes(), Review.OPEN, model_version_id=landmarker_id, session=session)
