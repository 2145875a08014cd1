"""Which store this is."""

from sqlmodel import Session, select

from db.tables import Store


def store_id(*, session: Session) -> str:
    """The store's own id: made at its birth, another one after a backup was put back."""
    return session.exec(select(Store.id)).one()
