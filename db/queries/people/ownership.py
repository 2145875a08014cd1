"""Reads of whose faces they are, and whose they are not."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from db.tables import Assignment, Instance, Person, Separation, Source


class Ownership(NamedTuple):
    """Whose a face is: the person, whether a human said so, and whether that person has a name."""

    person_id: int
    human: bool
    named: bool


def ownerships(dataset_id: int, *, session: Session) -> dict[int, Ownership]:
    """Instance id to whose face it is, for every assigned face of a dataset."""
    rows = session.exec(
        select(Assignment.instance_id, Assignment.person_id, Assignment.source, Person.name)
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .where(Assignment.dataset_id == dataset_id)
    )
    return {
        instance: Ownership(person, source == Source.HUMAN, name is not None) for instance, person, source, name in rows
    }


def separations(dataset_id: int, *, session: Session) -> Sequence[tuple[int, int]]:
    """Instance and person of every "this is not that person" of a dataset."""
    rows = session.exec(
        select(Separation.instance_id, Separation.person_id)
        .join(Instance, col(Instance.id) == col(Separation.instance_id))
        .where(Instance.dataset_id == dataset_id)
    )
    return [(instance, person) for instance, person in rows]


def instances_of(people: Sequence[int], *, session: Session) -> list[int]:
    """The instances of all faces of these people, by id."""
    return sorted(session.exec(select(Assignment.instance_id).where(col(Assignment.person_id).in_(people))))
