"""Reads of what humans have decided about people."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, func, select

from db.tables import PeopleEvent, User


def count_history(dataset_id: int, *, session: Session) -> int:
    """How many decisions about people were taken in a dataset."""
    return session.exec(select(func.count()).where(col(PeopleEvent.dataset_id) == dataset_id)).one()


def history(
    dataset_id: int, *, offset: int = 0, limit: int = 20, session: Session
) -> Sequence[tuple[PeopleEvent, str]]:
    """The newest decisions about people with their authors' names; the payloads, which may be long, are not read."""
    return session.exec(
        select(PeopleEvent, User.name)
        .options(defer(PeopleEvent.payload, raiseload=True))  # type: ignore[arg-type]  # SQLModel types columns as values
        .join(User, col(User.id) == col(PeopleEvent.author_id))
        .where(PeopleEvent.dataset_id == dataset_id)
        .order_by(col(PeopleEvent.id).desc())
        .offset(offset)
        .limit(limit)
    ).all()


class Obstacle(NamedTuple):
    """A decision that stands now and did not right after another one, or the other way round.

    `author` has taken it, or whatever has changed that last; `faces` and `people` are those that it touches.
    """

    kind: str
    summary: Mapping[str, Any]
    stands: bool
    author: str
    faces: list[int]
    people: list[int]


def changed_since(event: PeopleEvent, *, session: Session) -> Iterator[Obstacle]:
    """Each decision that counts otherwise now than right after this event, the one that changed last first.

    Taken, undone and done again are events alike: what came and went since leaves no trace. What was before the
    decisions (the long part of their payloads) stays in the store.
    """
    rows = select(PeopleEvent.id, PeopleEvent.undoes_id).where(PeopleEvent.dataset_id == event.dataset_id)
    decision_of: dict[int, int] = {}  # what an event has taken, undone or done again
    for number, undoes in session.exec(rows.order_by(col(PeopleEvent.id))):
        decision_of[number] = decision_of[undoes] if undoes else number
    since = {number: decision for number, decision in decision_of.items() if number > event.id}
    times = Counter(since.values())
    last = {decision: number for number, decision in since.items() if times[decision] % 2}
    last.pop(decision_of[event.id], None)
    for decision, number in sorted(last.items(), key=lambda item: -item[1]):
        yield _obstacle(decision, number, session=session)


def _obstacle(decision: int, last: int, *, session: Session) -> Obstacle:
    changed = aliased(PeopleEvent)
    row = session.exec(
        select(  # type: ignore[call-overload]  # SQLModel types a select of at most four columns
            PeopleEvent.kind,
            PeopleEvent.summary,
            PeopleEvent.undone,
            User.name,
            func.json_extract(PeopleEvent.payload, "$.instances"),
            func.json_extract(PeopleEvent.payload, "$.people"),
        )
        .select_from(PeopleEvent)
        .join(changed, col(changed.id) == last)
        .join(User, col(User.id) == col(changed.author_id))
        .where(PeopleEvent.id == decision)
    ).one()
    kind, summary, undone, author, faces, people = row
    return Obstacle(kind, summary, not undone, author, json.loads(faces), json.loads(people))


def revocable(event_id: int, *, session: Session) -> PeopleEvent | None:
    """The decision to undo when this one is taken back: itself, or what it has done again; None where it is undone."""
    event = session.get(PeopleEvent, event_id)
    while event is not None and event.undone:
        undoing = session.get(PeopleEvent, event.undoes_id) if event.undoes_id else None
        event = session.get(PeopleEvent, undoing.undoes_id) if undoing is not None and undoing.undoes_id else None
    return event


def last_decision(dataset_id: int, *, session: Session) -> int:
    """The id of the newest decision about people; 0 when there is none."""
    newest = session.exec(select(func.max(PeopleEvent.id)).where(PeopleEvent.dataset_id == dataset_id)).one()
    return newest or 0
