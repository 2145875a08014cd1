"""The state of faces and people before a decision, so that any decision can be undone. Never commits."""

from collections.abc import Sequence
from typing import Any, Final

from sqlmodel import Session, col, delete, select

from db.batching import id_batches
from db.tables import Assignment, Instance, Person, now
from db.writes.library import refresh_picture
from db.writes.rows import insert_values

Snapshot = dict[str, Any]
_OWNED: Final[tuple[Any, ...]] = (
    *(Assignment.instance_id, Assignment.person_id, Assignment.source),
    *(Assignment.author_id, Assignment.event_id, Assignment.run_id),
)


def snapshot(instances: Sequence[int], people: Sequence[int], *, session: Session) -> Snapshot:
    """What is known about these faces and people now, as plain JSON values.

    Returns
    -------
    dict
        ``assignments``: rows instance, person, source, author, event, run; ``removed``: rows instance, flag;
        ``people``: rows id, name, active, hidden, cover. Who is kept apart from whom is no part of it: that follows
        from which decisions stand (`db.queries.people.ownership.separations`).
    """
    state: Snapshot = {"assignments": [], "removed": [], "people": []}
    for part in id_batches(instances):
        owned = session.exec(select(*_OWNED).where(col(Assignment.instance_id).in_(part)))
        state["assignments"] += [list(row) for row in owned]
        flags = session.exec(select(Instance.id, Instance.removed).where(col(Instance.id).in_(part)))
        state["removed"] += [list(row) for row in flags]
    for part in id_batches(people):
        known = session.exec(select(Person).where(col(Person.id).in_(part)))
        state["people"] += [[row.id, row.name, row.active, row.hidden, row.cover_id] for row in known]
    return state


def restore(state: Snapshot, faces: Sequence[int], people: Sequence[int], dataset_id: int, *, session: Session) -> None:
    """Bring faces and people back to `state`; people who did not exist become inactive."""
    _restore_people(state, people, session=session)
    for part in id_batches(faces):
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(part)))
    session.flush()
    names, same = [column.key for column in _OWNED], {"dataset_id": dataset_id, "at": now()}
    rows = [dict(zip(names, row, strict=True)) | same for row in state["assignments"]]
    insert_values(Assignment, rows, session=session)
    set_removed({instance: flag for instance, flag in state["removed"]}, session=session)


def _restore_people(state: Snapshot, people: Sequence[int], *, session: Session) -> None:
    known = {row[0]: row for row in state["people"]}
    rows = [
        person for part in id_batches(people) for person in session.exec(select(Person).where(col(Person.id).in_(part)))
    ]
    for person in rows:
        person.active = False
    session.flush()  # frees every name before somebody takes it back
    for person in rows:
        _, person.name, person.active, *shown = known.get(person.id, (person.id, person.name, False))
        if shown:  # decisions of before people could be hidden say nothing of it
            person.hidden, person.cover_id = shown
    session.flush()


def set_removed(flags: dict[int, bool], *, session: Session) -> None:
    """Take faces out of the dataset, or bring them back, and bring their pictures in line."""
    images = set()
    for part in id_batches(list(flags)):
        for instance in session.exec(select(Instance).where(col(Instance.id).in_(part))):
            if instance.removed != flags[instance.id]:
                instance.removed = flags[instance.id]
                images.add(instance.image_id)
    session.flush()
    for image_id in sorted(images):
        refresh_picture(image_id, session=session)
