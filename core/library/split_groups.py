"""The groups that a split never parts, as the store names them; and how the part of a group goes on to another.

A name is a kind and what it is of: ``clip 3`` (a video's id), ``sequence squat-03``, ``person Ada`` (a name, of a
person or a folder), ``person-id 5``, ``folder x/y``, ``picture x/y.png``. A person has both names: the id stays when
the person is called otherwise.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlmodel import Session

from db.queries.library import group_parts
from db.tables import GroupPart, Part, Person

_ORDER: Final = (Part.TRAIN, Part.VALIDATION, Part.TEST)


def group_name(kind: str, of: str | int) -> str:
    """The name of a group of a kind."""
    return f"{kind} {of}"


def strictest(parts: Iterable[str]) -> str | None:
    """The part that holds out most (test before validation before train), None without any."""
    return max(map(Part, parts), key=_ORDER.index, default=None)


def inherit_part(people: Sequence[Person], heir: Person, *, session: Session) -> None:
    """Let `heir` be held out at least as much as any of these people, and the heir, are by now.

    For whoever is about to be called otherwise, or to be one with others. Undoing such a decision leaves the part as it
    is: what was held out once is not learned from.
    """
    everyone = [*people, heir]
    groups = [group_name("person-id", person.id) for person in everyone]
    groups += [group_name("person", person.name) for person in everyone if person.name]
    known = group_parts(heir.dataset_id, session=session)
    part = strictest(known[group] for group in groups if group in known)
    if part is not None:
        own = group_name("person-id", heir.id)
        session.merge(GroupPart(dataset_id=heir.dataset_id, group=own, part=part))
