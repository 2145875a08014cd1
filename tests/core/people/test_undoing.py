"""State is what the decisions that still stand give: in whatever order they were taken, undone and done again."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import col, or_, select

from core.foundation.errors import FacetError
from core.people import deciding
from core.people.showing import choose_cover, hide_people
from db.engine import reading
from db.queries.people.decisions import unsure_about
from db.queries.people.ownership import separations, whose_faces
from db.tables import Assignment, Image, Instance, PeopleEvent, Person
from tests.builders.copied_people import CopiedPeople
from tests.builders.staged_people import add_faces, group, owners, vector

FACES = st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True)
ANYBODY = st.integers(0, 8)
NAMES = st.sampled_from(["Ada", "Bea", ""])


def state(workspace, dataset):
    """Everything that a decision may change; people without a name and without a face are nobody."""
    with reading(workspace.engine) as session:
        rows = session.exec(select(Assignment).where(Assignment.dataset_id == dataset)).all()
        somebody = or_(col(Person.name).is_not(None), col(Person.id).in_([row.person_id for row in rows]))
        return (
            {(r.instance_id, r.person_id, r.source, r.author_id, r.event_id, r.run_id) for r in rows},
            set(separations(dataset, session=session)),
            set(session.exec(select(Instance.id).where(Instance.removed))),
            set(
                session.exec(
                    select(Person.id, Person.name, Person.hidden, Person.cover_id).where(Person.active, somebody)
                )
            ),
            set(session.exec(select(Image.id, Image.faces))),
            unsure_about(dataset, session=session),
        )


def history(workspace):
    """The decisions that stand, and every event that can be taken back, the one that changed something last first."""
    with reading(workspace.engine) as session:
        rows = session.exec(select(PeopleEvent.id, PeopleEvent.undoes_id, PeopleEvent.undone)).all()
    decision_of, last = {}, {}
    for number, undoes, _ in sorted(rows):
        decision_of[number] = decision_of[undoes] if undoes else number
        last[decision_of[number]] = number
    stand = [number for number, undoes, undone in rows if undoes is None and not undone]
    return sorted(stand, key=last.get, reverse=True), [number for number, _, undone in rows if not undone]


@pytest.fixture
def staged(workspace, dataset, author):
    """Nine faces of three people, grouped by the machine."""
    numbers = [(person, variant) for person, count in enumerate((4, 3, 2)) for variant in range(count)]
    faces = add_faces(workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p, v in numbers])
    group(workspace, dataset)
    return workspace, dataset, author, faces


class Decisions(CopiedPeople):
    """What anybody may do about people, on a copy of the staged store for each example."""

    start = None

    @initialize()
    def open(self):
        self.copy()
        self.known = {frozenset(): self.start}  # what was the state when these decisions stood

    @rule(who=ANYBODY, name=NAMES)
    def name(self, who, name):
        self.attempt(deciding.name_person, self.person(who), name)

    @rule(who=ANYBODY, others=st.lists(ANYBODY, min_size=1, max_size=2))
    def merge(self, who, others):
        self.attempt(deciding.merge_people, self.person(who), [self.person(other) for other in others])

    @rule(one=ANYBODY, other=ANYBODY)
    def tell_apart(self, one, other):
        self.attempt(deciding.keep_apart, self.person(one), self.person(other))

    @rule(rows=FACES, who=ANYBODY)
    def move(self, rows, who):
        self.attempt(deciding.move_faces, self.chosen(rows), person_id=self.person(who))

    @rule(rows=FACES, name=NAMES)
    def move_to_a_new_person(self, rows, name):
        self.attempt(deciding.move_faces, self.chosen(rows), name=name)

    @rule(rows=FACES, kind=st.sampled_from(["confirm_faces", "release_faces", "remove_faces"]))
    def judge(self, rows, kind):
        self.attempt(getattr(deciding, kind), self.chosen(rows))

    @rule(who=ANYBODY, name=NAMES)
    def name_and_confirm(self, who, name):
        person = self.person(who)
        with reading(self.workspace.engine) as session:
            faces = len(whose_faces([person], session=session))
        self.attempt(deciding.name_person, person, name, confirmed=faces)

    @rule(who=ANYBODY)
    def break_up(self, who):
        self.attempt(deciding.break_up, self.person(who))

    @rule(one=ANYBODY, other=ANYBODY)
    def be_unsure(self, one, other):
        self.attempt(deciding.leave_unsure, [self.person(one), self.person(other)])

    @rule(who=ANYBODY, hidden=st.booleans())
    def hide(self, who, hidden):
        self.attempt(hide_people, [self.person(who)], hidden=hidden)

    @rule(rows=FACES)
    def choose_a_cover(self, rows):
        self.attempt(choose_cover, self.chosen(rows)[0])

    @rule(threshold=st.sampled_from([-1.0, 0.5, 0.99]), regroup=st.booleans())
    def group_again(self, threshold, regroup):
        group(self.workspace, self.dataset, threshold=threshold, regroup=regroup, decision=True)

    @rule(which=st.integers(0, 99))
    def take_back(self, which):
        _, events = history(self.workspace)
        if events:
            self.attempt(deciding.undo, sorted(events, reverse=True)[which % min(len(events), 6)])

    @invariant()
    def the_state_is_that_of_the_decisions_that_stand(self):
        stand, _ = history(self.workspace)
        now = state(self.workspace, self.dataset)
        assert self.known.setdefault(frozenset(stand), now) == now

    def teardown(self):
        while stand := history(self.workspace)[0]:
            deciding.undo(self.workspace, stand[0], author_id=self.author)
            self.the_state_is_that_of_the_decisions_that_stand()
        self.workspace.engine.dispose()
        self.folder.cleanup()


def machine_on(staged):
    """Of these decisions on a staged store."""
    original, dataset, author, faces = staged
    given = {"original": original, "dataset": dataset, "author": author, "faces": faces}
    machine = type("Decisions", (Decisions,), {**given, "start": state(original, dataset)})
    original.engine.dispose()
    return machine


def _check(staged, examples, steps):
    quick = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine_on(staged), settings=quick)


def test_any_decisions_undone_and_done_again_in_any_order_leave_what_those_that_stand_give(staged):
    _check(staged, examples=6, steps=12)


@pytest.mark.nightly
def test_many_more_decisions_undone_and_done_again_leave_what_those_that_stand_give(staged):
    _check(staged, examples=300, steps=30)


def test_undoing_a_merge_and_then_a_move_leaves_no_separation_of_the_merge(staged):
    workspace, dataset, author, faces = staged
    one, other = (owners(workspace, dataset)[faces[at]][0] for at in (0, 4))
    deciding.move_faces(workspace, faces[:1], name="Zoe", author_id=author)
    before = state(workspace, dataset)
    assert before[1] == {(faces[0], one)}
    merged = deciding.merge_people(workspace, other, [one], author_id=author)
    deciding.move_faces(workspace, faces[:1], name="Eve", author_id=author)
    moved = history(workspace)[0][0]
    deciding.undo(workspace, merged, author_id=author)
    deciding.undo(workspace, moved, author_id=author)
    assert state(workspace, dataset) == before


def test_grouping_again_stands_in_the_history_and_can_be_undone_and_done_again(staged):
    workspace, dataset, author, faces = staged
    before = state(workspace, dataset)
    group(workspace, dataset, threshold=0.99, regroup=True)
    after = state(workspace, dataset)
    assert len({person for person, _ in owners(workspace, dataset).values()}) == len(faces)
    undone = deciding.undo(workspace, history(workspace)[0][0], author_id=author)
    assert state(workspace, dataset) == before
    deciding.undo(workspace, undone, author_id=author)
    assert state(workspace, dataset) == after


def test_a_grouping_that_changes_nothing_or_that_follows_a_finding_of_faces_is_no_decision(staged):
    workspace, dataset, _, _ = staged
    add_faces(workspace, dataset, [("new.jpg", vector(0, 9))])
    group(workspace, dataset)
    group(workspace, dataset, regroup=True)
    group(workspace, dataset, decision=True)
    assert history(workspace) == ([], [])


def test_faces_do_not_go_back_to_somebody_who_was_merged_away_since(staged):
    workspace, dataset, author, faces = staged
    one, other = (owners(workspace, dataset)[faces[at]][0] for at in (0, 4))
    group(workspace, dataset, threshold=0.99, regroup=True)
    grouped = history(workspace)[0][0]
    merged = deciding.merge_people(workspace, other, [one], author_id=author)
    with pytest.raises(FacetError, match="came later and touches the same people"):
        deciding.undo(workspace, grouped, author_id=author)
    deciding.undo(workspace, merged, author_id=author)
    deciding.undo(workspace, grouped, author_id=author)
