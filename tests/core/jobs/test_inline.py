"""Runs of the command line: done in this process, ended with their own sentence."""

import socket
import subprocess

import psutil
import pytest

from core.foundation.errors import Cancelled, FacetError
from core.foundation.progress import Progress
from core.jobs import inline
from core.jobs.inline import run_here
from core.jobs.kinds import RUN_KINDS
from core.jobs.runs import cancel, perform
from db.tables import Run, RunState
from db.writing import writing
from tests.builders.run_kinds import run_kind


def test_finished_run_is_given_back(workspace, dataset, monkeypatch):
    monkeypatch.setitem(
        RUN_KINDS, "echo", run_kind(lambda workspace, run, progress: {"colour": run.parameters["colour"]})
    )
    run = run_here(workspace, "echo", dataset, {"colour": "green"}, Progress())
    assert (run.state, run.counts) == (RunState.DONE, {"colour": "green"})


def test_failed_run_raises_its_own_sentence(workspace, dataset, monkeypatch):
    def fails(workspace, run, progress):
        raise KeyError("lost")

    monkeypatch.setitem(RUN_KINDS, "echo", run_kind(fails))
    with pytest.raises(FacetError, match=r"^KeyError: 'lost'$"):
        run_here(workspace, "echo", dataset, {}, Progress())


def test_cancelled_run_says_so(workspace, dataset, monkeypatch):
    def stops(workspace, run, progress):
        cancel(workspace, run.id)
        progress.begin(1)

    monkeypatch.setitem(RUN_KINDS, "echo", run_kind(stops))
    with pytest.raises(Cancelled, match="run 1 was cancelled"):
        run_here(workspace, "echo", dataset, {}, Progress())


def test_run_that_a_worker_took_first_is_waited_for(workspace, dataset, monkeypatch):
    task = lambda workspace, run, progress: {"by": "the worker"}  # noqa: E731
    monkeypatch.setitem(RUN_KINDS, "echo", run_kind(task))
    done_by = []

    def too_late(workspace, run_id, task, **options):
        done_by.append(perform(workspace, run_id, task))  # a worker takes it
        return perform(workspace, run_id, task, **options)

    monkeypatch.setattr(inline, "perform", too_late)
    assert run_here(workspace, "echo", dataset, {}, Progress()).counts == {"by": "the worker"}
    assert done_by == [True]


def test_run_whose_worker_dies_while_it_is_waited_for_is_taken_over(workspace, dataset, monkeypatch):
    monkeypatch.setitem(RUN_KINDS, "echo", run_kind(lambda workspace, run, progress: {"by": "the command line"}))
    killed = subprocess.Popen(["/bin/true"])
    name = f"{socket.gethostname()}:{killed.pid}:{psutil.Process(killed.pid).create_time():.0f}"
    killed.wait()
    calls = []

    def too_late(workspace, run_id, task, **options):
        calls.append(run_id)
        if len(calls) == 1:  # a worker takes it, and is killed
            with writing(workspace.engine) as session:
                run = session.get(Run, run_id)
                run.state, run.worker = RunState.RUNNING, name
        return perform(workspace, run_id, task, **options)

    monkeypatch.setattr(inline, "perform", too_late)
    assert run_here(workspace, "echo", dataset, {}, Progress()).counts == {"by": "the command line"}
    assert len(calls) == 2
