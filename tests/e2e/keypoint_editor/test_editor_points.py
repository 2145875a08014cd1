"""Moving, hiding and placing points with the keypoint editor."""

import pytest
from playwright.sync_api import expect

from core.foundation.skeletons import FACE68
from tests.e2e.hands import fingers

pytestmark = pytest.mark.e2e

FACE_MIDDLE = (400.0, 250.0)  # in the face's box, far from its points
NOTHING = (100.0, 500.0)  # on the picture, in no box

NUDGE = {"code": "edits.nudge", "fields": {"name": "jaw_1"}}


@pytest.mark.parametrize("notches", [0, 6, 14], ids=["fitted", "zoomed in", "zoomed in far"])
def test_dragged_point_is_saved_where_the_hand_left_it(open_editor, notches):
    editor = open_editor()
    editor.zoom(300, 200, notches)
    scale = editor.view["scale"]
    editor.drag((300, 200), (24, -17))
    [edit] = editor.wait_for_edits(1)
    assert edit["note"] == {"code": "edits.move", "fields": {"name": "jaw_1"}}
    assert edit["base"] == 31
    x, y, visibility, _ = editor.saved_point(0)
    assert x == pytest.approx(300 + 24 / scale, abs=0.1)
    assert y == pytest.approx(200 - 17 / scale, abs=0.1)
    assert visibility == 2
    assert [k for k, *_ in edit["changes"]] == [0]


@pytest.mark.nightly
def test_point_moves_by_the_drag_and_does_not_jump_to_the_cursor(open_editor):
    editor = open_editor()
    editor.zoom(300, 200, 8)
    scale = editor.view["scale"]
    editor.drag((300 + 6 / scale, 200 + 4 / scale), (30, 0))
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[:2] == pytest.approx([300 + 30 / scale, 200], abs=0.05)


@pytest.mark.nightly
def test_click_without_travel_selects_and_sends_nothing(open_editor):
    editor = open_editor()
    x, y = editor.at(300, 200)
    editor.page.mouse.move(x, y)
    editor.page.mouse.down()
    editor.page.mouse.move(x + 2, y)
    editor.page.mouse.up()
    editor.pause()
    assert editor.view["point"] == 0
    assert editor.sendings == []


@pytest.mark.nightly
def test_drag_beside_the_points_pans_and_sends_nothing(open_editor):
    editor = open_editor()
    before = editor.view
    editor.drag(NOTHING, (40, -30))
    editor.pause()
    after = editor.view
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((40, -30))
    assert editor.sendings == []


@pytest.mark.nightly
@pytest.mark.parametrize("how", ["space", "middle button"])
def test_point_under_a_panning_hand_stays(open_editor, how):
    editor = open_editor()
    before = editor.view
    editor.page.mouse.move(*editor.at(300, 200))
    button = "left" if how == "space" else "middle"
    if how == "space":
        editor.page.keyboard.down(" ")
    x, y = editor.at(300, 200)
    editor.page.mouse.down(button=button)
    editor.page.mouse.move(x + 50, y, steps=4)
    editor.page.mouse.up(button=button)
    editor.page.keyboard.up(" ")
    editor.pause()
    assert editor.view["x"] - before["x"] == pytest.approx(50)
    assert editor.sendings == []


@pytest.mark.nightly
def test_two_fingers_zoom_and_one_finger_moves_a_point(open_editor):
    editor = open_editor()
    put = fingers(editor.page)
    before, (x, y) = editor.view["scale"], editor.at(*NOTHING)
    put("touchStart", (x - 20, y))
    put("touchStart", (x - 20, y), (x + 20, y))
    put("touchMove", (x - 40, y), (x + 40, y))
    put("touchEnd")
    assert editor.view["scale"] == pytest.approx(2 * before, rel=0.01)
    editor.press("f")
    x, y = editor.at(300, 200)
    put("touchStart", (x, y - 15))  # a finger is less exact than a mouse
    put("touchMove", (x + 20, y - 15))
    put("touchMove", (x + 30, y - 15))
    put("touchEnd")
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[0] == pytest.approx(300 + 30 / editor.view["scale"], abs=0.1)


@pytest.mark.nightly
def test_escape_during_a_drag_puts_the_point_back(open_editor):
    editor = open_editor()
    x, y = editor.at(300, 200)
    editor.page.mouse.move(x, y)
    editor.page.mouse.down()
    editor.page.mouse.move(x + 60, y, steps=4)
    editor.press("Escape")
    editor.page.mouse.up()
    editor.pause()
    assert editor.sendings == []
    editor.click(300, 200)
    assert editor.view["point"] == 0


@pytest.mark.nightly
def test_dragged_point_stays_on_the_picture(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (-900, 0))
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[0] == -0.5


def test_quick_nudges_of_one_point_are_one_edit(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    right, down, left = (
        {"key": "ArrowRight"},
        {"key": "ArrowDown", "shiftKey": True},
        {"key": "ArrowLeft", "altKey": True},
    )
    editor.press_at_once(right, right, down, left)
    [edit] = editor.wait_for_edits(1)
    assert edit["changes"] == [[0, 301.75, 205, 2]]
    assert edit["note"] == NUDGE


@pytest.mark.nightly
def test_nudges_of_two_points_are_two_edits(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("ArrowRight", "Tab", "ArrowRight")
    first, second = editor.wait_for_edits(2)
    assert (first["changes"][0][0], second["changes"][0][0]) == (0, 1)


def test_undo_and_redo_are_saved_too(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Shift+ArrowRight")
    editor.wait_for_edits(1)
    editor.press("Control+z")
    said = editor.page.locator(".hint")
    expect(said).to_have_text("Undone: jaw_1 nudged.")
    undone = editor.wait_for_edits(2)[1]
    undo = {"code": "edits.undo", "fields": {"edit": NUDGE}}
    assert (undone["note"], undone["changes"]) == (undo, [[0, 300, 200, 2]])
    assert editor.saved_point(0)[:2] == [300, 200]
    editor.press("Control+Shift+z")
    expect(said).to_have_text("Done again: jaw_1 nudged.")
    redone = editor.wait_for_edits(3)[2]
    redo = {"code": "edits.redo", "fields": {"edit": NUDGE}}
    assert (redone["note"], redone["changes"]) == (redo, [[0, 305, 200, 2]])
    editor.press("Control+z", "Control+y")
    assert editor.wait_for_edits(5)[4]["changes"] == [[0, 305, 200, 2]]
    editor.button("undo").click()
    editor.wait_for_edits(6)
    assert editor.saved_point(0)[:2] == [300, 200]
    editor.press("Control+z")
    expect(said).to_have_text("Undo: there is nothing left.")
    editor.page.get_by_role("button", name="All points are right").click()
    editor.until(lambda: editor.view["image"] == 1, "the next to review")
    editor.press("Control+z")
    expect(said).to_have_text("Undone: accepted.")


def test_undo_leaves_alone_what_somebody_else_has_moved_since(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("ArrowRight")
    editor.wait_for_edits(1)
    editor.press_button("They move")
    editor.until(lambda: editor.finds(260, 200), "their point")
    editor.click(*NOTHING)
    editor.press("Control+z")
    expect(editor.page.locator(".hint")).to_contain_text("somebody else has changed it since")
    editor.pause()
    assert editor.saved_point(0)[:2] == [260, 200]


@pytest.mark.nightly
def test_three_fast_edits_all_arrive(open_editor):
    editor = open_editor()
    for start in ((300, 200), (500, 200), (400, 330)):
        editor.drag(start, (0, 20))
    edits = editor.wait_for_edits(3)
    assert [edit["changes"][0][0] for edit in edits] == [0, 16, 8]


@pytest.mark.nightly
def test_drag_is_sent_within_a_quarter_of_a_second(open_editor):
    editor = open_editor()
    editor.page.evaluate("""() => {
      const [send, later] = [window.fetch, window.setTimeout];
      window.setTimeout = (act, wait = 0, ...rest) => later(() => { window.waited = wait; act(...rest); }, wait);
      window.fetch = (...args) => {
        window.sentAfter ??= window.waited;
        return send(...args);
      };
      window.addEventListener("pointerup", () => [window.waited, window.sentAfter] = [0, undefined], true);
    }""")
    editor.drag((300, 200), (20, 20))
    editor.wait_for_edits(1)
    assert 0 <= editor.page.evaluate("window.sentAfter") <= 250  # what it waits for: a busy machine adds to it


def test_visibility_goes_round_and_comes_back_to_the_same_place(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    steps = (("occluded", [0, 300, 200, 1]), ("absent", [0, None, None, 0]), ("visible", [0, 300, 200, 2]))
    for count, (word, expected) in enumerate(steps, start=1):
        editor.press("v")
        assert editor.wait_for_edits(count)[-1]["changes"] == [expected]
        state = editor.page.get_by_role("button", name=f"jaw_1 is {word}; change")
        expect(state).to_have_attribute("title", f"{word}; press to change")


@pytest.mark.nightly
def test_delete_makes_a_point_absent_and_undo_brings_it_back(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Delete")
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[:3] == [None, None, 0]
    editor.press("Control+z")
    editor.wait_for_edits(2)
    assert editor.saved_point(0)[:3] == [300, 200, 2]


@pytest.mark.nightly
def test_click_places_the_selected_absent_point(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Tab", "Tab", "Tab", "Tab", "Tab")
    assert editor.view["point"] == 5
    editor.click(340, 290)
    [edit] = editor.wait_for_edits(1)
    assert edit["note"] == {"code": "edits.place", "fields": {"name": "jaw_6"}}
    assert editor.saved_point(5)[:2] == pytest.approx([340, 290], abs=0.7)  # a mouse stands on whole CSS pixels
    assert editor.saved_point(5)[2] == 2


@pytest.mark.nightly
def test_shift_drag_moves_the_region_and_leaves_absent_points_absent(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (0, -30), modifier="Shift")
    [edit] = editor.wait_for_edits(1)
    assert [k for k, *_ in edit["changes"]] == [k for k in range(17) if k != 5]
    assert editor.saved_point(5)[2] == 0
    assert editor.saved_point(16)[1] == pytest.approx(200 - 30 / editor.view["scale"], abs=0.05)


@pytest.mark.nightly
def test_alt_drag_moves_the_whole_instance_and_a_plain_drag_does_not(open_editor):
    editor = open_editor()
    editor.click(*FACE_MIDDLE)
    editor.drag((400, 185), (30, 0), modifier="Alt")
    [edit] = editor.wait_for_edits(1)
    assert len(edit["changes"]) == 67
    shift = 30 / editor.view["scale"]
    assert editor.saved_point(16)[:2] == pytest.approx([500 + shift, 200], abs=0.05)


@pytest.mark.nightly
def test_mirror_swaps_every_pair_and_shift_mirror_only_the_region(open_editor):
    editor = open_editor()
    before = [editor.saved_point(k)[:3] for k in range(68)]
    editor.click(*FACE_MIDDLE)
    editor.press("m")
    editor.wait_for_edits(1)
    for a, b in FACE68.flip_pairs:
        assert editor.saved_point(a)[:3] == before[b]
        assert editor.saved_point(b)[:3] == before[a]
    editor.press("Control+z")
    editor.wait_for_edits(2)
    editor.select(300, 200)
    editor.press("Shift+m")
    edit = editor.wait_for_edits(3)[2]
    assert edit["note"] == {"code": "edits.mirror_region", "fields": {"name": "jaw"}}
    assert sorted(k for k, *_ in edit["changes"]) == [k for k in range(17) if k != 8]
