"""What runs about models do: train, predict, pre-label."""

from collections.abc import Sequence
from typing import Any

from core.foundation.messages import message
from core.foundation.predictor_names import PredictorName
from core.foundation.progress import Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.jobs.runs import dataset_of
from core.learning.delivery import export_onnx, onnx_file
from core.learning.evaluating import evaluate, keep_figures
from core.learning.held_out import held_out, labels_to_measure
from core.learning.labels import Labels
from core.learning.listing import skeleton_of
from core.learning.pose_models import find_model
from core.learning.predicting import predict
from core.learning.promoting import in_force, pre_label, promoted_skeletons
from core.learning.run_folder import RunListener, messages_in
from core.learning.training import TrainingRequest, train_model
from core.learning.verdicts import came_to_nothing
from core.motion.smoothing_predictions import smooth_predictions
from core.motion.tracklets import link_clips
from core.points.whole_pictures import box_whole_pictures
from db.engine import reading
from db.queries.learning.models import trained_by_name
from db.queries.points import pictures_without_box
from db.tables import Run


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
        bool(parameters.get("in_progress")),
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
    """Predict what was held out, and keep with the model what it reached there and whether it came to nothing.

    Gives ``metrics``, ``mean_shape`` and ``reason`` as `evaluate`, and ``warnings``.
    """
    measured_on = _measured_on(workspace, run, [model], split_by)
    predict(workspace, dataset_id=dataset_of(run), run_id=run.id, model=model, only=measured_on, progress=progress)
    report = evaluate(workspace, dataset_of(run), model, split_by=split_by)
    with reading(workspace.engine) as session:
        trained = trained_by_name(model, session=session)
    assert trained is not None
    nothing = came_to_nothing(
        held_out(workspace, dataset_of(run), [model], split_by=split_by), model, trained.recipe_settings["rate"]
    )
    warnings = [] if nothing is None else [nothing]
    folder = workspace.training_folder(run.id)
    for warning in warnings:
        if warning not in messages_in(folder):  # before it was killed
            RunListener(progress, folder).remark(warning)
    keep_figures(workspace, model, {**report["metrics"], "mean_shape": report["mean_shape"]}, warnings)
    return {
        **{name: report[name] for name in ("metrics", "mean_shape", "reason")},
        "said": [each.to_json() for each in messages_in(folder)],
        "warnings": [warning.to_json() for warning in warnings],
    }


def _measured_on(
    workspace: Workspace, run: Run, use_names: Sequence[str], split_by: str | None, *, in_progress: bool = False
) -> Labels:
    """The labels that models are measured on together."""
    with reading(workspace.engine) as session:
        models = [find_model(workspace, name, session=session) for name in use_names]
        measured = labels_to_measure(dataset_of(run), models, split_by, in_progress=in_progress, session=session)
        return measured.labels


def prediction_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Predict what a model has not predicted yet; where it was asked for, with whole pictures as boxes."""
    kind = find_skeleton(skeleton_of(workspace, run.parameters["model"])).kind
    boxed = 0
    if run.parameters.get("whole_picture"):
        boxed = box_whole_pictures(
            workspace, dataset_id=dataset_of(run), kind=kind, author_id=run.author_id, run_id=run.id
        )
        link_clips(workspace, dataset_id=dataset_of(run))
    report = _predict(workspace, run, progress)
    return {**report, "boxed": boxed, "kind": kind, "without_box": _without_box(workspace, run, kind)}


def _without_box(workspace: Workspace, run: Run, kind: str) -> int:
    """How many pictures have no box of a kind, so that no model looks at them; of parts of a dataset none counts."""
    if run.parameters.get("held_out") or run.parameters.get("clip"):
        return 0
    with reading(workspace.engine) as session:
        return len(pictures_without_box(dataset_of(run), kind, session=session))


def _predict(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Predict what is missing, smooth it where that is asked for; what the model in force says becomes first points."""
    parameters = run.parameters
    use_name = parameters["model"]
    use = PredictorName.parse(use_name)
    only, clips = _part(workspace, run, use_name)
    if use.smoother is not None and only is not None:  # a label is smoothed with its neighbours
        clips = {label.video_id for label in only.labels if label.video_id is not None}
    report = predict(
        workspace,
        dataset_id=dataset_of(run),
        run_id=run.id,
        model=str(use.unsmoothed),
        only=only,
        clips=clips,
        progress=progress,
    )
    if use.smoother is not None:
        smoothed = smooth_predictions(
            workspace, dataset_id=dataset_of(run), model=use_name, only=clips, progress=progress
        )
        return {**smoothed, "model": use_name, "failed": report["failed"], "untaught": report["untaught"]}
    points = skeleton_of(workspace, use_name)
    if only is None and in_force(workspace, dataset_of(run), points) == use_name:
        pre_label(workspace, dataset_id=dataset_of(run), skeleton_name=points, progress=progress)
    return {**report, "model": use_name}


def _part(workspace: Workspace, run: Run, use_name: str) -> tuple[Labels | None, set[int] | None]:
    """What a run is to predict: labels that models are measured on, or the frames of a clip; everything where both are
    None."""
    clip = run.parameters.get("clip")
    if not run.parameters.get("held_out"):
        return None, None if clip is None else {clip}
    beside = run.parameters.get("beside") or [use_name]  # with those that it is compared with
    in_progress = bool(run.parameters.get("in_progress"))
    return _measured_on(workspace, run, beside, run.parameters.get("split_by"), in_progress=in_progress), None


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
