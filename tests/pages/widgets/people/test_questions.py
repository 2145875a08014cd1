"""Same person?: what is asked in which order, what each answer does, how it is taken back, and when it ends."""

from __future__ import annotations

import re
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st

from core.library.names_in_store import annotator_id
from core.people import deciding, likely_pairs
from core.people.encoders import encoder_of
from core.people.likely_pairs import Questions
from db.engine import reading
from db.queries.people.decisions import unsure_about
from db.queries.people.ownership import separations
from db.tables import Assignment, Instance, Person
from db.writing import writing
from pages.widgets.people import false_matches, question_deck, questions
from pages.widgets.shared import resources
from tests.builders.people_rows import own
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import add_faces, owners, vector


def asked(dataset_id):
    from pages.widgets.people.actions import decision_bar
    from pages.widgets.people.questions import open_questions

    decision_bar(dataset_id)
    open_questions(dataset_id)


class Browser:
    """What the browser was told last, and what it answers with the next run."""

    def __init__(self, shown, dataset):
        self.told, self.number, self.waiting, self.calls = None, 0, [], True
        self.shown, self.dataset = shown, dataset

    def mount(self, *, data, on_answers_change, key, **_):
        if self.waiting:  # the callback is that of the run before
            st.session_state[key] = {"answers": self.waiting}
            self.waiting = []
            if self.calls:
                self.hear()
            st.rerun()
        self.told, self.hear = data, on_answers_change
        return SimpleNamespace(open=None)

    def open(self):
        self.page = self.shown(asked, dataset_id=self.dataset)
        return self

    def answer(self, *given):
        for name, kind in given:
            self.number += 1
            self.waiting.append([self.number, name, kind])
        self.page.run()
        assert not self.page.exception
        return self

    @property
    def ids(self):
        return [question["id"] for question in self.told["questions"]]

    def question(self, at=0):
        return self.told["questions"][at]


@pytest.fixture
def browser(shown, dataset, monkeypatch):
    made = Browser(shown, dataset)
    monkeypatch.setattr(question_deck, "_mount", made.mount)
    return made


@pytest.fixture
def alike(workspace, dataset):
    """Two people of two and one faces who are alike, and one who is not."""
    rows = [vector(0, 0), vector(0, 1), vector(0, 2), vector(1, 3)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    return faces, [own(workspace, dataset, part) for part in (faces[:2], faces[2:3], faces[3:])]


def test_a_question_says_how_alike_they_are_why_they_stand_apart_and_what_each_answer_does(browser, alike):
    _, (one, other, _) = alike
    asked = browser.open().question()
    assert browser.ids == [f"pair-{one}-{other}"]
    assert [side["title"] for side in asked["sides"]] == [f"Unnamed {one}", f"Unnamed {other}"]
    assert [len(side["tiles"]) for side in asked["sides"]] == [2, 1]
    assert asked["facts"][0] == "0.962 alike on average, face by face. Grouping joins from 0.920 on."
    assert asked["facts"][1].startswith("They are alike enough to be joined, but a grouping never joins people who")
    assert list(asked["answers"]) == ["same", "different", "unsure", "skip"]
    assert asked["answers"]["same"]["does"] == (
        f"Unnamed {other} becomes part of Unnamed {one}: all 3 faces are confirmed as that person."
    )


def test_a_question_tells_the_chance_where_confirmed_people_teach_it(browser, workspace, dataset, alike):
    assert not [fact for fact in browser.open().question()["facts"] if fact.startswith("Chance")]
    assert "is measured once 6 people have two confirmed faces each" in browser.page.caption[-1].value
    rows = [vector(2 + person, variant) for person in range(6) for variant in (0, 1)]
    faces = add_faces(workspace, dataset, [(f"{n}-of-six.jpg", row) for n, row in enumerate(rows)])
    for at in range(0, 12, 2):
        own(workspace, dataset, faces[at : at + 2], confirmed=faces[at : at + 2])
    (told,) = [fact for fact in browser.open().question()["facts"] if fact.startswith("Chance")]
    chance = int(re.search(r"(\d+)%", told)[1])
    assert 50 < chance < 100  # 0.962 alike, a half at 0.920
    assert "the confirmed faces say" in browser.page.caption[-1].value


def test_the_same_are_merged_and_undo_asks_again(browser, workspace, dataset, alike):
    faces, (one, other, _) = alike
    browser.open().answer((f"pair-{one}-{other}", "same"))
    assert {owners(workspace, dataset)[face] for face in faces[:3]} == {(one, True)}
    assert (browser.told["left"], browser.ids) == (0, [])
    assert browser.page.info[0].value.startswith("Nothing left worth asking")
    browser.answer(("", "undo"))
    assert owners(workspace, dataset)[faces[2]] == (other, False)
    assert browser.ids == [f"pair-{one}-{other}"]
    assert browser.told["undo"] is None


def test_the_different_and_the_unsure_are_never_asked_about_again_until_that_is_undone(
    browser, workspace, dataset, alike
):
    faces, (one, other, _) = alike
    name = f"pair-{one}-{other}"
    browser.open().answer((name, "unsure"))
    with reading(workspace.engine) as session:
        assert unsure_about(dataset, session=session) == {(one, other)}
    assert browser.ids == []
    browser.answer(("", "undo")).answer((name, "different"))
    with reading(workspace.engine) as session:
        assert unsure_about(dataset, session=session) == set()
        assert set(separations(dataset, session=session)) == {(faces[0], other), (faces[1], other), (faces[2], one)}
    assert browser.ids == []


def test_an_answer_is_done_once_however_often_it_is_sent(browser, workspace, dataset, alike):
    _, (one, other, _) = alike
    browser.open().answer((f"pair-{one}-{other}", "different"))
    heard = browser.told["heard"]
    browser.number = 0
    browser.answer((f"pair-{one}-{other}", "same"))
    assert browser.told["heard"] == heard == 1
    assert len({person for person, _ in owners(workspace, dataset).values()}) == 3


def test_what_a_callback_that_was_ended_has_left_is_answered_once_by_the_page(browser, workspace, dataset, alike):
    _, (one, other, _) = alike
    browser.open().calls = False
    browser.answer((f"pair-{one}-{other}", "different"))
    assert (browser.told["heard"], browser.ids) == (1, [])
    assert len({person for person, _ in owners(workspace, dataset).values()}) == 3
    browser.answer(("", "undo"))
    assert (browser.told["heard"], browser.ids) == (2, [f"pair-{one}-{other}"])


def test_what_is_skipped_comes_after_the_others_and_nothing_is_remembered(browser, workspace, dataset, alike):
    (extra,) = add_faces(workspace, dataset, [("late.jpg", vector(0, 5))])
    own(workspace, dataset, [extra])
    first, second, third = browser.open().ids
    browser.answer((first, "skip"))
    assert browser.ids == [second, third, first]
    browser.answer((second, "skip"))
    assert browser.ids == [third, first, second]
    browser.answer(("", "undo"), ("", "undo"))
    assert browser.ids == [first, second, third]
    assert browser.told["left"] == 3


def test_where_both_have_a_name_they_come_last_and_the_name_that_stays_is_asked_for(
    browser, workspace, dataset, author, alike
):
    _, (one, other, _) = alike
    extra = own(workspace, dataset, add_faces(workspace, dataset, [("late.jpg", vector(0, 5))]))
    for person, name in ((one, "Ada"), (other, "Bea")):
        deciding.name_person(workspace, person, name, author_id=author)
    assert browser.open().ids[-1] == f"pair-{one}-{other}"
    assert all(str(extra) in name for name in browser.ids[:2])
    last = browser.question(2)
    assert last["answers"]["same"]["label"] == "Same…"
    assert last["facts"][-1].startswith("Both have a name")
    browser.answer((last["id"], "same"))
    assert browser.page.radio[0].options == ["Ada", "Bea"]
    assert "Merge into one person" in [button.label for button in browser.page.button]


def test_a_name_that_was_given_meanwhile_is_not_given_up_by_one_key(browser, workspace, dataset, author, alike):
    _, (one, other, _) = alike
    deciding.name_person(workspace, one, "Ada", author_id=author)
    browser.open()
    deciding.name_person(workspace, other, "Bea", author_id=annotator_id(workspace, "bert"))
    browser.answer((browser.ids[0], "same"))
    assert "is called Bea by now" in browser.page.error[0].value
    assert browser.ids == [f"pair-{one}-{other}"], "it is asked anew"


def test_what_goes_wrong_in_one_answer_is_told_though_the_next_goes_right(browser, workspace, dataset, author, alike):
    _, (one, other, _) = alike
    extra = own(workspace, dataset, add_faces(workspace, dataset, [("late.jpg", vector(0, 5))]))
    deciding.name_person(workspace, one, "Ada", author_id=author)
    browser.open()
    deciding.name_person(workspace, other, "Bea", author_id=annotator_id(workspace, "bert"))
    browser.answer((f"pair-{one}-{other}", "same"), (f"pair-{one}-{extra}", "different"))
    assert "is called Bea by now" in browser.page.error[0].value
    assert browser.page.button(key="undo-last").label == "Undo"


def test_one_press_of_undo_takes_back_my_decision_and_not_anothers(browser, workspace, dataset, alike):
    _, (one, other, lone) = alike
    browser.open().answer((f"pair-{one}-{other}", "different"))
    deciding.name_person(workspace, lone, "Zoe", author_id=annotator_id(workspace, "bert"))
    browser.answer(("", "undo"))
    with reading(workspace.engine) as session:
        assert session.get_one(Person, lone).name == "Zoe"
        assert separations(dataset, session=session) == []


@pytest.fixture
def mixed(workspace, dataset):
    """One person of four faces, three of them of somebody and one of somebody else."""
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(0, 3)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    return faces, own(workspace, dataset, faces)


def test_a_person_who_looks_like_two_is_asked_about_with_both_sides(browser, mixed):
    faces, person = mixed
    asked = browser.open().question()
    assert asked["title"] == "Is this one person?"
    sides = asked["sides"]
    assert [side["title"] for side in sides] == [
        f"Unnamed {person} · The first side",
        f"Unnamed {person} · The second side",
    ]
    assert [[tile["id"] for tile in side["tiles"]] for side in sides] == [[faces[0], faces[1], faces[3]], [faces[2]]]
    assert asked["facts"][1].startswith("The two sides are less alike than the threshold asks")
    assert asked["answers"]["different"]["does"].startswith("Two people: 1 face of the second side become")


@pytest.mark.parametrize("answer", ["same", "different"])
def test_two_people_are_split_and_one_is_confirmed_each_with_one_undo(browser, workspace, dataset, mixed, answer):
    faces, person = mixed
    before = owners(workspace, dataset)
    browser.open().answer((browser.ids[0], answer))
    after = owners(workspace, dataset)
    if answer == "same":
        assert after == dict.fromkeys(faces, (person, True))
    else:
        assert after[faces[2]][1]
        assert after[faces[2]][0] != person
        assert {after[face] for face in (faces[0], faces[1], faces[3])} == {(person, False)}
    assert browser.ids == []
    browser.answer(("", "undo"))
    assert owners(workspace, dataset) == before
    assert len(browser.ids) == 1


def test_that_only_the_largest_are_compared_is_said(browser, dataset, alike, monkeypatch):
    said = "The 2 people with most faces are compared, of 3."
    assert said not in [text.value for text in browser.open().page.caption]
    monkeypatch.setattr(likely_pairs, "MOST_PEOPLE", 2)
    assert said in [text.value for text in browser.open().page.caption]


def _removed_without_a_decision(session, faces):
    session.get_one(Instance, faces[2]).removed = True


def _placed_by_a_run(session, faces):
    session.get_one(Assignment, faces[2]).person_id = session.get_one(Assignment, faces[0]).person_id


@pytest.mark.parametrize("change", [_removed_without_a_decision, _placed_by_a_run])
def test_questions_see_everything_that_they_are_made_of(browser, workspace, alike, change):
    assert len(browser.open().ids) == 1
    with writing(workspace.engine) as session:
        change(session, alike[0])
    assert browser.answer().ids == []


def test_questions_see_a_new_threshold(browser, workspace, dataset, author):
    rows = np.zeros((2, 64), np.float32)
    rows[0, 0], rows[1, :2] = 1, (0.85, np.sqrt(1 - 0.85**2))
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    for face in faces:
        own(workspace, dataset, [face])
    assert browser.open().ids == []
    save(workspace, dataset, encoder_of(workspace, dataset).id, [*faces, faces[0]], 0.86, author_id=author)
    assert len(browser.answer().ids) == 1
    assert browser.question()["facts"][1].startswith("They are a little less alike than the threshold asks")


def test_people_are_compared_outside_of_the_pages_own_reading(workspace, dataset, monkeypatch):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    open_readings, compared = [], []

    @contextmanager
    def counted(engine):
        open_readings.append(engine)
        with reading(engine) as session:
            yield session
        open_readings.pop()

    for module in (questions, resources):
        monkeypatch.setattr(module, "reading", counted)
    for module in (questions, resources, false_matches):
        monkeypatch.setattr(module, "workspace", lambda: workspace)
    nothing = (Questions([], 0, 0.5, 0, 0), [])
    monkeypatch.setattr(questions, "_found", lambda *_: compared.append(len(open_readings)) or nothing)
    monkeypatch.setattr(questions, "question_deck", lambda *_, **__: None)
    questions.open_questions(dataset)
    assert compared == [0], "a reading inside of a reading may see another state of the store"
