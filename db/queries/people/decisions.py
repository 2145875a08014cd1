"""Reads of what humans have decided about people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, or_, select

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


def later_decisions(
    event: PeopleEvent, *, session: Session
) -> Iterator[tuple[Mapping[str, Any], list[int], list[int]]]:
    """Summary, faces and people of each decision after this one that left a trace, newest first.

    A decision that came later and was undone leaves none; the undoing of an earlier one does. What was before them
    (the long part of their payloads) stays in the store.
    """
    rows = session.exec(
        select(
            PeopleEvent.summary,
            func.json_extract(PeopleEvent.payload, "$.instances"),
            func.json_extract(PeopleEvent.payload, "$.people"),
        )
        .where(
            PeopleEvent.dataset_id == event.dataset_id,
            PeopleEvent.id > event.id,
            ~col(PeopleEvent.undone),
            or_(col(PeopleEvent.undoes_id).is_(None), col(PeopleEvent.undoes_id) <= event.id),
        )
        .order_by(col(PeopleEvent.id).desc())
        .execution_options(yield_per=10)
    )
    return ((summary, json.loads(faces), json.loads(people)) for summary, faces, people in rows)


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
