"""A worker beside the workbench: started with it, started again when it dies, ended with it."""

import asyncio
import os
import signal
import subprocess
import sys

import psutil
import pytest

from core.jobs.runs import process_name, submit, worker_lives
from core.jobs.supervisor import worker_beside
from db.engine import reading
from db.tables import Run, RunState
from db.writing import writing
from tests.builders.worker_processes import wait_for


@pytest.fixture
def home(workspace, monkeypatch):
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    return workspace


def _pid(workspace):
    return int(workspace.heartbeat.read_text().split(":")[1])


async def _until(condition, what):
    return await asyncio.to_thread(wait_for, condition, what)


def test_worker_that_is_killed_is_started_again_wherever_the_workbench_was_and_ends_with_it(
    home, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # the code is found all the same
    monkeypatch.delenv("PYTHONPATH", raising=False)

    async def scenario():
        async with worker_beside(home):
            await _until(lambda: worker_lives(home), "the first heartbeat")
            first = _pid(home)
            os.kill(first, signal.SIGKILL)
            await _until(lambda: _pid(home) != first and worker_lives(home), "the second worker")
            second = _pid(home)
            assert psutil.Process(second).ppid() == os.getpid()
        assert not worker_lives(home)
        assert not psutil.pid_exists(second)

    asyncio.run(scenario())


def test_worker_that_dies_again_and_again_is_started_ever_more_slowly(workspace, monkeypatch):
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
            await _Worker(workspace).keep_alive()

    asyncio.run(scenario())
    assert slept == [1, 2, 4, 8, 16, 30, 30]
    assert len(starts) == 7
    assert starts[0] == ([sys.executable, "-m", "core.jobs.worker", str(os.getpid())],)


@pytest.fixture
def stubborn(home, monkeypatch):
    """Starts processes that do not end when they are asked to, in place of workers; gives them."""
    ignores = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(99)"]
    monkeypatch.setattr("core.jobs.supervisor._STOP_SECONDS", 0.2)
    real = subprocess.Popen
    started = []

    def start(command, **options):
        process = real(ignores, stdout=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        started.append(process)
        return process

    monkeypatch.setattr("core.jobs.supervisor.subprocess.Popen", start)
    return started


def test_worker_that_does_not_end_in_time_is_killed_and_its_run_waits_without_a_death(home, dataset, author, stubborn):
    held, of_another = (submit(home, "faces", dataset_id=dataset, author_id=author, parameters={}) for _ in range(2))

    async def scenario():
        async with worker_beside(home):
            for run_id, pid in ((held, stubborn[0].pid), (of_another, os.getpid())):
                with writing(home.engine) as session:
                    run = session.get(Run, run_id)
                    run.state, run.worker = RunState.RUNNING, process_name(pid)

    asyncio.run(scenario())
    assert stubborn[0].returncode == -signal.SIGKILL
    with reading(home.engine) as session:
        runs = [session.get(Run, run_id) for run_id in (held, of_another)]
    assert [(run.state, run.deaths) for run in runs] == [(RunState.QUEUED, 0), (RunState.RUNNING, 0)]


def test_a_signal_ends_the_worker_before_the_server_has_closed_its_connections(home, monkeypatch):
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    monkeypatch.setattr("core.foundation.ending.os._exit", lambda code: None)
    monkeypatch.setattr("core.jobs.supervisor._REQUEST_SECONDS", 0.0)

    async def scenario():
        async with worker_beside(home):
            await _until(lambda: worker_lives(home), "the first heartbeat")
            pid = _pid(home)
            os.kill(os.getpid(), signal.SIGTERM)
            await _until(lambda: not psutil.pid_exists(pid), "the end of the worker")
            await asyncio.sleep(1.5)
            assert not worker_lives(home), "it is not started again"

    try:
        asyncio.run(scenario())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
