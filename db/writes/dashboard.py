"""What somebody did today. Takes the caller's session and never commits."""

from functools import cache

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlmodel import Session, col

from db.tables import DailyWork, WorkKind, now


def record_work(author_id: int, dataset_id: int, kind: WorkKind, amount: int = 1, *, session: Session) -> None:
    """Add to what somebody did today (UTC)."""
    row = {"author_id": author_id, "dataset_id": dataset_id, "day": f"{now():%Y-%m-%d}", "kind": kind, "count": amount}
    connection: Connection = session.connection()
    connection.execute(_added(), row)


@cache
def _added() -> Insert:
    """Put together once, as that takes longer than the store takes to do it."""
    statement = insert(DailyWork)
    return statement.on_conflict_do_update(
        index_elements=["author_id", "dataset_id", "day", "kind"],
        set_={"count": col(DailyWork.count) + statement.excluded.count},
    )
