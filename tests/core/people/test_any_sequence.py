"""Whatever people and machines do in whatever order: each face has one place, and a human's word is never undone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test
from sqlmodel import select

from core.people import deciding
from core.people.encoders import encoder_of
from core.people.mixed_people import mixed_people
from db.engine import reading
from db.queries.people.ownership import ownerships, separations
from db.tables import Assignment, Instance, PeopleEvent, Person
from tests.builders.copied_people import CopiedPeople
from tests.builders.staged_people import add_faces, group, vector

FACES = st.lists(st.integers(0, 7), min_size=1, max_size=3, unique=True)
ANYBODY = st.integers(0, 7)


@pytest.fixture
def staged(workspace, dataset, author):
    """Eight faces of three people, two of them in one photo, grouped by the machine."""
    numbers = [(person, variant) for person, count in enumerate((3, 3, 2)) for variant in range(count)]
    rows = [(f"{v if p == 2 else f'{p}/{v}'}.jpg", vector(p, v)) for p, v in numbers]
    faces = add_faces(workspace, dataset, [*rows[:-1], (rows[-2][0], vector(3, 9))])
    group(workspace, dataset)
    return workspace, dataset, author, faces


class Album(CopiedPeople):
    """What people and machines do to an album, on a copy of the staged store for each example."""

    @initialize()
    def open(self):
        self.copy()
        self.start, self.photos = self.places(), 0

    def places(self):
        """Whose each face of the beginning is, and whether it was taken out."""
        with reading(self.workspace.engine) as session:
            removed = set(session.exec(select(Instance.id).where(Instance.removed)))
            owned = ownerships(self.dataset, session=session)
        return {face: (owned.get(face), face in removed) for face in self.faces}

    def word(self):
        """What humans have said: whose faces these are, and whose they are not."""
        with reading(self.workspace.engine) as session:
            owned = ownerships(self.dataset, session=session)
            apart = set(separations(self.dataset, session=session))
        return {face: owner.person_id for face, owner in owned.items() if owner.human}, apart

    def machine(self, run):
        """A machine's run changes nothing that a human has said, and does not contradict it."""
        human, apart = self.word()
        run()
        after, still_apart = self.word()
        assert after == human
        assert apart <= still_apart

    @rule(who=ANYBODY, other=ANYBODY, together=st.booleans())
    def merge(self, who, other, together):
        self.attempt(deciding.merge_people, self.person(who), [self.person(other)], together=together)

    @rule(which=ANYBODY)
    def split(self, which):
        cuts = mixed_people(self.workspace, self.dataset, encoder_of(self.workspace, self.dataset))
        if cuts:
            cut = cuts[which % len(cuts)]
            self.attempt(deciding.move_faces, cut.leaving, shown=dict.fromkeys(cut.leaving, cut.person))

    @rule(rows=FACES, who=ANYBODY)
    def move(self, rows, who):
        self.attempt(deciding.move_faces, self.chosen(rows), person_id=self.person(who))

    @rule(rows=FACES, kind=st.sampled_from(["confirm_faces", "release_faces", "remove_faces"]))
    def judge(self, rows, kind):
        self.attempt(getattr(deciding, kind), self.chosen(rows))

    @rule(one=ANYBODY, other=ANYBODY)
    def tell_apart(self, one, other):
        self.attempt(deciding.keep_apart, self.person(one), self.person(other))

    @rule(who=ANYBODY)
    def break_up(self, who):
        self.attempt(deciding.break_up, self.person(who))

    @rule(threshold=st.sampled_from([-1.0, 0.5, 0.99]), regroup=st.booleans())
    def regroup(self, threshold, regroup):
        self.machine(lambda: group(self.workspace, self.dataset, threshold=threshold, regroup=regroup, decision=True))

    @rule(whose=st.integers(0, 4))
    def photos_come(self, whose):
        self.photos += 1
        late = [(f"late/{self.photos}.jpg", vector(whose, 10 + self.photos))]
        add_faces(self.workspace, self.dataset, late)
        self.machine(lambda: group(self.workspace, self.dataset))

    @rule(which=st.integers(0, 99))
    def undo_or_do_again(self, which):
        events = self.standing()
        if events:
            self.attempt(deciding.undo, events[which % min(len(events), 6)])

    def standing(self):
        """What can be taken back, the newest first."""
        with reading(self.workspace.engine) as session:
            rows = session.exec(select(PeopleEvent.id, PeopleEvent.undone)).all()
        return sorted((number for number, undone in rows if not undone), reverse=True)

    def decisions(self):
        """The decisions that stand, whatever came last first."""
        with reading(self.workspace.engine) as session:
            rows = session.exec(select(PeopleEvent.id, PeopleEvent.undoes_id, PeopleEvent.undone)).all()
        decision_of, last = {}, {}
        for number, undoes, _ in sorted(rows):
            decision_of[number] = decision_of[undoes] if undoes else number
            last[decision_of[number]] = number
        stand = [number for number, undoes, undone in rows if undoes is None and not undone]
        return sorted(stand, key=last.get, reverse=True)

    @invariant()
    def each_face_has_one_place(self):
        with reading(self.workspace.engine) as session:
            removed = set(session.exec(select(Instance.id).where(Instance.removed)))
            active = set(session.exec(select(Person.id).where(Person.active)))
            owned = session.exec(select(Assignment.instance_id, Assignment.person_id)).all()
        assert len(owned) == len({face for face, _ in owned})
        assert removed.isdisjoint(face for face, _ in owned)
        assert {person for _, person in owned} <= active

    @invariant()
    def nobody_is_with_whom_they_are_kept_from(self):
        with reading(self.workspace.engine) as session:
            apart = set(separations(self.dataset, session=session))
            owned = set(session.exec(select(Assignment.instance_id, Assignment.person_id)).all())
        assert apart.isdisjoint(owned)

    def teardown(self):
        while stand := self.decisions():
            deciding.undo(self.workspace, stand[0], author_id=self.author)
            self.each_face_has_one_place()
        assert self.places() == self.start
        self.workspace.engine.dispose()
        self.folder.cleanup()


def _check(staged, examples, steps):
    original, dataset, author, faces = staged
    given = {"original": original, "dataset": dataset, "author": author, "faces": faces}
    machine = type("Album", (Album,), given)
    original.engine.dispose()
    quick = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine, settings=quick)


def test_any_sequence_keeps_each_face_in_one_place_and_every_word_and_undone_it_is_the_start(staged):
    _check(staged, examples=6, steps=12)


@pytest.mark.nightly
def test_many_longer_sequences_keep_them_too(staged):
    _check(staged, examples=200, steps=30)
