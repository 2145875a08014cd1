"""Sureness, the model's points, what is locked or out of sight, copying, guided placing, the loupe, a person's keys."""

import json

import pytest
from playwright.sync_api import expect

from core.foundation.skeletons import FACE68
from tests.e2e.keypoint_editor.demo_store import face_points

pytestmark = pytest.mark.e2e

IN_THE_BOX = (300.0, 160.0)  # of the face, far from its points
JAW = [k for k in FACE68.regions["jaw"] if k != 5]

COLOUR_AT = """([x, y]) => {
  const canvas = document.querySelector(".stBidiComponent [data-testid=stBidiComponentIsolated]").shadowRoot
    .querySelector("canvas");
  const { left, top } = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio;
  return [...canvas.getContext("2d").getImageData((x - left) * ratio, (y - top) * ratio, 1, 1).data.slice(0, 3)];
}"""


def colour_at(editor, x, y, offset=(0, 0)):
    """What is drawn at a place of the picture, moved by CSS pixels."""
    place = editor.at(x, y)
    return tuple(editor.page.evaluate(COLOUR_AT, [place[0] + offset[0], place[1] + offset[1]]))


def has_ghost(editor, x, y):
    """Whether the edge of an open square in the model's colour is around a place."""
    colours = [colour_at(editor, x, y, (3 + step, 0)) for step in (-1, 0, 1)]
    return any(red > 190 and 120 < green < 190 and blue < 90 for red, green, blue in colours)


def has_rim(editor, x, y):
    """Whether the white rim of the loupe is at its place beside a pointer."""
    return any(min(colour_at(editor, x, y, (-94 - 64 + step, -94))) > 200 for step in (-2, -1, 0, 1, 2))


def hint(editor):
    return editor.page.locator(".keypoint-editor .hint")


# ---- What the model said ----


def test_nudges_of_ten_and_of_a_quarter(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("Control+ArrowRight", "Shift+Alt+ArrowDown", "Alt+ArrowLeft")
    editor.status("Saved")
    assert editor.saved_point(0)[:2] == [309.75, 210]


@pytest.mark.nightly
def test_sureness_colours_the_points_of_the_model(open_editor):
    editor = open_editor()
    sure, unsure = face_points()[0][:2], face_points()[7][:2]
    assert colour_at(editor, *sure) == colour_at(editor, *unsure) == (255, 176, 0)
    editor.press("s")
    expect(editor.button("sureness")).to_have_attribute("aria-pressed", "true")
    expect(editor.page.locator(".legend .sureness")).to_be_visible()
    editor.settle()
    light, dark = colour_at(editor, *sure), colour_at(editor, *unsure)
    assert sum(light) > sum(dark) + 100
    editor.press("s")
    editor.settle()
    assert colour_at(editor, *unsure) == (255, 176, 0)


def test_the_model_stays_as_a_ghost_and_a_point_goes_back_to_it(open_editor):
    editor = open_editor()
    editor.drag((300, 200), (0, -60))
    editor.wait_for_edits(1)
    editor.press("Escape")
    editor.settle()
    assert has_ghost(editor, 300, 200)
    editor.press("o")
    editor.settle()
    assert not has_ghost(editor, 300, 200)
    editor.press("x")
    expect(hint(editor)).to_have_text("Select a point first.")
    editor.select(*editor.saved_point(0)[:2])
    editor.press("x")
    edit = editor.wait_for_edits(2)[1]
    assert edit["note"] == {"code": "edits.reset_to_model", "fields": {"name": "jaw_1"}}
    assert edit["changes"] == [[0, 300, 200, 2]]
    editor.press("x")
    expect(hint(editor)).to_have_text("Nothing is changed: the model had it so.")
    editor.press("Control+z")
    editor.wait_for_edits(3)
    assert editor.saved_point(0)[1] < 170


@pytest.mark.nightly
def test_a_region_and_all_go_back_to_the_model_in_one_edit_each(open_editor):
    editor = open_editor()
    before = [row[:3] for row in face_points()]
    editor.drag((400, 185), (30, 0), modifier="Alt")
    editor.wait_for_edits(1)
    editor.select(*editor.saved_point(0)[:2])
    editor.press("Shift+X")
    edit = editor.wait_for_edits(2)[1]
    assert edit["note"] == {"code": "edits.reset_to_model", "fields": {"name": "jaw"}}
    assert [editor.saved_point(k)[:3] for k in range(17)] == before[:17]
    assert editor.saved_point(17)[:3] != before[17]
    editor.press("Alt+x")
    edit = editor.wait_for_edits(3)[2]
    assert edit["note"] == {"code": "edits.reset", "fields": {}}
    assert [editor.saved_point(k)[:3] for k in range(68)] == before
    editor.page.locator(".chip", has_text="Björn").click()
    editor.canvas.focus()
    editor.press("Alt+x")
    expect(hint(editor)).to_have_text("No model has said where these points are.")


# ---- Copying ----


def test_the_pose_of_the_picture_before_is_copied_whole_or_by_region(open_editor):
    editor = open_editor()
    editor.click(*IN_THE_BOX)
    editor.press("c")
    expect(hint(editor)).to_have_text("No picture is before this one.")
    editor.drag((400, 185), (36, 0), modifier="Alt")
    editor.press("n")  # what is copied next may still be on its way
    editor.until(lambda: editor.view["image"] == 1, "the second picture")
    editor.select(300, 200)
    editor.press("Shift+C")
    edit = editor.wait_for_edits(2)[1]
    assert edit["note"] == {"code": "edits.copy_region", "fields": {"name": "jaw"}}
    assert [k for k, *_ in edit["changes"]] == JAW
    editor.press("c")
    edit = editor.wait_for_edits(3)[2]
    assert edit["note"] == {"code": "edits.copy", "fields": {}}
    first = [editor.saved_point(k)[:3] for k in range(68)]
    assert [editor.saved_point(k, instance="17")[:3] for k in range(68)] == first
    assert first[0][0] > 320


@pytest.mark.nightly
def test_a_pose_is_fetched_where_it_is_not_here(open_editor):
    editor = open_editor()

    def without_the_second(route):
        ids = [number for number in route.request.url.partition("ids=")[2].split(",") if number != "1"]
        route.continue_(url=f"{route.request.url.partition('ids=')[0]}ids={','.join(ids)}") if ids else route.abort(
            "internetdisconnected"
        )

    editor.page.route("**/api/frames?*", without_the_second)
    editor.page.reload()
    editor.wait_until_shown()
    editor.press("End")
    editor.until(lambda: editor.view["image"] == 2, "the last picture")
    editor.click(*IN_THE_BOX)
    editor.drag((300, 200), (0, 40))
    editor.wait_for_edits(1)
    editor.page.unroute("**/api/frames?*")
    editor.press("c")
    editor.wait_for_edits(2)
    assert editor.saved_point(0, instance="27")[:2] == [300, 200]


# ---- Locked and out of sight ----


def test_a_locked_point_is_neither_picked_nor_moved_by_anything(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("k")
    editor.press("ArrowRight")
    expect(hint(editor)).to_have_text("jaw_1 is locked.")
    editor.press("v")
    expect(hint(editor)).to_have_text("jaw_1 is locked.")
    editor.press("Escape")
    editor.drag((300, 200), (40, 0))  # pans
    editor.press("f")
    editor.drag((500, 200), (0, 30), modifier="Shift")
    edit = editor.wait_for_edits(1)[0]
    assert [k for k, *_ in edit["changes"]] == JAW[1:]
    editor.press("m")
    edit = editor.wait_for_edits(2)[1]
    assert not {0, 16} & {k for k, *_ in edit["changes"]}, "the other half of its pair stays too"
    editor.press("n")
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
    editor.click(300, 200)
    assert editor.view["point"] != 0, "it is locked there too"
    editor.page.locator(".side .legend").get_by_role("button", name="1 locked: free").click()
    editor.select(300, 200)
    assert editor.view["point"] == 0


def test_what_stays_locked_is_told_when_something_is_let_go_of(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("k", "Alt+k", "k")
    expect(hint(editor)).to_have_text("jaw_1: still locked with all of face 1.")
    editor.press("k", "Alt+k")
    expect(hint(editor)).to_have_text("face 1: free again, but for 1 point.")
    editor.press("k")
    expect(hint(editor)).to_have_text("jaw_1: free again.")


@pytest.mark.nightly
def test_the_button_of_boxes_draws_faces_then_people_and_people_at_once_with_shift(open_editor):
    editor = open_editor()
    hint, box = editor.page.locator(".hint"), editor.button("box")
    box.click()
    expect(hint).to_contain_text("Drag around a face.")
    box.click()
    expect(hint).to_contain_text("Drag around a whole person.")
    box.click()
    expect(box).to_have_attribute("aria-pressed", "false")
    box.click(modifiers=["Shift"])
    expect(hint).to_contain_text("Drag around a whole person.")


def test_a_face_with_a_locked_point_is_not_taken_away_with_its_box(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("k", "b", "Delete")
    expect(hint(editor)).to_have_text("Not taken away: it has locked points.")
    editor.drag((290, 300), (-30, 0))  # a side of its box
    editor.pause()
    assert editor.report["log"] == []


@pytest.mark.nightly
def test_undo_does_not_move_a_locked_point(open_editor):
    editor = open_editor()
    editor.select(300, 200)
    editor.press("ArrowRight")
    editor.wait_for_edits(1)
    editor.press("k", "Control+z")
    expect(hint(editor)).to_have_text("Undo needs jaw_1, which is locked.")
    editor.press("k", "Control+z")
    editor.wait_for_edits(2)
    assert editor.saved_point(0)[:2] == [300, 200]


@pytest.mark.nightly
def test_points_out_of_sight_are_not_drawn_nor_picked_and_outlive_a_reload(open_editor):
    editor = open_editor()
    assert colour_at(editor, 300, 200) == (255, 176, 0)
    editor.select(300, 200)
    editor.press("Shift+J")
    expect(hint(editor)).to_have_text("jaw: out of sight.")
    editor.press("Escape")
    editor.settle()
    assert colour_at(editor, 300, 200) != (255, 176, 0)
    expect(editor.page.locator(".side .legend")).to_contain_text("17 out of sight: show")
    editor.page.reload()
    editor.wait_until_shown()
    editor.click(300, 200)
    assert editor.view["point"] is None
    rows = editor.page.locator(".keypoint-editor .row")
    rows.nth(0).locator(".hold").first.click()
    editor.click(300, 200)
    assert editor.view["point"] == 0
    editor.press("Alt+j")
    expect(editor.page.locator(".chip").first).to_have_class("chip hidden")
    editor.press("Alt+j")
    editor.press("Alt+k", "Escape")
    editor.drag((500, 200), (0, 30), modifier="Alt")
    editor.pause()
    assert editor.sendings == []


# ---- Guided placing ----


def test_three_ways_of_placing_points_by_clicks(open_editor):
    editor = open_editor()
    guide = editor.page.locator(".keypoint-editor .guide")
    editor.select(300, 200)
    editor.press("q")
    expect(guide).to_contain_text("Placing jaw_1 (1 of 68): the next point follows each click.")
    editor.click(310, 210)
    editor.click(500, 200)  # on another point, which is not picked
    edits = editor.wait_for_edits(2)
    assert [edit["changes"][0][0] for edit in edits] == [0, 1]
    assert editor.saved_point(1)[:2] == pytest.approx([500, 200], abs=0.7)
    editor.press("q")
    expect(guide).to_contain_text("Placing jaw_3 (3 of 68): each click moves this point.")
    editor.click(330, 260)
    editor.click(335, 265)
    edits = editor.wait_for_edits(4)
    assert [edit["changes"][0][0] for edit in edits[2:]] == [2, 2]
    editor.press("q")
    expect(guide).to_contain_text("each click opens the next picture with this point")
    editor.click(340, 270)
    editor.until(lambda: editor.view["image"] == 1, "the next picture")
    assert editor.view["point"] == 2
    editor.click(345, 275)
    editor.until(lambda: editor.view["image"] == 2, "the next picture")
    editor.wait_for_edits(6)
    assert editor.saved_point(2, instance="17")[:2] == pytest.approx([345, 275], abs=0.7)
    editor.press("Escape")
    expect(guide).to_be_hidden()


@pytest.mark.nightly
def test_a_point_is_placed_without_a_pointer(open_editor):
    editor = open_editor()
    rows = editor.page.locator(".keypoint-editor .row")
    rows.nth(5).click()
    editor.canvas.focus()
    editor.press("Enter")
    editor.wait_for_edits(1)
    assert editor.saved_point(5)[2] == 2
    expect(editor.page.locator(".keypoint-editor .spoken")).to_contain_text("jaw_6, 6 of 68, visible")


# ---- Loupe ----


@pytest.mark.nightly
def test_the_loupe_shows_what_is_under_the_pointer_beside_it(open_editor):
    editor = open_editor()
    editor.press("y")
    x, y = editor.at(*IN_THE_BOX)
    editor.page.mouse.move(x, y)
    editor.settle()
    assert has_rim(editor, *IN_THE_BOX)
    editor.press("y")
    editor.settle()
    assert not has_rim(editor, *IN_THE_BOX)
    editor.page.mouse.move(*editor.at(400, 330))
    editor.page.mouse.down()
    editor.page.mouse.move(x, y, steps=4)
    editor.settle()
    assert has_rim(editor, *IN_THE_BOX), "also while a point is dragged"
    editor.page.mouse.up()
    editor.wait_for_edits(1)


# ---- Signs and names ----


def test_the_name_of_a_point_covers_no_other_point(open_editor):
    editor = open_editor()
    rows, scale = face_points(), editor.view["scale"]
    beside = {
        k: other
        for k, (x, y, *_) in enumerate(rows)
        for other, (ox, oy, *_) in enumerate(rows)
        if None not in (x, ox) and 20 < (ox - x) * scale < 60 and 12 < (y - oy) * scale < 24 and other != 6
    }
    k, other = next(iter(beside.items()))
    editor.page.locator(".keypoint-editor .row").nth(k).click()
    editor.settle()
    assert editor.view["point"] == k
    assert colour_at(editor, *rows[other][:2]) == (255, 176, 0)


def test_the_list_has_the_signs_of_the_picture_and_a_chip_says_what_its_sign_means(open_editor):
    editor = open_editor()
    sign = ".keypoint-editor .row:nth-child({}) .sign"
    look = "each => [getComputedStyle(each).backgroundColor, getComputedStyle(each).borderRadius]"
    legend = editor.page.locator(".side .legend .sign.model").evaluate(look)
    assert editor.page.locator(sign.format(1)).evaluate(look) == legend
    editor.select(300, 200)
    editor.press("ArrowRight")
    editor.status("Saved")
    assert editor.page.locator(sign.format(1)).evaluate(look) == editor.page.locator(
        ".side .legend .sign.human"
    ).evaluate(look)
    chip = editor.page.locator(".chip").first
    expect(chip).to_have_attribute("aria-label", "face 1: in progress, points by a human")
    assert "in progress" in chip.evaluate("each => getComputedStyle(each, '::after').content")


# ---- Keys ----


def test_a_person_takes_another_key_and_keeps_it(open_editor):
    editor = open_editor()
    said = editor.page.locator(".help .said")
    key = editor.page.locator('.help .key[data-key="v"]')
    editor.press("?")
    key.click()
    editor.press("m")
    expect(said).to_have_text("M is taken: swap left and right. V stays.")
    key.click()
    editor.press("Control+w")
    expect(said).to_have_text("Ctrl+W is reserved. V stays.")
    enter = editor.page.locator('.help .key[data-key="enter"]')
    for press, text in (("F9", "F9 is reserved. Enter stays."), ("y", "Y is taken: loupe. Enter stays.")):
        enter.click()
        editor.press(press)
        expect(said).to_have_text(text)
    for press in ("Shift+Y", "Enter"):  # there and back
        enter.click()
        editor.press(press)
    expect(said).to_have_text("Shift+Y is Enter now.")
    key.click()
    editor.press("Shift+V")
    expect(said).to_have_text("V is Shift+V now.")
    expect(key).to_have_text("Shift+V")
    assert json.loads(editor.page.evaluate("localStorage['facet.keys.Mina']")) == {"v": "shift+v"}
    editor.page.reload()
    editor.wait_until_shown()
    editor.select(300, 200)
    editor.press("v")
    editor.pause()
    assert editor.sendings == []
    editor.press("Shift+V")
    editor.wait_for_edits(1)
    assert editor.saved_point(0)[2] == 1
    editor.press("?")
    editor.page.get_by_role("button", name="All keys as they were").click()
    expect(key).to_have_text("V")
    editor.press("Escape", "v")
    editor.wait_for_edits(2)


@pytest.mark.nightly
def test_every_control_has_a_name_and_is_reached_by_tab_with_a_visible_ring(open_editor):
    editor = open_editor()
    controls = editor.page.locator(".keypoint-editor :is(button, input, canvas, [tabindex='0']):visible")
    nameless = controls.evaluate_all(
        "all => all.filter(each => !(each.ariaLabel || each.textContent.trim() || each.closest('label')))"
        ".map(each => each.outerHTML)"
    )
    assert nameless == []
    editor.page.locator(".keypoint-editor .bar button").first.focus()
    seen = set()
    for _ in range(60):
        editor.press("Tab")
        name, ring = editor.page.evaluate("""() => {
          let active = document.activeElement;
          while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
          if (!active?.closest(".keypoint-editor")) return ["", true];
          const { outlineStyle, outlineWidth } = getComputedStyle(active);
          return [active.ariaLabel || active.textContent, outlineStyle !== "none" && parseFloat(outlineWidth) >= 2];
        }""")
        if not name or name.startswith("Picture with points"):
            break
        assert ring, name
        seen.add(name)
    assert {"Frame to turn and scale (E)", "Place points by clicks (Q)", "Loupe (Y)", "Keys (?)"} <= seen
