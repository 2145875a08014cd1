"""The worker looks at watched folders, and starts a run for what has arrived."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta

import numpy as np
import pytest
from sqlmodel import select

from core.jobs import watching
from core.jobs.runs import submit
from core.jobs.watching import Watch
from db.engine import reading
from db.queries.jobs import arrivals_log
from db.tables import Embedding, Run, RunState, now
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.worker_processes import wait_for


@pytest.fixture
def inbox(tmp_path, do, monkeypatch):
    monkeypatch.setattr("core.jobs.launch._ring", lambda *_: None)
    monkeypatch.setattr(watching, "_REST", 0)
    folder = (tmp_path / "inbox").resolve()
    folder.mkdir()
    assert do("watch", folder=str(folder)).state == RunState.DONE
    return folder


@pytest.fixture
def arrivals(workspace):
    def read():
        with reading(workspace.engine) as session:
            runs = session.exec(select(Run).where(Run.kind == "arrivals").order_by(Run.id)).all()
        return [sorted(path for path, *_ in run.parameters["files"]) for run in runs]

    return read


def end_all(workspace):
    with writing(workspace.engine) as session:
        for run in session.exec(select(Run).where(Run.kind == "arrivals")):
            run.state = RunState.DONE


def test_a_whole_file_starts_a_run_once_and_others_wait_for_its_end(workspace, dataset, inbox, arrivals):
    watch = Watch(workspace)
    (inbox / "a.png").write_bytes(b"whole")
    watch.look()
    assert arrivals() == [], "it may still be written"
    watch.look()
    watch.look()
    assert arrivals() == [["a.png"]]
    (inbox / "b.png").write_bytes(b"whole")
    watch.look()
    watch.look()
    assert arrivals() == [["a.png"]]
    end_all(workspace)
    watch.look()
    assert arrivals() == [["a.png"], ["b.png"]]
    with reading(workspace.engine) as session:
        run = session.exec(select(Run).where(Run.kind == "arrivals")).first()
    assert (run.dataset_id, run.parameters["folder"]) == (dataset, str(inbox))


def test_a_worker_that_starts_anew_knows_what_has_arrived_before(workspace, inbox, arrivals):
    (inbox / "a.png").write_bytes(b"whole")
    for _ in range(2):
        watch = Watch(workspace)
        for _ in range(3):
            watch.look()
        end_all(workspace)
    assert arrivals() == [["a.png"]]


def test_many_files_are_several_runs(workspace, inbox, arrivals, monkeypatch):
    monkeypatch.setattr(watching, "_AT_ONCE", 2)
    for name in "abc":
        (inbox / name).write_bytes(b"whole")
    watch = Watch(workspace)
    for _ in range(4):
        watch.look()
        end_all(workspace)
    assert arrivals() == [["a", "b"], ["c"]]


def fail_newest(workspace, ago):
    with writing(workspace.engine) as session:
        run = session.exec(select(Run).where(Run.kind == "arrivals").order_by(Run.id.desc())).first()
        run.state, run.finished_at = RunState.FAILED, now() - ago


def test_what_a_run_failed_with_arrives_again_after_a_while_and_not_for_ever(workspace, inbox, arrivals):
    (inbox / "a.png").write_bytes(b"whole")
    watch = Watch(workspace)

    def look():
        for _ in range(3):
            watch.look()
        return len(arrivals())

    assert look() == 1
    for tries, pause in ((1, timedelta(minutes=1)), (2, timedelta(minutes=10))):
        fail_newest(workspace, pause - timedelta(seconds=20))
        assert look() == tries
        fail_newest(workspace, pause)
        assert look() == tries + 1
    fail_newest(workspace, timedelta(days=1))
    assert look() == 3
    watch = Watch(workspace)
    assert look() == 3, "a worker that starts anew counts the tries before"


def test_what_failed_once_and_was_taken_in_then_does_not_arrive_again(workspace, inbox, arrivals):
    (inbox / "a.png").write_bytes(b"whole")
    watch = Watch(workspace)
    for state in (RunState.FAILED, RunState.DONE):
        for _ in range(3):
            watch.look()
        fail_newest(workspace, timedelta(minutes=2))
        with writing(workspace.engine) as session:
            session.exec(select(Run).where(Run.kind == "arrivals").order_by(Run.id.desc())).first().state = state
    for again in (watch, Watch(workspace)):
        for _ in range(3):
            again.look()
    assert arrivals() == [["a.png"], ["a.png"]]


def test_looking_takes_a_tenth_of_the_time_at_most(workspace, inbox, monkeypatch):
    clock, looks = [100.0], []

    def slow(*_):
        looks.append(clock[0])
        clock[0] += 2
        return []

    monkeypatch.setattr(watching, "_REST", 9)
    monkeypatch.setattr(watching, "monotonic", lambda: clock[0])
    monkeypatch.setattr(watching, "files_there", slow)
    watch = Watch(workspace)
    for _ in range(200):
        watch.look()
        clock[0] += 1
    assert np.diff(looks).min() >= 20
    assert len(looks) >= 9


def test_a_folder_that_is_no_longer_watched_is_left_alone(workspace, inbox, arrivals, do):
    do("watch", folder=None)
    (inbox / "a.png").write_bytes(b"whole")
    watch = Watch(workspace)
    watch.look()
    watch.look()
    assert arrivals() == []


@pytest.mark.nightly
def test_a_real_worker_takes_in_and_measures_what_is_put_into_the_folder(workspace, do, workers, tmp_path, few_drawn):
    inbox = (tmp_path / "inbox").resolve()
    inbox.mkdir()
    do("watch", folder=str(inbox))
    workers.start()
    first, *rest = sorted(few_drawn.iterdir())
    content = first.read_bytes()
    with (inbox / first.name).open("wb") as slow:
        for part in range(4):  # never as it was at the look before until it is whole
            slow.write(content[len(content) * part // 4 : len(content) * (part + 1) // 4])
            slow.flush()
            time.sleep(1.5)
    for file in rest:
        shutil.copyfile(file, inbox / file.name)
    (inbox / "bad.jpg").write_bytes(content[:100])

    def measured():
        with reading(workspace.engine) as session:
            return len(session.exec(select(Embedding.id)).all()) >= len(rest)

    wait_for(measured, f"the faces {workers.log}", 180)
    wait_for(lambda: len(log(workspace)) == len(rest) + 2, "the time log", 60)
    reasons = {row["path"]: row["reason"] for row in log(workspace)}
    assert [path for path, reason in reasons.items() if reason] == ["bad.jpg"]


def log(workspace):
    with reading(workspace.engine) as session:
        return arrivals_log(1, most=100, session=session)


def test_a_folder_that_cannot_be_looked_at_keeps_no_other_from_it(
    workspace, author, do, inbox, arrivals, tmp_path, monkeypatch, caplog
):
    other = tmp_path.resolve() / "other"
    other.mkdir()
    with writing(workspace.engine) as session:
        second = ensure_dataset("second", author, session=session)
    asked = {"dataset_id": second, "author_id": author, "parameters": {"folder": str(other)}}
    do("watch", run_id=submit(workspace, "watch", **asked))
    look = watching.files_there

    def there(folder, limits):
        if folder == inbox:
            raise PermissionError(13, "Permission denied")
        return look(folder, limits)

    monkeypatch.setattr(watching, "files_there", there)
    (other / "a.png").write_bytes(b"whole")
    watch = Watch(workspace)
    watch.look()
    watch.look()
    assert arrivals() == [["a.png"]]
    assert [record.getMessage() for record in caplog.records] == [f"the watched folder {inbox} could not be looked at"]


def test_what_another_worker_has_taken_in_is_not_taken_in_again(workspace, inbox, arrivals):
    one, other = Watch(workspace), Watch(workspace)
    for watch in (one, other):
        watch.look()
    (inbox / "a.png").write_bytes(b"whole")
    for watch in (one, other, one):
        watch.look()
    end_all(workspace)
    (inbox / "b.png").write_bytes(b"whole")
    other.look()
    other.look()
    assert arrivals() == [["a.png"], ["b.png"]]
