"""The editor's demo page, running, and a hand that works on it."""

import json
import math
import time
import uuid
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

FACE = "7"  # in the demo's store
RUN_TIME = 30.0  # seconds within which a slow machine answers

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


@pytest.fixture(scope="package")
def address(workbench_of):
    with workbench_of("tests/e2e/keypoint_editor/editor_demo.py") as running:
        yield f"{running.address}/"


@pytest.fixture
def open_editor(visitor, address):
    """Open the demo in a new tab; at the end, the browser must have had nothing to complain about."""
    complaints, tabs = [], []

    def complain(message):
        # The demo answers 503 when it withholds, and some tests take the network away.
        if message.type == "error" and not any(known in message.text for known in ("503", "INTERNET_DISCONNECTED")):
            complaints.append(message.text)

    def open_page(query="", width=1280, height=900, store=None):
        page, store = visitor.new_page(), store or uuid.uuid4().hex
        tabs.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(COUNT_LISTENERS)
        page.goto(f"{address}?store={store}&{query}")
        return Driver(page, store)

    yield open_page
    for page in tabs:
        complaints += [box.inner_text() for box in page.get_by_test_id("stException").all()]
        page.close()
    assert complaints == []


class Driver:
    """A hand on the editor: positions are pixels of the picture."""

    def __init__(self, page, store):
        self.page, self.store = page, store
        self.canvas = page.locator(".keypoint-editor .stage canvas")
        self.wait_until_shown()

    def wait_until_shown(self):
        self.page.locator(".keypoint-editor canvas[data-view]").wait_for(timeout=30_000)
        expect(self.page.locator(".keypoint-editor .message")).to_be_hidden(timeout=10_000)
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
        """All that the demo's store holds now."""
        with urlopen(f"{self.page.url.partition('?')[0]}api/report/{self.store}") as answer:
            return json.load(answer)

    @property
    def sendings(self):
        """What each sending held, oldest first."""
        return self.report["log"]

    @property
    def edits(self):
        """Every edit that arrived, once, oldest first."""
        return list({edit["id"]: edit for sending in self.sendings for edit in sending}.values())

    def saved_point(self, k, instance=FACE):
        return self.report["instances"][instance]["points"][k]

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

    def press_at_once(self, *presses):
        """Presses between which no time passes, however busy the machine is."""
        send = "(canvas, presses) => presses.forEach(each => canvas.dispatchEvent(new KeyboardEvent('keydown', each)))"
        self.canvas.evaluate(send, [{"bubbles": True} | press for press in presses])

    def select(self, x, y):
        self.click(x, y)
        assert self.view["point"] is not None

    def finds(self, x, y, k=0):
        """Whether a click at a place picks that point."""
        self.click(x, y)
        return self.view["point"] == k

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
