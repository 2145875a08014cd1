"""What the keypoint editor shows: zoom, selection, lists, themes and widths."""

import math

import pytest
from playwright.sync_api import expect

from tests.e2e.hands import comes_to

pytestmark = pytest.mark.e2e

FACE, BODY = 7, 8  # in the demo's store

RECORD_TEXTS = """() => {
  const drawn = (window.drawnTexts = []), context = CanvasRenderingContext2D.prototype, write = context.fillText;
  context.fillText = function (text, ...place) { drawn.push(text); return write.call(this, text, ...place); };
}"""


def test_rerun_keeps_zoom_selection_and_undo(open_editor):
    editor = open_editor()
    editor.zoom(300, 200, 5)
    editor.select(300, 200)
    editor.press("ArrowRight")
    editor.wait_for_edits(1)
    before = editor.view
    editor.rerun()
    assert editor.view == before
    editor.button("undo").click()
    editor.wait_for_edits(2)
    assert editor.saved_point(0)[:2] == [300, 200]


def test_the_picture_shows_that_it_has_the_keys_when_they_are_used(open_editor):
    editor = open_editor()
    editor.press("Tab")
    canvas = editor.page.locator("canvas[data-view]")
    expect(canvas).to_be_focused()
    expect(canvas).to_have_css("outline-style", "solid")


@pytest.mark.nightly
def test_wheel_zooms_at_the_cursor(open_editor):
    editor = open_editor()
    before = editor.at(300, 200)
    scale = editor.view["scale"]
    editor.page.mouse.move(*before)
    editor.page.mouse.wheel(0, -300)
    assert editor.view["scale"] == pytest.approx(scale * math.exp(300 * 0.0016))
    assert editor.at(300, 200) == pytest.approx(before, abs=1)  # a wheel event tells whole CSS pixels


@pytest.mark.nightly
def test_picture_and_points_share_one_grid(open_editor):
    """Column 300 of the picture is brighter; on the canvas it spans 299.5 to 300.5, as its centre is 300."""
    editor = open_editor()
    editor.zoom(300, 480, 16)
    view = editor.view
    brightness = editor.page.evaluate(
        """([scale, x, y]) => {
          const canvas = document.querySelector(".stBidiComponent [data-testid=stBidiComponentIsolated]").shadowRoot
            .querySelector("canvas");
          const ratio = window.devicePixelRatio;
          return [299.3, 299.7, 300.3, 300.7].map((column) => canvas.getContext("2d").getImageData(
            ((column + 0.5) * scale + x) * ratio, (480.5 * scale + y) * ratio, 1, 1).data[0]);
        }""",
        [view["scale"], view["x"], view["y"]],
    )
    outside_left, inside_left, inside_right, outside_right = brightness
    assert min(inside_left, inside_right) > max(outside_left, outside_right) + 15


@pytest.mark.nightly
def test_focused_small_instance_fills_the_view_at_first(open_editor):
    plain, focused = open_editor().view, open_editor("focus=1").view
    assert plain["mode"] == "auto"
    assert focused["mode"] == "instance"
    assert focused["scale"] > 1.5 * plain["scale"]


def test_instances_are_chosen_by_click_by_chip_and_by_key(open_editor):
    editor = open_editor()
    editor.click(630, 510)
    assert editor.view["instance"] == BODY
    editor.press("i")
    assert editor.view["instance"] == FACE
    editor.page.locator(".chip", has_text="Björn").click()
    assert editor.view["instance"] == BODY


@pytest.mark.nightly
def test_list_and_canvas_show_the_same_selection(open_editor):
    editor = open_editor()
    rows = editor.page.locator(".keypoint-editor .row")
    expect(rows).to_have_count(68)
    editor.page.evaluate(RECORD_TEXTS)
    editor.select(500, 200)
    expect(rows.nth(16)).to_have_attribute("aria-selected", "true")
    expect(rows.nth(16).locator(".number")).to_have_text("17")
    editor.page.wait_for_function("window.drawnTexts.some((text) => text.endsWith(' · 17'))")
    rows.nth(7).click()
    assert editor.view["point"] == 7
    expect(rows.nth(7)).to_contain_text("0.20")
    rows.nth(6).locator(".state").click()
    assert editor.wait_for_edits(1)[0]["changes"][0][::3] == [6, 0]
    expect(rows.nth(6).locator(".state")).to_have_attribute("title", "absent; press to change")
    editor.page.locator(".keypoint-editor .list").focus()
    editor.press("ArrowDown")
    assert editor.view["point"] == 7


@pytest.mark.nightly
def test_key_list_opens_and_closes(open_editor):
    editor = open_editor()
    keys = editor.page.get_by_role("dialog", name="Keys")
    editor.press("?")
    expect(keys).to_be_visible()
    expect(keys).to_contain_text("swap left and right")
    editor.press("Escape")
    expect(keys).to_be_hidden()
    editor.button("help").click()
    expect(keys).to_be_visible()


@pytest.mark.nightly
def test_keys_are_left_to_a_text_field(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    note = editor.page.get_by_label("Note")
    note.click()
    note.press_sequentially("vm[z")
    editor.pause()
    expect(note).to_have_value("vm[z")
    assert editor.sendings == []


@pytest.mark.nightly
def test_tab_leaves_the_picture_after_escape(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Tab")
    assert editor.view["point"] == 1
    editor.press("Escape", "Escape", "Tab")
    focused = "document.activeElement.shadowRoot.activeElement.className"
    assert editor.page.evaluate(focused) == "list"
    assert editor.view["point"] is None
    editor.canvas.focus()
    editor.press("?", "Escape", "Tab")
    assert editor.view["point"] == 0  # Escape has closed the list of keys and nothing else


@pytest.mark.nightly
def test_brightness_changes_the_picture(open_editor):
    editor = open_editor()
    editor.button("adjust").click()
    before = editor.canvas.screenshot()
    slider = editor.page.locator('[data-adjust="brightness"]')
    slider.fill("2")
    editor.settle()
    assert editor.canvas.screenshot() != before
    editor.page.get_by_role("button", name="Reset").click()
    editor.settle()
    expect(slider).to_have_value("1")


@pytest.mark.nightly
@pytest.mark.parametrize("width", [380, 400, 1900])
def test_editor_fits_any_width(open_editor, width):
    editor = open_editor(width=width)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert editor.page.evaluate(overflow) == 0
    frame = editor.page.locator(".keypoint-editor").bounding_box()
    assert frame["x"] >= 0
    assert frame["x"] + frame["width"] <= width
    bar = editor.page.locator(".keypoint-editor .bar")
    assert bar.evaluate("bar => bar.scrollWidth - bar.clientWidth") <= 0
    editor.drag((300, 200), (20, 0))
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[0] == pytest.approx(300 + 20 / editor.view["scale"], abs=0.1)


def test_how_pictures_are_looked_at_outlives_a_reload(open_editor):
    editor = open_editor()
    editor.press("s", "o", "y")
    for again in range(2):
        for name, on in (("sureness", "true"), ("ghost", "false"), ("loupe", "true")):
            expect(editor.button(name)).to_have_attribute("aria-pressed", on)
        if not again:
            editor.page.reload()
            editor.wait_until_shown()


def test_rare_tools_are_folded_away_where_there_is_little_room(open_editor):
    editor = open_editor(width=420)
    assert editor.page.locator(".keypoint-editor .bar").bounding_box()["height"] < 75  # two rows of buttons
    expect(editor.button("loupe")).to_be_hidden()
    editor.button("more").click()
    editor.button("loupe").click()
    expect(editor.button("loupe")).to_have_attribute("aria-pressed", "true")
    editor.button("more").click()
    expect(editor.button("loupe")).to_be_hidden()


@pytest.mark.nightly
def test_resizing_keeps_the_picture_fitted(open_editor):
    editor = open_editor()
    wide = editor.view["scale"]
    editor.page.set_viewport_size({"width": 420, "height": 900})
    editor.until(lambda: editor.view["scale"] < wide, "a smaller picture")
    canvas = editor.canvas.bounding_box()
    left, right = editor.at(-0.5, 0)[0], editor.at(799.5, 0)[0]
    assert canvas["x"] <= left < right <= canvas["x"] + canvas["width"]


def test_names_are_shown_as_text(open_editor):
    editor = open_editor("label=%3Cimg%20src%3Dx%20onerror%3D%22window.broken%3D1%22%3E")
    expect(editor.page.locator(".chip").first).to_have_text('<img src=x onerror="window.broken=1">')
    assert editor.page.locator(".keypoint-editor img").count() == 0
    assert editor.page.evaluate("window.broken") is None


@pytest.mark.nightly
def test_picture_that_does_not_load_says_so(page, address):
    page.goto(f"{address}?broken=1")
    message = page.locator(".keypoint-editor .message")
    expect(message).to_contain_text(
        "The picture drawn/0.png could not be loaded: the file is not there.", timeout=30_000
    )
    message.get_by_role("button", name="Retry").click()
    expect(message).to_contain_text("could not be loaded")


@pytest.mark.nightly
def test_read_only_picture_cannot_be_changed(open_editor):
    editor = open_editor("read_only=1")
    editor.status("Read only")
    editor.drag((300, 200), (30, 0))
    editor.press("v", "m", "ArrowRight", "Delete")
    editor.pause()
    assert editor.sendings == []


@pytest.mark.nightly
def test_reruns_add_no_listeners_and_leaving_removes_them(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (5, 5))
    editor.wait_for_edits(1)
    before = editor.page.evaluate("liveListeners.size")
    elsewhere = ["beforeunload", "beforeunload", "pagehide"]  # one of Streamlit's, and the outbox, which stays
    assert before > 10 + len(elsewhere)
    for _ in range(8):
        editor.press_button("They move")
    editor.settle()
    assert editor.page.evaluate("liveListeners.size") == before
    assert editor.page.locator(".keypoint-editor").count() == 1
    editor.tick("Hide")
    expect(editor.page.locator(".keypoint-editor")).to_have_count(0)
    comes_to(lambda: sorted(editor.page.evaluate("[...liveListeners].map(({ type }) => type)")), elsewhere)
