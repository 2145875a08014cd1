"""The life of a run: claimed once, reported on, cancelled, failed, given back, recovered."""

import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import psutil
import pytest

from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import message, verbatim, worded
from core.foundation.progress import Progress, Suspicion
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs import runs
from core.jobs.in_hand import InHand
from core.jobs.runs import Interrupted, again, cancel, perform, process_name, recover, speed, submit, worker_lives
from db.engine import reading
from db.tables import Run, RunState, now
from db.writing import writing


@pytest.fixture
def new_run(workspace, dataset, author):
    return lambda kind="faces", **parameters: submit(
        workspace, kind, dataset_id=dataset, author_id=author, parameters=parameters
    )


def _run(workspace, run_id):
    with reading(workspace.engine) as session:
        return session.get(Run, run_id)


def _set(workspace, run_id, **values):
    with writing(workspace.engine) as session:
        run = session.get(Run, run_id)
        for name, value in values.items():
            setattr(run, name, value)


def _counts(workspace, run, progress):
    progress.begin(4, 1, verbatim("Counting"))
    progress.advance(4)
    return {"seen": 4, "of": run.parameters["of"]}


def test_finished_run_keeps_its_counts_and_times(workspace, new_run):
    run_id = new_run(of="cats")
    assert _run(workspace, run_id).state == RunState.QUEUED
    assert perform(workspace, run_id, _counts)
    run = _run(workspace, run_id)
    assert (run.state, run.counts, run.error, run.log) == (RunState.DONE, {"seen": 4, "of": "cats"}, None, None)
    assert (run.done, run.total, run.done_at_start) == (4, 4, 1)
    assert run.created_at <= run.started_at <= run.finished_at
    assert run.worker == process_name()


def test_run_is_done_once(workspace, new_run):
    run_id = new_run(of=1)
    assert perform(workspace, run_id, _counts)
    assert not perform(workspace, run_id, _counts)
    assert not perform(workspace, 999, _counts)


def test_of_many_processes_at_once_one_gets_the_run(workspace, new_run):
    run_id, gate, got = new_run(), threading.Barrier(8), []

    def task(workspace, run, progress):
        return {"by": threading.get_ident()}

    def worker():
        gate.wait()
        got.append(perform(workspace, run_id, task))

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]


def test_progress_is_in_the_store_while_the_run_is_under_way(workspace, new_run):
    seen = []

    def task(workspace, run, progress):
        progress.begin(10, 2, verbatim("Looking"))
        seen.append(_run(workspace, run.id))
        return {}

    perform(workspace, new_run(), task)
    assert [(run.state, run.total, run.done, run.done_at_start, worded(run.message)) for run in seen] == [
        (RunState.RUNNING, 10, 2, 2, "Looking")
    ]


def test_progress_is_written_at_most_twice_a_second(workspace, new_run, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("core.jobs.runs.time.monotonic", lambda: clock[0])
    stored = []

    def task(workspace, run, progress):
        progress.begin(10)
        for done in range(1, 7):
            clock[0] += 0.2
            progress.advance(done)
            stored.append(_run(workspace, run.id).done)
        return {}

    perform(workspace, new_run(), task)
    assert stored == [0, 0, 3, 3, 3, 6]


def test_listener_hears_everything_that_the_store_is_told(workspace, new_run):
    heard = []

    class Hears(Progress):
        def begin(self, total, done=0, message=""):
            heard.append((total, done, message))

        def advance(self, done, message=""):
            heard.append(done)

    perform(workspace, new_run(of=1), _counts, listener=Hears())
    assert heard == [(4, 1, verbatim("Counting")), 4]


def test_failed_run_keeps_the_sentence_and_where_it_happened(workspace, new_run):
    def task(workspace, run, progress):
        raise ZeroDivisionError("by nothing")

    run_id = new_run()
    assert perform(workspace, run_id, task)
    run = _run(workspace, run_id)
    assert (run.state, worded(run.error)) == (RunState.FAILED, "ZeroDivisionError: by nothing")
    assert "Traceback" in run.log
    assert 'raise ZeroDivisionError("by nothing")' in run.log
    assert run.finished_at is not None


def test_failure_that_is_meant_for_people_keeps_just_its_sentence_and_the_log(workspace, new_run):
    def task(workspace, run, progress):
        raise BadInput("files.zip_damaged", of="photos.zip")

    run_id = new_run()
    perform(workspace, run_id, task)
    run = _run(workspace, run_id)
    assert (run.state, worded(run.error)) == (RunState.FAILED, "photos.zip: the zip is damaged")
    assert "Traceback" in run.log


def test_cancelled_queued_run_ends_at_once_and_is_not_done(workspace, new_run):
    run_id = new_run(of=1)
    cancel(workspace, run_id)
    run = _run(workspace, run_id)
    assert run.state == RunState.CANCELLED
    assert run.finished_at is not None
    assert not perform(workspace, run_id, _counts)


def test_cancelled_running_run_stops_at_its_next_step_and_says_how_far_it_was(workspace, new_run, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("core.jobs.runs.time.monotonic", lambda: clock[0])
    steps = []

    def task(workspace, run, progress):
        progress.begin(10)
        for done in range(1, 11):
            clock[0] += 1
            if done == 3:
                cancel(workspace, run.id)
            progress.advance(done)
            steps.append(done)
        return {}

    run_id = new_run()
    perform(workspace, run_id, task)
    run = _run(workspace, run_id)
    assert (steps, run.state, run.done, run.total) == ([1, 2], RunState.CANCELLED, 3, 10)


def test_cancel_of_an_ended_run_changes_nothing(workspace, new_run):
    run_id = new_run(of=1)
    perform(workspace, run_id, _counts)
    before = _run(workspace, run_id)
    cancel(workspace, run_id)
    assert _run(workspace, run_id) == before


def test_cancel_of_a_run_that_is_not_there_says_so(workspace):
    with pytest.raises(NotFound, match="there is no run 77"):
        cancel(workspace, 77)


def test_process_that_ends_gives_the_run_back_and_it_goes_on(workspace, new_run):
    stopping, steps = threading.Event(), []

    def task(workspace, run, progress):
        progress.begin(3)
        for done in range(1, 4):
            steps.append(done)
            if len(steps) == 2:
                stopping.set()
            progress.advance(done)
        return {"ok": 1}

    run_id = new_run()
    assert perform(workspace, run_id, task, stopping=stopping)
    run = _run(workspace, run_id)
    assert (steps, run.state, run.worker, run.done) == ([1, 2], RunState.QUEUED, None, 2)
    stopping.clear()
    assert perform(workspace, run_id, task, stopping=stopping)
    assert _run(workspace, run_id).state == RunState.DONE


def test_service_cannot_swallow_the_interruption(workspace, new_run):
    stopping = threading.Event()
    stopping.set()

    def task(workspace, run, progress):
        try:
            progress.begin(3)
        except Exception:
            return {"swallowed": True}
        raise AssertionError("nothing was raised")

    assert not issubclass(Interrupted, Exception)
    run_id = new_run()
    perform(workspace, run_id, task, stopping=stopping)
    assert _run(workspace, run_id).state == RunState.QUEUED


def test_ctrl_c_on_the_command_line_cancels_the_run(workspace, new_run):
    def task(workspace, run, progress):
        raise KeyboardInterrupt

    run_id = new_run()
    with pytest.raises(KeyboardInterrupt):
        perform(workspace, run_id, task)
    assert _run(workspace, run_id).state == RunState.CANCELLED


def test_same_work_once_more_is_a_run_of_its_own(workspace, new_run, author):
    first = new_run(of="cats")
    cancel(workspace, first)
    second = again(workspace, first, author)
    run = _run(workspace, second)
    assert (run.kind, run.parameters, run.state, second > first) == ("faces", {"of": "cats"}, RunState.QUEUED, True)
    assert _run(workspace, first).state == RunState.CANCELLED


def _dead_name():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{socket.gethostname()}:{process.pid}:{psutil.Process(process.pid).create_time():.0f}"
    process.communicate(b"\n")
    return name


def test_run_of_a_dead_process_goes_back_into_the_queue(workspace, new_run):
    waiting, held = new_run(), new_run()
    _set(workspace, held, state=RunState.RUNNING, worker=_dead_name(), done=5)
    assert recover(workspace) == [waiting, held]
    run = _run(workspace, held)
    assert (run.state, run.worker, run.done) == (RunState.QUEUED, None, 5)


def test_run_of_a_living_process_is_left_to_it(workspace, new_run):
    held = new_run()
    _set(workspace, held, state=RunState.RUNNING, worker=process_name())
    assert recover(workspace) == []
    assert _run(workspace, held).state == RunState.RUNNING


def test_run_that_another_worker_took_over_first_is_left_to_it(workspace, new_run, monkeypatch):
    held, dead, alive = new_run(), _dead_name(), runs._alive
    _set(workspace, held, state=RunState.RUNNING, worker=dead)

    def taken_over_meanwhile(name, *, shared):
        if name == dead:
            _set(workspace, held, worker=process_name(), deaths=1)
        return alive(name, shared=shared)

    monkeypatch.setattr(runs, "_alive", taken_over_meanwhile)
    assert recover(workspace) == []
    run = _run(workspace, held)
    assert (run.state, run.worker, run.deaths) == (RunState.RUNNING, process_name(), 1)


def test_process_with_the_same_number_but_another_start_is_not_the_holder(workspace, new_run):
    held = new_run()
    host, pid, start = process_name().split(":")
    _set(workspace, held, state=RunState.RUNNING, worker=f"{host}:{pid}:{int(start) - 60}")
    assert recover(workspace) == [held]


def test_clock_that_was_set_by_a_second_does_not_make_the_holder_dead(workspace, new_run):
    held = new_run()
    host, pid, start = process_name().split(":")
    _set(workspace, held, state=RunState.RUNNING, worker=f"{host}:{pid}:{int(start) + 1}")
    assert recover(workspace) == []


def test_run_of_a_container_that_is_gone_goes_back_into_the_queue(workspace, new_run):
    held = new_run()
    _set(workspace, held, state=RunState.RUNNING, worker="an-earlier-container:999999:1700000000")
    assert recover(workspace) == [held]


def test_run_of_another_machine_on_a_shared_queue_is_left_to_it(workspace, new_run):
    held = new_run()
    _set(workspace, held, state=RunState.RUNNING, worker="another-machine:999999:1700000000")
    shared = Workspace(Settings(home=workspace.home, queue_url="redis://queue/0"))
    assert recover(shared) == []
    assert _run(workspace, held).state == RunState.RUNNING
    shared.engine.dispose()


def test_cancel_asked_while_the_holder_was_dying_is_not_forgotten(workspace, new_run):
    held = new_run(of=1)
    _set(workspace, held, state=RunState.RUNNING, worker=_dead_name())
    cancel(workspace, held)
    assert recover(workspace) == []
    run = _run(workspace, held)
    assert run.state == RunState.CANCELLED
    assert run.finished_at is not None
    assert not perform(workspace, held, _counts)


def test_cancel_asked_while_the_holder_was_ending_is_not_forgotten(workspace, new_run):
    held = new_run(of=1)
    _set(workspace, held, cancel_requested=True)
    assert not perform(workspace, held, _counts)
    assert _run(workspace, held).state == RunState.CANCELLED


def test_run_whose_process_dies_three_times_fails_and_says_where(workspace, new_run):
    held, dead = new_run(of=1), _dead_name()
    for death in (1, 2):
        _set(workspace, held, state=RunState.RUNNING, worker=dead)
        assert recover(workspace) == [held]
        assert _run(workspace, held).deaths == death
    _set(
        workspace,
        held,
        state=RunState.RUNNING,
        worker=dead,
        done=12,
        total=1040,
        message=message("progress.looking_for_faces").to_json(),
    )
    assert recover(workspace) == []
    run = _run(workspace, held)
    assert (run.state, run.worker, run.finished_at is None) == (RunState.FAILED, None, False)
    assert worded(run.error).startswith(
        "the process that did this died 3 times, the last time at 12 of 1,040 (Looking for faces); is there enough"
    )


def test_deaths_count_only_while_the_run_gets_no_further(workspace, new_run, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("core.jobs.runs.time.monotonic", lambda: clock[0])
    held, dead = new_run(of=1), _dead_name()
    first, second = (message(f"progress.{part}") for part in ("looking_for_faces", "completing"))

    def life(*reports):
        """One that says where it is, and is killed."""

        def task(workspace, run, progress):
            for phase, done in reports:
                clock[0] += 1
                if phase is None:
                    progress.advance(done)
                else:
                    progress.begin(10, done, phase)
            raise Interrupted

        assert perform(workspace, held, task)
        _set(workspace, held, state=RunState.RUNNING, worker=dead)
        recover(workspace)
        run = _run(workspace, held)
        return run.state, run.deaths

    queued = RunState.QUEUED
    assert life((first, 0), (None, 3)) == (queued, 1)
    assert life((first, 3)) == (queued, 2)
    assert life((first, 3), (None, 4)) == (queued, 1)  # further
    assert life((first, 4)) == (queued, 2)
    assert life((first, 4), (None, 10), (second, 0)) == (queued, 1)
    assert life((first, 10), (second, 0)) == (queued, 2)
    assert life((first, 10), (second, 0)) == (RunState.FAILED, 3)


def test_process_that_ends_in_order_is_no_death(workspace, new_run):
    def task(workspace, run, progress):
        raise Interrupted

    run_id = new_run()
    for _ in range(4):
        assert perform(workspace, run_id, task)
    run = _run(workspace, run_id)
    assert (run.state, run.deaths) == (RunState.QUEUED, 0)


def test_what_a_process_had_in_hand_that_was_asked_to_end_is_neither_finished_nor_suspected(workspace, new_run):
    run_id, other = new_run(), new_run()
    for each, name in ((run_id, "here:1:2"), (other, "here:3:4")):
        _set(workspace, each, state=RunState.RUNNING, worker=name)
        InHand.of(workspace, each).take(["1", "2"])
    runs.give_back(workspace, "here:1:2")
    assert [_run(workspace, each).state for each in (run_id, other)] == [RunState.QUEUED, RunState.RUNNING]
    assert (InHand.of(workspace, run_id).taken, InHand.of(workspace, other).taken) == ([], ["1", "2"])
    following = InHand.of(workspace, run_id)
    following.take(["3"])
    assert following.suspicion == Suspicion()


def test_beside_a_worker_only_the_dead_of_this_host_are_taken_over(workspace, new_run):
    elsewhere, here = new_run(), new_run()
    _set(workspace, elsewhere, state=RunState.RUNNING, worker="another-container:999999:1700000000")
    _set(workspace, here, state=RunState.RUNNING, worker=_dead_name())
    assert recover(workspace, here_only=True) == [here]
    assert _run(workspace, elsewhere).state == RunState.RUNNING


def test_run_that_goes_on_keeps_the_moment_at_which_it_first_began(workspace, new_run):
    began, held = [], new_run(of=1)

    def task(workspace, run, progress):
        began.append(run.started_at)
        if len(began) == 1:
            raise Interrupted
        return {}

    perform(workspace, held, task)
    perform(workspace, held, task)
    assert began[0] == began[1] == _run(workspace, held).started_at


def test_speed_is_of_the_part_in_hand_and_tells_the_seconds_left():
    run = Run(kind="faces", author_id=1, done=30, total=90, done_at_start=10, phase_at=now() - timedelta(seconds=10))
    rate, left = speed(run)
    assert rate == pytest.approx(2, rel=0.05)
    assert left == pytest.approx(30, rel=0.05)


@pytest.mark.parametrize("values", [{}, {"phase_at": now(), "finished_at": now(), "done": 3, "total": 3}])
def test_a_run_that_has_not_begun_or_has_ended_has_no_speed(values):
    assert speed(Run(kind="faces", author_id=1, **values)) == (0.0, None)


def test_what_a_run_needed_is_cleared_away_once_it_is_done_and_not_before(workspace, new_run):
    states = []

    def afterwards(workspace, run):
        states.append(_run(workspace, run.id).state)

    perform(workspace, new_run(of=1), _counts, afterwards=afterwards)
    assert states == [RunState.DONE]
    failing = new_run()
    perform(workspace, failing, _counts, afterwards=afterwards)
    assert _run(workspace, failing).state == RunState.FAILED
    assert states == [RunState.DONE]


def test_end_of_a_run_is_written_down_however_long_others_keep_the_store(workspace, new_run, monkeypatch):
    monkeypatch.setattr("db.engine._BUSY_MS", 50)
    workspace.engine.dispose()
    held, release, waited = threading.Event(), threading.Event(), []
    real = runs.writing

    def hold():
        with real(workspace.engine) as session:
            session.connection()  # the transaction begins
            held.set()
            release.wait(120)

    other = threading.Thread(target=hold, daemon=True)

    @contextmanager
    def writes(engine):
        if other.is_alive():
            waited.append(1)
            if len(waited) == 3:
                release.set()
                other.join()
        with real(engine) as session:
            yield session

    def task(workspace, run, progress):
        other.start()
        assert held.wait(120)
        return {}

    run_id = new_run()
    monkeypatch.setattr(runs, "writing", writes)
    assert perform(workspace, run_id, task)
    assert (_run(workspace, run_id).state, len(waited)) == (RunState.DONE, 3)


def test_heartbeat_of_this_process_is_a_living_worker(workspace):
    assert not worker_lives(workspace)
    workspace.heartbeat.write_text(process_name())
    assert worker_lives(workspace)
    workspace.heartbeat.write_text(_dead_name())
    assert not worker_lives(workspace)
    for odd in ("", "no name", f"{socket.gethostname()}:{os.getpid()}:soon"):
        workspace.heartbeat.write_text(odd)
        assert not worker_lives(workspace)


def test_a_run_that_gets_a_little_further_before_each_death_goes_on_however_soon_it_dies(
    workspace, new_run, monkeypatch
):
    monkeypatch.setattr("core.jobs.runs.time.monotonic", lambda: 100.0)  # all within the half second of a report
    held, dead, phase = new_run(of=1), _dead_name(), message("progress.reading_pictures")

    def gets_to(last):
        def task(workspace, run, progress):
            progress.begin(10, message=phase)
            for done in range(1, last + 1):
                progress.advance(done)
            raise Interrupted

        return task

    for last in range(1, 8):
        assert perform(workspace, held, gets_to(last))
        _set(workspace, held, state=RunState.RUNNING, worker=dead)
        recover(workspace)
        assert (_run(workspace, held).state, _run(workspace, held).deaths) == (RunState.QUEUED, 1)
