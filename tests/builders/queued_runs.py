"""Runs that wait in a queue, done in this thread."""

from __future__ import annotations

from core.foundation.workspace import Workspace
from core.jobs.queue import queue
from db.engine import reading
from db.tables import Run


def do_all(workspace: Workspace) -> int:
    """What a worker does, in this thread; how many messages there were."""
    huey, done = queue(workspace).huey, 0
    while (message := huey.dequeue()) is not None:
        huey.execute(message)
        done += 1
    return done


def stored_run(workspace: Workspace, run_id: int) -> Run | None:
    """A run as the store has it now."""
    with reading(workspace.engine) as session:
        return session.get(Run, run_id)
