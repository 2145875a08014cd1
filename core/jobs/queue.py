"""The queues: tell a worker that a run waits. The only module that knows huey, and SQLite from Redis.

There is one for each lane, so that short work never waits behind long work.
"""

from functools import cache
from threading import Event
from typing import Any, Final

from huey import RedisHuey, SqliteHuey
from huey.api import Huey
from sqlmodel import col, select

from core.foundation.errors import BadInput, NotFound
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.jobs.kinds import RUN_KINDS, Lane, lane_of
from core.jobs.runs import perform
from db.engine import reading
from db.tables import Run

STOPPING = Event()
_NAMES: Final = {Lane.LONG: "facet", Lane.SHORT: "facet-short"}


class Doorbell:
    """The queue of one lane: a huey and the one task that it knows, to perform a run."""

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


def ring(workspace: Workspace, *run_ids: int, unless_pending: bool = False) -> None:
    """Wake a worker for runs, each in the lane of its kind; with `unless_pending` in lanes where nothing waits yet."""
    with reading(workspace.engine) as session:
        kinds = dict(session.exec(select(Run.id, Run.kind).where(col(Run.id).in_(run_ids))).all())
    lanes = {lane: queue(workspace, lane) for lane in Lane}
    open_lanes = [lane for lane, bell in lanes.items() if not (unless_pending and bell.huey.pending_count())]
    for run_id in run_ids:
        if run_id in kinds and (lane := lane_of(kinds[run_id])) in open_lanes:
            lanes[lane].ring(run_id)


def queue(workspace: Workspace, lane: Lane = Lane.LONG) -> Doorbell:
    """A lane's queue at ``FACET_QUEUE_URL``, or the SQLite one in the home folder where that is empty.

    Raises
    ------
    BadInput
        If the address is not one of Redis.
    """
    return _queue(workspace, lane)


@cache
def _queue(workspace: Workspace, lane: Lane) -> Doorbell:
    url = workspace.settings.queue_url
    if not url:
        workspace.home.mkdir(parents=True, exist_ok=True)
        return Doorbell(SqliteHuey(_NAMES[lane], filename=str(workspace.queue), results=False), workspace)
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise BadInput("runs.queue_address")
    return Doorbell(RedisHuey(_NAMES[lane], url=url, results=False), workspace)
