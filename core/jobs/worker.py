"""The worker: ``python -m core.jobs.worker [PARENT [LANE]]``. Takes runs off the queues, in each lane one at a time.

It is two processes, so that short work never waits behind long work, nor dies with it: this one does the long runs, and
keeps another beside that does the short ones. Both give way to whoever labels: they run at a lower priority, and leave
a core free. With the number of a parent process a worker ends when that process does, however it died.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
from typing import Final

from core.foundation.settings import settings
from core.foundation.threads import bound_threads
from core.foundation.workspace import Workspace
from core.jobs.kinds import Lane
from core.jobs.queue import STOPPING, queue, ring
from core.jobs.runs import give_back, process_name, recover
from core.jobs.supervisor import child_environment, worker_command
from core.jobs.watching import Watch
from core.library.dating import date_pictures
from core.library.uploading import sweep_uploads
from core.media.files import sweep_partials, write_atomically
from core.motion.tracklets import link_clips
from db.engine import reading
from db.queries.jobs import unfinished_sources

_HEARTBEAT_SECONDS = 2.0
_RECOVERY_SECONDS = 10.0
_WATCH_SECONDS = 3.0  # a file that has not changed between two looks is whole
_NICE: Final = 10  # the lower half of the priorities: a page that wants the processor has it
_STOP_SECONDS: Final = 4.0  # then the run in hand is given back; its process has a second more for that
_log = logging.getLogger(__name__)


def serve(parent: int | None = None, lane: Lane = Lane.LONG) -> None:
    """Do the runs of a lane at low priority; the worker of the long one keeps one for the short ones beside it."""
    if lane is Lane.LONG:
        os.nice(_NICE)  # the other inherits it
        bound_threads()
        settings.cache_clear()
    main(parent, lane, beside=lane is Lane.LONG)


def main(parent: int | None = None, lane: Lane = Lane.LONG, *, beside: bool = False) -> None:
    """Recover what a killed worker left behind, then work until asked to stop or until the parent is gone."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    workspace = Workspace.open()
    if lane is Lane.LONG:
        ring(workspace, *recover(workspace))
        with reading(workspace.engine) as session:
            sweep_uploads(workspace, unfinished_sources(session=session))
        sweep_partials(workspace.home)
    consumer = queue(workspace, lane).huey.create_consumer(
        workers=1, periodic=False, max_delay=0.5, shutdown_timeout=_STOP_SECONDS, graceful_signal="TERM"
    )
    # From the first heartbeat on, being asked to stop means stopping in order; the consumer's own handler comes later.
    signal.signal(signal.SIGTERM, lambda *_: consumer.stop_flag.set())
    threads = [threading.Thread(target=_stop_with, args=(consumer.stop_flag,), daemon=True)]
    if lane is Lane.LONG:
        for task in (_beat, _take_up, _link, _date, _watch):
            threads.append(threading.Thread(target=task, args=(workspace, consumer.stop_flag), daemon=True))
    if parent is not None:
        threads.append(threading.Thread(target=_end_with, args=(parent, consumer.stop_flag), daemon=True))
    keeper = threading.Thread(target=_keep_short_lane, args=(workspace, consumer.stop_flag), daemon=True)
    for thread in [*threads, *([keeper] if beside else [])]:
        thread.start()
    consumer.run()
    if beside:
        consumer.stop_flag.set()
        keeper.join()
    if any(thread.is_alive() for _, thread in consumer.worker_threads):  # a long step, which knows nothing of its end
        give_back(workspace, process_name())
        os._exit(0)


def _keep_short_lane(workspace: Workspace, flag: threading.Event) -> None:
    """Keep a process for the short lane, started again when it dies; it ends in order with this one."""
    while not flag.is_set():
        command = worker_command(os.getpid(), Lane.SHORT)
        process = subprocess.Popen(command, start_new_session=True, env=child_environment())  # noqa: S603 - our own
        while not flag.wait(_HEARTBEAT_SECONDS / 4) and process.poll() is None:
            pass
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS + 1)
            except subprocess.TimeoutExpired:
                name = process_name(process.pid)
                process.kill()
                process.wait()
                give_back(workspace, name)
        elif flag.wait(_HEARTBEAT_SECONDS):
            return


def _stop_with(flag: threading.Event) -> None:
    """Let the run in hand go back to the queue as soon as the consumer is told to end."""
    flag.wait()
    STOPPING.set()


def _beat(workspace: Workspace, flag: threading.Event) -> None:
    """Keep the heartbeat: with several workers on one home folder, one that lives is always named in it."""
    while True:
        write_atomically(workspace.heartbeat, process_name().encode())
        if flag.wait(_HEARTBEAT_SECONDS):
            return


def _take_up(workspace: Workspace, flag: threading.Event) -> None:
    """Take up the runs of processes that died since, as of a command line that was killed."""
    while not flag.wait(_RECOVERY_SECONDS):
        try:
            # where rings wait none is added: they would pile up behind a long run
            ring(workspace, *recover(workspace, here_only=True), unless_pending=True)
        except Exception:  # a store that is busy now is not so in ten seconds
            _log.exception("the runs of processes that died could not be taken up")


def _link(workspace: Workspace, flag: threading.Event) -> None:  # noqa: ARG001  (started like the others)
    """Put into tracks what an earlier version of Facet, or a process that was killed, has left in none."""
    try:
        link_clips(workspace)
    except Exception:  # whoever edits such a clip does it then
        _log.exception("not all faces and bodies of clips could be put into tracks")


def _date(workspace: Workspace, flag: threading.Event) -> None:  # noqa: ARG001  (started like the others)
    """Read when pictures were taken that an earlier version of Facet, or a process that was killed, has left unread."""
    try:
        date_pictures(workspace)
    except Exception:  # the next start, import or search reads them
        _log.exception("not all times of pictures could be read")


def _watch(workspace: Workspace, flag: threading.Event) -> None:
    """Look at the watched folders every few seconds; what has arrived is a run of its own."""
    watch = Watch(workspace)
    while not flag.wait(_WATCH_SECONDS):
        try:
            watch.look()
        except Exception:  # a folder or a store that cannot be read now may be later
            _log.exception("the watched folders could not be looked at")


def _end_with(parent: int, flag: threading.Event) -> None:
    """Stop in order once the parent is gone; a child whose parent dies is given another one."""
    while not flag.wait(_HEARTBEAT_SECONDS / 4):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else None, Lane(sys.argv[2]) if len(sys.argv) > 2 else Lane.LONG)
