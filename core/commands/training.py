"""Training, predicting and measuring models."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.commands.console import list_on_stderr, one_line, tell
from core.commands.options import (
    DatasetName,
    Json,
    ModelName,
    author,
    command,
    dataset_id,
    model_name,
    run_with_progress,
)
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.messages import Message, joined, message, worded
from core.foundation.predictor_names import FLIP, PredictorName
from core.foundation.private import hand_over
from core.foundation.skeletons import SKELETONS, find_skeleton
from core.foundation.workspace import Workspace
from core.learning import delivery, evaluating, promoting
from core.learning import listing as models
from core.learning.held_out import training_split
from core.learning.labels import lone_folder, read_labels, usual_skeleton
from core.learning.pose_models import built_in_for
from core.learning.verdicts import check_promotion, verdict_message
from core.library.importing import skipped as skipped_of
from core.training.recipes import RECIPES
from db.engine import reading

app = typer.Typer()

InProgress = Annotated[
    bool, typer.Option("--in-progress", help="Let points count too that a human has set and not yet accepted")
]
_SETTINGS = "What should differ from the recipe, as key=value; may be repeated"


@command(app)
def train(
    dataset: DatasetName,
    recipe: Annotated[str, typer.Option("--recipe", help=f"One of {', '.join(RECIPES)}")],
    pairs: Annotated[list[str] | None, typer.Option("--set", help=_SETTINGS)] = None,
    skeleton: Annotated[
        str | None, typer.Option("--skeleton", help=f"One of {', '.join(SKELETONS)}; default: what is labelled")
    ] = None,
    split_by: Annotated[
        str, typer.Option("--split-by", help="auto (clip, action, person or folder), person, folder or picture")
    ] = "auto",
    parent: Annotated[str | None, typer.Option("--parent", help="Trained model to go on from")] = None,
    unlabelled: Annotated[
        str | None, typer.Option("--unlabelled", help="Learn from unlabelled pictures too: curriculum or plain")
    ] = None,
    in_progress: InProgress = False,
    as_json: Json = False,
) -> None:
    """Train on accepted and imported labels, and measure. Gives model, model_version, in_progress, metrics, seconds.

    The figures are on what is held out, of accepted and imported labels. Where they have no low and high, reason says
    why. in_progress counts the labels learned from that nobody has accepted.
    """
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    skeleton, split_by, remarks = _usual(workspace, number, skeleton, split_by)
    parent = parent and model_name(workspace, parent)
    run = run_with_progress(
        workspace,
        "selftrain" if unlabelled else "train",
        number,
        recipe=recipe,
        settings=_settings(pairs or []),
        skeleton=skeleton,
        split_by=split_by,
        parent=parent,
        plan=unlabelled,
        **({"in_progress": True} if in_progress else {}),
    )
    report = {**run.counts, "said": [*remarks, *run.counts["said"]], "split_by": split_by}
    for sentence in worded(report["said"]):
        print(sentence, file=sys.stderr)
    _print_reason(report.get("reason"))
    figures = _lines(report.get("metrics") or {})
    progress = ", {in_progress} labels in progress among them" if report["in_progress"] else ""
    tell(report, as_json, f"{{model}}: trained for {{epochs}} epochs in {{seconds}} s ({{stopped}}){progress}", figures)


@command(app)
def predict(
    dataset: DatasetName,
    model: ModelName,
    flip_test: Annotated[bool, typer.Option("--flip-test", help="Look at every instance mirrored too")] = False,
    smooth: Annotated[str, typer.Option("--smooth", help="Over time: none, one-euro or savitzky-golay")] = "none",
    whole_picture: Annotated[
        bool, typer.Option("--whole-picture", help="Where a picture has no box, take all of it as one")
    ] = False,
    as_json: Json = False,
) -> None:
    """Locate the points of every instance. Gives model_version, instances, predicted, failed, skipped, boxed.

    Pictures without a box (without_box) are not looked at, unless --whole-picture makes one of each.
    """
    workspace = Workspace.open()
    name = model_name(workspace, model) + (f"+{FLIP}" if flip_test else "") + ("" if smooth == "none" else f"+{smooth}")
    number, predictor = dataset_id(workspace, dataset), str(PredictorName.parse(name))
    run = run_with_progress(workspace, "predict", number, model=predictor, whole_picture=whole_picture)
    skipped = skipped_of(workspace, run.id)
    list_on_stderr([f"failed {item['path']}: {item['reason']}" for item in skipped])
    _print_untaught(model, run.counts)
    if run.counts["without_box"]:
        told = message("commands.without_box", count=run.counts["without_box"], kind=run.counts["kind"])
        print(told.text(), file=sys.stderr)
    tell({**run.counts, "skipped": skipped}, as_json, "{predicted} predicted now, {instances} in all, {failed} failed")
    raise typer.Exit(1 if run.counts["failed"] else 0)


@command(app)
def evaluate(
    dataset: DatasetName,
    model: ModelName,
    against: Annotated[str | None, typer.Option("--against", help="Another model, on the same pictures")] = None,
    in_progress: InProgress = False,
    as_json: Json = False,
) -> None:
    """Measure a model on the held-out labels. Gives in_progress, and each metric with value, low and high (95 %).

    A model that has learned from nothing here is measured on every label. Where low and high are null, reason says why.
    in_progress counts the instances measured on whose points nobody has accepted.
    """
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    model = model_name(workspace, model)
    against = against and model_name(workspace, against)
    with reading(workspace.engine) as session:
        split_by = training_split(model, session=session)
    _predict_to_measure(workspace, number, list(filter(None, (model, against))), split_by, in_progress=in_progress)
    report = evaluating.evaluate(workspace, number, model, against=against, in_progress=in_progress)
    lines = _lines(report["metrics"])
    if against is not None:
        lines += [f"{against} on the same", *_lines(report["against_metrics"])]
        lines += [f"{model} minus {against}, paired", *_lines(report["difference"])]
    _print_reason(report["reason"])
    for sentence in worded(report["warnings"]):
        print(sentence, file=sys.stderr)
    guess = report["mean_shape"]
    lines += (
        ["the mean shape of other labels on the same", *_lines({"nme": guess})] if guess["value"] is not None else []
    )
    what = "instances, every label," if report["every_label"] else "held-out instances"
    progress = ", {in_progress} of them in progress" if report["in_progress"] else ""
    tell(report, as_json, f"{{model}} on {{instances}} {what} of {{groups}} groups{progress}", lines)


def _predict_to_measure(
    workspace: Workspace, dataset: int, models: list[str], split_by: str, *, in_progress: bool = False
) -> None:
    """Let models predict what they are measured on together."""
    scope: dict[str, Any] = {"held_out": True, "beside": models, "split_by": split_by}
    scope |= {"in_progress": True} if in_progress else {}
    for name in models:
        run_with_progress(workspace, "predict", dataset, model=name, **scope)


@command(app, "models")
def list_models(as_json: Json = False) -> None:
    """The models that were trained here, with their parents, data, recipe and figures."""
    rows = models.listed(Workspace.open())
    lines = [f"{row['name']:<32} {row['dataset']:<20} {row['skeleton']}" for row in rows]
    tell({"models": rows}, as_json, lines=lines or ["no model was trained yet"])


@command(app)
def promote(
    dataset: DatasetName,
    model: ModelName,
    anyway: Annotated[bool, typer.Option("--anyway", help="Promote it although it is measured as worse")] = False,
    as_json: Json = False,
) -> None:
    """Let a model pre-label a dataset from now on. Gives prelabelled, kept.

    It is measured first beside what pre-labels now, on the same labels. One that is worse, or no better than a guess
    that knows no picture, is refused with both figures, unless it is wanted anyway.
    """
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    model = model_name(workspace, model)
    doubts = _doubts(workspace, number, model, predict=not anyway)
    if doubts and not anyway:
        raise BadInput("models.promotion_doubted", of=model, doubts=joined(doubts))
    for doubt in doubts:
        print(f"{model}: {doubt.text()}", file=sys.stderr)
    points = promoting.promote(workspace, number, model, author_id=author(workspace))
    run = run_with_progress(workspace, "prelabel", number, skeleton=points)
    _print_untaught(model, run.counts)
    tell(
        {**run.counts, "model": model},
        as_json,
        "{model}: {prelabelled} instances have its points now, {kept} stay, {human} of humans too",
    )


def _doubts(workspace: Workspace, dataset: int, model: str, *, predict: bool) -> list[Message]:
    """What speaks against promoting a model, measured now; on stderr why nothing can be measured, where that is so.

    Only with `predict` the two predict what they have not yet.
    """
    against = promoting.pre_labels_now(workspace, dataset, models.skeleton_of(workspace, model))
    if against == model:
        return []  # `promote` refuses it
    check = check_promotion(workspace, dataset, model, against)
    if check.unpredicted and predict:
        with reading(workspace.engine) as session:
            split_by = training_split(model, session=session)
        _predict_to_measure(workspace, dataset, list(filter(None, (model, against))), split_by)
        check = check_promotion(workspace, dataset, model, against)
    if check.reason is not None:
        print(f"{model} is not measured: {check.reason.text()}", file=sys.stderr)
    return check.doubts


@command(app)
def rollback(
    dataset: DatasetName,
    skeleton: Annotated[str, typer.Option("--skeleton", help=f"One of {', '.join(SKELETONS)}")] = "face68",
    as_json: Json = False,
) -> None:
    """Take a dataset's last promotion back, one more each time. Gives model, prelabelled, kept, left."""
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    points = find_skeleton(skeleton).name
    model = promoting.roll_back(workspace, number, points, author_id=author(workspace))
    run = run_with_progress(workspace, "prelabel", number, skeleton=points)
    report = {**run.counts, "model": model or built_in_for(workspace, points)}
    report["left"] = len(promoting.steps_back(workspace, number, points))
    what = "{model}" if report["model"] else "no model"
    sentence = f"{what} pre-labels again: {{prelabelled}} instances have the points from before, {{kept}} stay"
    tell(report, as_json, f"{sentence}, {{human}} of humans too; {{left}} more promotions can be rolled back")


@command(app)
def submission(
    dataset: DatasetName,
    model: ModelName,
    out: Annotated[Path, typer.Option("--out", help="The CSV to write")],
    as_json: Json = False,
) -> None:
    """Write the motion competition's form out of a model's predictions. Gives file, pictures, several.

    A picture without a line is named, and no file is written then.
    """
    workspace = Workspace.open()
    asked = workspace, dataset_id(workspace, dataset), model_name(workspace, model)
    try:
        report = delivery.submit_predictions(*asked, out)
    except NotEnoughData as refused:
        missing = delivery.pictures_without_line(*asked) if refused.code == delivery.LINES_MISSING else []
        for name, reason in missing:
            print(one_line(f"no line for {name}: {reason.text()}"), file=sys.stderr)
        raise
    hand_over(out)
    tell(report, as_json, "{file}: {pictures} pictures; in {several} of them the largest of several people counts")


@command(app)
def onnx(
    model: ModelName, out: Annotated[Path, typer.Option("--out", help="The file to write")], as_json: Json = False
) -> None:
    """Write a model as ONNX, decoding inside, and compare it with the original. Gives file, largest_difference."""
    workspace = Workspace.open()
    report = delivery.export_onnx(workspace, model_name(workspace, model), out)
    hand_over(out)
    _print_untaught(report["model"], report)
    tell(report, as_json, "{file}: differs by at most {largest_difference:.1e} pixels")


def _usual(
    workspace: Workspace, dataset: int, skeleton: str | None, split_by: str
) -> tuple[str, str, list[dict[str, Any]]]:
    """Skeleton, split and what to say of them, where nobody chose: single pictures in one folder are split singly."""
    with reading(workspace.engine) as session:
        points = find_skeleton(skeleton).name if skeleton else usual_skeleton(dataset, session=session)
        labels = read_labels(dataset, points, split_by=split_by, session=session)
    if split_by != "auto" or not lone_folder(labels):
        return points, split_by, []
    return points, "picture", [message("commands.each_by_itself").to_json()]


def _print_reason(reason: dict[str, Any] | None) -> None:
    """On stderr why figures have no interval, where there is anything to say."""
    if reason is not None:
        print(one_line(worded(reason)), file=sys.stderr)


def _print_untaught(model: str, counts: dict[str, Any]) -> None:
    """On stderr which points a model was not taught, so that it gave none."""
    if counts.get("untaught"):
        print(message("models.untaught", name=model, points=counts["untaught"]).text(), file=sys.stderr)


def _settings(chosen: list[str]) -> dict[str, str]:
    pairs = {}
    for text in chosen:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise BadInput("commands.set", value=text)
        pairs[key.strip()] = value.strip()
    return pairs


def _lines(metrics: dict[str, Any]) -> list[str]:
    """The metrics as lines below the sentence, each with its 95 % interval where there is one."""
    rows = []
    for name, metric in metrics.items():
        value, low, high = metric["value"], metric["low"], metric["high"]
        between = "" if low is None or high is None else f"   ({low:.5g} to {high:.5g})"
        verdict = f"   {verdict_message(metric).text()}" if "verdict" in metric else ""
        rows.append(f"  {name:<28} {'undefined' if value is None else f'{value:.5g}'}{between}{verdict}")
    return rows
