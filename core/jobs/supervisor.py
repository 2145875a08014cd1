"""Keeping one worker process alive beside the workbench."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_STOP_SECONDS: Final = 25.0  # a worker lets the run in hand go after its next picture
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
async def worker_beside() -> AsyncIterator[None]:
    """Run a worker for as long as the block lasts; one that dies is started again, ever more slowly."""
    worker = _Worker()
    watcher = asyncio.create_task(worker.keep_alive())
    try:
        yield
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        await asyncio.to_thread(worker.stop)


class _Worker:
    """The worker process and its restarts."""

    def __init__(self) -> None:
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        # Its own session: Ctrl-C reaches the workbench alone, which then ends the worker in order.
        return subprocess.Popen(worker_command(os.getpid()), start_new_session=True, env=child_environment())  # noqa: S603  (a fixed command)

    async def keep_alive(self) -> None:
        pause = _POLL_SECONDS
        while True:
            await asyncio.sleep(pause)
            if self._process.poll() is not None:
                pause = min(2 * pause, _MOST_PAUSE)
                self._process = self._start()
            elif time.monotonic() - self._started > _MOST_PAUSE:
                pause = _POLL_SECONDS

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
