"""People and whose faces are theirs, as plain rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.foundation.workspace import Workspace
from db.tables import Assignment, Instance, Person, Source
from db.writing import writing


def own(
    workspace: Workspace,
    dataset: int,
    faces: Sequence[int],
    name: str | None = None,
    *,
    confirmed: Collection[int] = (),
    active: bool = True,
) -> int:
    """A new person to whom faces belong, some of them because a human said so; gives the person's id."""
    with writing(workspace.engine) as session:
        person = Person(dataset_id=dataset, name=name, active=active)
        session.add(person)
        session.flush()
        for face in faces:
            source = Source.HUMAN if face in confirmed else Source.MODEL
            session.add(Assignment(instance_id=face, dataset_id=dataset, person_id=person.id, source=source))
        return person.id


def remove(workspace: Workspace, *instances: int) -> None:
    """Take instances out, and leave everything else as it is."""
    with writing(workspace.engine) as session:
        for number in instances:
            session.get_one(Instance, number).removed = True
