"""What humans decide about people: naming, merging, moving, confirming, "not a face", and undoing any of it.

Every decision is an event that holds what was before. Faces that a decision touches carry its author and are never
changed by a run.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlmodel import Session, col, delete, select

from core.errors import BadInput, Conflict, NotFound
from core.workspace import Workspace
from db.engine import writing
from db.history import restore, set_removed, snapshot
from db.tables import Assignment, Instance, PeopleEvent, Person, Separation, Source, now
from db.writes import count_work

_LONGEST_NAME: Final = 120


def name_person(workspace: Workspace, person_id: int, name: str, *, author_id: int) -> int:
    """Give a person a name (empty: take it away); returns the event's id.

    Raises
    ------
    Conflict
        If another person of the dataset has that name: merge the two instead.
    """
    clean = clean_name(name)
    with writing(workspace.engine) as session:
        person = _person(person_id, session)
        taken = _named(person.dataset_id, clean, session)
        if taken is not None and taken.id != person_id:
            raise Conflict(f"somebody here is called {clean} already; merge the two if they are one person")
        summary = f"Named {_called(person)} {clean}" if clean else f"Took the name of {_called(person)} away"
        event = _event("name", summary, person.dataset_id, [], [person_id], author_id, session)
        person.name = clean
        return event.id


def clean_name(name: str) -> str | None:
    """A name as it is stored: one line, composed Unicode, no outer blanks; None when nothing is left.

    Raises
    ------
    BadInput
        If it is longer than 120 characters.
    """
    line = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name))
    clean = " ".join(line.split())
    if len(clean) > _LONGEST_NAME:
        raise BadInput(f"a name has at most {_LONGEST_NAME} characters, this one has {len(clean)}")
    return clean or None


def merge_people(workspace: Workspace, target_id: int, others: Sequence[int], *, author_id: int) -> int:
    """Say that several people are one. All faces of them become the target's, confirmed by the author.

    The target keeps its name; an unnamed target takes the first name among the others.
    """
    wanted = [person_id for person_id in dict.fromkeys(others) if person_id != target_id]
    if not wanted:
        raise BadInput("a merge needs two different people")
    with writing(workspace.engine) as session:
        target = _person(target_id, session)
        merged = [_person(person_id, session) for person_id in wanted]
        if any(person.dataset_id != target.dataset_id for person in merged):
            raise BadInput("people of two datasets cannot be merged")
        everyone = [target_id, *wanted]
        faces = _faces_of(everyone, session)
        called = ", ".join(_called(person) for person in merged)
        summary = f"Merged {called} into {_called(target)} ({len(faces)} faces)"
        event = _event("merge", summary, target.dataset_id, faces, everyone, author_id, session)
        name = target.name or next((person.name for person in merged if person.name), None)
        for person in merged:
            person.active = False
        session.flush()  # frees the name before the target takes it
        target.name = name
        _give(faces, target, event, session)
        return event.id


def move_faces(
    workspace: Workspace, instances: Sequence[int], *, author_id: int, person_id: int | None = None, name: str = ""
) -> int:
    """Say whose faces these are: an existing person's, or (without `person_id`) a new one's; returns the person's id.

    The faces will never again be grouped with the people they came from.
    """
    with writing(workspace.engine) as session:
        faces, dataset_id = _same_dataset(instances, session)
        target = (
            _person(person_id, session) if person_id is not None else _new_person(dataset_id, name, author_id, session)
        )
        if target.dataset_id != dataset_id:
            raise BadInput("a face cannot move to a person of another dataset")
        summary = f"Moved {_number(faces)} to {_called(target)}"
        touched = sorted({target.id, *_owners(faces, session)})
        event = _event("move", summary, dataset_id, faces, touched, author_id, session)
        if person_id is None:  # undo makes the new person disappear again
            event.payload = {**event.payload, "before": _without(event.payload["before"], target.id)}
        _separate(faces, target.id, event, session)
        _give(faces, target, event, session)
        return target.id


def confirm_faces(workspace: Workspace, instances: Sequence[int], *, author_id: int) -> int:
    """Say that these faces are where they belong; they become evidence for verification."""
    with writing(workspace.engine) as session:
        faces, dataset_id = _same_dataset(instances, session)
        rows = session.exec(select(Assignment).where(col(Assignment.instance_id).in_(faces))).all()
        if len(rows) < len(faces):
            raise BadInput("a face that belongs to nobody cannot be confirmed; move it to a person first")
        people = sorted({row.person_id for row in rows})
        event = _event("confirm", f"Confirmed {_number(faces)}", dataset_id, faces, people, author_id, session)
        for row in rows:
            row.source, row.author_id, row.event_id, row.at = Source.HUMAN, author_id, event.id, now()
        return event.id


def release_faces(workspace: Workspace, instances: Sequence[int], *, author_id: int) -> int:
    """Say that these faces are not the people they are shown as; the next grouping looks for others."""
    with writing(workspace.engine) as session:
        faces, dataset_id = _same_dataset(instances, session)
        people = sorted(_owners(faces, session))
        summary = f"Took {_number(faces)} out: not this person"
        event = _event("release", summary, dataset_id, faces, people, author_id, session)
        _separate(faces, None, event, session)
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(faces)))
        return event.id


def remove_faces(workspace: Workspace, instances: Sequence[int], *, author_id: int) -> int:
    """Say that these are no faces. They stay in the store, and no later run brings them back."""
    with writing(workspace.engine) as session:
        faces, dataset_id = _same_dataset(instances, session)
        people = sorted(_owners(faces, session))
        summary = f"Removed {_number(faces)}: not a face"
        event = _event("remove", summary, dataset_id, faces, people, author_id, session)
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(faces)))
        set_removed(dict.fromkeys(faces, True), session=session)
        return event.id


def undo(workspace: Workspace, event_id: int, *, author_id: int) -> int:
    """Bring back what was before a decision; the undoing is an event too, and can be undone.

    Raises
    ------
    Conflict
        If a later decision, not undone itself, touched the same faces or people.
    """
    with writing(workspace.engine) as session:
        event = session.get(PeopleEvent, event_id)
        if event is None:
            raise NotFound(f"there is no decision {event_id}")
        if event.undone:
            raise Conflict(f"“{event.summary}” is undone already")
        _refuse_if_built_upon(event, session)
        faces, people = event.payload["instances"], event.payload["people"]
        done = _event("undo", f"Undid: {event.summary}", event.dataset_id, faces, people, author_id, session)
        done.undoes_id, event.undone = event.id, True
        restore(event.payload["before"], faces, people, event.dataset_id, session=session)
        if event.undoes_id is not None:  # an undone undo: the first decision counts again
            first = session.get(PeopleEvent, event.undoes_id)
            assert first is not None
            first.undone, done.undone = False, True
        return done.id


def _refuse_if_built_upon(event: PeopleEvent, session: Session) -> None:
    later = select(PeopleEvent).where(
        PeopleEvent.dataset_id == event.dataset_id, PeopleEvent.id > event.id, ~col(PeopleEvent.undone)
    )
    faces, people = set(event.payload["instances"]), set(event.payload["people"])
    for other in session.exec(later.order_by(col(PeopleEvent.id).desc())):
        settled = other.undoes_id is not None and other.undoes_id != event.id
        if not settled and (faces & set(other.payload["instances"]) or people & set(other.payload["people"])):
            raise Conflict(f"“{other.summary}” came later and touches the same people; undo that first")


def _event(
    kind: str,
    summary: str,
    dataset_id: int,
    faces: Sequence[int],
    people: Sequence[int],
    author_id: int,
    session: Session,
) -> PeopleEvent:
    payload = {
        "instances": list(faces),
        "people": list(people),
        "before": snapshot(faces, people, session=session),
    }
    event = PeopleEvent(dataset_id=dataset_id, kind=kind, summary=summary, payload=payload, author_id=author_id)
    session.add(event)
    session.flush()
    count_work(author_id, dataset_id, "people decisions", session=session)
    return event


def _give(faces: Sequence[int], target: Person, event: PeopleEvent, session: Session) -> None:
    session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(faces)))
    session.exec(
        delete(Separation).where(col(Separation.instance_id).in_(faces), col(Separation.person_id) == target.id)
    )
    session.flush()
    session.add_all(
        Assignment(
            instance_id=face, dataset_id=target.dataset_id, person_id=target.id, source=Source.HUMAN,
            author_id=event.author_id, event_id=event.id,
        )
        for face in faces
    )  # fmt: skip


def _separate(faces: Sequence[int], target_id: int | None, event: PeopleEvent, session: Session) -> None:
    """Remember that each face is not the person it is taken from."""
    rows = session.exec(select(Assignment).where(col(Assignment.instance_id).in_(faces))).all()
    for row in rows:
        known = session.get(Separation, (row.instance_id, row.person_id)) is not None
        if row.person_id != target_id and not known:
            session.add(Separation(instance_id=row.instance_id, person_id=row.person_id, event_id=event.id))


def _person(person_id: int, session: Session) -> Person:
    person = session.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound(f"person {person_id} is not there any more")
    return person


def _named(dataset_id: int, name: str | None, session: Session) -> Person | None:
    return session.exec(
        select(Person).where(
            Person.dataset_id == dataset_id, col(Person.active), Person.name == name, col(Person.name).is_not(None)
        )
    ).first()


def _new_person(dataset_id: int, name: str, author_id: int, session: Session) -> Person:
    clean = clean_name(name)
    if _named(dataset_id, clean, session) is not None:
        raise Conflict(f"somebody here is called {clean} already; move the faces to that person")
    person = Person(dataset_id=dataset_id, name=clean, created_by=author_id)
    session.add(person)
    session.flush()
    return person


def _same_dataset(instances: Sequence[int], session: Session) -> tuple[list[int], int]:
    faces = list(dict.fromkeys(instances))
    rows = session.exec(select(Instance.dataset_id).where(col(Instance.id).in_(faces))).all()
    if not faces or len(rows) < len(faces):
        raise NotFound("a chosen face is not there any more" if faces else "no face is chosen")
    if len(set(rows)) > 1:
        raise BadInput("faces of two datasets cannot be changed together")
    return faces, rows[0]


def _faces_of(people: Sequence[int], session: Session) -> list[int]:
    rows = session.exec(select(Assignment.instance_id).where(col(Assignment.person_id).in_(people)))
    return sorted(rows)


def _owners(faces: Sequence[int], session: Session) -> set[int]:
    return set(session.exec(select(Assignment.person_id).where(col(Assignment.instance_id).in_(faces))))


def _without(before: dict, person_id: int) -> dict:
    return {**before, "people": [row for row in before["people"] if row[0] != person_id]}


def _called(person: Person) -> str:
    return person.name or f"unnamed person {person.id}"


def _number(faces: Sequence[int]) -> str:
    return "1 face" if len(faces) == 1 else f"{len(faces)} faces"
