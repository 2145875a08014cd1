"""Any decisions about people, undone from the last to the first, leave what there was; done again, what they made."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from core.foundation.errors import FacetError
from core.people import deciding
from db.engine import reading
from db.queries.people.decisions import last_decision
from db.queries.people.ownership import separations
from db.tables import Assignment, Image, Instance, Person
from tests.builders.staged_people import add_faces, group, vector

FACES = st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True)
ANYBODY = st.integers(0, 8)
DECISIONS = st.one_of(
    st.tuples(st.just("name"), ANYBODY, st.sampled_from(["Ada", "Bea", ""])),
    st.tuples(st.just("merge"), ANYBODY, st.lists(ANYBODY, min_size=1, max_size=2)),
    st.tuples(st.just("apart"), ANYBODY, ANYBODY),
    st.tuples(st.just("move"), FACES, ANYBODY),
    st.tuples(st.just("new"), FACES, st.sampled_from(["Ada", "Cleo", ""])),
    st.tuples(st.sampled_from(["confirm", "release", "remove"]), FACES),
)


def state(workspace, dataset):
    """Everything that a decision may change."""
    with reading(workspace.engine) as session:
        rows = session.exec(select(Assignment).where(Assignment.dataset_id == dataset))
        return (
            {(r.instance_id, r.person_id, r.source, r.author_id, r.event_id, r.run_id) for r in rows},
            set(separations(dataset, session=session)),
            set(session.exec(select(Instance.id).where(Instance.removed))),
            set(session.exec(select(Person.id, Person.name).where(Person.active))),
            set(session.exec(select(Image.id, Image.faces))),
        )


def decide(workspace, dataset, author, faces, decision):
    """The event of a decision; None where it is refused."""
    kind, *about = decision
    with reading(workspace.engine) as session:
        people = session.exec(select(Person.id).where(Person.active, Person.dataset_id == dataset)).all()
        newest = last_decision(dataset, session=session)

    def person(number):
        return people[number % len(people)]

    def chosen(numbers):
        return [faces[number] for number in numbers]

    actions = {
        "name": lambda who, name: deciding.name_person(workspace, person(who), name, author_id=author),
        "merge": lambda who, others: deciding.merge_people(
            workspace, person(who), [person(other) for other in others], author_id=author
        ),
        "apart": lambda one, other: deciding.keep_apart(workspace, person(one), person(other), author_id=author),
        "move": lambda rows, who: deciding.move_faces(workspace, chosen(rows), person_id=person(who), author_id=author),
        "new": lambda rows, name: deciding.move_faces(workspace, chosen(rows), name=name, author_id=author),
        "confirm": lambda rows: deciding.confirm_faces(workspace, chosen(rows), author_id=author),
        "release": lambda rows: deciding.release_faces(workspace, chosen(rows), author_id=author),
        "remove": lambda rows: deciding.remove_faces(workspace, chosen(rows), author_id=author),
    }
    try:
        actions[kind](*about)
    except FacetError:
        return None
    with reading(workspace.engine) as session:
        event = last_decision(dataset, session=session)
    assert event > newest
    return event


@settings(deadline=None, max_examples=15, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(decisions=st.lists(DECISIONS, min_size=1, max_size=6))
def test_decisions_undone_from_the_last_to_the_first_leave_what_there_was(workspace, dataset, author, decisions):
    with reading(workspace.engine) as session:
        faces = list(session.exec(select(Instance.id)))
    if not faces:  # one store serves all examples: each leaves it as it was
        numbers = [(person, variant) for person, count in enumerate((4, 3, 2)) for variant in range(count)]
        faces = add_faces(workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p, v in numbers])
        group(workspace, dataset)
    states, events = [state(workspace, dataset)], []
    for decision in decisions:
        event = decide(workspace, dataset, author, faces, decision)
        if event is not None:
            events.append(event)
            states.append(state(workspace, dataset))
    undoings = undone(workspace, dataset, author, events, states)
    for undoing, after in zip(reversed(undoings), states[1:], strict=True):
        deciding.undo(workspace, undoing, author_id=author)
        assert state(workspace, dataset) == after
    undone(workspace, dataset, author, events, states)


def undone(workspace, dataset, author, events, states):
    """The undoings of all events, the last first, each of which leaves the state from before its event."""
    undoings = []
    for event, before in zip(reversed(events), reversed(states[:-1]), strict=True):
        undoings.append(deciding.undo(workspace, event, author_id=author))
        assert state(workspace, dataset) == before
    return undoings
