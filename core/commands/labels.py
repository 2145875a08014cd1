"""Labels of other tools, the list of pictures that nobody should learn from, and how far apart people label."""

from pathlib import Path
from typing import Annotated, Any

import typer

from core.commands.console import fail, list_on_stderr, one_line, tell
from core.commands.options import DatasetName, Json, author, command, dataset_id, run_with_progress
from core.formats.labels.doubts import ANSWERS, DoubtKind, answers_of
from core.foundation.errors import NotFound
from core.foundation.messages import worded
from core.foundation.skeletons import SKELETONS, find_skeleton
from core.foundation.workspace import Workspace
from core.library import exclusions
from core.library.importing import skipped as skipped_of
from core.points.annotator_spread import measured_sigmas
from core.points.waiting import drop_waiting, point_waiting
from db.engine import reading
from db.queries.points import WaitingPicture, waiting_pictures

app = typer.Typer()


def _choices(kind: DoubtKind) -> str:
    return f"{kind}={'|'.join(ANSWERS[kind])}"


def waits_for_answer(kind: str, count: int) -> str:
    """What is said of labels that wait for the answer to a question."""
    return f"{count} wait for --answer {_choices(DoubtKind(kind))}"


_QUESTIONS = ", ".join(map(_choices, ANSWERS))


@command(app)
def labels(
    path: Annotated[
        Path,
        typer.Argument(
            help="COCO keypoints, MPII JSON, .pts, .mat, dlib XML, motion CSV, tracks .npy; a folder or zip"
        ),
    ],
    dataset: DatasetName,
    skeleton_name: Annotated[str, typer.Option("--skeleton", help=f"One of {', '.join(SKELETONS)}")],
    answer: Annotated[
        list[str] | None, typer.Option("--answer", help=f"To a question about the labels: {_QUESTIONS}; repeatable")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put labels of other tools onto pictures. Gives images, instances, added, waiting, skipped [{path, reason}].

    Ends with exit code 3 where labels wait for an answer (asked), else 1 where anything is skipped.

    The counts mean the same in every format:

    images: pictures of the dataset that have these labels, now or already

    instances: faces or people there that have them, each once

    added: those of the instances that are new

    waiting: labels that are kept until their pictures come

    repeated: labels that say again what another of them says

    doubts: what is not sure, such as how pictures of other names were found

    asked: how many labels wait for the answer to which question

    left_out: no labels by the file's own account (crowds, boxes without points)

    skipped: a line for each unreadable file, refused label, and picture or clip whose labels wait
    """
    if not path.exists():
        fail(f"{path}: there is no such file or folder")
    find_skeleton(skeleton_name)  # before a dataset is made
    answers = answers_of(answer or ())
    workspace = Workspace.open()
    number, source = dataset_id(workspace, dataset, make=True), str(path.resolve())
    given = {"source": source, "skeleton": skeleton_name, "answers": answers}
    run = run_with_progress(workspace, "labels", number, **given)
    skipped = skipped_of(workspace, run.id)
    list_on_stderr([f"note {worded(doubt)}" for doubt in run.counts["doubts"]])
    sentence = (
        "{format}: {instances} labels in {images} pictures, {added} of them new; {waiting} wait for their pictures"
    )
    if run.counts.get("repeated"):
        sentence += ", {repeated} say again what another says"
    if run.counts.get("left_out"):
        sentence += ", {left_out} without a point are left out"
    tell({**run.counts, "skipped": skipped}, as_json, sentence)
    list_on_stderr([f"skipped {item['path']}: {item['reason']}" for item in skipped])
    asked = run.counts["asked"]
    list_on_stderr([waits_for_answer(kind, count) for kind, count in asked.items()])
    raise typer.Exit(3 if asked else 1 if skipped else 0)


@command(app)
def exclude(
    path: Annotated[Path, typer.Argument(help="One file name a line, or a CSV whose first column names files")],
    dataset: DatasetName,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the others")] = "",
    rows_of: Annotated[Path | None, typer.Option("--rows-of", help="The CSV whose rows the numbers are of")] = None,
    first_row: Annotated[int, typer.Option("--first-row", help="Number of its first row; 0 in pandas")] = 0,
    as_json: Json = False,
) -> None:
    """Leave pictures out of learning and measuring, by file name. Gives listed, matched, unknown, unclear.

    unknown: names of no picture here, which count once it comes

    A name leaves a picture out where exactly one fits; unclear has the others, each with the pictures that it may be
    of: none of them is left out, and the exit code is 1.

    A list of row numbers needs the table that they are of (--rows-of); the first name is told, so that one can look.
    """
    if not path.is_file():
        fail(f"{path}: there is no such file")
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    rows = exclusions.NumberedRows(rows_of.name, rows_of.read_bytes(), first_row) if rows_of else None
    names = exclusions.listed_names(path.name, path.read_bytes(), rows)
    done = exclusions.exclude(workspace, number, names, author_id=author(workspace), reason=reason or path.name)
    result: dict[str, Any] = {"listed": done.listed, "matched": done.matched, "unknown": list(done.unknown)}
    result["unclear"] = done.unclear
    result |= {"first": names[0]} if rows else {}
    told = "{listed} names, {matched} of them of pictures here" + ("; the first is {first}" if rows else "")
    tell(result, as_json, told)
    list_on_stderr([f"{name}: no picture here has that name; it is left out when it comes" for name in done.unknown])
    list_on_stderr(
        [f"{name}: none is left out, as it may be {' or '.join(paths[:3])}" for name, paths in done.unclear.items()]
    )
    raise typer.Exit(1 if done.unclear else 0)


@command(app)
def waiting(
    dataset: DatasetName,
    picture: Annotated[str | None, typer.Option("--picture", help="Name of a picture or clip, as it is listed")] = None,
    file: Annotated[str | None, typer.Option("--file", help="The label file, where several name that picture")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Path of the picture or clip here that it is")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Forget the labels")] = False,
    as_json: Json = False,
) -> None:
    """List labels without a picture, or put them onto one, or drop them. Gives waiting, added, dropped, refused.

    waiting: [{picture, file, labels}], what waits now

    refused: [{path, reason}], labels that cannot be on that picture; they go on waiting
    """
    if (picture is None) != (to is None and not drop) or (to is not None and drop):
        fail("give --picture NAME with either --to PATH or --drop, or none of them")
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    result: dict[str, Any] = {"added": 0, "dropped": 0, "refused": []}
    for row in _chosen(workspace, number, picture, file) if picture else ():
        named = {"picture": row.picture, "source": row.source}
        if to is None:
            result["dropped"] += drop_waiting(workspace, number, **named)
            continue
        report = point_waiting(workspace, number, path=to, **named)
        result["added"] += report.added
        result["refused"] += [
            {"path": label.row.picture, "reason": reason.to_json()} for label, reason in report.refused
        ]
    rows = _waiting(workspace, number)
    listed = [{"picture": row.picture, "file": row.source, "labels": row.labels} for row in rows]
    lines = [one_line(f"{row.labels:>5} for {row.picture} ({row.source})") for row in rows]
    tell({**result, "waiting": listed}, as_json, "{added} labels put on, {dropped} dropped", lines)
    list_on_stderr([f"refused {item['path']}: {worded(item['reason'])}" for item in result["refused"]])
    raise typer.Exit(1 if result["refused"] else 0)


def _waiting(workspace: Workspace, number: int) -> list[WaitingPicture]:
    with reading(workspace.engine) as session:
        return waiting_pictures(number, limit=None, session=session)


def _chosen(workspace: Workspace, number: int, picture: str, file: str | None) -> list[WaitingPicture]:
    rows = [row for row in _waiting(workspace, number) if row.picture == picture and file in (None, row.source)]
    if not rows:
        raise NotFound("labels.none_waits_for", picture=picture)
    return rows


@command(app)
def sigmas(
    dataset: DatasetName,
    other: Annotated[str, typer.Option("--other", help="The same pictures, labelled by somebody else")],
    skeleton: Annotated[str, typer.Option("--skeleton", help=f"One of {', '.join(SKELETONS)}")] = "body24",
    as_json: Json = False,
) -> None:
    """Measure the OKS sigmas on pictures that two datasets label apart. Gives skeleton, instances, points."""
    workspace = Workspace.open()
    points = find_skeleton(skeleton).name
    report = measured_sigmas(workspace, dataset_id(workspace, dataset), dataset_id(workspace, other), points)
    lines = [
        f"{row['name']:<20} {_number(row['sigma'])}  of {row['pairs']} pairs; in use {_number(row['in_use'])}"
        for row in report["points"]
    ]
    tell(report, as_json, "{skeleton}: {instances} labelled twice", lines)


def _number(value: float | None) -> str:
    return "  -  " if value is None else f"{value:.4f}"
