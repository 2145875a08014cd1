"""The keypoint editor in a real browser, on the page editor_demo.py; and the checks of what a browser sends."""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from streamlit.testing.v1 import AppTest

from core.errors import BadInput
from core.skeletons import FACE68
from pages.widgets.keypoint_editor import MOST_CHANGES, Edit, parse_edits, parse_go

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FACE, BODY = "7", "8"
RUN_TIME = 15.0  # seconds within which a slow machine answers
FACE_MIDDLE = (400.0, 250.0)  # in the face's box, far from its points
NOTHING = (100.0, 500.0)  # on the picture, in no box

COUNT_LISTENERS = """
window.liveListeners = new Set();
const add = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (type, handler, options) {
  const ours = this === window ? type === "pagehide" || type === "beforeunload" : this.closest?.(".keypoint-editor");
  if (ours) {
    const entry = { type };
    window.liveListeners.add(entry);
    options?.signal?.addEventListener("abort", () => window.liveListeners.delete(entry));
  }
  return add.call(this, type, handler, options);
};
"""


# ---- A running page -------------------------------------------------------------------------


def chromium_path():
    found = os.environ.get("FACET_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(CHROMIUMS)} is in PATH and FACET_CHROMIUM is not set")
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("demo") / "streamlit.log"
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("editor_demo.py"))]
    options = {"headless": "true", "address": "127.0.0.1", "port": str(port), "fileWatcherType": "none"}
    command += [part for name, value in options.items() for part in (f"--server.{name}", value)]
    command += ["--browser.gatherUsageStats", "false"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", process, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_until_healthy(url, process, log):
    for _ in range(150):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the demo did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def chromium():
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_editor(chromium, address):
    """Open the demo as a new visitor; at the end, the browser must have had nothing to complain about."""
    complaints, contexts = [], []

    def open_page(query="", width=1280, height=900):
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(COUNT_LISTENERS)
        page.goto(f"{address}?{query}")
        return Driver(page)

    yield open_page
    for context in contexts:
        for box in context.pages[0].get_by_test_id("stException").all():
            complaints.append(box.inner_text())
        context.close()
    assert complaints == []


class Driver:
    """A hand on the editor: positions are pixels of the picture."""

    def __init__(self, page):
        self.page = page
        self.canvas = page.locator(".keypoint-editor canvas")
        page.locator(".keypoint-editor canvas[data-view]").wait_for(timeout=30_000)
        expect(page.locator(".keypoint-editor .message")).to_be_hidden(timeout=10_000)
        self.settle()

    def settle(self):
        """Let two frames pass, so that what is drawn is what is known."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def view(self):
        self.settle()
        return json.loads(self.canvas.get_attribute("data-view"))

    @property
    def report(self):
        return json.loads(self.page.locator(".st-key-report code").text_content())

    @property
    def sendings(self):
        """What each sending held, oldest first."""
        return self.report["store"]["log"]

    @property
    def edits(self):
        """Every edit that arrived, once, oldest first."""
        return list({edit["id"]: edit for sending in self.sendings for edit in sending}.values())

    def saved_point(self, k, instance=FACE):
        return self.report["store"]["instances"][instance]["points"][k]

    def at(self, x, y):
        view, frame = self.view, self.canvas.bounding_box()
        return frame["x"] + (x + 0.5) * view["scale"] + view["x"], frame["y"] + (y + 0.5) * view["scale"] + view["y"]

    def click(self, x, y):
        self.page.mouse.click(*self.at(x, y))

    def drag(self, start, offset, modifier=None):
        """Press at a place of the picture and move by an offset in CSS pixels."""
        x, y = self.at(*start)
        if modifier:
            self.page.keyboard.down(modifier)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + offset[0] / 2, y + offset[1] / 2, steps=3)
        self.page.mouse.move(x + offset[0], y + offset[1], steps=3)
        self.page.mouse.up()
        if modifier:
            self.page.keyboard.up(modifier)

    def zoom(self, x, y, notches):
        self.page.mouse.move(*self.at(x, y))
        for _ in range(abs(notches)):
            self.page.mouse.wheel(0, math.copysign(120, -notches))
            self.settle()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def select(self, x, y):
        self.click(x, y)
        assert self.view["point"] is not None

    def button(self, command):
        return self.page.locator(f'.keypoint-editor button[data-command="{command}"]')

    def status(self, text, timeout=RUN_TIME):
        expect(self.page.locator(".keypoint-editor .status")).to_have_text(text, timeout=timeout * 1000)

    def wait_for_edits(self, count):
        """Wait until that many edits have arrived and are confirmed."""
        self.until(lambda: len(self.edits) >= count, f"{count} edits")
        self.status("Saved")
        assert len(self.edits) == count
        return self.edits

    def until(self, holds, what, timeout=RUN_TIME):
        end = time.monotonic() + timeout
        while not holds():
            assert time.monotonic() < end, f"{what} did not come: {self.sendings}"
            self.page.wait_for_timeout(50)

    def rerun(self):
        self.press_button("Rerun")

    def press_button(self, name):
        runs = self.report["runs"]
        self.page.get_by_role("button", name=name, exact=True).click()
        self.until(lambda: self.report["runs"] > runs, "a rerun")

    def tick(self, name):
        runs = self.report["runs"]
        self.page.get_by_text(name, exact=True).click()
        self.until(lambda: self.report["runs"] > runs, "a rerun")

    def pause(self):
        """Longer than any delay before sending, so that what should not be sent would have been."""
        self.page.wait_for_timeout(900)


# ---- Moving points --------------------------------------------------------------------------


@pytest.mark.e2e
@pytest.mark.parametrize("notches", [0, 6, 14], ids=["fitted", "zoomed in", "zoomed in far"])
def test_dragged_point_is_saved_where_the_hand_left_it(open_editor, notches):
    editor = open_editor()
    editor.zoom(300, 200, notches)
    scale = editor.view["scale"]
    editor.drag((300, 200), (24, -17))
    [edit] = editor.wait_for_edits(1)
    assert edit["label"] == "Move jaw_1"
    assert edit["base"] == 31
    x, y, visibility, _ = editor.saved_point(0)
    assert x == pytest.approx(300 + 24 / scale, abs=0.1)
    assert y == pytest.approx(200 - 17 / scale, abs=0.1)
    assert visibility == 2
    assert [k for k, *_ in edit["changes"]] == [0]


@pytest.mark.e2e
def test_point_moves_by_the_drag_and_does_not_jump_to_the_cursor(open_editor):
    editor = open_editor()
    editor.zoom(300, 200, 8)
    scale = editor.view["scale"]
    editor.drag((300 + 6 / scale, 200 + 4 / scale), (30, 0))
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[:2] == pytest.approx([300 + 30 / scale, 200], abs=0.05)


@pytest.mark.e2e
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


@pytest.mark.e2e
def test_drag_beside_the_points_pans_and_sends_nothing(open_editor):
    editor = open_editor()
    before = editor.view
    editor.drag(NOTHING, (40, -30))
    editor.pause()
    after = editor.view
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx((40, -30))
    assert editor.sendings == []


@pytest.mark.e2e
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


@pytest.mark.e2e
def test_two_fingers_zoom_and_one_finger_moves_a_point(open_editor):
    editor = open_editor()
    touch = editor.page.context.new_cdp_session(editor.page)

    def fingers(kind, *places):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    before, (x, y) = editor.view["scale"], editor.at(*NOTHING)
    fingers("touchStart", (x - 20, y))
    fingers("touchStart", (x - 20, y), (x + 20, y))
    fingers("touchMove", (x - 40, y), (x + 40, y))
    fingers("touchEnd")
    assert editor.view["scale"] == pytest.approx(2 * before, rel=0.01)
    editor.press("f")
    x, y = editor.at(300, 200)
    fingers("touchStart", (x, y - 15))  # a finger is less exact than a mouse
    fingers("touchMove", (x + 20, y - 15))
    fingers("touchMove", (x + 30, y - 15))
    fingers("touchEnd")
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[0] == pytest.approx(300 + 30 / editor.view["scale"], abs=0.1)


@pytest.mark.e2e
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


@pytest.mark.e2e
def test_dragged_point_stays_on_the_picture(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (-900, 0))
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[0] == -0.5


@pytest.mark.e2e
def test_quick_nudges_of_one_point_are_one_edit(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("ArrowRight", "ArrowRight", "Shift+ArrowDown", "Alt+ArrowLeft")
    [edit] = editor.wait_for_edits(1)
    assert edit["changes"] == [[0, 301.75, 205, 2]]
    assert edit["label"] == "Nudge jaw_1"


@pytest.mark.e2e
def test_nudges_of_two_points_are_two_edits(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("ArrowRight", "Tab", "ArrowRight")
    first, second = editor.wait_for_edits(2)
    assert (first["changes"][0][0], second["changes"][0][0]) == (0, 1)


@pytest.mark.e2e
def test_undo_and_redo_are_saved_too(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Shift+ArrowRight")
    editor.wait_for_edits(1)
    editor.press("Control+z")
    undone = editor.wait_for_edits(2)[1]
    assert (undone["label"], undone["changes"]) == ("Undo: Nudge jaw_1", [[0, 300, 200, 2]])
    assert editor.saved_point(0)[:2] == [300, 200]
    editor.press("Control+Shift+z")
    redone = editor.wait_for_edits(3)[2]
    assert (redone["label"], redone["changes"]) == ("Redo: Nudge jaw_1", [[0, 305, 200, 2]])
    editor.press("Control+z", "Control+y")
    assert editor.wait_for_edits(5)[4]["changes"] == [[0, 305, 200, 2]]
    editor.button("undo").click()
    editor.wait_for_edits(6)
    assert editor.saved_point(0)[:2] == [300, 200]


@pytest.mark.e2e
def test_undo_leaves_alone_what_somebody_else_has_moved_since(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("ArrowRight")
    editor.wait_for_edits(1)
    editor.press_button("They move")
    editor.click(*NOTHING)
    editor.press("Control+z")
    expect(editor.page.locator(".hint")).to_contain_text("somebody else has changed it since")
    editor.pause()
    assert editor.saved_point(0)[:2] == [260, 200]


@pytest.mark.e2e
def test_three_fast_edits_all_arrive(open_editor):
    editor = open_editor()
    for start in ((300, 200), (500, 200), (400, 330)):
        editor.drag(start, (0, 20))
    edits = editor.wait_for_edits(3)
    assert [edit["changes"][0][0] for edit in edits] == [0, 16, 8]


@pytest.mark.e2e
def test_drag_is_sent_within_a_quarter_of_a_second(open_editor):
    editor = open_editor()
    editor.page.evaluate("""() => {
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (...args) {
        window.sentAt ??= performance.now();
        return send.apply(this, args);
      };
      const ended = () => [window.endedAt, window.sentAt] = [performance.now(), undefined];
      window.addEventListener("pointerup", ended, true);
    }""")
    editor.drag((300, 200), (20, 20))
    editor.wait_for_edits(1)
    assert 0 <= editor.page.evaluate("window.sentAt - window.endedAt") <= 250


# ---- Visibility -----------------------------------------------------------------------------


@pytest.mark.e2e
def test_visibility_goes_round_and_comes_back_to_the_same_place(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    for count, expected in enumerate(([0, 300, 200, 1], [0, None, None, 0], [0, 300, 200, 2]), start=1):
        editor.press("v")
        assert editor.wait_for_edits(count)[-1]["changes"] == [expected]


@pytest.mark.e2e
def test_delete_makes_a_point_absent_and_undo_brings_it_back(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Delete")
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[:3] == [None, None, 0]
    editor.press("Control+z")
    editor.wait_for_edits(2)
    assert editor.saved_point(0)[:3] == [300, 200, 2]


@pytest.mark.e2e
def test_click_places_the_selected_absent_point(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Tab", "Tab", "Tab", "Tab", "Tab")
    assert editor.view["point"] == 5
    editor.click(340, 290)
    [edit] = editor.wait_for_edits(1)
    assert edit["label"] == "Place jaw_6"
    assert editor.saved_point(5)[:2] == pytest.approx([340, 290], abs=0.7)  # a mouse stands on whole CSS pixels
    assert editor.saved_point(5)[2] == 2


# ---- Many points ----------------------------------------------------------------------------


@pytest.mark.e2e
def test_shift_drag_moves_the_region_and_leaves_absent_points_absent(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (0, -30), modifier="Shift")
    [edit] = editor.wait_for_edits(1)
    assert [k for k, *_ in edit["changes"]] == [k for k in range(17) if k != 5]
    assert editor.saved_point(5)[2] == 0
    assert editor.saved_point(16)[1] == pytest.approx(200 - 30 / editor.view["scale"], abs=0.05)


@pytest.mark.e2e
def test_alt_drag_moves_the_whole_instance_and_a_plain_drag_does_not(open_editor):
    editor = open_editor()
    editor.click(*FACE_MIDDLE)
    editor.drag((400, 185), (30, 0), modifier="Alt")
    [edit] = editor.wait_for_edits(1)
    assert len(edit["changes"]) == 67
    shift = 30 / editor.view["scale"]
    assert editor.saved_point(16)[:2] == pytest.approx([500 + shift, 200], abs=0.05)


@pytest.mark.e2e
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
    assert edit["label"] == "Swap left and right of jaw"
    assert sorted(k for k, *_ in edit["changes"]) == [k for k in range(17) if k != 8]


# ---- View and selection ---------------------------------------------------------------------


@pytest.mark.e2e
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


@pytest.mark.e2e
def test_wheel_zooms_at_the_cursor(open_editor):
    editor = open_editor()
    before = editor.at(300, 200)
    scale = editor.view["scale"]
    editor.page.mouse.move(*before)
    editor.page.mouse.wheel(0, -300)
    assert editor.view["scale"] == pytest.approx(scale * math.exp(300 * 0.0016))
    assert editor.at(300, 200) == pytest.approx(before, abs=1)  # a wheel event tells whole CSS pixels


@pytest.mark.e2e
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


@pytest.mark.e2e
def test_focused_small_instance_fills_the_view_at_first(open_editor):
    plain, focused = open_editor().view, open_editor("focus=1").view
    assert plain["mode"] == "auto"
    assert focused["mode"] == "instance"
    assert focused["scale"] > 1.5 * plain["scale"]


@pytest.mark.e2e
def test_instances_are_chosen_by_click_by_chip_and_by_key(open_editor):
    editor = open_editor()
    editor.click(630, 510)
    assert editor.view["instance"] == int(BODY)
    editor.press("i")
    assert editor.view["instance"] == int(FACE)
    editor.page.locator(".chip", has_text="Björn").click()
    assert editor.view["instance"] == int(BODY)


@pytest.mark.e2e
def test_list_and_canvas_show_the_same_selection(open_editor):
    editor = open_editor()
    rows = editor.page.locator(".keypoint-editor .row")
    expect(rows).to_have_count(68)
    editor.select(500, 200)
    expect(rows.nth(16)).to_have_attribute("aria-selected", "true")
    rows.nth(7).click()
    assert editor.view["point"] == 7
    expect(rows.nth(7)).to_contain_text("0.20")
    rows.nth(6).locator(".state").click()
    assert editor.wait_for_edits(1)[0]["changes"][0][::3] == [6, 0]
    expect(rows.nth(6).locator(".state")).to_have_attribute("title", "absent; press to change")
    editor.page.locator(".keypoint-editor .list").focus()
    editor.press("ArrowDown")
    assert editor.view["point"] == 7


@pytest.mark.e2e
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


@pytest.mark.e2e
def test_keys_are_left_to_a_text_field(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    note = editor.page.get_by_label("Note")
    note.click()
    note.press_sequentially("vm[z")
    editor.pause()
    expect(note).to_have_value("vm[z")
    assert editor.sendings == []


@pytest.mark.e2e
def test_tab_leaves_the_picture_after_escape(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Tab")
    assert editor.view["point"] == 1
    editor.press("Escape", "Escape", "Tab")
    focused = "document.activeElement.shadowRoot.activeElement.className"
    assert editor.page.evaluate(focused) == "list"
    assert editor.view["point"] is None


@pytest.mark.e2e
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


@pytest.mark.e2e
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


@pytest.mark.e2e
def test_resizing_keeps_the_picture_fitted(open_editor):
    editor = open_editor()
    wide = editor.view["scale"]
    editor.page.set_viewport_size({"width": 420, "height": 900})
    editor.until(lambda: editor.view["scale"] < wide, "a smaller picture")
    canvas = editor.canvas.bounding_box()
    left, right = editor.at(-0.5, 0)[0], editor.at(799.5, 0)[0]
    assert canvas["x"] <= left < right <= canvas["x"] + canvas["width"]


@pytest.mark.e2e
def test_names_are_shown_as_text(open_editor):
    editor = open_editor("label=%3Cimg%20src%3Dx%20onerror%3D%22window.broken%3D1%22%3E")
    expect(editor.page.locator(".chip").first).to_have_text('<img src=x onerror="window.broken=1">')
    assert editor.page.locator(".keypoint-editor img").count() == 0
    assert editor.page.evaluate("window.broken") is None


@pytest.mark.e2e
def test_picture_that_does_not_load_says_so(chromium, address):
    page = chromium.new_page()
    page.goto(f"{address}?broken=1")
    message = page.locator(".keypoint-editor .message")
    expect(message).to_contain_text("The picture drawn/0.png could not be loaded.", timeout=30_000)
    message.get_by_role("button", name="Retry").click()
    expect(message).to_contain_text("could not be loaded")
    page.close()


@pytest.mark.e2e
def test_read_only_picture_cannot_be_changed(open_editor):
    editor = open_editor("read_only=1")
    editor.status("Read only")
    editor.drag((300, 200), (30, 0))
    editor.press("v", "m", "ArrowRight", "Delete")
    editor.pause()
    assert editor.sendings == []


# ---- Saving ---------------------------------------------------------------------------------


@pytest.mark.e2e
def test_edits_are_sent_again_until_they_are_confirmed(open_editor):
    editor = open_editor()
    editor.tick("Withhold")
    editor.drag((300, 200), (30, 0))
    editor.status("Saving…")
    editor.drag((500, 200), (30, 0))
    editor.until(lambda: len(editor.sendings) >= 3, "a third sending")
    first, second = editor.edits
    assert [edit["id"] for edit in editor.sendings[-1]] == [first["id"], second["id"]]
    editor.status("Not saved: the server has not answered; trying again")
    editor.rerun()
    editor.tick("Withhold")
    editor.page.locator(".keypoint-editor").get_by_role("button", name="Retry").click()
    editor.wait_for_edits(2)
    assert editor.saved_point(0)[0] > 300
    assert editor.saved_point(16)[0] > 500


@pytest.mark.e2e
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
    again = Driver(editor.page).wait_for_edits(1)
    assert again == [edit]


@pytest.mark.e2e
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
    editor.status("Not saved: Mina has moved the same point.")


@pytest.mark.e2e
def test_refused_edit_is_explained_and_can_be_insisted_on(open_editor):
    editor = open_editor()
    make_conflict(editor)
    assert editor.saved_point(0)[0] == 260
    editor.page.locator(".keypoint-editor").get_by_role("button", name="Retry").click()
    editor.status("Saved")
    assert editor.edits[-1]["base"] is None
    assert editor.saved_point(0)[0] == pytest.approx(300 + 40 / editor.view["scale"], abs=0.1)


@pytest.mark.e2e
def test_refused_edit_can_be_given_up(open_editor):
    editor = open_editor()
    make_conflict(editor)
    editor.page.get_by_role("button", name="Discard mine").click()
    editor.status("Saved")
    editor.click(260, 200)
    assert editor.view["point"] == 0
    expect(editor.button("undo")).to_be_disabled()


@pytest.mark.e2e
def test_undo_of_a_refused_edit_leaves_theirs(open_editor):
    editor = open_editor()
    make_conflict(editor)
    sendings = len(editor.sendings)
    editor.button("undo").click()
    editor.status("Saved")
    editor.pause()
    assert len(editor.sendings) == sendings
    assert editor.saved_point(0)[0] == 260


@pytest.mark.e2e
def test_moving_a_refused_point_once_more_settles_it(open_editor):
    editor = open_editor()
    make_conflict(editor)
    mine = 300 + 40 / editor.view["scale"]
    editor.drag((mine, 200), (0, 50))
    editor.status("Saved")
    assert editor.edits[-1]["base"] == 32
    assert editor.saved_point(0)[1] == pytest.approx(200 + 50 / editor.view["scale"], abs=0.1)
    editor.rerun()
    editor.click(*editor.saved_point(0)[:2])
    assert editor.view["point"] == 0


@pytest.mark.e2e
def test_points_moved_by_somebody_else_appear(open_editor):
    editor = open_editor()
    editor.press_button("They move")
    editor.click(260, 200)
    assert editor.view["point"] == 0


# ---- Going to another picture ---------------------------------------------------------------


@pytest.mark.e2e
def test_edits_are_handed_over_before_the_next_picture(open_editor):
    editor = open_editor()
    editor.zoom(300, 200, 4)
    editor.select(300, 200)
    editor.press("ArrowRight", "n")
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
    assert editor.wait_for_edits(1)[0]["changes"] == [[0, 301, 200, 2]]
    assert editor.report["store"]["went"] == ["next"]
    assert editor.view["point"] == 0
    assert editor.view["mode"] == "free"
    expect(editor.button("undo")).to_be_disabled()


@pytest.mark.e2e
def test_pages_end_where_the_pictures_end(open_editor):
    editor = open_editor()
    editor.press("p")
    expect(editor.page.locator(".hint")).to_have_text("This is the first picture.")
    for index in (1, 2):
        editor.press("PageDown")
        editor.until(lambda wanted=index: editor.view["image"] == wanted, "the next picture")
    expect(editor.button("next")).to_be_disabled()
    editor.press("n")
    editor.pause()
    assert editor.report["store"]["went"] == ["next", "next"]


@pytest.mark.e2e
def test_page_can_say_why_there_is_nowhere_to_go(open_editor):
    editor = open_editor()
    editor.press("u")
    expect(editor.page.locator(".hint")).to_have_text("Every picture is reviewed.")
    editor.press("n")
    editor.until(lambda: editor.view["image"] == 1, "the next picture")


# ---- Listeners ------------------------------------------------------------------------------


@pytest.mark.e2e
def test_reruns_add_no_listeners_and_leaving_removes_them(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (5, 5))
    editor.wait_for_edits(1)
    before = editor.page.evaluate("liveListeners.size")
    elsewhere = 1  # Streamlit has a beforeunload listener of its own
    assert before > 10 + elsewhere
    for _ in range(8):
        editor.press_button("They move")
    editor.settle()
    assert editor.page.evaluate("liveListeners.size") == before
    assert editor.page.locator(".keypoint-editor").count() == 1
    editor.tick("Hide")
    expect(editor.page.locator(".keypoint-editor")).to_have_count(0)
    assert editor.page.evaluate("[...liveListeners].map(({ type }) => type)") == ["beforeunload"] * elsewhere


def test_page_with_an_editor_runs_without_a_browser():
    page = AppTest.from_file(str(Path(__file__).with_name("editor_demo.py"))).run(timeout=30)
    assert not page.exception
    assert json.loads(page.code[0].value)["runs"] == 0


# ---- What a browser may send ----------------------------------------------------------------


def edit_row(**changed):
    row = {"id": "e1", "instance": 7, "base": 31, "changes": [[3, 1.5, 2, 2]], "label": "Move jaw_4"}
    return row | changed


def sent(*rows):
    return {"sent": 1, "edits": list(rows)}


def test_edits_become_plain_values():
    [edit] = parse_edits(sent(edit_row(changes=[[3, 1.5, 2, 2], [4, None, None, 0]])))
    assert edit == Edit("e1", 7, 31, ((3, 1.5, 2.0, 2), (4, None, None, 0)), "Move jaw_4")


def test_edit_without_base_is_meant_for_the_newest_revision():
    assert parse_edits(sent(edit_row(base=None)))[0].base is None


def test_absent_point_has_no_place():
    assert parse_edits(sent(edit_row(changes=[[3, 5.0, 6.0, 0]])))[0].changes == ((3, None, None, 0),)


def test_no_edits_are_no_edits():
    assert parse_edits(sent()) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "should send a list of edits"),
        ([], "should send a list of edits"),
        ({"edits": "all"}, "should send a list of edits"),
        (sent("move"), "an edit should be a dictionary, not str"),
        (sent(edit_row(id="")), "the id of an edit should be a text"),
        (sent(edit_row(id="x" * 201)), "the id of an edit should be a text of 1 to 200"),
        (sent(edit_row(instance="7")), "the instance of edit e1 should be a whole number"),
        (sent(edit_row(instance=True)), "the instance of edit e1 should be a whole number"),
        (sent(edit_row(instance=2**64)), "the instance of edit e1 should be a whole number"),
        (sent(edit_row(base=-1)), "the base of edit e1 should be a whole number"),
        (sent(edit_row(changes=[])), "edit e1 should have a list of changes"),
        (sent(edit_row(changes={"3": 1})), "edit e1 should have a list of changes"),
        (sent(edit_row(changes=["abcd"])), "a change of edit e1 should be"),
        (sent(edit_row(changes=[[3, 1.0, 2.0]])), "a change of edit e1 should be"),
        (sent(edit_row(changes=[[-1, 1.0, 2.0, 2]])), "the point of a change of edit e1"),
        (sent(edit_row(changes=[[3, math.nan, 2.0, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 1.0, math.inf, 1]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, None, 2.0, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 1.0, 2e6, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 10**400, 2.0, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 1.0, 2.0, 3]])), "a visibility of edit e1 should be 0, 1 or 2, not 3"),
        (sent(edit_row(changes=[[3, 1.0, 2.0, 1.5]])), "the visibility of a change of edit e1"),
        (sent(edit_row(changes=[[3, 1.0, 2.0, 2]] * 2)), "edit e1 names a point twice"),
        (sent(edit_row(label=None)), "the label of edit e1 should be a text"),
        (sent(*[edit_row()] * 2001), "2001 edits at once are too many"),
    ],
)
def test_malformed_edits_are_refused_with_a_sentence(value, message):
    with pytest.raises(BadInput, match=message):
        parse_edits(value)


def test_too_many_changes_are_refused():
    half = [[k, 1.0, 2.0, 2] for k in range(MOST_CHANGES // 2 + 1)]
    with pytest.raises(BadInput, match="10002 changes at once are too many"):
        parse_edits(sent(edit_row(changes=half), edit_row(id="e2", changes=half)))
    whole = [[k, 1.0, 2.0, 2] for k in range(MOST_CHANGES)]
    assert len(parse_edits(sent(edit_row(changes=whole)))[0].changes) == MOST_CHANGES


def test_editor_only_goes_where_there_is_a_way():
    assert parse_go({"to": "next_unreviewed", "nonce": "n1"}) == ("next_unreviewed", "n1")
    for value in (None, "next", {"to": "away", "nonce": "n1"}, {"to": ["next"], "nonce": "n1"}):
        with pytest.raises(BadInput, match="can only go to next, previous, next_unreviewed"):
            parse_go(value)
    with pytest.raises(BadInput, match="the nonce of a wish to go should be a text"):
        parse_go({"to": "next", "nonce": 1})
