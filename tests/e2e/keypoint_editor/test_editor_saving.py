"""The way of an edit to the server, and of the reader to another picture."""

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
    editor.page.locator(".keypoint-editor").get_by_role("button", name="Retry").click()
    editor.status("Saved")
    editor.until(lambda: editor.edits[-1]["base"] == 32, "an edit that builds on theirs")
    assert editor.saved_point(0)[0] == pytest.approx(300 + 40 / editor.view["scale"], abs=0.1)


@pytest.mark.nightly
def test_refused_edit_can_be_given_up(open_editor):
    editor = open_editor()
    make_conflict(editor)
    editor.page.get_by_role("button", name="Discard mine").click()
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
    editor.click(260, 200)
    assert editor.view["point"] == 0


def test_edits_are_handed_over_before_the_next_picture(open_editor):
    editor = open_editor()
    editor.zoom(300, 200, 4)
    editor.select(300, 200)
    editor.press("ArrowRight", "n")
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
    assert editor.wait_for_edits(1)[0]["changes"] == [[0, 301, 200, 2]]
    comes_to(lambda: editor.report["went"], ["next"])
    assert editor.view["point"] == 0
    assert editor.view["mode"] == "free"
    expect(editor.button("undo")).to_be_disabled()


@pytest.mark.nightly
def test_each_wish_to_leave_goes_one_picture_further(open_editor):
    editor = open_editor()
    count = editor.page.locator(".keypoint-editor .count")
    expect(count).to_have_text("1 / 3")
    for index in (1, 2):
        editor.press("PageDown")
        editor.until(lambda wanted=index: editor.view["image"] == wanted, "the next picture")
    editor.button("previous").click()
    editor.until(lambda: editor.view["image"] == 1, "the previous picture")
    expect(count).to_have_text("2 / 3")
    comes_to(lambda: editor.report["went"], ["next", "next", "previous"])


@pytest.mark.nightly
def test_page_can_say_why_there_is_nowhere_to_go(open_editor):
    editor = open_editor()
    for key, told in (("p", "This is the first picture"), ("u", "No other picture is left to review")):
        editor.press(key)
        expect(editor.page.locator(".hint")).to_have_text(told)
    editor.press("n")
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
