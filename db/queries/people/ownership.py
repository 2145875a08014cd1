"""Reads of whose faces they are, and whose they are not."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlmodel import Session, case, col, select
from sqlmodel.sql.expression import Select

from db.batching import id_batches
from db.tables import Assignment, Instance, PeopleEvent, Person, Separation, Source
from db.whole_columns import read_columns, whole

_ONE_IF_HUMAN = case((col(Assignment.source) == Source.HUMAN, 1), else_=0)


class Ownership(NamedTuple):
    """Whose a face is: the person, whether a human said so, and whether that person has a name or is hidden."""

    person_id: int
    human: bool
    named: bool
    hidden: bool = False

    @property
    def decided(self) -> bool:
        """Whether a human has said something of the face or its person that a grouping has to keep."""
        return self.human or self.named or self.hidden


def ownerships(dataset_id: int, *, session: Session) -> dict[int, Ownership]:
    """Instance id to whose face it is, for every assigned face of a dataset."""
    rows = session.exec(
        select(Assignment.instance_id, Assignment.person_id, Assignment.source, Person.name, Person.hidden)  # type: ignore[call-overload]
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .where(Assignment.dataset_id == dataset_id)
    )
    return {
        instance: Ownership(person, source == Source.HUMAN, name is not None, hidden)
        for instance, person, source, name, hidden in rows
    }


def confirmed_owners(dataset_id: int, *, session: Session) -> dict[int, int]:
    """Instance to person of every face of which a human has said whose it is."""
    rows = session.exec(
        select(Assignment.instance_id, Assignment.person_id)
        .where(Assignment.dataset_id == dataset_id, Assignment.source == Source.HUMAN)
        .order_by(col(Assignment.instance_id))
    )
    return dict(rows.all())


def owner_columns(dataset_id: int, *, session: Session) -> tuple[str, ...]:
    """Instance, person, and 1 where a human said so, of every assigned face of a dataset, as whole columns."""
    columns = whole(Assignment.instance_id, Assignment.person_id, _ONE_IF_HUMAN)
    people = select(Person.id).where(Person.dataset_id == dataset_id)  # all is read off the index of their faces then
    return read_columns(columns.where(col(Assignment.person_id).in_(people)), session=session)


def named_people(dataset_id: int, *, session: Session) -> Sequence[int]:
    """Everybody of a dataset who has a name."""
    return session.exec(select(Person.id).where(Person.dataset_id == dataset_id, col(Person.name).is_not(None))).all()


def out_of_sight(dataset_id: int, *, session: Session) -> Sequence[int]:
    """Everybody of a dataset whom somebody has hidden."""
    return session.exec(select(Person.id).where(Person.dataset_id == dataset_id, col(Person.hidden))).all()


def separations(dataset_id: int, *, session: Session) -> Sequence[tuple[int, int]]:
    """Instance and person of every "this is not that person" of a dataset that counts, each pair once."""
    return [(instance, person) for instance, person in session.exec(separations_that_count(dataset_id))]


def separations_that_count(dataset_id: int) -> Select[Any, Any]:
    """Instance and person of what decisions that stand have said, and no later one has contradicted."""
    stands = (PeopleEvent.id == Separation.event_id, PeopleEvent.dataset_id == dataset_id, ~col(PeopleEvent.undone))
    columns = (Separation.id, Separation.instance_id, Separation.person_id)
    said = select(*columns).where(*stands, col(Separation.follows_id).is_(None)).cte("said", recursive=True)
    said = said.union_all(select(*columns).join(said, col(Separation.follows_id) == said.c.id).where(*stands))
    theirs = (Assignment.instance_id == said.c.instance_id, Assignment.person_id == said.c.person_id)
    belongs = select(Assignment.instance_id).where(*theirs).exists()
    return select(said.c.instance_id, said.c.person_id).where(~belongs).distinct()


def instances_of(people: Sequence[int], *, session: Session) -> list[int]:
    """The instances of all faces of these people, by id."""
    theirs = select(Assignment.instance_id)
    parts = (session.exec(theirs.where(col(Assignment.person_id).in_(part))) for part in id_batches(people))
    return sorted(face for part in parts for face in part)


def whose_faces(people: Sequence[int], *, session: Session) -> dict[int, int]:
    """Instance to person of every face of these people that was not removed."""
    return {instance: person for instance, _, person in _places(people, session=session)}


def photos_shared(people: Sequence[int], *, session: Session) -> dict[int, list[int]]:
    """Picture to the faces of these people in it, where it shows two or more of the people."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for instance, image, person in _places(people, session=session):
        found[image][instance] = person
    return {image: sorted(faces) for image, faces in sorted(found.items()) if len(set(faces.values())) > 1}


def _places(people: Sequence[int], *, session: Session) -> Iterator[tuple[int, int, int]]:
    """Instance, picture and person of every face of these people that was not removed."""
    columns = select(Assignment.instance_id, Instance.image_id, Assignment.person_id)
    theirs = columns.join(Instance, col(Instance.id) == col(Assignment.instance_id)).where(~col(Instance.removed))
    for part in id_batches(people):
        yield from session.exec(theirs.where(col(Assignment.person_id).in_(part)))


def placed_by(kind: str, faces: Sequence[int], *, session: Session) -> set[int]:
    """Which of these faces a decision of this kind has placed where they are."""
    placed = select(Assignment.instance_id).join(PeopleEvent, col(PeopleEvent.id) == col(Assignment.event_id))
    return {
        face
        for part in id_batches(faces)
        for face in session.exec(placed.where(PeopleEvent.kind == kind, col(Assignment.instance_id).in_(part)))
    }


def unconfirmed(dataset_id: int, people: Sequence[int] | None = None, *, session: Session) -> dict[int, int]:
    """Instance to person of every face that a machine has placed with these people, or with anybody who has a name."""
    whose = col(Person.name).is_not(None) if people is None else col(Person.id).in_(people)
    rows = session.exec(
        select(Assignment.instance_id, Assignment.person_id)
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .join(Instance, col(Instance.id) == col(Assignment.instance_id))
        .where(Assignment.dataset_id == dataset_id, Assignment.source != Source.HUMAN, whose, ~col(Instance.removed))
        .order_by(col(Assignment.instance_id))
    )
    return dict(rows.all())
