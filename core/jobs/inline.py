"""Doing a run in this process and waiting for its end, as the command line does."""

import time
from typing import Any, Final

from core.foundation.errors import Cancelled, FacetError
from core.foundation.messages import Message, message
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.jobs.kinds import RUN_KINDS, RunKind
from core.jobs.runs import perform, recover, submit
from core.library.names_in_store import operator_id
from db.engine import reading
from db.tables import Run, RunState

_POLL_SECONDS: Final = 0.5


def run_here(workspace: Workspace, kind: str, dataset_id: int, parameters: dict[str, Any], listener: Progress) -> Run:
    """Submit a run, do it, and return it when it is done.

    Raises
    ------
    Cancelled
        If somebody cancelled it meanwhile.
    FacetError
        That says what the run's own said, if it failed.
    """
    author_id = operator_id(workspace)
    run_id = submit(workspace, kind, dataset_id=dataset_id, author_id=author_id, parameters=parameters)
    run = _at_its_end(workspace, run_id, RUN_KINDS[kind], listener)
    if run.state == RunState.CANCELLED:
        raise Cancelled("runs.cancelled", number=run_id)
    if run.state == RunState.FAILED:
        raise FacetError.saying(Message.from_json(run.error) if run.error else message("runs.failed", number=run_id))
    return run


def _at_its_end(workspace: Workspace, run_id: int, kind: RunKind, listener: Progress) -> Run:
    """Do the run; where a worker took it first, wait, and take it over if that lets it go or dies."""
    while True:
        perform(workspace, run_id, kind.task, afterwards=kind.afterwards, listener=listener)
        with reading(workspace.engine) as session:
            run = session.get(Run, run_id)
        assert run is not None
        if run.state not in (RunState.QUEUED, RunState.RUNNING):
            return run
        time.sleep(_POLL_SECONDS)
        recover(workspace, here_only=True)
