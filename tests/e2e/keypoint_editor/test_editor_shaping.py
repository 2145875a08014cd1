"""Turning and scaling a region or a whole face, by the frame, by Ctrl and by keys."""

import math
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core.foundation.skeletons import FACE68
from pages.widgets.points import keypoint_editor
from tests.e2e.keypoint_editor.demo_store import face_points

pytestmark = pytest.mark.e2e

IN_THE_BOX = (300.0, 160.0)  # of the face, far from its points
SHAPES = Path(keypoint_editor.__file__).parent / "shapes.js"
JAW = [k for k in FACE68.regions["jaw"] if k != 5]

BACK_AND_FORTH = """async ([text, cases]) => {
  const { centroid, extent, transformed } = await import("data:text/javascript," + encodeURIComponent(text));
  return cases.map(([changes, angle, factor]) => {
    const centre = centroid(changes);
    if (!centre) return [changes, changes, extent(changes)];
    const there = transformed(changes, centre, angle, factor);
    return [there, transformed(there, centroid(there), -angle, 1 / factor), extent(changes)];
  });
}"""


def placed(points):
    """The places of those points that are there, (N, 2)."""
    return np.array([row[:2] for row in points if row[2] > 0])


def centre_of(indices):
    points = face_points()
    return placed([points[k] for k in indices]).mean(axis=0)


def turned(points, centre, degrees):
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return centre + (points - centre) @ turn.T


def pull(editor, start, end, *modifiers):
    """Press at one place of the picture, let go at another."""
    x, y = editor.at(*start)
    for key in modifiers:
        editor.page.keyboard.down(key)
    editor.page.mouse.move(x, y)
    editor.page.mouse.down()
    x, y = editor.at(*end)
    editor.page.mouse.move(x, y, steps=5)
    editor.page.mouse.up()
    for key in modifiers:
        editor.page.keyboard.up(key)


def test_turning_and_scaling_back_gives_the_same_and_absent_points_stay_absent(browser):
    random = np.random.default_rng(7)
    cases = []
    for _ in range(300):
        count = int(random.integers(0, 12))
        rows = [[k, *random.uniform(-5000, 5000, 2), int(random.integers(0, 3))] for k in range(count)]
        changes = [[k, None, None, 0] if v == 0 else [k, x, y, v] for k, x, y, v in rows]
        cases.append([changes, random.uniform(-7, 7), 2.0 ** random.uniform(-3, 3)])
    page = browser.new_page()
    answers = page.evaluate(BACK_AND_FORTH, [SHAPES.read_text(encoding="utf-8"), cases])
    page.close()
    for (before, angle, factor), (there, back, extent) in zip(cases, answers, strict=True):
        assert [(k, v) for k, _, _, v in before] == [(k, v) for k, _, _, v in there] == [(k, v) for k, _, _, v in back]
        assert all(x is None and y is None for _, x, y, v in there if v == 0)
        here = np.array([change[1:3] for change in before if change[3]]).reshape(-1, 2)
        again = np.array([change[1:3] for change in back if change[3]]).reshape(-1, 2)
        assert np.allclose(again, here, rtol=0, atol=1e-8)
        assert extent == ([*here.min(axis=0), *here.max(axis=0)] if len(here) else None)
        if len(here):
            expected = here.mean(axis=0) + factor * (
                turned(here, here.mean(axis=0), math.degrees(angle)) - here.mean(axis=0)
            )
            assert np.allclose([change[1:3] for change in there if change[3]], expected, rtol=0, atol=1e-6)


def test_the_frame_turns_the_whole_face_in_one_edit_and_undo_gives_it_back(open_editor):
    editor = open_editor()
    before = face_points()
    editor.click(*IN_THE_BOX)
    editor.press("e")
    centre, xy = centre_of(range(68)), placed(before)
    (left, top), (right, _) = xy.min(axis=0), xy.max(axis=0)
    arm = (14 + 26) / editor.view["scale"]
    handle = np.array([(left + right) / 2, top - arm])
    pull(editor, handle, turned(handle, centre, 20))
    [edit] = editor.wait_for_edits(1)
    assert edit["note"] == {"code": "edits.turn", "fields": {"name": "face 1"}}
    now = [editor.saved_point(k) for k in range(68)]
    assert np.abs(placed(now) - turned(xy, centre, 20)).max() < 2  # a mouse stands on whole CSS pixels
    assert now[5][2] == 0
    assert now[6][2] == 1
    editor.press("Control+z")
    editor.wait_for_edits(2)
    assert [editor.saved_point(k)[:3] for k in range(68)] == [row[:3] for row in before]


@pytest.mark.nightly
def test_a_corner_of_the_frame_scales_the_region_from_the_opposite_corner(open_editor):
    editor = open_editor()
    before = face_points()
    editor.select(300, 200)
    editor.press("e")
    expect(editor.page.locator(".hint")).to_contain_text("Frame around jaw")
    room = 14 / editor.view["scale"]
    xy = placed([before[k] for k in JAW])
    low, high = xy.min(axis=0) - room, xy.max(axis=0) + room
    pull(editor, high, low + (high - low) * 1.25)
    [edit] = editor.wait_for_edits(1)
    assert edit["note"] == {"code": "edits.scale", "fields": {"name": "jaw"}}
    assert [k for k, *_ in edit["changes"]] == JAW
    now = placed([editor.saved_point(k) for k in JAW])
    assert np.abs(now - (low + (xy - low) * 1.25)).max() < 2
    editor.press("Escape", "Escape")
    pull(editor, high, high + 30)
    editor.pause()
    assert len(editor.edits) == 1, "the frame is put away"


@pytest.mark.nightly
def test_ctrl_turns_a_region_and_ctrl_shift_scales_the_whole_about_its_centre(open_editor):
    editor = open_editor()
    before = face_points()
    centre = centre_of(JAW)
    start = np.array(before[0][:2])
    pull(editor, start, turned(start, centre, -15), "Control")
    edit = editor.wait_for_edits(1)[0]
    assert edit["note"] == {"code": "edits.turn", "fields": {"name": "jaw"}}
    now = placed([editor.saved_point(k) for k in JAW])
    assert np.abs(now - turned(placed([before[k] for k in JAW]), centre, -15)).max() < 2
    editor.press("Control+z")
    editor.wait_for_edits(2)
    centre, start = centre_of(range(68)), np.array([450.0, 420.0])
    pull(editor, start, centre + 1.5 * (start - centre), "Control", "Shift")
    edit = editor.wait_for_edits(3)[2]
    assert edit["note"] == {"code": "edits.scale", "fields": {"name": "face 1"}}
    now = placed([editor.saved_point(k) for k in range(68)])
    assert np.abs(now - (centre + 1.5 * (placed(before) - centre))).max() < 3


def test_a_run_of_turning_keys_is_one_edit_and_turning_back_gives_the_same(open_editor):
    editor = open_editor()
    before = placed(face_points())
    editor.click(*IN_THE_BOX)
    editor.press_at_once(*[{"key": "."}] * 5)
    [edit] = editor.wait_for_edits(1)
    now = placed([editor.saved_point(k) for k in range(68)])
    assert np.allclose(now, turned(before, before.mean(axis=0), 5), atol=1e-6)
    editor.press_at_once(*[{"key": ","}] * 5)
    editor.wait_for_edits(2)
    assert np.allclose(placed([editor.saved_point(k) for k in range(68)]), before, rtol=0, atol=1e-9)
    editor.press_at_once({"key": ">"}, {"key": "<"}, {"key": ">"})
    edit = editor.wait_for_edits(3)[2]
    assert edit["note"] == {"code": "edits.scale", "fields": {"name": "face 1"}}
