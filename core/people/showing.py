"""How people are shown: who is hidden, and which face stands for somebody. Decisions, each with its way back."""

from collections.abc import Sequence

from core.foundation.errors import BadInput, Conflict
from core.foundation.messages import message
from core.foundation.workspace import Workspace
from core.people.assigning import active_person, assignments, person_title, record, same_dataset
from db.tables import Person
from db.writing import writing


def hide_people(workspace: Workspace, people: Sequence[int], *, author_id: int, hidden: bool = True) -> int:
    """Take people out of sight, or bring them back; returns the event's id.

    Their faces stay theirs, and new ones are grouped with them: strangers stay out of the way for good. Nobody is
    asked about them.

    Raises
    ------
    Conflict
        If all of them are hidden, or in sight, already.
    """
    with writing(workspace.engine) as session:
        rows = [active_person(person_id, session=session) for person_id in dict.fromkeys(people)]
        if len({person.dataset_id for person in rows}) != 1:
            raise BadInput("people.hide_across")
        fresh = [person for person in rows if person.hidden != hidden]
        if not fresh:
            raise Conflict("people.hidden_already" if hidden else "people.in_sight_already")
        code = "decisions.hid" if hidden else "decisions.brought_back"
        summary = message(code, people=[person_title(person) for person in fresh])
        ids = [person.id for person in fresh]
        event = record("hide" if hidden else "show", summary, rows[0].dataset_id, [], ids, author_id, session=session)
        for person in fresh:
            person.hidden = hidden
        return event.id


def choose_cover(workspace: Workspace, instance_id: int, *, author_id: int) -> int:
    """Let a face stand for whose it is, for as long as it is theirs; returns the event's id.

    Raises
    ------
    BadInput
        If the face belongs to nobody.
    """
    with writing(workspace.engine) as session:
        (face,), dataset_id = same_dataset([instance_id], session=session)
        owner = assignments([face], session=session)
        if not owner:
            raise BadInput("people.nobody_covered")
        person = session.get_one(Person, owner[0].person_id)
        summary = message("decisions.cover", person=person_title(person))
        event = record("cover", summary, dataset_id, [], [person.id], author_id, session=session)
        person.cover_id = face
        return event.id
