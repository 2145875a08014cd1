"""What the grid of pictures hands to the browser, and what it takes from it."""

from types import SimpleNamespace

import pytest

from core.foundation.errors import BadInput
from pages.widgets.shared import picture_grid as grids
from pages.widgets.shared.picture_grid import Tile, parse_open, parse_selected, picture_grid

TILES = [Tile(number, f"/{number}", f"face {number}") for number in (3, 1, 2)]


@pytest.fixture
def browser(monkeypatch):
    """What the browser answers, and what it was given."""
    answer = SimpleNamespace(selected=[], open=None, given=[])

    def mount(**options):
        answer.given.append(options)
        return SimpleNamespace(selected=answer.selected, open=answer.open)

    monkeypatch.setattr(grids, "_mount", mount)
    return answer


def test_what_is_selected_comes_in_the_order_of_the_tiles_without_those_that_are_gone(browser):
    browser.selected = [2, 9, 3]
    assert picture_grid(TILES, key="grid", select="multi") == [3, 2]


def test_the_browser_is_told_the_tiles_and_whether_they_open(browser):
    picture_grid(TILES[:1], key="grid", size=64, label="Faces")
    picture_grid(TILES[:1], key="grid", on_open=lambda face: None)
    shut, opening = (options["data"] for options in browser.given)
    assert shut["tiles"] == [{"id": 3, "url": "/3", "title": "face 3", "caption": "", "badge": ""}]
    assert (shut["size"], shut["label"], shut["select"]) == (64, "Faces", "none")
    assert (shut["opens"], opening["opens"]) == (False, True)


def test_a_tile_opens_once_it_is_shown(browser):
    opened = []
    for number in (2, 9, None):
        browser.open = number
        picture_grid(TILES, key="grid", on_open=opened.append)
    assert opened == [2]


def test_two_tiles_of_one_id_are_refused(browser):
    with pytest.raises(BadInput):
        picture_grid([TILES[0], TILES[0]], key="grid")
    assert browser.given == []


@pytest.mark.parametrize("sent", [None, "1", {"1": 1}, ["1"], [True], [1.0], [[1]]])
def test_anything_but_a_list_of_whole_numbers_is_refused(sent):
    with pytest.raises(BadInput):
        parse_selected(sent, "multi")


@pytest.mark.parametrize(("select", "most"), [("none", 0), ("single", 1), ("multi", 3)])
def test_no_more_is_taken_than_can_be_chosen(select, most):
    assert parse_selected([1, 2, 3][:most], select) == [1, 2, 3][:most]
    if most < 3:
        with pytest.raises(BadInput):
            parse_selected([1, 2, 3][: most + 1], select)


@pytest.mark.parametrize("sent", [True, "3", 3.0, [3]])
def test_anything_but_a_whole_number_opens_nothing(sent):
    with pytest.raises(BadInput):
        parse_open(sent)


def test_a_callback_sees_what_is_selected_now_among_what_is_shown(shown):
    def draw():
        import streamlit as st

        from pages.widgets.shared.picture_grid import selected_now

        st.session_state["found"] = [selected_now("grid", {1, 2}), selected_now("never drawn", {1})]

    assert shown(draw, {"grid": {"selected": [2, 7]}}).session_state["found"] == [[2], []]
