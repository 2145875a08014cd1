"""The browser gets the wall as it is, and what it sends is checked."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import streamlit as st

from core.foundation.errors import BadInput
from pages.widgets.people import people_wall as wall
from pages.widgets.people.people_wall import Card, Deed, deeds_done


@pytest.mark.parametrize(("sent", "opened"), [(7, 7), (None, None), (True, None), ("7", None)])
def test_cards_go_to_the_browser_as_plain_values_and_somebody_is_opened_by_number(monkeypatch, sent, opened):
    told, looked_at = [], []
    monkeypatch.setattr(wall, "_mount", lambda **options: told.append(options) or SimpleNamespace(open=sent))
    card = Card(3, "", "Unnamed <3>", "/api/crop/4", 5, 2)
    hands = {"on_deed": lambda: None, "on_open": looked_at.append}
    shown = wall.people_wall([card], key="wall", names=["Ada"], hidden=False, heard=4, **hands)
    assert shown == opened
    assert told[0]["data"] == {"cards": [card.__dict__], "names": ["Ada"], "hidden": False, "heard": 4}
    monkeypatch.setattr(st, "session_state", {"wall": {"open": sent}})
    told[0]["on_open_change"]()
    assert looked_at == ([] if opened is None else [opened])


def sent(monkeypatch, deeds):
    monkeypatch.setattr(st, "session_state", {"wall": {"deeds": deeds}})


def test_only_what_was_not_heard_yet_is_given_in_its_order(monkeypatch):
    sent(monkeypatch, [[3, "hide", [5, 6]], [1, "merge", [1, 2]], [2, "name", 7, "Ada"]])
    assert deeds_done("wall", 1) == [Deed(2, "name", (7,), "Ada"), Deed(3, "hide", (5, 6))]
    assert deeds_done("wall", 3) == deeds_done("another", 0) == []


@pytest.mark.parametrize(
    "deeds",
    [
        5,
        [5],
        [[1, "hide", []]],
        [[1, "hide", [True]]],
        [[1, "hide", ["1"]]],
        [[1, "drop", [1]]],
        [[1, "name", 7, 8]],
        [[True, "name", 7, "Ada"]],
        [["1", "hide", [1]]],
    ],
)
def test_what_is_no_deed_is_refused(monkeypatch, deeds):
    sent(monkeypatch, deeds)
    with pytest.raises(BadInput, match=re.escape("a wall of people should send")):
        deeds_done("wall", 0)
