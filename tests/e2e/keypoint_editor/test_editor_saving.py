"""The way of an edit to the server, and of the reader to another picture."""

import json
import math

import pytest
from playwright.sync_api import expect

from tests.e2e.hands import comes_to

pytestmark = pytest.mark.e2e


def test_edits_are_sent_again_until_they_are_confirmed(open_editor):
    editor = open_editor()
    editor.tick("Withhold")
    editor.drag((300, 200), (30, 0))
    editor.status("Saving…")
    editor.drag((500, 200), (30, 0))
    editor.until(lambda: len(editor.sendings) >= 3, "a third sending")
    first, second = editor.edits
    assert [edit["id"] for edit in editor.sendings[-1]] == [first["id"], second["id"]]
    editor.status("Not saved: 2 edits wait to be saved: the demo withholds it")
    assert second["after"] == [first["id"]], "it was made on top of the first, which nobody had confirmed"
    editor.rerun()
    editor.tick("Withhold")
    editor.wait_for_edits(2)
    assert editor.saved_point(0)[0] > 300
    assert editor.saved_point(16)[0] > 500


@pytest.mark.nightly
def test_more_than_the_server_takes_at_once_is_sent_in_parts(open_editor):
    editor = open_editor()
    editor.tick("Withhold")
    editor.click(400, 250)
    for _ in range(180):  # each moves the 58 points of the pairs: more than 10,000 changes in all
        editor.press("m")
    editor.status("Not saved: 180 edits wait to be saved: the demo withholds it")
    editor.tick("Withhold")
    edits = editor.wait_for_edits(180)
    assert sum(len(edit["changes"]) for edit in edits) > 10_000
    assert max(sum(len(edit["changes"]) for edit in sending) for sending in editor.sendings) <= 5_000


@pytest.mark.nightly
def test_many_edits_of_one_face_travel_in_parts_though_each_names_all_before_it(open_editor):
    editor = open_editor()
    editor.tick("Withhold")
    editor.select(300, 200)
    editor.press_at_once(*({"key": "v"} for _ in range(300)))
    editor.status("Not saved: 300 edits wait to be saved: the demo withholds it")
    editor.tick("Withhold")
    editor.wait_for_edits(300)
    assert max(sum(len(edit["after"]) for edit in sending) for sending in editor.sendings) <= 10_000


def test_unsaved_edits_survive_a_reload_and_the_browser_warns(open_editor):
    editor = open_editor()
    editor.tick("Withhold")
    editor.drag((300, 200), (30, 0))
    editor.until(lambda: editor.edits, "an edit")
    [edit] = editor.edits
    warnings = []
    editor.page.on("dialog", lambda dialog: (warnings.append(dialog.type), dialog.accept()))
    editor.page.reload()
    assert warnings == ["beforeunload"]
    editor.wait_until_shown()
    again = editor.wait_for_edits(1)
    assert again == [edit]


@pytest.mark.nightly
def test_leaving_is_free_when_everything_is_saved(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (30, 0))
    editor.wait_for_edits(1)
    warnings = []
    editor.page.on("dialog", lambda dialog: (warnings.append(dialog.type), dialog.accept()))
    editor.page.reload()
    assert warnings == []


def make_conflict(editor):
    """Move point 0 while somebody else moves it, and let the server see mine after theirs."""
    editor.tick("Withhold")
    editor.drag((300, 200), (40, 0))
    editor.until(lambda: editor.edits, "an edit")
    editor.press_button("They move")
    editor.tick("Withhold")
    editor.status("Not saved: Mina has moved the same point")


def test_refused_edit_is_explained_and_can_be_insisted_on(open_editor):
    editor = open_editor()
    make_conflict(editor)
    assert editor.saved_point(0)[0] == 260
    mine = 300 + 40 / editor.view["scale"]
    (ax, ay, *_), (bx, by, *_) = editor.saved_point(36), editor.saved_point(45)
    nme = 100 * (mine - 260) / math.hypot(ax - bx, ay - by)
    apart = f"jaw_1: {mine - 260:.1f} pixels apart, NME {nme:.1f} % (inter-ocular)"
    expect(editor.page.locator(".keypoint-editor .apart")).to_have_text(apart)
    editor.page.locator(".keypoint-editor").get_by_role("button", name="Keep mine").click()
    editor.status("Saved")
    editor.until(lambda: editor.edits[-1]["base"] == 32, "an edit that builds on theirs")
    assert editor.saved_point(0)[0] == pytest.approx(300 + 40 / editor.view["scale"], abs=0.1)


@pytest.mark.nightly
def test_refused_edit_can_be_given_up(open_editor):
    editor = open_editor()
    make_conflict(editor)
    editor.page.get_by_role("button", name="Take theirs").click()
    editor.status("Saved")
    editor.click(260, 200)
    assert editor.view["point"] == 0
    expect(editor.button("undo")).to_be_disabled()


def test_undo_of_a_refused_edit_leaves_theirs(open_editor):
    editor = open_editor()
    make_conflict(editor)
    sendings = len(editor.sendings)
    editor.button("undo").click()
    editor.status("Saved")
    editor.pause()
    assert len(editor.sendings) == sendings
    assert editor.saved_point(0)[0] == 260


@pytest.mark.nightly
def test_undo_of_a_refused_box_gives_it_up(open_editor):
    editor = open_editor()

    def refuse(route):
        ids = [row["id"] for row in route.request.post_data_json["edits"]]
        told = {"refused": dict.fromkeys(ids, "it is not there"), "saved": {}, "foreign": [], "instances": []}
        route.fulfill(json=told | {"store": editor.store, "pictures": {}})

    editor.page.route("**/api/edits", refuse)
    editor.press("b")
    editor.drag((100, 500), (60, 60))
    editor.status("Not saved: it is not there")
    editor.button("undo").click()
    editor.status("Saved")


@pytest.mark.nightly
def test_moving_a_refused_point_once_more_settles_it(open_editor):
    editor = open_editor()
    make_conflict(editor)
    mine = 300 + 40 / editor.view["scale"]
    editor.drag((mine, 200), (0, 50))
    editor.status("Saved")
    editor.until(lambda: editor.edits[-1]["base"] == 32, "an edit that builds on theirs")
    assert editor.saved_point(0)[1] == pytest.approx(200 + 50 / editor.view["scale"], abs=0.1)
    editor.rerun()
    editor.click(*editor.saved_point(0)[:2])
    assert editor.view["point"] == 0


@pytest.mark.nightly
def test_points_moved_by_somebody_else_appear(open_editor):
    editor = open_editor()
    editor.press_button("They move")
    editor.until(lambda: editor.finds(260, 200), "their point")


def test_an_answer_that_comes_late_does_not_take_the_place_of_a_newer_one(open_editor):
    editor = open_editor()
    asked = []

    def answer(route):
        asked.append((route, route.fetch()))
        if len(asked) > 1:
            route.fulfill(response=asked[-1][1])

    editor.page.route("**/api/frames?*", answer)
    editor.rerun()
    editor.until(lambda: asked, "a question")
    editor.press_button("They move")
    editor.until(lambda: len(asked) > 1, "another")
    editor.until(lambda: editor.finds(260, 200), "their point")
    asked[0][0].fulfill(response=asked[0][1])
    editor.pause()
    assert editor.finds(260, 200)


def test_edits_are_handed_over_before_the_next_picture_and_undone_from_there(open_editor):
    editor = open_editor()
    editor.zoom(300, 200, 4)
    editor.select(300, 200)
    editor.press("ArrowRight", "n")
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
    assert editor.wait_for_edits(1)[0]["changes"] == [[0, 301, 200, 2]]
    comes_to(lambda: editor.report["rested"][-1:], [1])
    assert editor.view["point"] == 0
    assert editor.view["mode"] == "free"
    editor.press("Control+z")
    editor.until(lambda: editor.view["image"] == 0, "the picture where it was made")
    assert editor.wait_for_edits(2)[1]["changes"] == [[0, 300, 200, 2]]


def test_what_was_done_can_be_undone_after_a_reload(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("ArrowRight")
    editor.wait_for_edits(1)
    editor.press("n")
    comes_to(lambda: editor.report["rested"][-1:], [1])
    editor.page.reload()
    editor.wait_until_shown()
    editor.press("Control+z")
    editor.until(lambda: editor.view["image"] == 0, "the picture where it was made")
    editor.until(lambda: len(editor.edits) == 2, "its undo")
    editor.status("Saved")
    assert editor.saved_point(0)[:2] == [300, 200]
    editor.press("Control+Shift+z")
    editor.until(lambda: editor.saved_point(0)[:2] == [301, 200], "its redo")


DAMAGED = """
for (const place of ["facet.deed.x", "facet.deed.y", "facet.history.STORE", "facet.held", "facet.keys.Mina"]) {
  for (const keeper of [localStorage, sessionStorage]) keeper.setItem(place, TEXT);
}
"""
DENIED = """
for (const keeper of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, keeper, {get() { throw new DOMException("denied", "SecurityError"); }});
}
"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"


AT_NIGHT = [pytest.param(what, marks=pytest.mark.nightly) for what in ("{half", "null", FULL)]


@pytest.mark.parametrize("what", ['{"done": [null, 7], "locked": 7}', DENIED, *AT_NIGHT])
def test_whatever_the_browser_keeps_or_refuses_the_editor_works(open_editor, what):
    editor = open_editor()
    damaged = DAMAGED.replace("STORE", editor.store).replace("TEXT", json.dumps(what))
    editor.page.add_init_script(what if what in (DENIED, FULL) else damaged)
    editor.page.reload()
    editor.wait_until_shown()
    editor.drag((300, 200), (30, 0))
    editor.wait_for_edits(1)
    editor.press("Control+z")
    editor.wait_for_edits(2)
    editor.page.evaluate("() => { try { localStorage.clear() } catch { /* as it was */ } }")


def test_every_press_goes_one_picture_further_and_the_page_hears_where_the_hand_rests(open_editor):
    editor = open_editor()
    place = editor.page.get_by_label("Number of the picture")
    expect(place).to_have_value("1")
    expect(editor.page.locator(".keypoint-editor .count")).to_have_text("/ 3")
    editor.press_at_once({"key": "PageDown"}, {"key": "n"}, {"key": "p"})
    editor.until(lambda: editor.view["image"] == 1, "the second picture")
    expect(place).to_have_value("2")
    comes_to(lambda: editor.report["rested"][-1:], [1])
    editor.press("End")
    editor.until(lambda: editor.view["image"] == 2, "the last picture")
    editor.press("g")
    place.press_sequentially("1")
    place.press("Enter")
    editor.until(lambda: editor.view["image"] == 0, "the first picture")
    editor.press("n")
    editor.until(lambda: editor.view["image"] == 1, "the next: the keys are the picture's again")
    editor.press("g")
    place.press_sequentially("3")
    place.press("Escape")
    expect(place).to_have_value("2")
    editor.press_at_once({"key": "N", "shiftKey": True})
    editor.until(lambda: editor.view["image"] == 2, "ten on, as far as there are any")


def test_the_ends_are_said(open_editor):
    editor = open_editor()
    hint = editor.page.locator(".hint")
    editor.press("p")
    expect(hint).to_have_text("This is the first picture.")
    editor.press("End")
    editor.until(lambda: editor.view["image"] == 2, "the last picture")
    editor.press("n")
    expect(hint).to_have_text("This is the last picture.")


def test_the_next_with_an_unsure_point_after_the_last_is_the_first_again(open_editor):
    editor = open_editor()
    editor.press("d")
    editor.until(lambda: editor.view["image"] == 1, "the next picture: each has a point of 0.2")
    editor.press("End")
    editor.until(lambda: editor.view["image"] == 2, "the last picture")
    editor.press("d")
    editor.until(lambda: editor.view["image"] == 0, "the first picture")


def test_a_key_accepts_and_goes_on_and_the_keyboard_stays(open_editor):
    editor = open_editor()
    editor.press("a")
    editor.until(lambda: editor.view["image"] == 1, "the next to review")
    editor.press_at_once({"key": "a", "repeat": True})
    editor.press("ArrowRight", "a")
    editor.until(lambda: editor.view["image"] == 2, "the next to review")
    editor.press("a")
    expect(editor.page.locator(".hint")).to_have_text("No other picture is left to review.")
    comes_to(lambda: editor.report["states"], ["accepted"] * 3)
    take_back = editor.page.get_by_role("button", name="Take back")
    take_back.click()
    expect(take_back).to_be_hidden()
    editor.canvas.focus()
    editor.press("Control+z", "Control+z", "Control+z")
    editor.until(lambda: editor.view["image"] == 1, "the picture whose acceptance is undone last")
    comes_to(lambda: editor.report["states"], ["accepted", "in_progress", "in_progress"])


def test_what_a_pointer_pressed_leaves_the_keys_to_the_picture_and_what_a_key_pressed_keeps_them(open_editor):
    editor = open_editor()
    canvas, right = (
        editor.page.locator("canvas[data-view]"),
        editor.page.get_by_role("button", name="All points are right"),
    )
    right.click()
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
    expect(canvas).to_be_focused()
    editor.press("Space")  # pans, and does not press the button again
    editor.press("Tab")
    assert (editor.view["image"], editor.view["point"]) == (1, 0)
    editor.page.locator(".chip").last.click()
    expect(canvas).to_be_focused()
    right.focus()
    editor.press("Enter")
    editor.until(lambda: editor.view["image"] == 2, "the picture after it")
    expect(right).to_be_focused()


def test_the_later_clicks_of_a_double_click_accept_nothing(open_editor):
    editor = open_editor()
    editor.page.get_by_role("button", name="All points are right").click(click_count=3, delay=20)
    editor.until(lambda: editor.view["image"] == 1, "the next to review")
    editor.pause()
    assert editor.report["states"] == ["accepted", "found", "found"]


def test_what_is_not_on_screen_yet_is_not_accepted(open_editor):
    editor = open_editor()
    editor.page.route("**/api/display/2?*", lambda route: None)
    editor.page.reload()  # without the pixels that came ahead of the hand
    editor.wait_until_shown()
    editor.page.route("**/api/frames?*", lambda route: None)
    editor.press("End", "a")
    expect(editor.page.locator(".hint")).to_have_text("Not accepted: the picture is not on screen yet.")
    editor.pause()
    assert editor.report["states"] == ["found"] * 3


def test_without_the_server_the_pictures_that_are_here_can_be_gone_through_and_edited(open_editor):
    editor = open_editor()
    editor.press("n")
    editor.until(lambda: editor.view["image"] == 1, "the second picture")
    editor.page.context.set_offline(True)
    editor.press("p")
    editor.until(lambda: editor.view["image"] == 0, "the first picture")
    editor.drag((300, 200), (30, 0))
    editor.status("Not saved: 1 edit waits to be saved: the server cannot be reached; trying again")
    editor.page.context.set_offline(False)
    editor.wait_for_edits(1)


@pytest.mark.nightly
def test_a_conflict_left_behind_can_be_looked_at_again(open_editor):
    editor = open_editor()
    make_conflict(editor)
    editor.canvas.focus()
    editor.press("n")
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
    look = editor.page.get_by_role("button", name="Look at it")
    expect(look).to_be_visible()
    expect(editor.page.locator(".keypoint-editor .apart")).to_be_hidden()
    look.click()
    editor.until(lambda: editor.view["image"] == 0, "the picture of the conflict")
    expect(editor.page.locator(".keypoint-editor .apart")).to_contain_text("pixels apart")
