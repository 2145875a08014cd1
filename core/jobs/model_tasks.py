"""What runs about models do: train, predict, pre-label."""

from __future__ import annotations

from typing import Any

from core.foundation.predictor_names import PredictorName
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.learning.evaluating import evaluate, keep_figures
from core.learning.exporting_onnx import export_onnx, onnx_file
from core.learning.held_out import split_of
from core.learning.listing import skeleton_of
from core.learning.predicting import predict
from core.learning.promoting import in_force, pre_label, promoted_skeletons
from core.learning.training import TrainingRequest, current_labels, train_model
from core.motion.smoothing_predictions import smooth_predictions
from db.engine import reading
from db.tables import Part, Run


def training_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Train a model, and measure it on what was held out."""
    assert run.dataset_id is not None
    asked = run.parameters
    request = TrainingRequest(
        asked["skeleton"],
        asked["recipe"],
        asked.get("settings") or {},
        asked.get("split_by") or "auto",
        asked.get("parent"),
        asked.get("plan"),
    )
    told = train_model(
        workspace, dataset_id=run.dataset_id, author_id=run.author_id, run_id=run.id, request=request, progress=progress
    )
    return {**told, **_measured(workspace, run, told["model"], request, progress)}


def _measured(
    workspace: Workspace, run: Run, model: str, request: TrainingRequest, progress: Progress
) -> dict[str, Any]:
    """Predict what was held out, and keep the figures with the model; ``metrics``, and ``reason`` as `evaluate`."""
    assert run.dataset_id is not None
    held_out = current_labels(workspace, run.dataset_id, request.skeleton, request.split_by).only(Part.TEST)
    predict(workspace, dataset_id=run.dataset_id, run_id=run.id, model=model, only=held_out, progress=progress)
    found = evaluate(workspace, run.dataset_id, model, split_by=request.split_by)
    keep_figures(workspace, model, found["metrics"])
    return {"metrics": found["metrics"], "reason": found["reason"]}


def prediction_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Predict what a model has not predicted yet."""
    assert run.dataset_id is not None
    asked, only = run.parameters, None
    use = PredictorName.parse(asked["model"])
    if use.smoother is not None:
        return _smooth(workspace, run, str(use.unsmoothed), progress)
    if asked.get("held_out"):
        shape = skeleton_of(workspace, asked["model"])
        with reading(workspace.engine) as session:
            way = asked.get("split_by") or split_of(asked["model"], session=session)
        only = current_labels(workspace, run.dataset_id, shape, way).only(Part.TEST)
    told = predict(
        workspace,
        dataset_id=run.dataset_id,
        run_id=run.id,
        model=asked["model"],
        only=only,
        clip=asked.get("clip"),
        progress=progress,
    )
    shape = skeleton_of(workspace, asked["model"])
    if only is None and in_force(workspace, run.dataset_id, shape) == asked["model"]:
        pre_label(workspace, dataset_id=run.dataset_id, skeleton_name=shape, progress=progress)
    return told


def _smooth(workspace: Workspace, run: Run, plain: str, progress: Progress) -> dict[str, Any]:
    """Predict what is missing frame by frame, then smooth."""
    assert run.dataset_id is not None
    first = predict(workspace, dataset_id=run.dataset_id, run_id=run.id, model=plain, progress=progress)
    smoothed = smooth_predictions(
        workspace, dataset_id=run.dataset_id, model=run.parameters["model"], progress=progress
    )
    return {**smoothed, "failed": first["failed"]}


def pre_labelling_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Give first points to what no human has corrected."""
    return pre_label_all(workspace, run, run.parameters["skeleton"], progress)


def pre_label_all(workspace: Workspace, run: Run, skeleton_name: str, progress: Progress) -> dict[str, Any]:
    """Give the points of the model in force to whatever no human has corrected, predicting what is missing first."""
    assert run.dataset_id is not None
    model = in_force(workspace, run.dataset_id, skeleton_name)
    if model is not None:
        predict(workspace, dataset_id=run.dataset_id, run_id=run.id, model=model, progress=progress)
    return pre_label(workspace, dataset_id=run.dataset_id, skeleton_name=skeleton_name, progress=progress)


def pre_label_new(workspace: Workspace, run: Run, progress: Progress) -> None:
    """Give the points of the promoted models to faces and people that came since; of each kind the last promoted."""
    assert run.dataset_id is not None
    for shape in promoted_skeletons(workspace, run.dataset_id):
        pre_label_all(workspace, run, shape, progress)


def onnx_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Write a model as ONNX and compare."""
    model = run.parameters["model"]
    progress.begin(0, message=f"Writing {model} as ONNX and comparing")
    return export_onnx(workspace, model, onnx_file(workspace, model))
