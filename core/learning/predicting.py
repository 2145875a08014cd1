"""Predicting the points of instances with one model: stored once, never changed, resumed where a run stopped."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from core.foundation.geometry import boxes_of
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels
from core.learning.pose_models import find_model, open_predictor
from core.library.batches import visit_instances
from core.models.faces.interfaces import LocatedPoints
from db.engine import reading
from db.queries.learning.models import count_predictions, instances_to_predict
from db.queries.motion.seen import frame_pictures
from db.tables import Image, Instance, Prediction
from db.writes.models import ensure_model_version, note_model_use
from db.writing import writing


def predict(
    workspace: Workspace,
    *,
    dataset_id: int,
    run_id: int,
    model: str,
    only: Labels | None = None,
    clips: Collection[int] | None = None,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """Let a model look at every instance of its kind that it has not seen with these settings.

    With `only` at those of these labels, with `clips`, ids of clips, at those in their frames; with both at both.

    Returns
    -------
    dict
        ``model_version`` (id), ``instances`` (with a prediction now), ``predicted`` (in this run), ``failed``,
        ``untaught`` (names of the points that no label has taught the model: they are absent).

    Raises
    ------
    NotFound
        If there is no such model.
    MissingWeights, BadWeights
        If its file is absent or damaged.
    """
    with reading(workspace.engine) as session:
        pose_model = find_model(workspace, model, session=session)
    predictor, untaught = open_predictor(workspace, pose_model), pose_model.untaught()
    with writing(workspace.engine) as session:
        version_id = ensure_model_version(
            predictor.name, "landmarks", predictor.weights_sha256, dict(predictor.settings), session=session
        )
        note_model_use(dataset_id, version_id, session=session)
    with reading(workspace.engine) as session:
        kind = find_skeleton(pose_model.skeleton).kind
        waiting = _chosen(
            instances_to_predict(dataset_id, kind, version_id, session=session), only, clips, session=session
        )

    def estimate(pictures: Sequence[tuple[NDArray[np.uint8], Sequence[Instance]]]) -> list[list[LocatedPoints]]:
        sources = [[instance.box_source for instance in instances] for _, instances in pictures]
        corners = [boxes_of(instances).astype(np.float32) for _, instances in pictures]
        located = predictor.estimate([pixels for pixels, _ in pictures], corners, sources)
        return [[(points.without(untaught), doubt.without(untaught)) for points, doubt in each] for each in located]

    def keep(instance: Instance, located: LocatedPoints, session: Session) -> None:
        if not _is_stored(instance.id, version_id, session=session):  # else another process was quicker
            points, uncertainty = (part.to_bytes() for part in located)
            row = Prediction(
                instance_id=instance.id,
                model_version_id=version_id,
                skeleton=pose_model.skeleton,
                points=points,
                uncertainty=uncertainty,
            )
            session.add(row)

    phase = message("progress.predicting", model=predictor.name)
    failed = visit_instances(workspace, waiting, estimate, keep, run_id=run_id, phase=phase, progress=progress)
    with reading(workspace.engine) as session:
        stored = count_predictions(dataset_id, version_id, session=session)
    predicted = len(waiting) - failed
    report = {"model_version": version_id, "instances": stored, "predicted": predicted, "failed": failed}
    return {**report, "untaught": pose_model.untaught_names()}


def _chosen(
    rows: Sequence[tuple[Instance, Image]], only: Labels | None, clips: Collection[int] | None, *, session: Session
) -> Sequence[tuple[Instance, Image]]:
    if only is None and clips is None:
        return rows
    wanted = {label.instance.id for label in only.labels} if only is not None else set()
    frames = {
        frame.image.id
        for clip in clips or ()
        for frame in frame_pictures(clip, session=session)
        if frame.image is not None
    }
    return [row for row in rows if row[0].id in wanted or row[1].id in frames]


def _is_stored(instance_id: int, version_id: int, *, session: Session) -> bool:
    row = select(Prediction.id).where(Prediction.instance_id == instance_id, Prediction.model_version_id == version_id)
    return session.exec(row).first() is not None
