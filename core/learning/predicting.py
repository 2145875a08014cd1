"""Predicting the points of instances with one model: stored once, never changed, resumed where a run stopped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlmodel import Session, col, delete, select

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.geometry import boxes_of
from core.foundation.messages import message
from core.foundation.progress import Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels
from core.learning.pose_models import Predictor, find_model, open_predictor, version_of
from core.library.batches import OpenedPicture, PictureFailure, attempt, opened_batches
from db.engine import reading
from db.queries.learning.models import count_predictions, instances_to_predict
from db.queries.motion import frame_pictures
from db.tables import Image, Instance, Prediction, Skipped
from db.writes.models import note_model_use
from db.writing import writing

LocatedPoints = tuple[Keypoints, Uncertainty]


@dataclass(frozen=True)
class _PredictionJob:
    """What is to be looked at, by whom, and what the rows are stored under."""

    predictor: Predictor
    version_id: int
    skeleton: str
    run_id: int
    faces: dict[int, list[Instance]]  # by picture


def predict(
    workspace: Workspace,
    *,
    dataset_id: int,
    run_id: int,
    model: str,
    only: Labels | None = None,
    clip: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Let a model look at every instance of its kind that it has not seen with these settings.

    With `only` at those of these labels; with `clip`, the id of a clip, at those in its frames.

    Returns
    -------
    dict
        ``model_version`` (id), ``instances`` (with a prediction now), ``predicted`` (in this run), ``failed``.

    Raises
    ------
    NotFound
        If there is no such model.
    MissingWeights, BadWeights
        If its file is absent or damaged.
    """
    progress = progress or Progress()
    with reading(workspace.engine) as session:
        pose_model = find_model(workspace, model, session=session)
    predictor = open_predictor(workspace, pose_model)
    with writing(workspace.engine) as session:
        version_id = version_of(predictor, session=session)
        note_model_use(dataset_id, version_id, session=session)
        session.exec(delete(Skipped).where(col(Skipped.run_id) == run_id))
    with reading(workspace.engine) as session:
        kind = find_skeleton(pose_model.skeleton).kind
        waiting = instances_to_predict(dataset_id, kind, version_id, session=session)
    if only is not None:
        wanted = {label.instance.id for label in only.labels}
        waiting = [row for row in waiting if row[0].id in wanted]
    if clip is not None:
        with reading(workspace.engine) as session:
            frames = {frame.image.id for frame in frame_pictures(clip, session=session) if frame.image is not None}
        waiting = [row for row in waiting if row[1].id in frames]
    done, failed = _predict_waiting(workspace, waiting, predictor, version_id, pose_model.skeleton, run_id, progress)
    with reading(workspace.engine) as session:
        known = count_predictions(dataset_id, version_id, session=session)
    return {"model_version": version_id, "instances": known, "predicted": done, "failed": failed}


def _predict_waiting(
    workspace: Workspace,
    waiting: Sequence[tuple[Instance, Image]],
    predictor: Predictor,
    version_id: int,
    skeleton_name: str,
    run_id: int,
    progress: Progress,
) -> tuple[int, int]:
    faces: dict[int, list[Instance]] = defaultdict(list)
    for instance, image in waiting:
        faces[image.id].append(instance)
    job = _PredictionJob(predictor, version_id, skeleton_name, run_id, faces)
    progress.begin(len(waiting), message=message("progress.predicting", model=predictor.name))
    done = failed = 0
    for batch in opened_batches(workspace, list({image.id: image for _, image in waiting}.values())):
        located_in = attempt(batch, lambda pictures: _estimate(job, pictures))
        with writing(workspace.engine) as session:
            for picture, located in zip(batch, located_in, strict=True):
                failed += _store(picture, located, job, session=session)
        done += sum(len(faces[picture.image.id]) for picture in batch)
        progress.advance(done)
    return done - failed, failed


def _estimate(job: _PredictionJob, pictures: Sequence[OpenedPicture]) -> list[list[LocatedPoints]]:
    corners = [boxes_of(job.faces[picture.image.id]).astype(np.float32) for picture in pictures]
    return job.predictor.estimate([picture.pixels for picture in pictures], corners)


def _store(
    picture: OpenedPicture, located: Sequence[LocatedPoints] | PictureFailure, job: _PredictionJob, *, session: Session
) -> int:
    """Write one picture's predictions; returns how many instances got none."""
    instances = job.faces[picture.image.id]
    if isinstance(located, PictureFailure):
        reason = located.reason.nowhere().to_json()
        session.add(Skipped(run_id=job.run_id, path=picture.image.path, reason=reason))
        return len(instances)
    for instance, (points, doubt) in zip(instances, located, strict=True):
        if session.get(Instance, instance.id) is None or _is_stored(instance.id, job.version_id, session=session):
            continue  # deleted meanwhile, or another process was quicker
        session.add(
            Prediction(
                instance_id=instance.id,
                model_version_id=job.version_id,
                skeleton=job.skeleton,
                points=points.to_bytes(),
                doubt=doubt.to_bytes(),
            )
        )
    return 0


def _is_stored(instance_id: int, version_id: int, *, session: Session) -> bool:
    known = select(Prediction.id).where(
        Prediction.instance_id == instance_id, Prediction.model_version_id == version_id
    )
    return session.exec(known).first() is not None
