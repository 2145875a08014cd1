"""What is done for a watched folder: it is written down, and what arrives is taken in, looked at and measured."""

from pathlib import Path
from time import time
from typing import Any

from core.foundation.messages import message
from core.foundation.progress import Progress
from core.foundation.stopwatch import spent_on, stopwatch
from core.foundation.workspace import Workspace
from core.jobs.runs import dataset_of
from core.jobs.tasks import faces_task
from core.library.clip_importing import ClipIntake
from core.library.dating import date_pictures
from core.library.importing import PictureIntake
from core.library.sources import SourceFile
from core.library.watching import folder_to_watch
from db.engine import reading
from db.queries.jobs import reasons_by_path
from db.tables import Run


def watch_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:  # noqa: ARG001  (as every task)
    """Watch a folder for a dataset from now on, or none; the newest of these counts."""
    folder = run.parameters["folder"]
    return {"folder": None if folder is None else str(folder_to_watch(workspace, Path(folder)))}


def arrivals_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Take in the files that have arrived, find the faces in them, measure and group these.

    ``log`` says of each file when it was seen first (seconds since 1970), how long it waited, how many seconds its
    import, the detection and the embedding of its faces took (the mean over the files that came with it), and why it is
    not in, or not whole, or that it was here already.
    """
    began, names = time(), {path for path, *_ in run.parameters["files"]}
    folder = folder_to_watch(workspace, Path(run.parameters["folder"]))
    with stopwatch() as spent:
        with spent_on("import"):
            counts, here_as = _take_in(workspace, run, folder, names, progress)
        found = faces_task(workspace, run, progress)
    with reading(workspace.engine) as session:
        skipped = reasons_by_path(run.id, names, session=session)
    reasons = {path: message("images.here_already", path=here).to_json() for path, here in here_as.items()} | skipped
    each = {part: spent[part] / len(names) for part in ("import", "detection", "embedding")}
    seen = run.parameters["seen"]
    log = [
        {"path": path, "arrived": seen, "waited": began - seen, **each, "reason": reasons.get(path)}
        for path in sorted(names)
    ]
    return {**counts, "skipped": len(skipped), "faces": found["faces"], "people": found["people"], "log": log}


def _take_in(
    workspace: Workspace, run: Run, folder: Path, names: set[str], progress: Progress
) -> tuple[dict[str, Any], dict[str, str]]:
    """Counts of what came in, and of each file that was here already the path of its picture."""
    who: dict[str, Any] = {"dataset_id": dataset_of(run), "author_id": run.author_id, "run_id": run.id}
    pictures = PictureIntake(workspace, **who, progress=progress)
    files: list[SourceFile] = [file for file in pictures.files_of(folder) if file.path in names]
    counts = {**pictures.take(files), **ClipIntake(workspace, **who, progress=progress).take(files)}
    date_pictures(workspace, dataset_of(run), progress)
    return counts, pictures.here_as
