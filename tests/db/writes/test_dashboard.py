"""What somebody did today is one row that grows."""

from sqlmodel import select

from db.engine import reading
from db.tables import DailyWork
from db.writes.dashboard import record_work
from db.writing import writing


def test_work_of_one_kind_adds_up_within_a_day_and_kinds_stay_apart(workspace, dataset, author):
    with writing(workspace.engine) as session:
        record_work(author, dataset, "landmark edits", session=session)
        record_work(author, dataset, "landmark edits", 4, session=session)
        record_work(author, dataset, "boxes drawn", 2, session=session)
    with reading(workspace.engine) as session:
        rows = session.exec(select(DailyWork.kind, DailyWork.count).order_by(DailyWork.kind)).all()
    assert rows == [("boxes drawn", 2), ("landmark edits", 5)]
