"""What somebody did today adds up."""

from __future__ import annotations

from sqlmodel import select

from db.engine import reading
from db.tables import DailyWork, now
from db.writes.dashboard import record_work
from db.writing import writing


def test_work_adds_up_for_each_day_person_dataset_and_kind(workspace, dataset, author):
    began = now()
    with writing(workspace.engine) as session:
        record_work(author, dataset, "edits", session=session)
        record_work(author, dataset, "edits", 4, session=session)
        record_work(author, dataset, "boxes", session=session)
    with reading(workspace.engine) as session:
        rows = session.exec(select(DailyWork.day, DailyWork.kind, DailyWork.count)).all()
    assert sorted(row[1:] for row in rows) == [("boxes", 1), ("edits", 5)]
    assert {day for day, _, _ in rows} <= {f"{began:%Y-%m-%d}", f"{now():%Y-%m-%d}"}
