"""Starting a run from a page."""

from typing import Any

from core.foundation.workspace import Workspace
from core.jobs.runs import again, submit
from db.engine import reading
from db.queries.jobs import waiting_run


def start(workspace: Workspace, kind: str, *, dataset_id: int, author_id: int, **parameters: Any) -> int:
    """Write a run down and wake the worker; returns the run's id at once."""
    run_id = submit(workspace, kind, dataset_id=dataset_id, author_id=author_id, parameters=parameters)
    _ring(workspace, run_id)
    return run_id


def start_unless_waiting(workspace: Workspace, kind: str, *, dataset_id: int, author_id: int, **parameters: Any) -> int:
    """As `start`; where the same is asked for and has not begun, that run does it all: returns its id."""
    with reading(workspace.engine) as session:
        waiting = waiting_run(dataset_id, kind, parameters, session=session)
    return waiting or start(workspace, kind, dataset_id=dataset_id, author_id=author_id, **parameters)


def restart(workspace: Workspace, run_id: int, *, author_id: int) -> int:
    """Do the same work once more; finished parts are not done twice."""
    again_id = again(workspace, run_id, author_id)
    _ring(workspace, again_id)
    return again_id


def _ring(workspace: Workspace, run_id: int) -> None:
    from core.jobs.queue import ring  # huey is loaded while the browser opens, not before the workbench starts

    ring(workspace, run_id)
