"""The browser gets questions as they are worded, and what it sends is checked."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import streamlit as st

from core.foundation.errors import BadInput
from pages.widgets.people import question_deck as deck
from pages.widgets.people.question_deck import Answer, FaceQuestion, GivenAnswer, Side, answers_given
from pages.widgets.shared.picture_grid import Tile


def question(name="q", person=1):
    side = Side(person, "<b>Ada</b>", "2 faces", [Tile(4, "/api/crop/4", "a.jpg")])
    return FaceQuestion(name, "The same?", (side, side), ["0.9 alike"], {"same": Answer("Same", "Merges.")}, "same")


@pytest.fixture
def mounted(monkeypatch):
    """What the browser is told; it answers that somebody wants to see this person."""
    told, opened = [], SimpleNamespace(open=None)
    monkeypatch.setattr(deck, "_mount", lambda **options: told.append(options["data"]) or opened)
    return told, opened


def show(**options):
    given = {"key": "deck", "left": 3, "heard": 2, "undo": None, "on_answer": lambda: None}
    return deck.question_deck([question()], **{**given, **options})


def test_questions_go_to_the_browser_as_plain_values(mounted):
    told, _ = mounted
    assert show(undo=Answer("Undo", "Takes back.")) is None
    (data,) = told
    assert (data["left"], data["heard"], data["undo"]) == (3, 2, {"label": "Undo", "does": "Takes back."})
    (asked,) = data["questions"]
    assert asked["sides"][0]["title"] == "<b>Ada</b>"
    assert asked["sides"][1]["tiles"][0]["url"] == "/api/crop/4"
    assert asked["answers"] == {"same": {"label": "Same", "does": "Merges."}}


@pytest.mark.parametrize(("sent", "opened"), [(7, 7), (None, None), (True, None), ("7", None)])
def test_who_is_to_be_looked_at_is_told_by_number_only(mounted, sent, opened):
    mounted[1].open = sent
    assert show() == opened


def answered(monkeypatch, answers):
    monkeypatch.setattr(st, "session_state", {"deck": {"answers": answers}})


def test_only_what_was_not_heard_yet_is_given_in_its_order(monkeypatch):
    answered(monkeypatch, [[4, "b", "skip"], [2, "a", "same"], [3, "a", "undo"]])
    assert answers_given("deck", 2) == [GivenAnswer(3, "a", "undo"), GivenAnswer(4, "b", "skip")]
    assert answers_given("deck", 4) == []
    assert answers_given("another", 0) == []


@pytest.mark.parametrize(
    "sent",
    [5, "same", [5], [[1, "q"]], [[1, "q", "delete"]], [["1", "q", "same"]], [[True, "q", "same"]], [[1, 2, "same"]]],
)
def test_what_is_no_answer_is_refused(monkeypatch, sent):
    answered(monkeypatch, sent)
    with pytest.raises(BadInput, match=re.escape("a question should be answered by")):
        answers_given("deck", 0)
