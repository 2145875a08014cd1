"""Which run ended last, and what unfinished imports still need."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from db.engine import reading
from db.queries.jobs import newest_ended_run, unfinished_imports
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


def test_imports_that_are_not_done_still_need_what_they_read(workspace, dataset, author):
    for state in RunState:
        _add(workspace, dataset, author, kind="import", state=state, parameters={"source": f"/{state}"})
    _add(workspace, dataset, author, kind="import")
    _add(workspace, dataset, author, kind="faces", parameters={"source": "/not-an-import"})
    with reading(workspace.engine) as session:
        found = unfinished_imports(session=session)
    assert sorted(found) == [Path("/cancelled"), Path("/failed"), Path("/queued"), Path("/running")]
