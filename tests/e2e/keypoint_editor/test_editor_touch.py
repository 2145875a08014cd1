"""Fingers on a tablet: the loupe beside a dragged point, the handles of the frame, tools and places by tapping."""

import uuid

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.hands import fingers
from tests.e2e.keypoint_editor.conftest import Driver
from tests.e2e.keypoint_editor.demo_store import face_points
from tests.e2e.keypoint_editor.test_editor_shaping import centre_of, placed, turned
from tests.e2e.keypoint_editor.test_editor_tools import IN_THE_BOX, colour_at

pytestmark = pytest.mark.e2e

LENS = (-122, -122)  # CSS pixels from a finger to the middle of the loupe
RIM = 64
BESIDE = 12  # CSS pixels: a finger is less exact than a mouse


@pytest.fixture
def tablet(browser, address):
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page, store, complaints = context.new_page(), uuid.uuid4().hex, []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}?store={store}")
    yield Driver(page, store)
    context.close()
    assert complaints == []


def has_lens(editor, x, y):
    """Whether the white rim of the loupe is at its place beside a finger."""
    return any(min(colour_at(editor, x, y, (LENS[0] - RIM + step, LENS[1]))) > 200 for step in (-2, -1, 0, 1, 2))


def test_a_finger_drags_a_point_with_the_loupe_beside_it(tablet):
    put = fingers(tablet.page)
    (x0, y0), (x1, y1) = tablet.at(400, 330), tablet.at(*IN_THE_BOX)
    put("touchStart", (x0, y0 + BESIDE))
    for share in (0.3, 0.7, 1):
        put("touchMove", (x0 + share * (x1 - x0), y0 + BESIDE + share * (y1 - y0)))
    tablet.settle()
    assert has_lens(tablet, *IN_THE_BOX)
    put("touchEnd")
    [edit] = tablet.wait_for_edits(1)
    assert edit["changes"][0][1:3] == pytest.approx(IN_THE_BOX, abs=1)
    tablet.settle()
    assert not has_lens(tablet, *IN_THE_BOX)


def pen(page):
    """What puts a pen down, moves it and lifts it, at a place of the window."""
    client = page.context.new_cdp_session(page)

    def put(kind, x, y):
        given = {"x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1, "pointerType": "pen"}
        client.send("Input.dispatchMouseEvent", {"type": kind, **given})

    return put


@pytest.mark.parametrize("palm_first", [True, False])
def test_a_pen_drags_a_point_whatever_the_hand_that_holds_it_touches(tablet, palm_first):
    put, touch = pen(tablet.page), fingers(tablet.page)
    (x0, y0), (x1, y1) = tablet.at(400, 330), tablet.at(*IN_THE_BOX)
    palm = (x0 + 150, y0 + 120)
    if palm_first:
        touch("touchStart", palm)
    put("mousePressed", x0, y0)
    if not palm_first:
        touch("touchStart", palm)
    touch("touchMove", (palm[0] + 30, palm[1]))
    for share in (0.5, 1):
        put("mouseMoved", x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    touch("touchEnd")
    put("mouseReleased", x1, y1)
    [edit] = tablet.wait_for_edits(1)
    assert edit["changes"][0][1:3] == pytest.approx(IN_THE_BOX, abs=1)


def test_fingers_turn_by_the_round_handle_and_scale_by_a_corner(tablet):
    before = face_points()
    tablet.page.touchscreen.tap(*tablet.at(*IN_THE_BOX))
    tablet.button("shape").tap()
    expect(tablet.page.locator(".hint")).to_contain_text("Frame around face 1")
    centre, xy = centre_of(range(68)), placed(before)
    (left, top), (right, _) = xy.min(axis=0), xy.max(axis=0)
    handle = np.array([(left + right) / 2, top - (14 + 26) / tablet.view["scale"]])
    slide(tablet, handle, turned(handle, centre, 20), beside=15)
    [edit] = tablet.wait_for_edits(1)
    assert edit["note"]["code"] == "edits.turn"
    now = placed([tablet.saved_point(k) for k in range(68)])
    assert np.abs(now - turned(xy, centre, 20)).max() < 8  # it is held beside the handle
    low, high = now.min(axis=0), now.max(axis=0)
    room = 14 / tablet.view["scale"]
    slide(tablet, high + room, high + room + 0.2 * (high - low), beside=0)
    assert tablet.wait_for_edits(2)[1]["note"]["code"] == "edits.scale"
    larger = placed([tablet.saved_point(k) for k in range(68)])
    assert np.ptp(larger, axis=0) == pytest.approx(1.2 * np.ptp(now, axis=0), rel=0.05)


def slide(editor, start, end, beside):
    """Put a finger down so many CSS pixels above a place of the picture, and slide it."""
    put = fingers(editor.page)
    (x0, y0), (x1, y1) = editor.at(*start), editor.at(*end)
    put("touchStart", (x0, y0 - beside))
    for share in (0.4, 0.8, 1):
        put("touchMove", (x0 + share * (x1 - x0), y0 - beside + share * (y1 - y0)))
    put("touchEnd")
