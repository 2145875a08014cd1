"""A run waits untouched until somebody takes it; what it skipped goes with it; a day's work is one row."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from db.engine import reading
from db.tables import DailyWork, Run, RunState, SkippedInput
from db.writing import writing


def _run(workspace, author):
    run = Run(kind="import", author_id=author)
    with writing(workspace.engine) as session:
        session.add(run)
    return run.id


def test_a_new_run_waits_and_nobody_holds_it(workspace, author):
    number = _run(workspace, author)
    with reading(workspace.engine) as session:
        run = session.get(Run, number)
    assert run.state == RunState.QUEUED
    assert (run.done, run.total, run.deaths, run.cancel_requested) == (0, 0, 0, False)
    assert run.worker is run.started_at is run.finished_at is None


def test_a_run_of_nobody_is_refused(workspace, author):
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        _run(workspace, author + 9)


def test_what_a_run_skipped_goes_with_it(workspace, author):
    gone, kept = _run(workspace, author), _run(workspace, author)
    with writing(workspace.engine) as session:
        for number in (gone, kept):
            values = {"run": number, "reason": '{"code": "files.gone", "fields": {}}'}
            statement = text("INSERT INTO skipped (run_id, path, reason) VALUES (:run, 'a.png', :reason)")
            session.connection().execute(statement, values)
        session.delete(session.get(Run, gone))
    with reading(workspace.engine) as session:
        assert session.exec(select(SkippedInput.run_id)).all() == [kept]


def test_the_work_of_a_day_is_one_row_for_each_kind(workspace, dataset, author):
    day = {"author_id": author, "dataset_id": dataset, "day": "2026-01-01"}
    with writing(workspace.engine) as session:
        session.add_all([DailyWork(kind=kind, **day) for kind in ("edits", "boxes")])
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(workspace.engine) as session:
        session.add(DailyWork(kind="edits", **day))
