"""The folder of a training run, and when what is large in it goes.

While a run is open its folder holds weights and a state to go on from. Once its model is kept, the weights lie under
``models`` and the folder's own go; curves and pictures stay. What a run that failed has left waits for the next
training: the same one, asked for again, goes on from it; any other clears it away.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from sqlmodel import col, select

from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import Run, RunState

KINDS: Final = ("train", "selftrain")
_OPEN: Final = (RunState.QUEUED, RunState.RUNNING)
_LARGE: Final = (".safetensors", ".pt", ".part")


def keep_file(source: Path, target: Path) -> None:
    """Let `source` be there as `target` too, whole or not at all; on one disk it takes no more room."""
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    _linked(str(source), str(part))
    part.replace(target)


def tidy(folder: Path) -> None:
    """Remove weights and states from the folder of a run that has ended; what people look at stays."""
    for path in folder.rglob("*"):
        if path.suffix in _LARGE and path.is_file():
            path.unlink(missing_ok=True)


def resume_from(workspace: Workspace, run_id: int) -> None:
    """Give a new run what the newest failed one of the same request has left, and clear away what others have left."""
    mine = workspace.training_folder(run_id)
    with reading(workspace.engine) as session:
        run = session.get(Run, run_id)
        rows = session.exec(select(Run).where(col(Run.kind).in_(KINDS), col(Run.state).not_in(_OPEN)))
        ended = {row.id: row for row in rows if row.id != run_id}
    for number in sorted(ended, reverse=True):
        left, folder = ended[number], workspace.training_folder(number)
        if not folder.is_dir():
            continue
        same = run is not None and (left.kind, left.dataset_id, left.parameters) == (
            run.kind,
            run.dataset_id,
            run.parameters,
        )
        # without a best there is nothing to go on from, and a run that was cancelled was meant to end
        worth = next(folder.rglob("best.safetensors"), None) is not None
        if same and worth and left.state == RunState.FAILED and not mine.exists():
            try:
                shutil.copytree(folder, mine, ignore=shutil.ignore_patterns("said.txt"), copy_function=_linked)
            except OSError:  # another process has cleared it away meanwhile: then this run begins afresh
                shutil.rmtree(mine, ignore_errors=True)
        tidy(folder)


def _linked(source: str, target: str) -> str:
    """A second name for the file, or a copy where the disk knows no second names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target
