"""Reads of what humans have decided about people."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import CompoundSelect, literal, union_all
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, func, select

from db.tables import Assignment, Instance, ModelVersion, PeopleEvent, Threshold, User


class HistoryLine(NamedTuple):
    """A line of the history: a decision about people, or a threshold that was saved, and its author's name.

    Of a threshold also the encoder's name, and whether it is in force.
    """

    row: PeopleEvent | Threshold
    author: str
    encoder: str = ""
    in_force: bool = False


def count_history(dataset_id: int, *, session: Session) -> int:
    """How many decisions about people were taken in a dataset, and thresholds saved."""
    return session.exec(select(func.count()).select_from(_taken(dataset_id).subquery())).one()


def history(dataset_id: int, *, offset: int = 0, limit: int = 20, session: Session) -> list[HistoryLine]:
    """The newest decisions about people and the thresholds, by when; the payloads, which may be long, are not read."""
    taken = _taken(dataset_id).subquery()
    newest_first = (taken.c.at.desc(), taken.c.is_threshold, taken.c.id.desc())
    page = session.exec(
        select(taken.c.is_threshold, taken.c.id).order_by(*newest_first).offset(offset).limit(limit)
    ).all()
    events = _events([number for is_threshold, number in page if not is_threshold], session=session)
    saved = _thresholds([number for is_threshold, number in page if is_threshold], session=session)
    return [saved[number] if is_threshold else HistoryLine(*events[number]) for is_threshold, number in page]


def decided_since(dataset_id: int, event_id: int, *, limit: int, session: Session) -> list[tuple[PeopleEvent, str]]:
    """The newest decisions about people that were taken after this one, the newest first, with their authors' names."""
    later = select(PeopleEvent.id).where(PeopleEvent.dataset_id == dataset_id, PeopleEvent.id > event_id)
    numbers = session.exec(later.order_by(col(PeopleEvent.id).desc()).limit(limit)).all()
    rows = _events(numbers, session=session)
    return [rows[number] for number in numbers]


def _taken(dataset_id: int) -> CompoundSelect[Any]:
    """Kind, id and moment of every line of the history."""
    tables: tuple[Any, ...] = (PeopleEvent, Threshold)
    return union_all(
        *(
            sqlalchemy.select(literal(kind).label("is_threshold"), table.id.label("id"), table.at.label("at")).where(
                table.dataset_id == dataset_id
            )
            for kind, table in enumerate(tables)
        )
    )


def _events(numbers: Sequence[int], *, session: Session) -> dict[int, tuple[PeopleEvent, str]]:
    rows = session.exec(
        select(PeopleEvent, User.name)
        .options(defer(PeopleEvent.payload, raiseload=True))  # type: ignore[arg-type]  # SQLModel types columns as values
        .join(User, col(User.id) == col(PeopleEvent.author_id))
        .where(col(PeopleEvent.id).in_(numbers))
    )
    return {event.id: (event, author) for event, author in rows}


def _thresholds(numbers: Sequence[int], *, session: Session) -> dict[int, HistoryLine]:
    later = aliased(Threshold)
    replaced = select(later.id).where(
        later.dataset_id == Threshold.dataset_id,
        later.model_version_id == Threshold.model_version_id,
        later.id > Threshold.id,
    )
    rows = session.exec(
        select(Threshold, User.name, ModelVersion.name, ~replaced.exists())
        .join(User, col(User.id) == col(Threshold.author_id))
        .join(ModelVersion, col(ModelVersion.id) == col(Threshold.model_version_id))
        .where(col(Threshold.id).in_(numbers))
    )
    return {row.id: HistoryLine(row, author, encoder, in_force) for row, author, encoder, in_force in rows}


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


def last_decision(dataset_id: int, *, author_id: int | None = None, session: Session) -> int:
    """The id of the newest decision about people, of an author where one is given; 0 when there is none."""
    taken = select(func.max(PeopleEvent.id)).where(PeopleEvent.dataset_id == dataset_id)
    if author_id is not None:
        taken = taken.where(PeopleEvent.author_id == author_id)
    return session.exec(taken).one() or 0


def unsure_about(dataset_id: int, *, session: Session) -> set[tuple[int, ...]]:
    """Of whom somebody could not tell: two people, or one who looks like two; the lowest id first."""
    said = select(PeopleEvent.payload).where(
        PeopleEvent.dataset_id == dataset_id, PeopleEvent.kind == "unsure", ~col(PeopleEvent.undone)
    )
    return {tuple(sorted(payload["people"])) for payload in session.exec(said)}


def last_author(dataset_id: int, person_id: int, *, session: Session) -> str | None:
    """Who has taken the newest decision of a dataset that touches a person."""
    touched = func.json_each(PeopleEvent.payload, "$.people").table_valued("value")
    return session.exec(
        select(User.name)
        .select_from(PeopleEvent)
        .join(touched, sqlalchemy.true())
        .join(User, col(User.id) == col(PeopleEvent.author_id))
        .where(PeopleEvent.dataset_id == dataset_id, touched.c.value == person_id)
        .order_by(col(PeopleEvent.id).desc())
        .limit(1)
    ).first()


def heir_of(dataset_id: int, person_id: int, *, session: Session) -> int | None:
    """Whose most of the faces are now that decisions have taken from a person; None where they are nobody's."""
    before = func.json_each(PeopleEvent.payload, "$.before.assignments").table_valued("value")
    face, whose = (func.json_extract(before.c.value, place) for place in ("$[0]", "$[1]"))
    return session.exec(
        select(Assignment.person_id)
        .select_from(PeopleEvent)
        .join(before, sqlalchemy.true())
        .join(Assignment, col(Assignment.instance_id) == face)
        .where(PeopleEvent.dataset_id == dataset_id, whose == person_id, Assignment.person_id != person_id)
        .group_by(col(Assignment.person_id))
        .order_by(func.count(func.distinct(face)).desc(), col(Assignment.person_id))
        .limit(1)
    ).first()


def removal_of(instance_id: int, *, session: Session) -> PeopleEvent | None:
    """The decision that took an instance out, maybe with others, and counts; None where there is none."""
    removals = (
        select(PeopleEvent)
        .join(Instance, col(Instance.dataset_id) == col(PeopleEvent.dataset_id))
        .where(Instance.id == instance_id, PeopleEvent.kind == "remove", ~col(PeopleEvent.undone))
        .order_by(col(PeopleEvent.id).desc())
    )
    events = session.exec(removals.execution_options(yield_per=50))
    return next((event for event in events if instance_id in event.payload["instances"]), None)
