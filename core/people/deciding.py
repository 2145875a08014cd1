"""What humans decide about people: naming, merging, moving, confirming, "not a face", and undoing any of it.

Every decision is an event that holds what was before. Faces that a decision touches carry its author and are never
changed by a run. Who decides looks at a screen that may be old: a decision that is told what was `shown` there, names
of people or whose the faces were, is refused where that is otherwise by now.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlmodel import Session, col, delete, select

from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import Message, message
from core.foundation.names import clean_name
from core.foundation.workspace import Workspace
from core.library.split_groups import inherit_part
from core.people.assigning import (
    active_person,
    assign_faces,
    assignments,
    inherit_separations,
    person_title,
    record,
    record_separations,
    same_dataset,
)
from db.batching import id_batches
from db.history import restore, set_removed
from db.queries.people.decisions import changed_since, last_author
from db.queries.people.ownership import instances_of, photos_shared, whose_faces
from db.tables import Assignment, PeopleEvent, Person, Source, now
from db.writes.people import add_person
from db.writing import writing

_UNKNOWN: Final[Mapping[int, Any]] = {}  # whoever decides has not said what was shown


def name_person(
    workspace: Workspace,
    person_id: int,
    name: str,
    *,
    author_id: int,
    shown: Mapping[int, str | None] = _UNKNOWN,
    confirmed: int | None = None,
) -> int:
    """Give a person a name (empty: take it away); returns the event's id.

    `confirmed` says that all faces are that person's as well, as many as were shown: one decision, with one undo.

    Raises
    ------
    Conflict
        If another person of the dataset has that name: merge the two instead. If the person is called otherwise by now
        than was shown, or has not as many faces.
    """
    clean = clean_name(name)
    with writing(workspace.engine) as session:
        person = active_person(person_id, session=session)
        _refuse_other_names([person], shown, session=session)
        taken = _named(person.dataset_id, clean, session=session)
        if taken is not None and taken.id != person_id:
            raise Conflict("people.name_taken_merge", name=clean)
        rows = _to_confirm(person, confirmed, session=session) if clean and confirmed is not None else []
        faces = [row.instance_id for row in rows]
        before = person_title(person)
        if not clean:
            summary = message("decisions.name_taken_away", person=before)
        elif faces:
            summary = message("decisions.named_and_confirmed", person=before, name=clean, faces=len(faces))
        else:
            summary = message("decisions.named", person=before, name=clean)
        event = record("name", summary, person.dataset_id, faces, [person_id], author_id, session=session)
        inherit_part([], person, session=session)
        person.name = clean
        _confirm(rows, event)
        return event.id


def _to_confirm(person: Person, shown: int, *, session: Session) -> list[Assignment]:
    """Whose faces are not confirmed yet, if they are as many in all as were shown."""
    faces = whose_faces([person.id], session=session)
    if len(faces) != shown:
        raise Conflict("people.other_faces_meanwhile", person=person_title(person), faces=len(faces), shown=shown)
    return [row for row in assignments(sorted(faces), session=session) if row.source != Source.HUMAN]


def _confirm(rows: Sequence[Assignment], event: PeopleEvent) -> None:
    for row in rows:
        row.source, row.author_id, row.event_id, row.at = Source.HUMAN, event.author_id, event.id, now()


def merge_people(
    workspace: Workspace,
    target_id: int,
    others: Sequence[int],
    *,
    author_id: int,
    together: bool = False,
    shown: Mapping[int, str | None] = _UNKNOWN,
) -> int:
    """Say that several people are one. All faces of them become the target's, confirmed by the author.

    The target keeps its name; an unnamed target takes the first name among the others. Whoever is known not to be one
    of them is known not to be the target. `together` says that they are one though a photo shows several of them: a
    mirror, a collage, a picture in the picture.

    Raises
    ------
    Conflict
        If a photo shows several of them, and nobody says `together`. If one of them is called otherwise by now than was
        shown.
    """
    wanted = [person_id for person_id in dict.fromkeys(others) if person_id != target_id]
    if not wanted:
        raise BadInput("people.merge_with_itself")
    with writing(workspace.engine) as session:
        target = active_person(target_id, session=session)
        merged = [active_person(person_id, session=session) for person_id in wanted]
        if any(person.dataset_id != target.dataset_id for person in merged):
            raise BadInput("people.merge_across")
        _refuse_other_names([target, *merged], shown, session=session)
        everyone = [target_id, *wanted]
        photos = len(photos_shared(everyone, session=session))
        if photos and not together:
            raise Conflict("people.in_one_photo", photos=photos)
        faces = instances_of(everyone, session=session)
        called, into, count = [person_title(person) for person in merged], person_title(target), len(faces)
        summary = message("decisions.merged", people=called, target=into, faces=count)
        if photos:
            summary = message("decisions.merged_together", people=called, target=into, faces=count, photos=photos)
        event = record("merge", summary, target.dataset_id, faces, everyone, author_id, session=session)
        inherit_part(merged, target, session=session)
        name = target.name or next((person.name for person in merged if person.name), None)
        for person in merged:
            person.active = False
        session.flush()  # frees the name before the target takes it
        target.name = name
        assign_faces(faces, target, event, session=session)
        inherit_separations(wanted, target, event, session=session)
        return event.id


def keep_apart(workspace: Workspace, first_id: int, second_id: int, *, author_id: int) -> int:
    """Say that two people are different: no grouping joins them and nobody is asked again; returns the event's id."""
    if first_id == second_id:
        raise BadInput("people.apart_from_itself")
    with writing(workspace.engine) as session:
        first, second = active_person(first_id, session=session), active_person(second_id, session=session)
        if first.dataset_id != second.dataset_id:
            raise BadInput("people.compare_across")
        mine, theirs = instances_of([first_id], session=session), instances_of([second_id], session=session)
        summary = message("decisions.apart", one=person_title(first), other=person_title(second))
        event = record(
            "apart", summary, first.dataset_id, [*mine, *theirs], [first_id, second_id], author_id, session=session
        )
        record_separations(
            [*((face, second_id) for face in mine), *((face, first_id) for face in theirs)], event, session=session
        )
        return event.id


def leave_unsure(workspace: Workspace, people: Sequence[int], *, author_id: int) -> int:
    """Say that nobody can tell whether two people are one, or one person two; returns the event's id.

    Nobody is asked about them again while they stay who they are. What a grouping makes of them is not limited.
    """
    with writing(workspace.engine) as session:
        rows = [active_person(person_id, session=session) for person_id in dict.fromkeys(people)]
        if len({person.dataset_id for person in rows}) != 1:
            raise BadInput("people.compare_across")
        called = [person_title(person) for person in rows]
        summary = message("decisions.unsure", people=called)
        ids = [person.id for person in rows]
        return record("unsure", summary, rows[0].dataset_id, [], ids, author_id, session=session).id


def move_faces(
    workspace: Workspace,
    instances: Sequence[int],
    *,
    author_id: int,
    person_id: int | None = None,
    name: str = "",
    shown: Mapping[int, int | None] = _UNKNOWN,
) -> int:
    """Say whose faces these are: an existing person's, or (without `person_id`) a new one's; returns the person's id.

    The faces will never again be grouped with the people they came from. Whoever is known not to be somebody all of
    whose faces are moved is known not to be the target, as in a merge. Raises `Conflict` if one is another person's by
    now than was shown.
    """
    with writing(workspace.engine) as session:
        faces, dataset_id = same_dataset(instances, session=session)
        target = (
            active_person(person_id, session=session)
            if person_id is not None
            else _new_person(dataset_id, name, author_id, session=session)
        )
        if target.dataset_id != dataset_id:
            raise BadInput("people.move_across")
        owners = assignments(faces, session=session)
        _refuse_other_owners(owners, shown, session=session)
        summary = message("decisions.moved", faces=len(faces), target=person_title(target))
        touched = sorted({target.id, *(row.person_id for row in owners)})
        event = record("move", summary, dataset_id, faces, touched, author_id, session=session)
        if person_id is None:  # undo makes the new person disappear again
            before = event.payload["before"]
            rows = [row for row in before["people"] if row[0] != target.id]
            event.payload = {**event.payload, "before": {**before, "people": rows}}
        record_separations(
            [(r.instance_id, r.person_id) for r in owners if r.person_id != target.id], event, session=session
        )
        assign_faces(faces, target, event, session=session)
        emptied = {row.person_id for row in owners} - {target.id}
        emptied -= {person_id for person_id in emptied if instances_of([person_id], session=session)}
        inherit_separations(sorted(emptied), target, event, session=session)
        inherit_part([session.get_one(Person, person_id) for person_id in sorted(emptied)], target, session=session)
        return target.id


def confirm_faces(
    workspace: Workspace, instances: Sequence[int], *, author_id: int, shown: Mapping[int, int | None] = _UNKNOWN
) -> int:
    """Say that these faces are where they belong; they become evidence for verification.

    Faces that somebody has confirmed before keep that author. Raises `Conflict` if one is another person's by now than
    was shown.
    """
    with writing(workspace.engine) as session:
        faces, dataset_id = same_dataset(instances, session=session)
        rows = assignments(faces, session=session)
        if len(rows) < len(faces):
            raise BadInput("people.nobody_confirmed")
        _refuse_other_owners(rows, shown, session=session)
        rows = [row for row in rows if row.source != Source.HUMAN]
        if not rows:
            raise BadInput("people.confirmed_already")
        fresh, people = [row.instance_id for row in rows], sorted({row.person_id for row in rows})
        summary = message("decisions.confirmed", faces=len(fresh))
        event = record("confirm", summary, dataset_id, fresh, people, author_id, session=session)
        _confirm(rows, event)
        return event.id


def confirm_people(workspace: Workspace, shown: Mapping[int, int], *, author_id: int) -> int:
    """Say that all faces of these people are theirs; `shown` has how many each had on the screen.

    Returns the event's id. Raises `Conflict` if one of them has not as many by now.
    """
    with writing(workspace.engine) as session:
        people = [active_person(person_id, session=session) for person_id in shown]
        if len({person.dataset_id for person in people}) > 1:
            raise BadInput("people.faces_across")
        rows = [row for person in people for row in _to_confirm(person, shown[person.id], session=session)]
        if not rows:
            raise BadInput("people.confirmed_already")
        faces, touched = [row.instance_id for row in rows], sorted({row.person_id for row in rows})
        summary = message("decisions.confirmed", faces=len(faces))
        event = record("confirm", summary, people[0].dataset_id, faces, touched, author_id, session=session)
        _confirm(rows, event)
        return event.id


def break_up(workspace: Workspace, person_id: int, *, author_id: int, shown: int | None = None) -> int:
    """Take a person apart: every face is nobody's until the next grouping; returns the event's id.

    Nothing is said about who the faces are, or are not: the next grouping places them as if it had never seen them.

    Raises
    ------
    Conflict
        If the person has not as many faces as were shown.
    """
    with writing(workspace.engine) as session:
        person = active_person(person_id, session=session)
        faces = instances_of([person_id], session=session)
        there = len(whose_faces([person_id], session=session))
        if shown is not None and there != shown:
            raise Conflict("people.other_faces_meanwhile", person=person_title(person), faces=there, shown=shown)
        summary = message("decisions.broken_up", person=person_title(person), faces=len(faces))
        event = record("break_up", summary, person.dataset_id, faces, [person_id], author_id, session=session)
        _take_away(faces, session=session)
        person.active = False
        return event.id


def release_faces(
    workspace: Workspace, instances: Sequence[int], *, author_id: int, shown: Mapping[int, int | None] = _UNKNOWN
) -> int:
    """Say that these faces are not the people they are shown as; the next grouping looks for others.

    Raises `Conflict` if one is another person's by now than was shown.
    """
    with writing(workspace.engine) as session:
        faces, dataset_id = same_dataset(instances, session=session)
        rows = assignments(faces, session=session)
        if len(rows) < len(faces):
            raise BadInput("people.nobody_taken_out")
        _refuse_other_owners(rows, shown, session=session)
        people = sorted({row.person_id for row in rows})
        summary = message("decisions.released", faces=len(faces))
        event = record("release", summary, dataset_id, faces, people, author_id, session=session)
        record_separations([(row.instance_id, row.person_id) for row in rows], event, session=session)
        _take_away(faces, session=session)
        return event.id


def remove_faces(workspace: Workspace, instances: Sequence[int], *, author_id: int) -> int:
    """Say that these are no faces. They stay in the store, and no later run brings them back."""
    with writing(workspace.engine) as session:
        faces, dataset_id = same_dataset(instances, session=session)
        people = sorted({row.person_id for row in assignments(faces, session=session)})
        summary = message("decisions.removed", faces=len(faces))
        event = record("remove", summary, dataset_id, faces, people, author_id, session=session)
        _take_away(faces, session=session)
        set_removed(dict.fromkeys(faces, True), session=session)
        return event.id


def undo(workspace: Workspace, event_id: int, *, author_id: int) -> int:
    """Bring back what was before a decision; the undoing is an event too, and can be undone.

    Raises
    ------
    Conflict
        If decisions that touch the same faces or people count otherwise now than right after this one; if somebody
        else has a name that would come back; or if a person who would disappear has been given other faces since.
    """
    with writing(workspace.engine) as session:
        event = session.get(PeopleEvent, event_id)
        if event is None:
            raise NotFound("people.no_decision", number=event_id)
        if event.undone:
            raise Conflict("people.undone_already", decision=Message.from_json(event.summary))
        _refuse_if_built_upon(event, session=session)
        before, faces, people = (event.payload[part] for part in ("before", "instances", "people"))
        _refuse_if_name_is_taken(before, event, session=session)
        first = session.get(PeopleEvent, event.undoes_id) if event.undoes_id else None
        done = record("undo", _undone(event, first), event.dataset_id, faces, people, author_id, session=session)
        done.undoes_id, event.undone = event.id, True
        restore(before, faces, people, event.dataset_id, session=session)
        _leave_nobody_behind(people, session=session)
        if first is not None:  # an undone undo: the first decision counts again
            first.undone, done.undone = False, True
        return done.id


def _undone(event: PeopleEvent, first: PeopleEvent | None) -> Message:
    """What undoing an event did; `first` is the decision that the event itself had undone."""
    if first is None:
        return message("decisions.undid", decision=Message.from_json(event.summary))
    return message("decisions.did_again", decision=Message.from_json(first.summary))


def _refuse_if_built_upon(event: PeopleEvent, *, session: Session) -> None:
    faces, people = set(event.payload["instances"]), set(event.payload["people"])
    owners = {row[1] for row in event.payload["before"]["assignments"]}  # a face cannot go back to who is merged away
    for other in changed_since(event, session=session):
        touched = people | owners if other.kind == "merge" else people
        if not (faces.isdisjoint(other.faces) and touched.isdisjoint(other.people)):
            decision = Message.from_json(other.summary)
            if other.stands:
                raise Conflict("people.undo_later_first", decision=decision, author=other.author)
            raise Conflict("people.do_again_first", decision=decision, author=other.author)


def _refuse_if_name_is_taken(before: dict[str, Any], event: PeopleEvent, *, session: Session) -> None:
    for _, name, active, *_ in before["people"]:
        taken = _named(event.dataset_id, name, session=session) if active else None
        if taken is not None and taken.id not in event.payload["people"]:
            raise Conflict("people.name_taken_since", name=name)


def _leave_nobody_behind(people: Sequence[int], *, session: Session) -> None:
    """Faces that a run has given to somebody who is gone now belong to nobody, until the next run."""
    gone = [person_id for person_id in people if not session.get_one(Person, person_id).active]
    left = [
        row
        for part in id_batches(gone)
        for row in session.exec(select(Assignment).where(col(Assignment.person_id).in_(part)))
    ]
    for row in left:
        if row.source == Source.HUMAN:
            person = session.get_one(Person, row.person_id)
            raise Conflict("people.other_faces_since", person=person_title(person))
        session.delete(row)


def _refuse_other_names(people: Sequence[Person], shown: Mapping[int, str | None], *, session: Session) -> None:
    for person in people:
        if person.name != shown.get(person.id, person.name):
            author = last_author(person.dataset_id, person.id, session=session) or message("words.somebody")
            before = shown[person.id] or message("people.unnamed", number=person.id)
            if person.name is None:
                raise Conflict("people.name_gone_meanwhile", person=before, author=author)
            raise Conflict("people.renamed_meanwhile", person=before, name=person.name, author=author)


def _refuse_other_owners(rows: Sequence[Assignment], shown: Mapping[int, int | None], *, session: Session) -> None:
    moved = [row for row in rows if row.person_id != shown.get(row.instance_id, row.person_id)]
    if moved:
        now_with = session.get_one(Person, moved[0].person_id)
        raise Conflict("people.moved_meanwhile", faces=len(moved), person=person_title(now_with))


def _take_away(faces: Sequence[int], *, session: Session) -> None:
    for part in id_batches(faces):
        session.exec(delete(Assignment).where(col(Assignment.instance_id).in_(part)))


def _named(dataset_id: int, name: str | None, *, session: Session) -> Person | None:
    return session.exec(
        select(Person).where(
            Person.dataset_id == dataset_id, col(Person.active), Person.name == name, col(Person.name).is_not(None)
        )
    ).first()


def _new_person(dataset_id: int, name: str, author_id: int, *, session: Session) -> Person:
    clean = clean_name(name)
    if _named(dataset_id, clean, session=session) is not None:
        raise Conflict("people.name_taken_move", name=clean)
    return add_person(dataset_id, clean, author_id, session=session)
