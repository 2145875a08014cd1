"""The wall of people: who stands where, and what each deed does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st
from sqlmodel import func, select

from core.library.names_in_store import annotator_id
from core.people import deciding
from core.people.showing import hide_people
from db.engine import reading
from db.queries.people.listing import PeopleView, people_in_view, summaries
from db.tables import PeopleEvent
from pages.widgets.people import people_wall
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


def listed(dataset_id, newest_run=0, view="known"):
    from db.queries.people.listing import PeopleView
    from pages.widgets.people.actions import decision_bar
    from pages.widgets.people.wall import wall_of_people

    decision_bar(dataset_id)
    wall_of_people(dataset_id, 3, newest_run, PeopleView(view))


class Browser:
    """What the browser was told last, and what it does with the next run."""

    def __init__(self, shown, dataset):
        self.told, self.number, self.waiting, self.calls = None, 0, [], True
        self.shown, self.dataset = shown, dataset

    def mount(self, *, data, on_deeds_change, on_open_change, key, **_):
        self.look = on_open_change
        if self.waiting:  # the callback is that of the run before
            st.session_state[key] = {"deeds": self.waiting}
            self.waiting = []
            if self.calls:
                self.hear()
            st.rerun()
        self.told, self.hear = data, on_deeds_change
        return SimpleNamespace(open=None)

    def open(self, state=None, **arguments):
        self.page = self.shown(listed, state, dataset_id=self.dataset, **arguments)
        return self

    def do(self, *deeds):
        for deed in deeds:
            self.number += 1
            self.waiting.append([self.number, *deed])
        self.page.run()
        assert not self.page.exception
        return self

    @property
    def order(self):
        return [card["id"] for card in self.told["cards"]]

    def card(self, person):
        return next(card for card in self.told["cards"] if card["id"] == person)


@pytest.fixture
def browser(shown, dataset, monkeypatch):
    made = Browser(shown, dataset)
    monkeypatch.setattr(people_wall, "_mount", made.mount)
    return made


@pytest.fixture
def three(workspace, dataset):
    """Four, three and two faces of three people without a name."""
    counts = (4, 3, 2)
    rows = [(f"{person}/{n}.png", vector(person, n)) for person, count in enumerate(counts) for n in range(count)]
    faces = iter(add_faces(workspace, dataset, rows))
    return [own(workspace, dataset, [next(faces) for _ in range(count)]) for count in counts]


def test_who_is_named_keeps_the_place_until_the_wall_is_opened_anew(browser, dataset, three):
    assert browser.open().order == three
    browser.do(("name", three[2], " Ada "))
    assert browser.order == three
    card = browser.card(three[2])
    assert (card["name"], card["title"], card["faces"], card["confirmed"]) == ("Ada", "Ada", 2, 2)
    assert browser.told["names"] == ["Ada"]
    assert browser.open().order == [three[2], *three[:2]], "who has a name stands first"


def test_whoever_is_merged_away_leaves_and_comes_back_to_their_place(browser, workspace, author, three):
    browser.open()
    merged = deciding.merge_people(workspace, three[2], [three[0]], author_id=author)
    assert browser.do().order == three[1:]
    deciding.undo(workspace, merged, author_id=author)
    assert browser.do().order == three


def test_somebody_new_stands_at_the_end_until_a_run_has_grouped_again(browser, workspace, dataset, three):
    browser.open()
    new = own(workspace, dataset, add_faces(workspace, dataset, [(f"{n}.jpg", vector(9, n)) for n in range(5)]))
    assert browser.do().order == [*three, new]
    kept = browser.page.session_state["people.places"]
    assert browser.open({"people.places": kept}).order == [*three, new]
    assert browser.open({"people.places": kept}, newest_run=7).order == [new, *three]


def test_the_doubtful_come_first_where_that_is_asked_for(browser, workspace, dataset, author, three):
    extra = add_faces(workspace, dataset, [("odd.jpg", vector(20, 8))])
    deciding.move_faces(workspace, extra, person_id=three[1], author_id=author)
    browser.open()
    browser.page.selectbox[0].set_value("doubts").run()
    assert browser.order[0] == three[1]
    browser.page.selectbox[0].set_value("newest").run()
    assert browser.order == three[::-1]


def test_only_those_without_a_name_are_shown_where_that_is_asked_for(browser, workspace, author, three):
    deciding.name_person(workspace, three[0], "Ada", author_id=author)
    browser.open().page.toggle[0].set_value(True).run()
    assert browser.order == three[1:]
    browser.page.text_input[0].input("x").run()
    assert browser.order == []
    assert browser.page.info[0].value == "Nobody here has such a name."


def test_a_name_is_one_decision_with_the_faces_and_is_undone_as_one(browser, workspace, dataset, three):
    browser.open().do(("name", three[0], "Ada"))
    assert sum(human for _, human in owners(workspace, dataset).values()) == 4
    browser.page.button(key="undo-last").click().run()
    assert sum(human for _, human in owners(workspace, dataset).values()) == 0
    assert browser.card(three[0])["name"] == ""


def test_a_name_that_is_too_long_is_told_and_nobody_has_it(browser, three):
    browser.open().do(("name", three[0], "x" * 200))
    assert "a name has at most" in browser.page.error[0].value.lower()
    assert browser.card(three[0])["name"] == ""


def test_a_name_that_somebody_has_asks_whether_the_two_are_one(browser, workspace, author, three):
    deciding.name_person(workspace, three[0], "Ada", author_id=author)
    browser.open().do(("name", three[1], "ada"))
    assert browser.page.info[0].value.startswith("Somebody here has that name already but for upper")
    assert browser.card(three[1])["name"] == ""


def test_dragged_upon_somebody_they_become_part_of_whom_they_are_dragged_upon(browser, three):
    browser.open().do(("into", [three[2], three[0], 12345]))
    assert browser.page.radio[0].options == [f"Unnamed {three[2]}", f"Unnamed {three[0]}"]
    assert browser.page.radio[0].value == three[2]


def test_of_those_who_are_chosen_whoever_has_most_faces_stays_unless_another_is_said(browser, three):
    browser.open().do(("merge", three[::-1]))
    assert browser.page.radio[0].options == [f"Unnamed {person}" for person in three]


def test_another_page_of_the_wall_is_in_its_own_order(browser, dataset, three, monkeypatch):
    monkeypatch.setattr("pages.widgets.people.wall._CARDS", 2)
    page = browser.open().page
    page.session_state[f"people-{dataset}-known--count-False"] = 2
    page.run()
    assert browser.order == three[2:]
    browser.do(("name", three[2], "Ada"))
    assert browser.order == [three[2], three[1]], "still under the hand, and whoever slipped down comes after"


def test_people_are_hidden_and_brought_back(browser, workspace, dataset, three):
    browser.open().do(("hide", three[:2]))
    assert browser.order == three[2:]
    assert browser.open(view="hidden").order == three[:2]
    browser.do(("hide", three[:1]))
    assert browser.order == three[1:2]
    with reading(workspace.engine) as session:
        assert people_in_view(dataset, view=PeopleView.HIDDEN, session=session) == three[1:2]
    browser.page.button(key="undo-last").click().run()
    assert browser.order == three[:2]


def test_several_are_confirmed_at_once_but_not_unseen(browser, workspace, dataset, author, three):
    browser.open().do(("confirm", three[:2]))
    assert sum(human for _, human in owners(workspace, dataset).values()) == 7
    (late,) = add_faces(workspace, dataset, [("late.jpg", vector(2, 9))])
    deciding.move_faces(workspace, [late], person_id=three[2], author_id=annotator_id(workspace, "bert"))
    browser.hear.args[1][three[2]] = old = summary(workspace, three[2])
    object.__setattr__(old, "faces", 2)
    browser.do(("confirm", three[2:]))
    assert "has 3 faces by now\\, not the 2 on your screen" in browser.page.error[0].value


def summary(workspace, person):
    with reading(workspace.engine) as session:
        return summaries([person], session=session)[person]


def test_a_deed_is_done_once_and_what_goes_wrong_is_told_beside_what_goes_right(browser, workspace, author, three):
    browser.open()
    hide_people(workspace, three[:1], author_id=annotator_id(workspace, "bert"))
    browser.do(("hide", three[:1]), ("hide", three[1:2]))
    assert browser.page.error[0].value == "They are hidden already"
    assert browser.order == three[2:]
    browser.number = 0
    browser.do(("hide", three[2:]))
    assert browser.order == three[2:]


def test_the_chosen_face_stands_for_somebody_on_the_wall(browser, workspace, dataset, author, three):
    from core.people.showing import choose_cover

    second = sorted(face for face, (person, _) in owners(workspace, dataset).items() if person == three[0])[1]
    choose_cover(workspace, second, author_id=author)
    assert browser.open().card(three[0])["url"].startswith(f"/api/crop/{second}?")


def test_what_a_callback_that_was_ended_has_left_is_done_once_by_the_page(browser, workspace, dataset, three):
    browser.open().calls = False
    browser.do(("name", three[0], "Ada"), ("hide", [three[1]]))
    assert (browser.told["heard"], browser.card(three[0])["name"]) == (2, "Ada")
    assert browser.order == [three[0], three[2]]
    browser.do(("name", three[2], "Bea"))
    assert (browser.told["heard"], browser.card(three[2])["name"]) == (3, "Bea")
    with reading(workspace.engine) as session:
        assert session.scalar(select(func.count()).select_from(PeopleEvent)) == 3


def test_whom_somebody_wants_to_look_at_is_chosen_before_the_wall_is_drawn_anew(browser, monkeypatch, three):
    address = browser.open().page.session_state["address"]
    monkeypatch.setattr(st, "session_state", {"address": address, "people-wall": {"open": three[1]}})
    browser.look()
    (word,) = st.session_state.keys() - {"address", "people-wall"}
    assert (word.endswith("/person"), st.session_state[word]) == (True, three[1])
