"""The worker process: ``python -m core.jobs.worker [PARENT]``. Takes runs off the queue, one at a time.

With the number of a parent process it ends when that process does, however it died.
"""

import logging
import os
import signal
import sys
import threading

from core.foundation.workspace import Workspace
from core.jobs.queue import STOPPING, queue
from core.jobs.runs import process_name, recover
from core.library.uploading import sweep_uploads
from core.media.files import sweep_partials, write_atomically
from db.engine import reading
from db.queries.jobs import unfinished_sources

_HEARTBEAT_SECONDS = 2.0
_RECOVERY_SECONDS = 10.0
_log = logging.getLogger(__name__)


def main(parent: int | None = None) -> None:
    """Recover what a killed worker left behind, then work until asked to stop or until the parent is gone."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    workspace = Workspace.open()
    for run_id in recover(workspace):
        queue(workspace).ring(run_id)
    with reading(workspace.engine) as session:
        sweep_uploads(workspace, unfinished_sources(session=session))
    sweep_partials(workspace.home)
    consumer = queue(workspace).huey.create_consumer(
        workers=1, periodic=False, max_delay=0.5, shutdown_timeout=20, graceful_signal="TERM"
    )
    # From the first heartbeat on, being asked to stop means stopping in order; the consumer's own handler comes later.
    signal.signal(signal.SIGTERM, lambda *_: consumer.stop_flag.set())
    threading.Thread(target=_beat, args=(workspace, consumer.stop_flag), daemon=True).start()
    threading.Thread(target=_take_up, args=(workspace, consumer.stop_flag), daemon=True).start()
    threading.Thread(target=_stop_with, args=(consumer.stop_flag,), daemon=True).start()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent, consumer.stop_flag), daemon=True).start()
    consumer.run()


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
            waiting = recover(workspace, here_only=True)
            if not queue(workspace).huey.pending_count():  # otherwise rings would pile up behind a long run
                for run_id in waiting:
                    queue(workspace).ring(run_id)
        except Exception:  # a store that is busy now is not so in ten seconds
            _log.exception("the runs of processes that died could not be taken up")


def _end_with(parent: int, flag: threading.Event) -> None:
    """Stop in order once the parent is gone; a child whose parent dies is given another one."""
    while not flag.wait(_HEARTBEAT_SECONDS / 4):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
