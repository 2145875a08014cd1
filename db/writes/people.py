"""Small writes about people. Each takes the caller's session and never commits."""

from sqlmodel import Session, col, select

from db.tables import Person


def ensure_person(dataset_id: int, name: str, author_id: int | None, *, session: Session) -> int:
    """The id of the active person of that name in a dataset; added when new."""
    active = select(Person.id).where(Person.dataset_id == dataset_id, Person.name == name, col(Person.active))
    person_id = session.exec(active).first()
    return add_person(dataset_id, name, author_id, session=session).id if person_id is None else person_id


def add_person(dataset_id: int, name: str | None = None, author_id: int | None = None, *, session: Session) -> Person:
    """A new person of a dataset, with an id."""
    person = Person(dataset_id=dataset_id, name=name, created_by=author_id)
    session.add(person)
    session.flush()
    return person
