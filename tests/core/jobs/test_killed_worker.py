"""The real worker process with the real models, killed in the middle."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from sqlmodel import col, func, select

from core.foundation.messages import worded
from core.jobs.runs import cancel, recover, worker_lives
from db.engine import reading
from db.queries.library import counts
from db.tables import Assignment, Embedding, Image, Instance, KeypointRevision, Scan
from tests.builders.places import ROOT
from tests.builders.worker_processes import wait_for

PICTURES = 12
LONG_LANE = "from core.jobs.worker import main; main()"


def _scans(workspace):
    with reading(workspace.engine) as session:
        return {scan.image_id: scan.at for scan in session.exec(select(Scan))}


def _rows(workspace, table):
    with reading(workspace.engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def _kill_in_the_middle(workers, process):
    wait_for(lambda: len(_scans(workers.workspace)) >= 4, "four finished pictures", 120)
    process.kill()
    process.join()
    finished = _scans(workers.workspace)
    assert 4 <= len(finished) < PICTURES, "it was killed in the middle"
    return finished


def test_killed_run_goes_on_where_it_stopped_without_doubles(workers, drawn):
    workers.import_folder(drawn)
    run_id = workers.submit("faces")
    killed = workers.fork(LONG_LANE)
    finished = _kill_in_the_middle(workers, killed)

    run = workers.run(run_id)
    assert (run.state, run.worker.split(":")[1]) == ("running", str(killed.pid))
    assert not worker_lives(workers.workspace)

    workers.fork(LONG_LANE)
    run = workers.wait(run_id, "done")
    scans = _scans(workers.workspace)
    assert len(scans) == PICTURES
    assert {image: scans[image] for image in finished} == finished, "finished pictures were not looked at again"
    with reading(workers.workspace.engine) as session:
        found = counts(workers.dataset, session=session)
        doubles = session.exec(
            select(Instance.image_id).group_by(col(Instance.image_id), col(Instance.left)).having(func.count() > 1)
        ).all()
        faces = session.exec(select(func.sum(Image.faces))).one()
    assert (found.images, found.failed, doubles) == (PICTURES, 0, [])
    assert found.faces == faces >= 0.9 * PICTURES
    assert [_rows(workers.workspace, table) for table in (Instance, KeypointRevision, Embedding, Assignment)] == (
        [found.faces] * 4
    )
    assert run.counts["faces"] == found.faces
    assert run.counts["people"] == found.people > 0
    assert (run.worker is not None, run.error) == (True, None)


def _short(worker):
    """The process of the short lane."""
    return next((one for one in psutil.Process(worker.pid).children() if "short" in one.cmdline()), None)


def test_short_work_is_done_beside_long_work_and_both_give_way(workers, many_drawn, few_drawn):
    workers.import_folder(many_drawn)
    faces = workers.submit("faces")
    worker = workers.start()
    wait_for(lambda: _scans(workers.workspace), "the first picture")
    short = wait_for(lambda: _short(worker), "the short lane")
    assert (psutil.Process(worker.pid).nice(), short.nice()) == (10, 10)
    imported = workers.wait(workers.submit("import", source=str(few_drawn)), "done")
    assert workers.run(faces).state == "running", "it went on meanwhile"
    assert imported.counts["added"] == 8
    assert imported.worker.split(":")[1] == str(short.pid)
    worker.kill()
    worker.wait()
    psutil.wait_procs([short], 10)
    assert not short.is_running(), "nothing is left behind"
    assert workers.run(faces).state == "running", "another takes it up"


@pytest.mark.nightly
def test_cancel_asked_of_a_run_whose_worker_was_killed_still_holds(workers, drawn):
    workers.import_folder(drawn)
    run_id = workers.submit("faces")
    finished = _kill_in_the_middle(workers, workers.fork(LONG_LANE))
    cancel(workers.workspace, run_id)
    workers.start()
    workers.wait(run_id, "cancelled")
    assert _scans(workers.workspace) == finished


@pytest.mark.nightly
def test_asked_to_end_the_worker_gives_its_run_back_and_another_finishes_it(workers, drawn):
    workers.import_folder(drawn)
    run_id = workers.submit("faces")
    first = workers.start()
    wait_for(lambda: len(_scans(workers.workspace)) >= 4, "four finished pictures", 120)
    first.terminate()
    assert first.wait(120) == 0
    run = workers.run(run_id)
    assert (run.state, run.worker) == ("queued", None)
    assert 4 <= len(_scans(workers.workspace)) < PICTURES
    workers.start()
    assert workers.wait(run_id, "done").counts["images"] == PICTURES


@pytest.mark.nightly
def test_running_run_is_cancelled_before_its_end_and_keeps_what_is_finished(workers, drawn):
    workers.import_folder(drawn)
    run_id = workers.submit("faces")
    workers.start()
    wait_for(lambda: len(_scans(workers.workspace)) >= 4, "four finished pictures", 120)
    cancel(workers.workspace, run_id)
    run = workers.wait(run_id, "cancelled")
    assert 4 <= len(_scans(workers.workspace)) < PICTURES
    assert run.finished_at is not None


@pytest.mark.nightly
def test_two_workers_do_each_run_once(workers, few_drawn):
    workers.import_folder(few_drawn)
    runs = [workers.submit("faces") for _ in range(4)]
    one, other = workers.start(), workers.start()
    ended = [workers.wait(run_id, "done") for run_id in runs]
    assert _rows(workers.workspace, Scan) == 8
    assert _rows(workers.workspace, Instance) == _rows(workers.workspace, Embedding) == ended[0].counts["faces"]
    assert {run.worker.split(":")[1] for run in ended} <= {str(one.pid), str(other.pid)}
    assert {run.counts["faces"] for run in ended} == {ended[0].counts["faces"]}


def test_run_of_an_unknown_kind_fails_with_a_sentence_and_the_worker_goes_on_until_it_is_asked_to_end(
    workers, tmp_path
):
    unknown = workers.submit("astrology")
    assert not worker_lives(workers.workspace)
    process = workers.start()
    wait_for(lambda: worker_lives(workers.workspace), "the first heartbeat")
    run = workers.wait(unknown, "failed")
    assert "this worker knows no run of the kind 'astrology'" in worded(run.error)
    failing = workers.submit("import", source=str(tmp_path / "nowhere"))
    run = workers.wait(failing, "failed")
    assert "nowhere" in worded(run.error)
    assert "Traceback" in run.log
    assert process.poll() is None
    assert worker_lives(workers.workspace)
    process.terminate()
    assert process.wait(120) == 0
    assert not worker_lives(workers.workspace)


@pytest.mark.nightly
def test_run_of_a_killed_command_line_is_taken_up_by_the_worker_beside_it(workers):
    process = workers.start()
    wait_for(lambda: worker_lives(workers.workspace), "the first heartbeat")
    killed = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from core.jobs.runs import perform, submit\n"
            "from core.foundation.workspace import Workspace\n"
            "workspace = Workspace.open()\n"
            "who = {'dataset_id': int(sys.argv[1]), 'author_id': int(sys.argv[2]), 'parameters': {}}\n"
            "run_id = submit(workspace, 'astrology', **who)\n"
            "perform(workspace, run_id, lambda *_: print(run_id, flush=True) or time.sleep(600))\n",
            str(workers.dataset),
            str(workers.author),
        ],
        cwd=ROOT,
        env=workers.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    run_id = int(killed.stdout.readline())
    killed.stdout.close()
    killed.kill()
    killed.wait()
    run = workers.wait(run_id, "failed")
    assert "this worker knows no run of the kind 'astrology'" in worded(run.error)
    assert run.worker.split(":")[1] == str(process.pid)
    assert run.deaths == 1


@pytest.mark.nightly
def test_run_that_kills_its_worker_again_and_again_fails_and_the_next_one_is_done(workers):
    code = (
        "import os\n"
        "from dataclasses import replace\n"
        "from core.jobs import worker\n"
        "from core.jobs.kinds import RUN_KINDS\n"
        "kills = lambda *_: os.kill(os.getpid(), 9)\n"  # as the kernel does when memory runs out
        "RUN_KINDS['sample'] = replace(RUN_KINDS['sample'], task=kills)\n"
        "RUN_KINDS['overlay'] = replace(RUN_KINDS['overlay'], task=lambda *_: {})\n"
        "worker.main()\n"
    )
    poison, good = workers.submit("sample"), workers.submit("overlay")
    for _ in range(3):
        process = workers.fork(code)
        process.join(120)
        assert process.exitcode == -signal.SIGKILL
    assert recover(workers.workspace) == []
    assert workers.run(good).state == "done"
    run = workers.run(poison)
    assert (run.state, run.deaths) == ("failed", 3)
    assert "died 3 times" in worded(run.error)


def test_asked_to_end_in_a_long_step_the_worker_gives_its_run_back_without_a_death(workers):
    code = (
        "import time\n"
        "from dataclasses import replace\n"
        "from core.jobs import worker\n"
        "from core.jobs.kinds import RUN_KINDS\n"
        "RUN_KINDS['sample'] = replace(RUN_KINDS['sample'], task=lambda *_: time.sleep(600))\n"
        "worker._STOP_SECONDS = 0.2\n"
        "worker.main()\n"
    )
    run_id = workers.submit("sample")
    process = workers.fork(code)
    wait_for(lambda: workers.run(run_id).state == "running", "its start")
    process.terminate()
    process.join(20)
    assert process.exitcode == 0
    run = workers.run(run_id)
    assert (run.state, run.worker, run.deaths) == ("queued", None, 0)
    assert recover(workers.workspace) == [run_id]


def test_worker_ends_when_its_parent_is_killed(workers):
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, subprocess, sys, time\n"
            "worker = subprocess.Popen([sys.executable, '-m', 'core.jobs.worker', str(os.getpid())])\n"
            "print(worker.pid, flush=True)\n"
            "time.sleep(600)\n",
        ],
        cwd=ROOT,
        env=workers.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(parent.stdout.readline())
    try:
        wait_for(lambda: worker_lives(workers.workspace), "the first heartbeat")
        parent.kill()
        parent.wait()
        wait_for(lambda: not worker_lives(workers.workspace), "the end of the worker")
    finally:
        parent.stdout.close()
        if worker_lives(workers.workspace):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.nightly
def test_worker_that_was_started_by_hand_needs_no_parent(workers):
    starter = subprocess.Popen(
        ["/bin/sh", "-c", f"{sys.executable} -m core.jobs.worker & echo $!"],
        cwd=ROOT,
        env=workers.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(starter.stdout.readline())
    starter.stdout.close()
    starter.wait()
    try:
        wait_for(lambda: worker_lives(workers.workspace), "the first heartbeat")
        time.sleep(3)
        assert worker_lives(workers.workspace)
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not worker_lives(workers.workspace), "the end of the worker")
