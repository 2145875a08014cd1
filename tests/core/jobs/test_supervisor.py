"""A worker beside the workbench: started with it, started again when it dies, ended with it."""

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest

from core.jobs.runs import worker_lives
from core.jobs.supervisor import worker_beside
from tests.builders.worker_processes import wait_for


@pytest.fixture
def home(workspace, monkeypatch):
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    return workspace


def _pid(workspace):
    return int(workspace.heartbeat.read_text().split(":")[1])


async def _until(condition, what):
    return await asyncio.to_thread(wait_for, condition, what)


def test_worker_that_is_killed_is_started_again_and_ends_with_the_workbench(home):
    async def scenario():
        async with worker_beside():
            await _until(lambda: worker_lives(home), "the first heartbeat")
            first = _pid(home)
            os.kill(first, signal.SIGKILL)
            await _until(lambda: _pid(home) != first and worker_lives(home), "the second worker")
            second = _pid(home)
            assert psutil.Process(second).ppid() == os.getpid()
        assert not worker_lives(home)
        assert not psutil.pid_exists(second)

    asyncio.run(scenario())


def test_worker_finds_the_code_wherever_the_workbench_was_started(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    async def scenario():
        async with worker_beside():
            await _until(lambda: worker_lives(home), "the first heartbeat")

    asyncio.run(scenario())


def test_worker_that_dies_again_and_again_is_started_ever_more_slowly(monkeypatch):
    starts, slept = [], []

    class Dead:
        def __init__(self, *arguments, **options):
            starts.append(arguments)

        def poll(self):
            return 1

        def terminate(self):
            return None

        def wait(self, timeout=None):
            return 1

    async def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 7:
            raise asyncio.CancelledError

    monkeypatch.setattr("core.jobs.supervisor.subprocess.Popen", Dead)
    monkeypatch.setattr("core.jobs.supervisor.asyncio.sleep", sleep)

    async def scenario():
        from core.jobs.supervisor import _Worker

        with pytest.raises(asyncio.CancelledError):
            await _Worker().keep_alive()

    asyncio.run(scenario())
    assert slept == [1, 2, 4, 8, 16, 30, 30]
    assert len(starts) == 7
    assert starts[0] == ([sys.executable, "-m", "core.jobs.worker", str(os.getpid())],)


def test_worker_that_does_not_end_in_time_is_killed(home, monkeypatch):
    ignores = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(99)"]
    monkeypatch.setattr("core.jobs.supervisor._STOP_SECONDS", 0.2)
    real = subprocess.Popen
    started = []

    def stubborn(command, **options):
        process = real(ignores, stdout=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        started.append(process)
        return process

    monkeypatch.setattr("core.jobs.supervisor.subprocess.Popen", stubborn)

    async def scenario():
        async with worker_beside():
            pass

    asyncio.run(scenario())
    assert started[0].returncode == -signal.SIGKILL
