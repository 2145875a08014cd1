"""The queue: tells a worker that a run waits. The only module that knows huey, and SQLite from Redis."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Event

from huey import RedisHuey, SqliteHuey
from huey.api import Huey

from core.jobs.runs import perform
from core.jobs.tasks import TASKS
from core.workspace import Workspace
from db.engine import reading
from db.tables import Run

STOPPING = Event()


def ring(workspace: Workspace, run_id: int) -> None:
    """Wake a worker for a run. Harmless when done twice: a run is claimed once."""
    queue(workspace.settings.queue_url, workspace.home)(run_id)


def consume(workspace: Workspace) -> Huey:
    """The queue itself, for the worker's consumer."""
    return queue(workspace.settings.queue_url, workspace.home).huey


class _Doorbell:
    """A huey and the one task that it knows: perform a run."""

    def __init__(self, huey: Huey, home: Path) -> None:
        self.huey = huey
        self._home = home
        self._task = huey.task(name="perform_run")(self._perform)

    def __call__(self, run_id: int) -> None:
        self._task(run_id)

    def _perform(self, run_id: int) -> None:
        workspace = Workspace.open()
        with reading(workspace.engine) as session:
            run = session.get(Run, run_id)
        if run is not None:
            perform(workspace, run_id, TASKS[run.kind], stopping=STOPPING)


@cache
def queue(url: str, home: Path) -> _Doorbell:
    """The queue at `url`, or the SQLite one in the home folder where it is empty."""
    if url:
        return _Doorbell(RedisHuey("facet", url=url, results=False), home)
    home.mkdir(parents=True, exist_ok=True)
    return _Doorbell(SqliteHuey("facet", filename=str(home / "queue.db"), results=False), home)
