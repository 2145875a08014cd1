"""Labels of other tools, the list of pictures that nobody should learn from, and how far apart people label."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from core.commands.console import fail, list_on_stderr, tell
from core.commands.options import DatasetName, Json, author, command, dataset_id, run_with_progress
from core.formats.labels import ENDINGS
from core.foundation.skeletons import SKELETONS, find_skeleton
from core.foundation.workspace import Workspace
from core.library import exclusions
from core.library.importing import skipped as skipped_of
from core.points.annotator_spread import measured_sigmas
from core.points.label_importing import label_paths

app = typer.Typer()

_NAMED = 3  # label files that an import names


@command(app)
def labels(
    path: Annotated[
        Path, typer.Argument(help="COCO keypoints, .pts, dlib XML, motion CSV, tracks .npy; a folder or zip of them")
    ],
    dataset: DatasetName,
    skeleton_name: Annotated[str, typer.Option("--skeleton", help=f"One of {', '.join(SKELETONS)}")],
    as_json: Json = False,
) -> None:
    """Put labels of other tools onto pictures. Gives images, instances, added, waiting, skipped [{path, reason}].

    The counts mean the same in every format:

    images: pictures of the dataset that have these labels, now or already

    instances: faces or people there that have them, each once

    added: those of the instances that are new

    waiting: labels that are kept until their pictures come

    repeated: labels that say again what another of them says

    left_out: no labels by the file's own account (crowds, boxes without points)

    skipped: a line for each unreadable file, refused label, and picture or clip whose labels wait
    """
    if not path.exists():
        fail(f"{path}: there is no such file or folder")
    find_skeleton(skeleton_name)  # before a dataset is made
    workspace = Workspace.open()
    number, source = dataset_id(workspace, dataset, make=True), str(path.resolve())
    run = run_with_progress(workspace, "labels", number, source=source, skeleton=skeleton_name)
    skipped = skipped_of(workspace, run.id)
    sentence = (
        "{format}: {instances} labels in {images} pictures, {added} of them new; {waiting} wait for their pictures"
    )
    if run.counts.get("repeated"):
        sentence += ", {repeated} say again what another says"
    if run.counts.get("left_out"):
        sentence += ", {left_out} without a point are left out"
    tell({**run.counts, "skipped": skipped}, as_json, sentence)
    list_on_stderr([f"skipped {item['path']}: {item['reason']}" for item in skipped])
    raise typer.Exit(1 if skipped else 0)


@command(app)
def exclude(
    path: Annotated[Path, typer.Argument(help="One file name a line, or a CSV whose first column names files")],
    dataset: DatasetName,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the others")] = "",
    as_json: Json = False,
) -> None:
    """Leave pictures out of learning and measuring, by file name. Gives listed, matched, unknown (those names)."""
    if not path.is_file():
        fail(f"{path}: there is no such file")
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    names = exclusions.listed_names(path.name, path.read_bytes())
    done = exclusions.exclude(workspace, number, names, author_id=author(workspace), reason=reason or path.name)
    result: dict[str, Any] = {"listed": done.listed, "matched": done.matched, "unknown": list(done.unknown)}
    tell(result, as_json, "{listed} names, {matched} of them of pictures here")
    list_on_stderr([f"{name}: no picture here has that name; it is left out when it comes" for name in done.unknown])


def instead(workspace: Workspace, source: Path, skipped: Sequence[str], dataset: str) -> str | None:
    """What to do with label files that an import skipped because they are no pictures; None where there are none."""
    if not any(path.lower().endswith(ENDINGS) for path in skipped):
        return None
    holding = [path for path in label_paths(workspace, source) if path in skipped]
    if not holding:
        return None
    more = f" and {len(holding) - _NAMED} more" if len(holding) > _NAMED else ""
    what = "holds labels, not a picture" if len(holding) == 1 else "hold labels, not pictures"
    command = f"python -m core labels {quote(str(source))} --dataset {quote(dataset)} --skeleton SKELETON"
    return f"{', '.join(holding[:_NAMED])}{more} {what}: `{command}` takes them in (SKELETON: {', '.join(SKELETONS)})"


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
