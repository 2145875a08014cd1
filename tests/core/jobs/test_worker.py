"""What a worker does beside its runs: it beats, takes up what others left, and ends in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from huey.consumer import Consumer

from core.foundation.settings import settings
from core.jobs import worker
from core.jobs.kinds import Lane
from core.jobs.queue import queue
from core.jobs.runs import process_name, submit, worker_lives
from core.library import uploading
from db.engine import reading
from db.tables import CaptureTime, Instance, Run, RunState
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.queued_runs import do_all, stored_run
from tests.builders.worker_processes import wait_for


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Nothing waits for seconds, and stopping here stops no other test."""
    monkeypatch.setattr(worker, "_HEARTBEAT_SECONDS", 0.04)
    monkeypatch.setattr(worker, "_RECOVERY_SECONDS", 0.01)
    monkeypatch.setattr(worker, "STOPPING", threading.Event())


@pytest.fixture
def beside():
    """Runs a function that takes a flag beside the test, and sees that it ends once the flag is set."""
    flag, threads = threading.Event(), []

    def start(function, *given):
        threads.append(threading.Thread(target=function, args=(*given, flag), daemon=True))
        threads[-1].start()
        return flag

    yield start
    flag.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def asked_to_end():
    """How often this process was asked to end."""
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    yield received
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def left_behind(workspace, dataset, author, echo):
    """Leaves a run in the hands of a process of this machine that is dead; gives its id."""

    def leave():
        with writing(workspace.engine) as session:  # at once, for it may be taken up at once
            run = Run(kind="echo", dataset_id=dataset, author_id=author, parameters={}, state=RunState.RUNNING)
            run.worker = f"{socket.gethostname()}:999999:1"
            session.add(run)
            session.flush()
            return run.id

    return leave


def test_the_heart_goes_on_beating_over_what_another_wrote(workspace, beside):
    beside(worker._beat, workspace)
    wait_for(lambda: worker_lives(workspace), "the first heartbeat", 10)
    workspace.heartbeat.write_text("elsewhere:1:1")
    wait_for(lambda: workspace.heartbeat.read_text() == process_name(), "another heartbeat", 10)


def test_a_worker_that_is_to_end_beats_once_and_no_more(workspace):
    flag = threading.Event()
    flag.set()
    worker._beat(workspace, flag)
    assert workspace.heartbeat.read_text() == process_name()


def test_the_run_of_a_process_that_died_is_taken_up(workspace, beside, left_behind, echo):
    beside(worker._take_up, workspace)
    run_id = left_behind()
    wait_for(lambda: queue(workspace).huey.pending_count(), "a ring", 10)
    assert stored_run(workspace, run_id).state == RunState.QUEUED
    do_all(workspace)
    assert [number for number, _ in echo] == [run_id]


def test_rings_do_not_pile_up_behind_a_long_run(workspace, beside, left_behind):
    left_behind()
    beside(worker._take_up, workspace)
    wait_for(lambda: queue(workspace).huey.pending_count(), "a ring", 10)
    second = left_behind()
    wait_for(lambda: stored_run(workspace, second).state == RunState.QUEUED, "the recovery", 10)
    time.sleep(0.1)
    assert queue(workspace).huey.pending_count() == 1


def test_a_store_that_fails_once_is_asked_again(workspace, beside, left_behind, monkeypatch, caplog):
    real, calls = worker.recover, []

    def fails_first(*given, **named):
        calls.append(named)
        if len(calls) == 1:
            raise OSError("busy")
        return real(*given, **named)

    monkeypatch.setattr(worker, "recover", fails_first)
    run_id = left_behind()
    beside(worker._take_up, workspace)
    wait_for(lambda: stored_run(workspace, run_id).state == RunState.QUEUED, "the recovery", 10)
    assert calls[0] == {"here_only": True}
    assert "could not be taken up" in caplog.text


def test_faces_that_an_earlier_version_has_left_in_no_track_are_linked_when_the_worker_starts(
    workspace, dataset, author, beside
):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    shelf.clip("a.mp4", [image])
    face = shelf.instance(image)
    beside(worker._link, workspace)

    def linked():
        with reading(workspace.engine) as session:
            return session.get(Instance, face).track_id is not None

    wait_for(linked, "the track", 10)


def test_times_that_an_earlier_version_has_not_read_are_read_when_the_worker_starts(
    workspace, dataset, author, beside, monkeypatch, caplog
):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")  # whose file is gone: it has none

    def looked_at():
        with reading(workspace.engine) as session:
            return session.get(CaptureTime, image) is not None

    beside(worker._date, workspace)
    wait_for(looked_at, "the time", 10)
    monkeypatch.setattr(worker, "date_pictures", lambda _: 1 / 0)
    worker._date(workspace, threading.Event())
    assert "not all times of pictures could be read" in caplog.text


def test_watched_folders_are_looked_at_again_and_again_also_after_a_look_that_failed(
    workspace, beside, monkeypatch, caplog
):
    looks = []

    class Failing:
        def __init__(self, of):
            assert of is workspace

        def look(self):
            looks.append(1)
            raise OSError("gone")

    monkeypatch.setattr(worker, "Watch", Failing)
    monkeypatch.setattr(worker, "_WATCH_SECONDS", 0.01)
    beside(worker._watch, workspace)
    wait_for(lambda: len(looks) > 2, "three looks", 10)
    assert "the watched folders could not be looked at" in caplog.text


def test_the_short_lane_is_kept_started_again_and_ended(workspace, beside, monkeypatch):
    command = [sys.executable, "-c", "import time; time.sleep(99)"]
    monkeypatch.setattr(worker, "worker_command", lambda parent, lane: [*command, str(parent), lane])
    started, real = [], subprocess.Popen

    def popen(*given, **named):
        started.append(real(*given, **named))
        return started[-1]

    monkeypatch.setattr(worker.subprocess, "Popen", popen)
    flag = beside(worker._keep_short_lane, workspace)
    wait_for(lambda: len(started) == 1, "the first", 10)
    started[0].kill()
    wait_for(lambda: len(started) == 2, "another", 10)
    assert started[1].args[-2:] == [str(os.getpid()), "short"]
    flag.set()
    wait_for(lambda: started[1].poll() is not None, "its end", 10)


def test_the_run_in_hand_is_interrupted_only_once_the_consumer_is_told_to_end(beside):
    flag = beside(worker._stop_with)
    time.sleep(0.05)
    assert not worker.STOPPING.is_set()
    flag.set()
    assert worker.STOPPING.wait(10)


def test_a_worker_whose_parent_lives_goes_on(asked_to_end, beside):
    beside(worker._end_with, os.getppid())
    time.sleep(0.1)
    assert asked_to_end == []


def test_a_worker_whose_parent_is_gone_asks_itself_to_end(asked_to_end):
    worker._end_with(os.getpid(), threading.Event())  # nobody is its own parent
    assert asked_to_end == [signal.SIGTERM]


def test_a_worker_that_ends_anyway_does_not_look_for_its_parent(asked_to_end):
    flag = threading.Event()
    flag.set()
    worker._end_with(os.getpid(), flag)
    assert asked_to_end == []


@pytest.fixture
def consumer(workspace, asked_to_end, monkeypatch):
    """Starts a worker here that takes nothing; gives its consumer, which ends with the test."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()
    started = []
    monkeypatch.setattr(Consumer, "run", lambda self: started.append(self))

    def start(parent=None, lane=Lane.LONG):
        worker.main(parent, lane)
        return started[-1]

    yield start
    for one in started:
        one.stop_flag.set()
    settings.cache_clear()


def test_a_worker_begins_by_taking_up_what_waits_and_what_was_left_behind(workspace, consumer, left_behind, echo):
    run_id = left_behind()
    consumer()
    do_all(workspace)
    assert [number for number, _ in echo] == [run_id]


def test_a_worker_sweeps_old_uploads_but_not_those_of_imports_that_wait(workspace, dataset, author, consumer):
    old, waiting = workspace.uploads / "old", workspace.uploads / "waiting"
    for folder in (old, waiting):
        folder.mkdir()
        os.utime(folder, (1, time.time() - 2 * uploading._SWEPT_SECONDS))
    submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={"source": str(waiting)})
    consumer()
    assert list(workspace.uploads.iterdir()) == [waiting]


def test_a_worker_sweeps_the_parts_of_files_that_a_kill_left(workspace, consumer):
    host = socket.gethostname()
    left = [folder / f".partial-{host}-999999-{'a' * 16}.jpg" for folder in (workspace.originals, workspace.weights)]
    mine = workspace.weights / f".partial-{host}-{os.getpid()}-{'b' * 16}"
    for path in (*left, mine):
        path.touch()
    consumer()
    assert [path.exists() for path in (*left, mine)] == [False, False, True]


def test_asked_to_end_before_it_has_begun_a_worker_stops_in_order(consumer, asked_to_end):
    flag = consumer().stop_flag
    assert not flag.is_set()
    os.kill(os.getpid(), signal.SIGTERM)
    assert flag.wait(10)
    assert worker.STOPPING.wait(10)
    assert asked_to_end == [], "its own handler took it"


def test_a_worker_with_the_number_of_a_dead_parent_ends(consumer):
    assert consumer(parent=os.getpid()).stop_flag.wait(10)


def test_the_worker_of_the_short_lane_leaves_what_others_left_to_the_long_one(workspace, consumer, left_behind, echo):
    left_behind()
    old = workspace.uploads / "old"
    old.mkdir()
    os.utime(old, (1, time.time() - 2 * uploading._SWEPT_SECONDS))
    consumer(lane=Lane.SHORT)
    assert old.exists()
    assert not workspace.heartbeat.exists()
    consumer()
    wait_for(workspace.heartbeat.exists, "a heartbeat", 10)
    assert not old.exists(), "the long one swept it"


def test_a_worker_gives_way_and_has_one_for_short_work_beside_until_it_ends(consumer, monkeypatch):
    nice, ended = [], threading.Event()
    monkeypatch.setattr(os, "nice", nice.append)
    monkeypatch.setattr(worker, "bound_threads", lambda: nice.append("threads"))
    monkeypatch.setattr(worker, "_keep_short_lane", lambda _, flag: (flag.wait(), ended.set()))
    worker.serve()
    assert nice == [worker._NICE, "threads"]
    assert ended.is_set(), "it waits for the other's end"
    worker.serve(lane=Lane.SHORT)
    assert nice == [worker._NICE, "threads"], "the other inherits it"


def test_a_short_lane_that_does_not_end_is_killed_and_its_run_waits(workspace, dataset, author, beside, monkeypatch):
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    stubborn = f"import signal, time; {deaf}; print('on', flush=True); time.sleep(99)"
    monkeypatch.setattr(worker, "worker_command", lambda *_: [sys.executable, "-c", stubborn])
    monkeypatch.setattr(worker, "_STOP_SECONDS", 0.2)
    started, real = [], subprocess.Popen

    def popen(*given, **named):
        started.append(real(*given, **named, stdout=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(worker.subprocess, "Popen", popen)
    flag = beside(worker._keep_short_lane, workspace)
    wait_for(lambda: started, "its start", 10)
    assert started[0].stdout.readline() == b"on\n"
    run_id = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    with writing(workspace.engine) as session:
        run = session.get(Run, run_id)
        run.state, run.worker = RunState.RUNNING, process_name(started[0].pid)
    flag.set()
    wait_for(lambda: stored_run(workspace, run_id).state == RunState.QUEUED, "its run given back", 10)
    assert stored_run(workspace, run_id).deaths == 0
    assert started[0].returncode == -signal.SIGKILL
    started[0].stdout.close()


def test_a_short_lane_that_dies_as_the_worker_ends_is_not_started_again(workspace, beside, monkeypatch):
    monkeypatch.setattr(worker, "worker_command", lambda *_: [sys.executable, "-c", ""])
    monkeypatch.setattr(worker, "_HEARTBEAT_SECONDS", 30.0)
    started, real, flag = [], subprocess.Popen, threading.Event()

    def popen(*given, **named):
        started.append(real(*given, **named))
        started[-1].wait()
        threading.Timer(0.1, flag.set).start()
        return started[-1]

    monkeypatch.setattr(worker.subprocess, "Popen", popen)
    thread = threading.Thread(target=worker._keep_short_lane, args=(workspace, flag), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert len(started) == 1
