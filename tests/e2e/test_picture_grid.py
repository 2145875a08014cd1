import json
import re

import pytest
from playwright.sync_api import expect

from core.foundation.errors import BadInput
from pages.widgets.shared.picture_grid import parse_open, parse_selected
from tests.e2e.audit import faults
from tests.e2e.hands import drag

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def demo(workbench_of):
    with workbench_of("tests/e2e/grid_demo.py") as running:
        yield running.address


@pytest.fixture
def grid(page, demo):
    page.goto(demo)
    expect(page.get_by_role("option")).to_have_count(12, timeout=30_000)
    return page


def option(page, number):
    return page.get_by_role("option").nth(number - 1)


def says(page, **values):
    """The page's own run knows this."""
    for name, value in values.items():
        pattern = re.escape(f'"{name}": {json.dumps(value)}')
        expect(page.get_by_test_id("stCode")).to_contain_text(re.compile(pattern), timeout=30_000)


def test_nothing_of_the_grid_is_hidden_from_a_screen_reader(grid):
    assert faults(grid) == []


def test_clicks_choose_and_take_back(grid):
    option(grid, 2).click()
    option(grid, 5).click()
    option(grid, 2).click()
    expect(option(grid, 5)).to_have_attribute("aria-selected", "true")
    expect(option(grid, 2)).to_have_attribute("aria-selected", "false")
    says(grid, selected=[5])
    expect(grid.get_by_role("status").filter(has_text="1 selected")).to_be_visible()


def test_shift_click_chooses_a_range_in_either_direction(grid):
    option(grid, 6).click()
    option(grid, 4).click(modifiers=["Shift"])
    option(grid, 8).click(modifiers=["Shift"])
    says(grid, selected=[4, 5, 6, 7, 8])


def test_a_rectangle_on_free_space_chooses_what_it_touches_and_adds_to_it(grid):
    first, third = option(grid, 1).bounding_box(), option(grid, 3).bounding_box()
    gap = (third["x"] - 5, third["y"] + 5)  # between the second and the third tile
    drag(grid, gap, (first["x"] + 5, first["y"] + 40))
    says(grid, selected=[1, 2])
    grid.keyboard.down("Shift")
    drag(grid, gap, (third["x"] + 5, third["y"] + 40))
    grid.keyboard.up("Shift")
    says(grid, selected=[1, 2, 3])


@pytest.mark.nightly
def test_buttons_choose_all_and_none(grid):
    grid.get_by_role("button", name="Select all").click()
    says(grid, selected=list(range(1, 13)))
    grid.get_by_role("button", name="Select none").click()
    says(grid, selected=[])


def test_keys_walk_choose_and_open(grid):
    option(grid, 1).click()
    grid.keyboard.press("ArrowRight")
    expect(option(grid, 2)).to_be_focused()
    grid.keyboard.press("Space")
    says(grid, selected=[1, 2])
    grid.keyboard.press("Shift+ArrowRight")
    says(grid, selected=[1, 2, 3])
    grid.keyboard.press("Control+a")
    says(grid, selected=list(range(1, 13)))
    grid.keyboard.press("Escape")
    says(grid, selected=[])
    grid.keyboard.press("End")
    grid.keyboard.press("Enter")
    says(grid, opened=[12])


@pytest.mark.nightly
def test_down_goes_to_the_tile_below(grid):
    option(grid, 1).click()
    grid.keyboard.press("ArrowDown")
    expect(option(grid, 1)).not_to_be_focused()
    here, there = option(grid, 1).bounding_box(), grid.locator(".tile:focus").bounding_box()
    assert there["x"] == pytest.approx(here["x"], abs=1)
    assert there["y"] > here["y"]


@pytest.mark.nightly
def test_double_click_opens_once_and_keeps_the_selection(grid):
    option(grid, 7).click()
    says(grid, selected=[7])
    option(grid, 9).dblclick()
    says(grid, selected=[7], opened=[9])


def test_selection_survives_a_rerun_and_is_pruned_when_tiles_go(grid):
    option(grid, 4).click()
    option(grid, 6).click()
    says(grid, selected=[4, 6])
    grid.get_by_role("button", name="Rerun").click()
    expect(option(grid, 6)).to_have_attribute("aria-selected", "true")
    says(grid, selected=[4, 6])
    grid.get_by_text("Other tiles").click()
    expect(grid.get_by_role("option")).to_have_count(8)
    says(grid, selected=[6])
    grid.get_by_text("Other tiles").click()
    expect(grid.get_by_role("option")).to_have_count(12)
    says(grid, selected=[6])


def test_titles_are_text_and_a_broken_picture_shows_its_title(grid):
    broken = option(grid, 3)
    expect(broken.locator(".broken")).to_have_text("<img src=x onerror=\"document.title='pwned'\">")
    fits = "one => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight + 1"
    assert option(grid, 4).locator(".caption").evaluate(fits), "a caption is read to its end"
    expect(option(grid, 4).locator(".caption")).to_have_text("**bold** [link](javascript:1)")
    expect(grid).not_to_have_title("pwned")
    expect(broken.locator("img")).to_have_count(0)


@pytest.mark.nightly
def test_one_can_be_chosen_where_one_is_asked_for(page, demo):
    page.goto(f"{demo}/?select=single")
    option(page, 2).click()
    option(page, 3).click()
    says(page, selected=[3])
    expect(page.get_by_role("button", name="Select all")).to_have_count(0)


@pytest.mark.nightly
def test_a_click_opens_where_nothing_can_be_chosen(page, demo):
    page.goto(f"{demo}/?select=none")
    page.get_by_role("button", name="face 8").click()
    says(page, selected=[], opened=[8])


@pytest.mark.parametrize(
    ("value", "select", "sentence"),
    [
        ("all", "multi", "should send a list of ids, not 'all'"),
        ([True], "multi", "should be a whole number, not True"),
        ([1.5], "multi", "should be a whole number, not 1.5"),
        (["1"], "multi", "should be a whole number, not '1'"),
        ([1, 2], "single", "2 tiles are selected in a grid where 1 can be"),
        ([1], "none", "1 tiles are selected in a grid where 0 can be"),
    ],
)
def test_what_is_no_selection_is_refused(value, select, sentence):
    with pytest.raises(BadInput, match=re.escape(sentence)):
        parse_selected(value, select)


def test_what_is_no_tile_is_not_opened():
    assert parse_open(None) is None
    assert parse_open(4) == 4
    with pytest.raises(BadInput, match=re.escape("whole number, not {'id': 4}")):
        parse_open({"id": 4})
