"""Which pictures to label next: where the model that pre-labels is unsure, and a label should help it most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Floats, Keypoints, Uncertainty
from core.foundation.errors import NotEnoughData
from core.foundation.geometry import boxes_of
from core.foundation.predictor_names import FLIP, PredictorName
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels, read_labels, read_unlabelled
from core.learning.pose_models import DOUBTING, built_in_for, find_model, stored_version, stored_versions
from core.metrics import landmarks
from core.training.active import Estimates, rank
from db.engine import reading
from db.queries.learning.labels import HumanLabel, UnlabelledInstance
from db.queries.learning.models import StoredPrediction, count_predictions, predictions, promotion, trained_models
from db.tables import ModelVersion, Part


@dataclass(frozen=True)
class NextPictures:
    """Pictures in the order in which to label them.

    Attributes
    ----------
    images
        Ids, the most worthwhile first; each once.
    model
        Whose doubt it is.
    spearman
        How well its doubt ranks its errors on held-out labels, in [-1, 1]; NaN where that cannot be said.
    checked
        On how many held-out labels that was found.
    """

    images: Sequence[int]
    model: str
    spearman: float
    checked: int = 0


def next_pictures(workspace: Workspace, dataset_id: int, skeleton_name: str) -> NextPictures:
    """Rank the pictures without a human's points by what labelling them should bring.

    The model is the one that pre-labels, or the newest trained one that has predicted here; with the flip test where it
    has predicted so, since every network then states a doubt. Where there is none, the built-in one whose first points
    have a doubt.

    Raises
    ------
    NotEnoughData
        If no such model has predicted anything that is unlabelled, or it states no doubt.
    """
    model, stored, labels, waiting = _uncertain_pool(workspace, dataset_id, skeleton_name)
    held = [
        label for part in (Part.VALIDATION, Part.TEST) for label, _ in labels.of(part) if label.instance.id in stored
    ]
    pool = _estimates([row for row, _ in waiting], stored)
    checked, errors = (_estimates(held, stored), _errors(held, stored, skeleton_name)) if held else (None, None)
    ranking = rank(pool, [group for _, group in waiting], checked, errors)
    order = [waiting[i][0].image.id for i in ranking.order.tolist()]
    return NextPictures(list(dict.fromkeys(order)), model, ranking.spearman, len(held))


def _uncertain_pool(
    workspace: Workspace, dataset_id: int, skeleton_name: str
) -> tuple[str, dict[int, StoredPrediction], Labels, list[tuple[UnlabelledInstance, str]]]:
    """The model as it is used, what it has stored, the labels, and the unlabelled instances that it has predicted."""
    with reading(workspace.engine) as session:
        uses = _uses_to_ask(workspace, dataset_id, skeleton_name, session=session)
        labels = read_labels(dataset_id, skeleton_name, session=session)
        unlabelled = read_unlabelled(dataset_id, labels, session=session)
        silent = False
        for use in uses:
            try:
                version = stored_version(find_model(workspace, str(use), session=session), session=session)
            except NotEnoughData:
                continue
            stored = predictions(dataset_id, version, session=session)
            waiting = [row for row in unlabelled if row[0].instance.id in stored]
            if waiting and _estimates([row for row, _ in waiting], stored).uncertainty:
                return str(use), stored, labels, waiting
            silent |= bool(waiting)
    if silent:
        raise NotEnoughData("models.no_doubt", name=uses[0].model, flip=FLIP)
    raise NotEnoughData("models.nothing_unlabelled", name=uses[0].model)


def _uses_to_ask(workspace: Workspace, dataset_id: int, skeleton_name: str, *, session: Session) -> list[PredictorName]:
    """The model to ask in the uses that may state a doubt, the one that states more first."""
    try:
        name = model_to_ask(dataset_id, skeleton_name, session=session)
    except NotEnoughData:
        usual = built_in_for(workspace, skeleton_name)
        if usual != DOUBTING:
            raise
        versions = stored_versions(find_model(workspace, usual, session=session), session=session)
        if not versions or not count_predictions(dataset_id, versions[0], session=session):
            raise NotEnoughData("models.no_doubt_of_built_in", skeleton=skeleton_name, name=usual) from None
        return [PredictorName(usual)]
    return [PredictorName(name, flip_test=True), PredictorName(name)]


def model_to_ask(dataset_id: int, skeleton_name: str, *, session: Session) -> str:
    """The name of the model that pre-labels, else of the newest trained one that has predicted here.

    Raises
    ------
    NotEnoughData
        If there is none.
    """
    forced = promotion(dataset_id, skeleton_name, session=session)
    if forced is not None and forced.model_version_id is not None:
        version = session.get(ModelVersion, forced.model_version_id)
        assert version is not None
        return version.name
    for row in trained_models(session=session):
        if row.model.skeleton == skeleton_name and count_predictions(dataset_id, row.version.id, session=session):
            return row.version.name
    raise NotEnoughData("models.no_doubt_yet", skeleton=skeleton_name)


def _estimates(rows: Sequence[HumanLabel | UnlabelledInstance], stored: dict[int, StoredPrediction]) -> Estimates:
    predicted = [stored[row.instance.id] for row in rows]
    uncertainty = [Uncertainty.from_bytes(row.uncertainty) for row in predicted]
    confidence = np.stack([Keypoints.from_bytes(row.points).confidence for row in predicted])
    boxes = boxes_of(row.instance for row in rows)
    kinds = {kind: np.stack([getattr(each, kind) for each in uncertainty]) for kind in ("spread", "neighbours", "flip")}
    return Estimates({kind: values for kind, values in kinds.items() if np.isfinite(values).any()}, confidence, boxes)


def _errors(held: Sequence[HumanLabel], stored: dict[int, StoredPrediction], skeleton_name: str) -> Floats:
    points_of = find_skeleton(skeleton_name)
    truth = [Keypoints.from_bytes(label.revision.points) for label in held]
    points = np.stack([row.points for row in truth])
    seen = np.stack([row.visibility for row in truth])
    boxes = boxes_of(instance for instance, *_ in held)
    predicted = np.stack([Keypoints.from_bytes(stored[label.instance.id].points).points for label in held])
    unit = landmarks.units(landmarks.applicable(points_of)[0], points, seen, boxes, points_of)
    return landmarks.errors(predicted, points, seen, unit)
