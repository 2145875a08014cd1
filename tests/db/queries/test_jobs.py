"""Which run ended last, which are open, and what unfinished ones still need."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from db.engine import reading
from db.queries.jobs import (
    arrivals_log,
    count_runs,
    has_open_run,
    newest_done_by_dataset,
    newest_ended_run,
    parameters_of_runs,
    runs_page,
    unfinished_sources,
)
from db.tables import Run, RunState, now
from db.writing import writing


def _add(workspace, dataset, author, **values):
    with writing(workspace.engine) as session:
        run = Run(dataset_id=dataset, author_id=author, **values)
        session.add(run)
        session.flush()
        return run.id


def test_run_that_ends_after_a_younger_one_is_the_newest(workspace, dataset, author):
    start = now()
    older, younger = (_add(workspace, dataset, author, kind="people", state=RunState.RUNNING) for _ in range(2))
    seen = []
    for seconds, run_id in enumerate((younger, older)):
        with writing(workspace.engine) as session:
            run = session.get(Run, run_id)
            run.state, run.finished_at = RunState.DONE, start + timedelta(seconds=seconds)
        with reading(workspace.engine) as session:
            seen.append(newest_ended_run(dataset, ("people",), session=session).id)
            assert newest_ended_run(dataset, ("faces",), session=session) is None
    assert seen == [younger, older]


def test_runs_that_are_not_done_still_need_what_they_read(workspace, dataset, author):
    for state in RunState:
        _add(workspace, dataset, author, kind="import", state=state, parameters={"source": f"/{state}"})
    _add(workspace, dataset, author, kind="faces")
    with reading(workspace.engine) as session:
        sources = unfinished_sources(session=session)
    assert sorted(sources) == [Path("/cancelled"), Path("/failed"), Path("/queued"), Path("/running")]


def test_runs_of_the_kinds_asked_for_are_found_behind_any_number_of_others(workspace, dataset, author):
    training = _add(workspace, dataset, author, kind="train", state=RunState.DONE)
    for _ in range(3):
        _add(workspace, dataset, author, kind="predict", state=RunState.DONE)
    with reading(workspace.engine) as session:
        rows = runs_page(kinds=("train",), limit=1, session=session)
    assert [run.id for run, *_ in rows] == [training]


def test_what_is_at_work_stands_before_all_that_waits_behind_it(workspace, dataset, author):
    at_work = _add(workspace, dataset, author, kind="train", state=RunState.RUNNING)
    waiting = [_add(workspace, dataset, author, kind="predict") for _ in range(3)]
    with reading(workspace.engine) as session:
        rows = runs_page(open_only=True, limit=2, session=session)
        every = runs_page(session=session)
        unlimited = runs_page(open_only=True, limit=None, session=session)
    assert [run.id for run, *_ in rows] == [at_work, waiting[-1]]
    assert len(unlimited) == 4
    assert [run.id for run, *_ in every] == [*reversed(waiting), at_work]


def test_ended_runs_are_counted_and_come_page_by_page_with_names(workspace, dataset, author):
    runs = {state: _add(workspace, dataset, author, kind="import", state=state) for state in RunState}
    nowhere = _add(workspace, None, author, kind="fetch", state=RunState.DONE)
    ended = [nowhere, runs[RunState.CANCELLED], runs[RunState.FAILED], runs[RunState.DONE]]
    with reading(workspace.engine) as session:
        assert count_runs(open_only=False, session=session) == 4
        pages = [runs_page(open_only=False, offset=offset, limit=3, session=session) for offset in (0, 3)]
        assert [[run.id for run, *_ in page] for page in pages] == [ended[:3], ended[3:]]
        assert [names for _, *names in pages[0][:2]] == [[None, "ada"], ["faces", "ada"]]
        assert runs_page(dataset_id=dataset + 1, session=session) == []
        assert [
            count_runs(dataset_id=number, kinds=("import",), session=session) for number in (dataset, dataset + 1)
        ] == [5, 0]


def test_the_newest_run_that_was_done_counts_in_each_dataset(workspace, dataset, author):
    done = {"kind": "watch", "state": RunState.DONE}
    _add(workspace, dataset, author, **done, parameters={"folder": "/a"})
    newest = _add(workspace, dataset, author, **done, parameters={"folder": "/b"})
    _add(workspace, dataset, author, kind="watch", state=RunState.FAILED, parameters={"folder": "/c"})
    _add(workspace, None, author, **done)
    with reading(workspace.engine) as session:
        found = newest_done_by_dataset("watch", session=session)
        asked = parameters_of_runs(dataset, "watch", session=session)
        later = parameters_of_runs(dataset, "watch", after=newest, session=session)
    assert {number: run.id for number, run in found.items()} == {dataset: newest}
    assert [given["folder"] for _, given in asked] == ["/a", "/b", "/c"]
    assert later == asked[2:]


def test_a_run_is_open_while_it_waits_or_works_and_the_log_of_arrivals_has_the_newest_first(workspace, dataset, author):
    for number in range(3):
        counts = {"log": [{"path": f"{number}"}, {"path": f"{number} too"}]}
        _add(workspace, dataset, author, kind="arrivals", state=RunState.DONE, counts=counts)
    with reading(workspace.engine) as session:
        assert not has_open_run(dataset, "arrivals", session=session)
        log = arrivals_log(dataset, most=3, session=session)
    assert [row["path"] for row in log] == ["2", "2 too", "1"]
    _add(workspace, dataset, author, kind="arrivals")
    with reading(workspace.engine) as session:
        assert has_open_run(dataset, "arrivals", session=session)
        assert not has_open_run(dataset, "faces", session=session)
