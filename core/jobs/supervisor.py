"""Keeping one worker process alive beside the workbench, and ending both in time."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from core.foundation.ending import ending_within
from core.foundation.workspace import Workspace
from core.jobs.runs import give_back, process_name

_ROOT: Final = Path(__file__).resolve().parents[2]
_STOP_SECONDS: Final = 6.0  # a worker lets the run in hand go after its next picture, or gives it back unfinished
_REQUEST_SECONDS: Final = 4.0  # what a browser has asked for may take that long to be answered
_POLL_SECONDS: Final = 1.0
_MOST_PAUSE: Final = 30.0


def worker_command(parent: int, *more: str) -> list[str]:
    """What starts a worker that ends with a parent process."""
    return [sys.executable, "-m", "core.jobs.worker", str(parent), *more]


def child_environment() -> dict[str, str]:
    """The environment of a process of ours that is started beside: it finds `core` wherever the workbench stands."""
    paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": paths}


@asynccontextmanager
async def worker_beside(workspace: Workspace) -> AsyncIterator[None]:
    """Run a worker for as long as the block lasts; one that dies is started again, ever more slowly.

    Ctrl-C and SIGTERM end the worker at once, before the server has closed its connections, and this process soon.
    """
    worker = _Worker(workspace)
    watcher = asyncio.create_task(worker.keep_alive())
    try:
        with ending_within(_REQUEST_SECONDS, worker.stop):
            yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        await asyncio.to_thread(worker.stop)


class _Worker:
    """The worker process and its restarts."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock, self._stopped = threading.Lock(), False
        self._start()

    def _start(self) -> None:
        with self._lock:
            if self._stopped:
                return
            self._started = time.monotonic()
            # Its own session: Ctrl-C reaches the workbench alone, which then ends the worker in order.
            command = worker_command(os.getpid())
            self._process = subprocess.Popen(command, start_new_session=True, env=child_environment())  # noqa: S603 - our own

    async def keep_alive(self) -> None:
        pause = _POLL_SECONDS
        while not self._stopped:
            await asyncio.sleep(pause)
            if self._process.poll() is not None:
                pause = min(2 * pause, _MOST_PAUSE)
                await asyncio.to_thread(self._start)
            elif time.monotonic() - self._started > _MOST_PAUSE:
                pause = _POLL_SECONDS

    def stop(self) -> None:
        """End it for good, in order where it does so in time; the run in hand waits for the next start either way."""
        self._stopped = True
        with self._lock:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                name = process_name(self._process.pid)
                self._process.kill()
                self._process.wait()
                give_back(self._workspace, name)
