"""The queue: tells a worker that a run waits. The only module that knows huey, and SQLite from Redis."""

from functools import cache
from threading import Event
from typing import Any

from huey import RedisHuey, SqliteHuey
from huey.api import Huey

from core.foundation.errors import BadInput, NotFound
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.jobs.kinds import RUN_KINDS
from core.jobs.runs import perform
from db.engine import reading
from db.tables import Run

STOPPING = Event()


class Doorbell:
    """A huey and the one task that it knows: perform a run."""

    def __init__(self, huey: Huey, workspace: Workspace) -> None:
        self.huey = huey
        self._workspace = workspace
        self._task = huey.task(name="perform_run")(self._perform)

    def ring(self, run_id: int) -> None:
        """Wake a worker for a run. Harmless when done twice: a run is claimed once."""
        self._task(run_id)

    def _perform(self, run_id: int) -> None:
        with reading(self._workspace.engine) as session:
            run = session.get(Run, run_id)
        if run is not None:
            kind = RUN_KINDS.get(run.kind)
            task, afterwards = (_unknown, None) if kind is None else (kind.task, kind.afterwards)
            perform(self._workspace, run_id, task, afterwards=afterwards, stopping=STOPPING)


def _unknown(_workspace: Workspace, run: Run, _progress: Progress) -> dict[str, Any]:
    raise NotFound("runs.no_kind", kind=run.kind)


@cache
def queue(workspace: Workspace) -> Doorbell:
    """The queue at ``FACET_QUEUE_URL``, or the SQLite one in the home folder where that is empty.

    Raises
    ------
    BadInput
        If the address is not one of Redis.
    """
    url = workspace.settings.queue_url
    if not url:
        workspace.home.mkdir(parents=True, exist_ok=True)
        return Doorbell(SqliteHuey("facet", filename=str(workspace.queue), results=False), workspace)
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise BadInput("runs.queue_address")
    return Doorbell(RedisHuey("facet", url=url, results=False), workspace)
