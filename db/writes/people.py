"""Small writes about people. Each takes the caller's session and never commits."""

from __future__ import annotations

from sqlmodel import Session, col, select

from db.tables import Person


def ensure_person(dataset_id: int, name: str, author_id: int | None, *, session: Session) -> int:
    """The id of the active person of that name in a dataset; added when new."""
    found = session.exec(
        select(Person.id).where(Person.dataset_id == dataset_id, Person.name == name, col(Person.active))
    ).first()
    if found is None:
        person = Person(dataset_id=dataset_id, name=name, created_by=author_id)
        session.add(person)
        session.flush()
        return person.id
    return found
