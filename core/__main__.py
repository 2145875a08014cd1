"""The command line: ``python -m core --help``. Each command is a few lines over a service.

Exit codes: 0 done, 1 done with some inputs skipped, 2 could not run, 3 labels wait for an answer. With ``--json`` one
JSON object goes to stdout; progress and sentences go to stderr.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from core.commands import (
    appearances,
    clips,
    groupings,
    labels,
    motion,
    people,
    sample,
    search,
    training,
    verification,
    watch,
)
from core.commands.console import ProgressLine, fail, list_on_stderr, one_line, tell
from core.commands.options import DatasetName, EncoderName, Json, command, dataset_id, run_with_progress
from core.exchange.exporting import FORMATS, POINTS
from core.foundation.messages import message, worded
from core.foundation.private import hand_over
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.kinds import models_of
from core.library.backups import back_up, restore_backup
from core.library.importing import skipped as skipped_of
from core.library.suspects import names_set_aside, take_up_again
from core.models import fetching, weights, weights_of
from db.engine import reading
from db.queries.jobs import count_runs, runs_page

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Facet from the command line.")
app.add_typer(labels.app)
app.add_typer(clips.app)
app.add_typer(motion.app)
app.add_typer(people.app)
app.add_typer(verification.app)
app.add_typer(appearances.app)
app.add_typer(groupings.app)
app.add_typer(search.app)
app.add_typer(watch.app)
weights_app = typer.Typer(no_args_is_help=True, help="Model files: what is here, and fetching what is not.")
app.add_typer(weights_app, name="weights")
app.add_typer(training.app)
app.add_typer(sample.app)

_RUNS = 50  # that are listed


@command(app, "import")
def import_command(
    path: Annotated[Path, typer.Argument(help="A folder, a zip, one picture or video clip, or an export of Facet")],
    dataset: DatasetName,
    identities: Annotated[
        bool, typer.Option("--identities", help="Folder names are the people in the pictures")
    ] = False,
    reference: Annotated[bool, typer.Option("--reference", help="Leave the files where they are")] = False,
    as_json: Json = False,
) -> None:
    """Take pictures, clips and labels in. Gives images, added, duplicates, skipped [{path, reason}].

    clips, frames, bytes_kept: of clips, and what the home folder has of them

    label_files, where there are any: what `labels` gives of them

    restored, of an export: instances (faces and figures that came with it), points (of how many of them), people, kept
    (pictures that keep labels of their own)

    Ends with exit code 3 where labels wait for an answer (asked), else 1 where anything is skipped.
    """
    if not path.exists():
        fail(f"{path}: there is no such file or folder")
    workspace = Workspace.open()
    number, source = dataset_id(workspace, dataset, make=True), str(path.resolve())
    run = run_with_progress(workspace, "import", number, source=source, identities=identities, reference=reference)
    skipped = skipped_of(workspace, run.id)
    sentence = "{images} pictures: {added} added, {duplicates} there already"
    sentence += "; {frames} frames of {clips} clips" if run.counts.get("clips") else ""
    placed = run.counts.get("label_files")
    doubts = [*run.counts.get("doubts", ()), *(placed["doubts"] if placed else ())]
    list_on_stderr([f"note {worded(doubt)}" for doubt in doubts])
    if placed:
        sentence += f"; {placed['instances']} labels of {placed['files']} files, {placed['waiting']} wait for pictures"
    if restored := run.counts.get("restored"):
        sentence += f"; with them {restored['instances']} faces and figures of {restored['people']} people"
        sentence += f", {restored['kept']} pictures keep their own labels" if restored["kept"] else ""
    tell({**run.counts, "skipped": skipped}, as_json, sentence)
    list_on_stderr([f"skipped {item['path']}: {item['reason']}" for item in skipped])
    asked = placed["asked"] if placed else {}
    list_on_stderr([f"{labels.waits_for_answer(*question)}, given to `labels`" for question in asked.items()])
    raise typer.Exit(3 if asked else 1 if skipped else 0)


@command(app)
def faces(dataset: DatasetName, encoder: EncoderName = None, as_json: Json = False) -> None:
    """Find faces, points and people. Gives images, faces, people, without_face, failed."""
    workspace = Workspace.open()
    run = run_with_progress(workspace, "faces", dataset_id(workspace, dataset), encoder=encoder)
    tell(run.counts, as_json, "{faces} faces of {people} people in {images} pictures; {without_face} without a face")
    if run.counts.get("without_mesh"):
        print(message("run_results.without_mesh").text().removeprefix("; "), file=sys.stderr)
    _end_with(run.counts["failed"] + run.counts.get("incomplete", 0))


def _end_with(unfinished: int) -> NoReturn:
    """Leave with what could not be finished."""
    if unfinished:
        print(f"{unfinished} could not be finished; see `python -m core runs --json` or the Jobs page", file=sys.stderr)
    raise typer.Exit(1 if unfinished else 0)


@command(app)
def bodies(dataset: DatasetName, as_json: Json = False) -> None:
    """Find people and their points. Gives images, bodies, without_body, failed."""
    workspace = Workspace.open()
    run = run_with_progress(workspace, "bodies", dataset_id(workspace, dataset))
    tell(run.counts, as_json, "{bodies} bodies in {images} pictures; {without_body} without anybody")
    _end_with(run.counts["failed"] + run.counts["incomplete"])


@command(app, "set-aside")
def list_set_aside(
    dataset: DatasetName,
    again: Annotated[bool, typer.Option("--again", help="Let runs open them again")] = False,
    as_json: Json = False,
) -> None:
    """Pictures that no run opens, since the process of one died of them twice. Gives pictures (paths), again."""
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    names = names_set_aside(workspace, number)
    if again:
        take_up_again(workspace, number)
    tell({"pictures": names, "again": again}, as_json, lines=[one_line(name) for name in names])


@command(app)
def export(
    dataset: DatasetName,
    out: Annotated[Path, typer.Option("--out", help="A new or empty folder")],
    format_name: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}")] = "facet",
    points: Annotated[
        str | None,
        typer.Option(
            "--points", help=f"One of {', '.join(POINTS)}; default: all for facet, which comes back, else accepted"
        ),
    ] = None,
    untouched: Annotated[
        bool, typer.Option("--untouched", help="Pictures that EXIF turns as they are; else upright, without the tag")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a dataset that the field's own tools read. Gives folder, format, files, left_out, not_exported, counts.

    Points that nobody has accepted stay out unless --points asks for them; unreviewed says of how many instances.
    """
    workspace = Workspace.open()
    number, folder = dataset_id(workspace, dataset), str(out.resolve())
    asked = {"format": format_name, "folder": folder, "points": points, "untouched": untouched}
    run = run_with_progress(workspace, "export", number, **asked)
    sentence = "{images} pictures in {files} files; {left_out} left out (see manifest.json)"
    sentence += "; {turned} turned upright, as imported in originals/" if run.counts["turned"] else ""
    sentence += "; points of {unreviewed} that nobody has accepted stayed out" if run.counts["unreviewed"] else ""
    tell(run.counts, as_json, sentence)
    hand_over(out)
    raise typer.Exit(1 if run.counts["not_exported"] else 0)


@command(app)
def runs(as_json: Json = False) -> None:
    """The newest runs: what was asked for, how far it is, how it ended."""
    workspace = Workspace.open()
    with reading(workspace.engine) as session:
        rows = [
            {
                "id": run.id,
                "kind": run.kind,
                "dataset": dataset,
                "author": author,
                "models": models_of(run),
                **{name: getattr(run, name) for name in ("state", "done", "total", "counts", "error")},
                "created_at": run.created_at.isoformat(),
            }
            for run, dataset, author in runs_page(limit=_RUNS, session=session)
        ]
        older = count_runs(session=session) - len(rows)
    lines = [
        f"{row['id']:>5} {row['kind']:<8} {row['state']:<10} {row['done']}/{row['total']} {' '.join(row['models'])}"
        for row in rows
    ]
    tell({"runs": rows}, as_json, lines=lines or ["no runs yet"])
    if older:
        print(f"… and {older} older; the Jobs page has them all", file=sys.stderr)


@command(weights_app, "list")
def list_weights(as_json: Json = False) -> None:
    """Every model file: whether it is here, its hash, its licence, and where it comes from."""
    rows = [asdict(row) for row in weights.status(Workspace.open().weights)]
    lines = [f"{'here   ' if row['present'] else 'missing'}  {row['name']}" for row in rows]
    tell({"weights": rows}, as_json, lines=lines)


@command(weights_app, "fetch")
def fetch_command(
    name: Annotated[str, typer.Argument(help="As in `weights list`, or a model for all of its files")],
    as_json: Json = False,
) -> None:
    """Download model files, check them, and put them into the weights folder."""
    workspace = Workspace.open()
    bar = ProgressLine()

    def report(done: int, total: int | None) -> None:
        bar.begin(total or done, done, message("progress.fetching"))

    mirror = workspace.settings.weights_mirror or None
    files = [str(fetching.fetch(each, workspace.weights, report, mirror)) for each in weights_of(name)]
    tell({"name": name, "file": files[0], "files": files}, as_json, lines=files)


@command(app)
def backup(
    out: Annotated[Path | None, typer.Option("--out", help="File to write; default: a new one under backups")] = None,
    as_json: Json = False,
) -> None:
    """Copy the store while it is in use."""
    workspace = Workspace.open()
    tell({"file": str(back_up(workspace, out))}, as_json, "{file}")
    if out is not None:
        hand_over(out)


@command(app)
def restore(
    backup: Annotated[Path, typer.Argument(help="A file that `backup` wrote, or one under backups")],
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the store; the workbench has to be stopped. Gives store, backup, replaced."""
    store, replaced = restore_backup(Settings(), backup)
    result = {"store": str(store), "backup": str(backup), "replaced": None if replaced is None else str(replaced)}
    tell(result, as_json, "{backup} is {store} now" + ("; what was there before is {replaced}" if replaced else ""))


if __name__ == "__main__":
    app()
