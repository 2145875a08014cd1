"""What runs about models do: train, predict, pre-label."""

from typing import Any

from core.foundation.messages import message
from core.foundation.predictor_names import PredictorName
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.jobs.runs import dataset_of
from core.learning.delivery import export_onnx, onnx_file
from core.learning.evaluating import evaluate, keep_figures
from core.learning.held_out import training_split
from core.learning.labels import Labels, read_labels
from core.learning.listing import skeleton_of
from core.learning.pose_models import find_model
from core.learning.predicting import predict
from core.learning.promoting import in_force, pre_label, promoted_skeletons
from core.learning.training import TrainingRequest, train_model
from core.motion.smoothing_predictions import smooth_predictions
from db.engine import reading
from db.tables import Part, Run


def training_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Train a model, and measure it on what was held out."""
    parameters = run.parameters
    request = TrainingRequest(
        parameters["skeleton"],
        parameters["recipe"],
        parameters.get("settings") or {},
        parameters.get("split_by") or "auto",
        parameters.get("parent"),
        parameters.get("plan"),
    )
    report = train_model(
        workspace,
        dataset_id=dataset_of(run),
        author_id=run.author_id,
        run_id=run.id,
        request=request,
        progress=progress,
    )
    return {**report, **_measure(workspace, run, report["model"], request.split_by, progress)}


def _measure(workspace: Workspace, run: Run, model: str, split_by: str, progress: Progress) -> dict[str, Any]:
    """Predict what was held out, and keep the figures with the model; ``metrics``, and ``reason`` as `evaluate`."""
    held_out = _held_out(workspace, run, model, split_by)
    predict(workspace, dataset_id=dataset_of(run), run_id=run.id, model=model, only=held_out, progress=progress)
    report = evaluate(workspace, dataset_of(run), model, split_by=split_by)
    keep_figures(workspace, model, report["metrics"])
    return {"metrics": report["metrics"], "reason": report["reason"]}


def _held_out(workspace: Workspace, run: Run, use_name: str, split_by: str | None) -> Labels:
    """The held-out labels of the points that a model locates, split as its training was asked to if nobody says."""
    with reading(workspace.engine) as session:
        points = find_model(workspace, use_name, session=session).skeleton
        split_by = split_by or training_split(use_name, session=session)
        return read_labels(dataset_of(run), points, split_by=split_by, session=session).only(Part.TEST)


def prediction_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Predict what a model has not predicted yet."""
    parameters = run.parameters
    use_name = parameters["model"]
    use = PredictorName.parse(use_name)
    if use.smoother is not None:
        return _smooth(workspace, run, str(use.unsmoothed), progress)
    only = _held_out(workspace, run, use_name, parameters.get("split_by")) if parameters.get("held_out") else None
    report = predict(
        workspace,
        dataset_id=dataset_of(run),
        run_id=run.id,
        model=use_name,
        only=only,
        clip=parameters.get("clip"),
        progress=progress,
    )
    points = skeleton_of(workspace, use_name)
    if only is None and in_force(workspace, dataset_of(run), points) == use_name:
        pre_label(workspace, dataset_id=dataset_of(run), skeleton_name=points, progress=progress)
    return report


def _smooth(workspace: Workspace, run: Run, plain: str, progress: Progress) -> dict[str, Any]:
    """Predict what is missing frame by frame, then smooth."""
    first = predict(workspace, dataset_id=dataset_of(run), run_id=run.id, model=plain, progress=progress)
    smoothed = smooth_predictions(
        workspace, dataset_id=dataset_of(run), model=run.parameters["model"], progress=progress
    )
    return {**smoothed, "failed": first["failed"]}


def pre_labelling_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Give first points to what no human has corrected."""
    return pre_label_all(workspace, run, run.parameters["skeleton"], progress)


def pre_label_all(workspace: Workspace, run: Run, skeleton_name: str, progress: Progress) -> dict[str, Any]:
    """Give the points of the model in force to whatever no human has corrected, predicting what is missing first."""
    model = in_force(workspace, dataset_of(run), skeleton_name)
    if model is not None:
        predict(workspace, dataset_id=dataset_of(run), run_id=run.id, model=model, progress=progress)
    return pre_label(workspace, dataset_id=dataset_of(run), skeleton_name=skeleton_name, progress=progress)


def pre_label_new(workspace: Workspace, run: Run, progress: Progress) -> None:
    """Give the points of the promoted models to faces and people that came since; of each kind the last promoted."""
    for points in promoted_skeletons(workspace, dataset_of(run)):
        pre_label_all(workspace, run, points, progress)


def onnx_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Write a model as ONNX and compare."""
    model = run.parameters["model"]
    progress.begin(0, message=message("progress.writing_onnx", model=model))
    return export_onnx(workspace, model, onnx_file(workspace, model))
