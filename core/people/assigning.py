"""What every decision about people is made of. Each function takes the caller's session and never commits."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, delete, select

from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import Message, message
from db.batching import id_batches
from db.history import snapshot
from db.queries.people.ownership import Ownership, instances_of
from db.tables import Assignment, Instance, PeopleEvent, Person, Separation, Source, WorkKind, now
from db.writes.dashboard import record_work
from db.writes.rows import insert_values


def record(
    kind: str,
    summary: Message,
    dataset_id: int,
    faces: Sequence[int],
    people: Sequence[int],
    author_id: int,
    *,
    session: Session,
) -> PeopleEvent:
    """Write a decision down with what was before it, so that it can be undone."""
    payload = {"instances": list(faces), "people": list(people), "before": snapshot(faces, people, session=session)}
    event = PeopleEvent(
        dataset_id=dataset_id, kind=kind, summary=summary.to_json(), payload=payload, author_id=author_id
    )
    session.add(event)
    session.flush()
    record_work(author_id, dataset_id, WorkKind.PEOPLE_DECISIONS, session=session)
    return event


def active_person(person_id: int, *, session: Session) -> Person:
    """A person who is there; raises `NotFound` for one who was merged away, or never was."""
    person = session.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound("people.none_numbered", number=person_id)
    return person


def person_title(person: Person) -> str | Message:
    """A person's name, or the number of one without."""
    return person.name or message("people.unnamed", number=person.id)


def assign_faces(faces: Sequence[int], target: Person, event: PeopleEvent, *, session: Session) -> None:
    """Make these faces the target's, confirmed by the event's author."""
    for part in id_batches(faces):
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(part)))
    session.flush()
    said = {"source": Source.HUMAN, "author_id": event.author_id, "event_id": event.id, "at": now()}
    owned = {"dataset_id": target.dataset_id, "person_id": target.id, **said}
    insert_values(Assignment, [{"instance_id": face, **owned} for face in faces], session=session)


def record_separations(pairs: Sequence[tuple[int, int]], event: PeopleEvent, *, session: Session) -> None:
    """Remember that the event has said of each face that it is not that person."""
    rows = [{"instance_id": face, "person_id": person, "event_id": event.id} for face, person in dict.fromkeys(pairs)]
    insert_values(Separation, rows, session=session)


def inherit_separations(gone: Sequence[int], heir: Person, event: PeopleEvent, *, session: Session) -> None:
    """Whoever is known not to be these people, whose faces are all the heir's now, is known not to be the heir.

    For as long as the event stands and what was said stands: each row follows the one that it passes on.
    """
    own_faces = set(instances_of([heir.id], session=session))
    for part in id_batches(gone):
        for row in session.exec(select(Separation).where(col(Separation.person_id).in_(part))).all():
            if row.instance_id not in own_faces:
                _pass_on(row, heir.id, event, session=session)
    session.flush()


def _pass_on(row: Separation, heir: int, event: PeopleEvent, *, session: Session) -> None:
    session.add(Separation(instance_id=row.instance_id, person_id=heir, event_id=event.id, follows_id=row.id))


def assignments(faces: Sequence[int], *, session: Session) -> list[Assignment]:
    """Whose these faces are, for those that belong to somebody."""
    return [
        row
        for part in id_batches(faces)
        for row in session.exec(select(Assignment).where(col(Assignment.instance_id).in_(part)))
    ]


def same_dataset(instances: Sequence[int], *, session: Session) -> tuple[list[int], int]:
    """The chosen faces, each once, and their dataset.

    Raises
    ------
    NotFound
        If none is chosen, or one is not there or was removed.
    BadInput
        If they are of two datasets.
    """
    faces = list(dict.fromkeys(instances))
    rows: list[int] = []
    for part in id_batches(faces):
        datasets = select(Instance.dataset_id).where(col(Instance.id).in_(part), ~col(Instance.removed))
        rows += session.exec(datasets)
    if not faces or len(rows) < len(faces):
        raise NotFound("people.chosen_face_gone" if faces else "people.no_face_chosen")
    if len(set(rows)) > 1:
        raise BadInput("people.faces_across")
    return faces, rows[0]


def carry_separations(
    person_by_face: Mapping[int, int], ownerships: Mapping[int, Ownership], event: PeopleEvent, *, session: Session
) -> None:
    """Keep "this face is not that person" true where that person's faces go on as somebody else.

    A decided person who took in less than half of them is left out: a stray face says nothing about that person.

    Parameters
    ----------
    person_by_face
        Instance to person as a grouping has just placed the faces that it may move.
    ownerships
        Whose faces they were before.
    event
        The decision to group again.
    """
    heirs: dict[int, Counter[int]] = defaultdict(Counter)
    for instance, owner in ownerships.items():
        heirs[owner.person_id][person_by_face.get(instance, owner.person_id)] += 1
    decided = {owner.person_id for owner in ownerships.values() if owner.decided}
    split = [person for person in heirs if heirs[person].keys() != {person}]
    for part in id_batches(split):
        for row in session.exec(select(Separation).where(col(Separation.person_id).in_(part))).all():
            before = ownerships.get(row.instance_id)
            if before is not None and before.person_id == row.person_id:
                continue  # contradicted by a later decision
            now_with = person_by_face.get(row.instance_id, before.person_id if before else None)
            for heir, count in heirs[row.person_id].items():
                stray = heir in decided and 2 * count < heirs[row.person_id].total()
                if not stray and heir not in (row.person_id, now_with):
                    _pass_on(row, heir, event, session=session)
    session.flush()
