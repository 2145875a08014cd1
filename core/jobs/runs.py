"""The life of a run: submitted, claimed by one process, reported on, ended. The `run` table is the only truth."""

import socket
import time
import traceback
from collections.abc import Callable
from threading import Event
from typing import Any, Final

import psutil
from sqlmodel import Session, col, select, update

from core.foundation.errors import Cancelled, FacetError, NotFound, StoreBusy
from core.foundation.messages import Message, message
from core.foundation.progress import DEAF, Progress, Suspicion
from core.foundation.workspace import Workspace
from core.jobs.in_hand import InHand
from db.engine import reading
from db.tables import Run, RunState, now
from db.writing import writing

Task = Callable[[Workspace, Run, Progress], dict[str, Any]]
Afterwards = Callable[[Workspace, Run], None]

_REPORT_SECONDS: Final = 0.5
_END_ATTEMPTS: Final = 20  # each waits for up to half a minute
_MOST_DEATHS: Final = 3  # from then on a run is taken to be what kills its process
_CLOCK_SECONDS: Final = 2.0  # a start time is told from the boot, whose own time moves when the clock is set


class Interrupted(BaseException):
    """The process is asked to end; the run goes back to the queue. Not an `Exception`: no service may swallow it."""


def submit(
    workspace: Workspace, kind: str, *, dataset_id: int | None, author_id: int, parameters: dict[str, Any]
) -> int:
    """Write down what is asked for. Nothing starts yet."""
    with writing(workspace.engine) as session:
        run = Run(kind=kind, dataset_id=dataset_id, author_id=author_id, parameters=parameters)
        session.add(run)
        session.flush()
        InHand(workspace.in_hand(run.id)).forget()  # of a run that had its number before a backup was put back
        return run.id


def perform(
    workspace: Workspace,
    run_id: int,
    task: Task,
    *,
    afterwards: Afterwards | None = None,
    listener: Progress = DEAF,
    stopping: Event | None = None,
) -> bool:
    """Do a queued run to its end in this process. False where another process has it, or it has ended already.

    `afterwards` clears away what the run needed, once it is written down that the run is done.
    """
    run = _claim(workspace, run_id)
    if run is None:
        return False
    progress = RunProgress(
        workspace, run_id, listener, stopping or Event(), died_at=_place(run) if run.deaths else None
    )
    try:
        counts = task(workspace, run, progress)
    except Interrupted:
        _end(workspace, run_id, RunState.QUEUED, worker=None)
    except Cancelled:
        _end(workspace, run_id, RunState.CANCELLED, done=progress.done, finished_at=now())
    except Exception as error:
        broke = message("runs.broke", kind=type(error).__name__, reason=str(error))
        failure = error.message if isinstance(error, FacetError) else broke
        log = _storable(traceback.format_exc())
        _end(workspace, run_id, RunState.FAILED, error=failure.to_json(), log=log, finished_at=now())
    except BaseException:  # Ctrl-C on the command line
        _end(workspace, run_id, RunState.CANCELLED, done=progress.done, finished_at=now())
        raise
    else:
        _end(workspace, run_id, RunState.DONE, counts=counts, done=progress.total, finished_at=now(), message=None)
        if afterwards is not None:
            afterwards(workspace, run)
    return True


def _place(run: Run) -> tuple[object, int]:
    """The part of the work that a run was in, and how much of it was left."""
    return run.message, run.total - run.done


def _storable(text: str) -> str:
    """Text that may name a file whose name is not valid UTF-8, which the store cannot hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def cancel(workspace: Workspace, run_id: int) -> None:
    """Ask a run to stop; one that has not started ends at once."""
    with writing(workspace.engine) as session:
        run = _get(run_id, session=session)
        if run.state == RunState.QUEUED:
            run.state, run.finished_at = RunState.CANCELLED, now()
        elif run.state == RunState.RUNNING:
            run.cancel_requested = True


def again(workspace: Workspace, run_id: int, author_id: int) -> int:
    """Submit the same work once more, for a run that failed or was cancelled."""
    with reading(workspace.engine) as session:
        run = _get(run_id, session=session)
        return submit(workspace, run.kind, dataset_id=run.dataset_id, author_id=author_id, parameters=run.parameters)


def recover(workspace: Workspace, *, here_only: bool = False) -> list[int]:
    """Put runs whose process has died back into the queue; the ids of all that wait now, oldest first.

    One that a person cancelled meanwhile ends, and so does one whose process has died three times without getting
    further in between; deaths that are a picture's fault (`core.jobs.in_hand`) do not count. With `here_only`
    processes on hosts of other names are taken to live: it may be a command line in another container.
    """
    shared = bool(workspace.settings.queue_url) or here_only
    with reading(workspace.engine) as session:
        held = session.exec(select(Run.id, Run.worker).where(Run.state == RunState.RUNNING)).all()
    dead = [(run_id, name) for run_id, name in held if not _alive(name, shared=shared)]
    if dead:
        with writing(workspace.engine) as session:
            for run_id, name in dead:
                run = _get(run_id, session=session)
                if (run.state, run.worker) == (RunState.RUNNING, name):  # nobody else was quicker
                    _let_go(workspace, run)
    with reading(workspace.engine) as session:
        return list(session.exec(select(Run.id).where(Run.state == RunState.QUEUED).order_by(col(Run.id))))


def _let_go(workspace: Workspace, run: Run) -> None:
    in_hand = InHand.of(workspace, run.id)
    run.worker = None
    if not in_hand.process_died():
        run.deaths += 1
    if run.cancel_requested:
        run.state, run.finished_at = RunState.CANCELLED, now()
    elif run.deaths >= _MOST_DEATHS:
        run.state, run.finished_at = RunState.FAILED, now()
        place = message("runs.place", done=run.done, total=run.total)
        if run.message:
            place = message("runs.place_in_part", place=place, part=Message.from_json(run.message))
        run.error = message("runs.process_died", deaths=run.deaths, place=place).to_json()
    else:
        run.state = RunState.QUEUED
        return
    in_hand.forget()


def give_back(workspace: Workspace, name: str) -> None:
    """Put what the process of that name had in hand back into the queue: it was asked to end, which is no death."""
    with writing(workspace.engine) as session:
        mine = session.exec(select(Run).where(Run.state == RunState.RUNNING, Run.worker == name)).all()
        for run in mine:
            run.state, run.worker = RunState.QUEUED, None
            InHand.of(workspace, run.id).let_go()


def _get(run_id: int, *, session: Session) -> Run:
    run = session.get(Run, run_id)
    if run is None:
        raise NotFound("runs.none_numbered", number=run_id)
    return run


def dataset_of(run: Run) -> int:
    """The dataset that a run is about: every kind has one."""
    assert run.dataset_id is not None
    return run.dataset_id


def _claim(workspace: Workspace, run_id: int) -> Run | None:
    with writing(workspace.engine) as session:
        run = session.get(Run, run_id)
        if run is None or run.state != RunState.QUEUED:
            return None
        if run.cancel_requested:  # while it ran in a process that has died since
            run.state, run.finished_at = RunState.CANCELLED, now()
            return None
        run.state, run.worker = RunState.RUNNING, process_name()
        run.started_at, run.error, run.log = run.started_at or now(), None, None
        return run


def _end(workspace: Workspace, run_id: int, state: RunState, **values: Any) -> None:
    for left in reversed(range(_END_ATTEMPTS)):
        try:
            with writing(workspace.engine) as session:
                session.exec(update(Run).where(col(Run.id) == run_id).values(state=state, **values))
            break
        except StoreBusy:  # not written down, the run would seem to go on for as long as this process lives
            if not left:
                raise
    in_hand = InHand.of(workspace, run_id)
    if state == RunState.QUEUED:
        in_hand.let_go()
    else:
        in_hand.forget()


def speed(run: Run) -> tuple[float, float | None]:
    """Items per second of the part in hand, and the seconds left of it; 0 and None before its first item."""
    if run.phase_at is None or run.finished_at is not None:
        return 0.0, None
    seconds = (now() - run.phase_at).total_seconds()
    rate = max(0, run.done - run.done_at_start) / seconds if seconds > 0 else 0.0
    return rate, (run.total - run.done) / rate if rate > 0 else None


def process_name(pid: int | None = None) -> str:
    """A process, or this one, as ``host:pid:start``; the start time tells it from a later one with the same number."""
    process = psutil.Process(pid)
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.0f}"


def _alive(name: str | None, *, shared: bool) -> bool:
    """Whether the process of that name lives; with a `shared` queue, those of other machines are taken to.

    Without one, another host's name is an earlier one of this machine: a container gets a new one at each start.
    """
    host, _, rest = (name or "::").partition(":")
    pid, _, start = rest.partition(":")
    if shared and host != socket.gethostname():
        return bool(host)  # another machine looks after its own
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(start)) <= _CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, ValueError):
        return False


def worker_lives(workspace: Workspace) -> bool:
    """Whether a worker of this home folder is at work on this machine."""
    beat = workspace.heartbeat
    return beat.is_file() and _alive(beat.read_text().strip(), shared=bool(workspace.settings.queue_url))


class RunProgress(Progress):
    """Writes progress into the run at most twice a second, and learns there whether to stop.

    Where the run gets further than where its process has died (`died_at`), the deaths until then no longer count.
    """

    def __init__(
        self,
        workspace: Workspace,
        run_id: int,
        listener: Progress,
        stopping: Event,
        died_at: tuple[object, int] | None = None,
    ) -> None:
        self._workspace, self._run_id, self._listener, self._stopping = workspace, run_id, listener, stopping
        self._died_at, self._been_there = died_at, False
        self._in_hand = InHand.of(workspace, run_id)
        self._phase: object = None
        self._reported = float("-inf")
        self.done = self.total = 0

    def begin(self, total: int, done: int = 0, message: Message | None = None) -> None:
        self.total, self.done = total, done
        self._listener.begin(total, done, message)
        self._phase = phase = message and message.to_json()
        self._report(total=total, done=done, done_at_start=done, message=phase, phase_at=now())

    def advance(self, done: int) -> None:
        self.done = done
        self._listener.advance(done)
        due = time.monotonic() - self._reported >= _REPORT_SECONDS
        if due or self._stopping.is_set() or self._got_further():  # that is told at once: the next death may be near
            self._report(done=done)

    def take(self, *names: str, note: str = "") -> None:
        self._in_hand.take(names, note)

    @property
    def suspicion(self) -> Suspicion:  # type: ignore[override]
        """What this run's processes have died of."""
        return self._in_hand.suspicion

    def _got_further(self) -> bool:
        """Whether this is behind the place of the last death: less of that part is left, or a later part."""
        if self._died_at is None:
            return False
        phase, left = self._died_at
        if self._phase == phase:
            self._been_there = True
            return self.total - self.done < left
        return self._been_there

    def _report(self, **values: Any) -> None:
        if self._got_further():
            self._died_at, values["deaths"] = None, 0
        with writing(self._workspace.engine) as session:
            session.exec(update(Run).where(col(Run.id) == self._run_id).values(**values))
            cancelled = session.exec(select(Run.cancel_requested).where(Run.id == self._run_id)).one()
        self._reported = time.monotonic()
        if cancelled:
            raise Cancelled("runs.this_cancelled")
        if self._stopping.is_set():
            raise Interrupted
