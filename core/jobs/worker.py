"""The worker process: ``python -m core.jobs.worker``. Takes runs off the queue, one at a time."""

from __future__ import annotations

import logging
import os
import signal
import threading

from core.jobs.queue import STOPPING, consume, ring
from core.jobs.runs import heartbeat, process_name, recover
from core.workspace import Workspace

_HEARTBEAT_SECONDS = 2.0


def main() -> None:
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
    consumer.run()


def _stop_with(flag: threading.Event) -> None:
    """Let the run in hand go back to the queue as soon as the consumer is told to end."""
    flag.wait()
    STOPPING.set()


def _beat(workspace: Workspace, flag: threading.Event) -> None:
    """Keep the heartbeat fresh, and end with the process that started us."""
    parent = os.getppid()
    while not flag.wait(_HEARTBEAT_SECONDS):
        heartbeat(workspace).write_text(process_name())
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
