"""What runs have skipped. Takes the caller's session and never commits."""

from collections.abc import Collection

from sqlmodel import Session, col, delete, select

from db.batching import id_batches
from db.tables import SkippedInput


def forget_skipped(run_id: int, paths: Collection[str], *, session: Session) -> None:
    """Take pictures off the list of what a run has skipped: it looks at them once more."""
    listed = session.exec(select(SkippedInput.id, SkippedInput.path).where(SkippedInput.run_id == run_id)).all()
    for part in id_batches(number for number, path in listed if path in paths):
        session.exec(delete(SkippedInput).where(col(SkippedInput.id).in_(part)))
