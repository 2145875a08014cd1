"""The worker process: ``python -m core.jobs.worker [PARENT]``. Takes runs off the queue, one at a time.

With the number of a parent process it ends when that process does, however it died.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

from core.images import write_atomically
from core.jobs.queue import STOPPING, consume, ring
from core.jobs.runs import heartbeat, process_name, recover
from core.workspace import Workspace

_HEARTBEAT_SECONDS = 2.0


def main(parent: int | None = None) -> None:
    """Recover what a killed worker left behind, then work until asked to stop or until the parent is gone."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    workspace = Workspace.open()
    for run_id in recover(workspace):
        ring(workspace, run_id)
    consumer = consume(workspace).create_consumer(
        workers=1, periodic=False, max_delay=0.5, shutdown_timeout=20, graceful_signal="TERM"
    )
    threading.Thread(target=_beat, args=(workspace, consumer.stop_flag), daemon=True).start()
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
        write_atomically(heartbeat(workspace), process_name().encode())
        if flag.wait(_HEARTBEAT_SECONDS):
            return


def _end_with(parent: int, flag: threading.Event) -> None:
    """Stop in order once the parent is gone; a child whose parent dies is given another one."""
    while not flag.wait(_HEARTBEAT_SECONDS / 4):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
