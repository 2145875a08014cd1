"""Watching a folder: what arrives in it is taken in and measured while the workbench runs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from core.commands.console import one_line, tell
from core.commands.options import DatasetName, Json, command, dataset_id, run_with_progress
from core.foundation.errors import BadInput
from core.foundation.messages import worded
from core.foundation.workspace import Workspace
from core.jobs.watching import WATCH
from core.library.watching import folder_to_watch
from db.engine import reading
from db.queries.jobs import arrivals_log, newest_done_by_dataset

app = typer.Typer()


@command(app)
def watch(
    dataset: DatasetName,
    folder: Annotated[Path | None, typer.Argument(help="Folder to watch from now on, instead of any before")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Watch no folder for this dataset any more")] = False,
    as_json: Json = False,
) -> None:
    """Watch a folder while the workbench runs: new pictures and clips come in, their faces are found and measured.

    Gives folder (null where none is watched), and the newest 1,000 arrivals [{path, arrived, waited, import, detection,
    embedding, reason}]: seconds since 1970, then seconds, each the mean over the files that came together.
    """
    if stop and folder is not None:
        raise BadInput("commands.watch_or_stop")
    workspace = Workspace.open()
    watched_now = None if folder is None else str(folder_to_watch(workspace, folder))
    number = dataset_id(workspace, dataset, make=folder is not None)
    if stop or folder is not None:
        run_with_progress(workspace, WATCH, number, folder=watched_now)
    with reading(workspace.engine) as session:
        run = newest_done_by_dataset(WATCH, session=session).get(number)
        arrivals = arrivals_log(number, most=1000, session=session)
    watched: str | None = run.counts["folder"] if run else None
    state = f"{watched} is watched while the workbench runs" if watched else "no folder is watched"
    lines = [one_line(state), *(_line(row) for row in arrivals)]
    tell({"folder": watched, "arrivals": arrivals}, as_json, lines=lines)


def _line(row: dict[str, Any]) -> str:
    arrived = datetime.fromtimestamp(row["arrived"], UTC)
    took = " ".join(f"{part} {row[part]:.2f} s" for part in ("waited", "import", "detection", "embedding"))
    reason = f"  {worded(row['reason'])}" if row["reason"] else ""
    return one_line(f"{arrived:%Y-%m-%d %H:%M:%S} UTC  {took}  {row['path']}{reason}")
