"""The timeline under the editor's picture: going, playing, ranges, fades and tracks of a clip, by mouse and by key."""

import json
import urllib.error
import urllib.request
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlmodel import select

from core.foundation.arrays import HIDDEN, Keypoints
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.motion.tracklets import link_clip, tracks_of_clip
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.queries.store import store_id
from db.tables import Exclusion, Frame, Review, Source
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.followed_clips import faces_in, followed_clip, points_in, put_face, truth
from tests.e2e.audit import faults
from tests.e2e.conftest import Workbench
from tests.e2e.hands import SAVED, comes_to, drag, fingers, on_screen, view, wait_for

pytestmark = pytest.mark.e2e

FRAMES, CUT = 24, 16
FADED = (240, 138, 208)  # the colour of what a fade would move


@pytest.fixture(scope="module")
def workbench(shared_workbench):
    return shared_workbench


@pytest.fixture(scope="module")
def clip(workbench):
    """A clip of 24 frames with a cut before 16: in each the points of a model, off by some pixels, and another face
    beside them."""
    workspace = Workspace.open(Settings(home=workbench.home))
    with writing(workspace.engine) as session:
        author = ensure_user("stage", session=session)
        dataset = ensure_dataset("Followed", author, session=session)
    folder = workbench.home.parent / "followed"
    folder.mkdir()
    video = followed_clip(workspace, dataset, author, folder, frames=FRAMES, cut=CUT)
    rng = np.random.default_rng(3)
    for frame, points in enumerate(truth(FRAMES)):
        put_face(workspace, video, frame, points + rng.normal(0, 0.5, points.shape))
        put_face(workspace, video, frame, (points - points.min(axis=0)) * 0.4 + np.array([4, 4]))
    link_clip(workspace, video)
    with reading(workspace.engine) as session:
        rows = session.exec(select(Frame.index, Frame.image_id).where(Frame.video_id == video)).all()
    return SimpleNamespace(workspace=workspace, video=video, pictures=dict(rows), bench=workbench)


def open_at(page, clip, frame):
    page.goto(f"{clip.bench.address}/keypoints?name=Mina&dataset=Followed&picture={clip.pictures[frame]}")
    expect(page.locator("canvas[data-view]")).to_be_visible(timeout=60_000)
    wait_for(lambda: frame_of(page, clip) == frame)
    expect(page.get_by_role("slider", name="Timeline")).to_have_attribute(
        "data-course", r := str(track_at(clip, frame))
    )
    return r


def track_at(clip, frame):
    """The first of the tracks that have a frame."""
    return next(each.id for each in tracks_of_clip(clip.workspace, clip.video) if each.first <= frame <= each.last)


def frame_of(page, clip):
    shown = (view(page) or {}).get("image")
    return next((frame for frame, image in clip.pictures.items() if image == shown), None)


def is_at(page, clip, frame):
    comes_to(lambda: frame_of(page, clip), frame)


def slider(page):
    return page.get_by_role("slider", name="Timeline")


def panel(page, name):
    """A button of what can be done to frames, which is unfolded."""
    if not page.get_by_role("group", name="Frames of the clip").is_visible():
        page.get_by_role("button", name="What can be done to frames").click()
    return page.get_by_role("group", name="Frames of the clip").get_by_role("button", name=name, exact=True)


def told(page, sentence):
    expect(page.locator(".clip-panel .told")).to_contain_text(sentence)


def on_strip(page, frame):
    box = slider(page).bounding_box()
    return box["x"] + (frame + 0.5) / FRAMES * box["width"], box["y"] + box["height"] / 2


def mark(page, clip, first, last):
    page.mouse.move(*on_strip(page, first))
    page.keyboard.down("Shift")
    drag(page, on_strip(page, first), on_strip(page, last))
    page.keyboard.up("Shift")
    expect(page.locator(".hint")).to_have_text(f"Range: frames {first + 1} to {last + 1}.")
    page.locator("canvas[data-view]").focus()


def undo(page):
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("Control+z")


def heads(clip, face=0):
    """The revision that counts of one face of each frame."""
    return {frame: rows[face][1] for frame, rows in faces_in(clip.workspace, clip.video).items() if len(rows) > face}


def test_the_door_takes_json_only_and_says_what_it_does_not_know(clip):
    for kind, content, sentence in (
        ("text/plain", b"{}", "JSON"),
        ("application/json", b"nonsense", "JSON"),
        ("application/json", b'{"do": "dance"}', "what is to be done to a clip should be one of"),
    ):
        asked = urllib.request.Request(f"{clip.bench.address}/api/clip/edits", content, {"Content-Type": kind})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)
        assert refused.value.code == 422
        assert sentence in json.load(refused.value)["error"]


def test_the_strip_is_scrubbed_by_mouse_and_by_keys(page, clip):
    open_at(page, clip, 3)
    assert page.locator(".strip").bounding_box()["height"] <= 56
    page.mouse.click(*on_strip(page, 12))
    is_at(page, clip, 12)
    drag(page, on_strip(page, 12), on_strip(page, 20))
    is_at(page, clip, 20)
    for key, frame in (("ArrowLeft", 19), ("PageUp", 9), ("Home", 0), ("ArrowRight", 1), ("End", 23)):
        slider(page).press(key)
        is_at(page, clip, frame)
    expect(slider(page)).to_have_attribute("aria-valuenow", "24")
    expect(slider(page)).to_have_attribute("aria-valuetext", "24 of 24, to review, 0.92 seconds")


def test_a_finger_scrubs_the_strip_and_taps_what_is_under_it(browser, clip):
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = context.new_page()
    open_at(page, clip, 3)
    put = fingers(page)
    put("touchStart", on_strip(page, 4))
    for frame in (9, 15, 20):
        put("touchMove", on_strip(page, frame))
        is_at(page, clip, frame)
    put("touchEnd")
    is_at(page, clip, 20)
    page.touchscreen.tap(*on_strip(page, 7))
    is_at(page, clip, 7)
    page.locator('[data-command="frames"]').tap()
    page.get_by_role("button", name="From here", exact=True).tap()
    expect(page.locator(".hint")).to_have_text("Range: frame 8.")
    context.close()


def test_a_clip_plays_by_its_own_times_and_a_range_again_and_again(page, clip):
    open_at(page, clip, 0)
    seen = page.locator("canvas[data-view]").evaluate_handle(
        """canvas => {
            const seen = [];
            new MutationObserver(() => {
                const image = JSON.parse(canvas.dataset.view).image;
                if (seen.at(-1)?.[0] !== image) seen.push([image, performance.now()]);
            }).observe(canvas, {attributes: true});
            return seen;
        }"""
    )
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("Shift+Space")
    is_at(page, clip, 23)
    numbers = {image: frame for frame, image in clip.pictures.items()}
    shown = [(numbers[image], at) for image, at in seen.json_value() if image in numbers]
    assert [frame for frame, _ in shown] == sorted(frame for frame, _ in shown)
    assert shown[-1][1] - shown[0][1] > 1000 * (shown[-1][0] - shown[0][0] - 1) / 25 - 50
    expect(page.get_by_role("button", name="Play (Shift+Space)")).to_have_attribute("aria-pressed", "false")

    mark(page, clip, 4, 7)
    page.keyboard.press("Shift+O")
    page.keyboard.press("Alt+s")
    expect(page.locator(".hint")).to_have_text("Speed × 0.5.")
    panel(page, "Loop")
    page.get_by_label("Of whom").select_option("all")
    page.reload()
    is_at(page, clip, 23)
    expect(panel(page, "Loop")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Speed", exact=True)).to_have_value("0.5")
    expect(page.locator(".clip-panel .range").first).to_have_text("Range: frames 5 to 8")
    expect(page.get_by_label("Of whom")).to_have_value("one")
    panel(page, "Swap left and right").click()  # whose track comes after the range
    told(page, "Nothing to swap: there are no points.")
    page.get_by_role("button", name="Play (Shift+Space)").click()
    wait_for(lambda: frame_of(page, clip) == 6)
    wait_for(lambda: frame_of(page, clip) == 4)
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("n")
    expect(page.get_by_role("button", name="Play (Shift+Space)")).to_have_attribute("aria-pressed", "false")


def test_points_are_followed_by_flow_to_the_cut_and_taken_back_as_one(page, clip):
    open_at(page, clip, 11)
    before = points_in(clip.workspace, clip.video)
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("Shift+F")
    wait_for(
        lambda: (
            heads(clip)[15].id != max(head.id for head in heads(clip, 1).values()) and moved(clip, before) >= {12, 15}
        )
    )
    assert moved(clip, before) == {12, 13, 14, 15}
    panel(page, "Clear")
    expect(page.locator(".clip-panel .way")).to_have_text("to frame 1 or 24, 60 at most")
    told(page, f"Proposed in 4 frames; stopped at frame {CUT + 1}: the clip cuts to another scene there.")
    undo(page)
    wait_for(lambda: moved(clip, before) == set())
    told(page, "Undone: points followed in 4 frames.")
    page.keyboard.press("Control+Shift+z")
    told(page, "Done again: points followed in 4 frames.")
    wait_for(lambda: moved(clip, before) == {12, 13, 14, 15})
    undo(page)
    wait_for(lambda: moved(clip, before) == set())


@pytest.mark.nightly
def test_what_is_locked_is_not_moved_by_following_either(page, clip):
    open_at(page, clip, 11)
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("k")
    page.keyboard.press("Shift+F")
    expect(page.locator(".hint")).to_have_text("Not done: it would move what is locked.")


def moved(clip, before):
    return {frame for frame, points in points_in(clip.workspace, clip.video).items() if (points != before[frame]).any()}


def with_preview(page):
    """The pixels of the page, once they show what would move in the frames around."""
    pixels = np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB"), int)
    return [pixels] if is_faded(pixels) else []


def is_faded(pixels):
    return np.abs(pixels - FADED).sum(axis=2).min() < 60


def test_a_correction_fades_over_the_frames_around_and_is_one_undo(page, clip):
    open_at(page, clip, 8)
    before = points_in(clip.workspace, clip.video)
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("r")
    page.keyboard.down("r")
    for _ in range(5):
        page.mouse.move(*on_screen(page, 20, 150))
        page.mouse.wheel(0, 100)
    page.keyboard.up("r")
    expect(page.locator(".hint")).to_have_text("Corrections fade over 3 frames on each side.")
    start = on_screen(page, *before[8][8])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 30, start[1] + 20, steps=4)
    [held] = wait_for(lambda: with_preview(page))
    page.mouse.up()
    wait_for(lambda: moved(clip, before) == {6, 7, 8, 9, 10})
    for frame in (7, 9):  # what was shown before is what has come of it
        x, y = on_screen(page, *points_in(clip.workspace, clip.video)[frame][8])
        assert is_faded(held[round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7])
    shift = {
        frame: np.linalg.norm(points_in(clip.workspace, clip.video)[frame] - before[frame]) for frame in range(6, 11)
    }
    assert shift[8] > shift[7] > shift[6] > 0
    assert heads(clip)[8].source == Source.HUMAN
    assert heads(clip)[7].source == Source.MODEL
    page.keyboard.press("n")
    is_at(page, clip, 9)
    undo(page)
    wait_for(lambda: moved(clip, before) == set())
    is_at(page, clip, 8)
    assert heads(clip)[8].review == Review.OPEN


@pytest.mark.nightly
def test_a_picture_is_accepted_with_the_correction_that_is_on_its_way(page, clip):
    open_at(page, clip, 8)
    before = points_in(clip.workspace, clip.video)
    page.route("**/api/clip/edits", lambda route: route.abort())
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("r")
    start = on_screen(page, *before[8][8])
    drag(page, start, (start[0] + 30, start[1] + 20))
    page.keyboard.press("a")
    page.wait_for_timeout(1000)  # the verdict could have been sent by now
    assert heads(clip)[8].review == Review.OPEN
    page.unroute("**/api/clip/edits")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    wait_for(lambda: heads(clip)[8].review == Review.ACCEPTED)
    assert 8 in moved(clip, before)
    undo(page)
    wait_for(lambda: heads(clip)[8].review == Review.IN_PROGRESS)
    undo(page)
    wait_for(lambda: moved(clip, before) == set())


def test_a_range_is_accepted_swapped_reset_and_left_out(page, clip):
    open_at(page, clip, 2)
    before = points_in(clip.workspace, clip.video)
    mark(page, clip, 3, 6)
    panel(page, "Accept")
    way = page.locator(".clip-panel .way")
    expect(way).to_have_text("to frame 1 or 24, 60 at most: this frame is outside of the range")
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(way).to_have_text("to frame 4 or 7, the ends of the range")
    page.keyboard.press("p")
    page.keyboard.press("p")
    is_at(page, clip, 2)
    place = panel(page, "Accept").bounding_box()
    panel(page, "Accept").click()
    told(page, "Accepted in 4 frames.")
    assert panel(page, "Accept").bounding_box() == place  # a second click hits nothing else
    assert {frame for frame, head in heads(clip).items() if head.review == Review.ACCEPTED} == {3, 4, 5, 6}
    undo(page)
    told(page, "Undone: accepted in 4 frames.")
    page.keyboard.press("Control+Shift+z")
    told(page, "Done again: accepted in 4 frames.")
    undo(page)
    told(page, "Undone: accepted in 4 frames.")
    panel(page, "Swap left and right").click()
    told(page, "Swapped left and right in 4 frames.")
    assert moved(clip, before) == {3, 4, 5, 6}
    panel(page, "As predicted").click()
    told(page, "As predicted in 4 frames.")
    assert moved(clip, before) == set()
    panel(page, "Leave out").click()
    expect(page.locator(".hint")).to_have_text("Say why these frames are left out.")
    page.get_by_label("Why these frames are left out").fill("blurred")
    panel(page, "Leave out").click()
    told(page, "Left out 4 frames.")
    undo(page)
    told(page, "Undone: left out.")
    with reading(clip.workspace.engine) as session:
        assert not session.exec(select(Exclusion).where(Exclusion.reason == "blurred")).all()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Frames of the clip")).to_be_hidden()


def test_the_clip_panel_takes_room_beside_the_picture_and_keys_go_in_and_back(page, clip):
    open_at(page, clip, 2)
    opener, frames = page.locator('[data-command="frames"]'), page.get_by_role("group", name="Frames of the clip")
    first, canvas = frames.get_by_role("button", name="From here", exact=True), page.locator("canvas[data-view]")
    opener.focus()
    page.keyboard.press("Enter")
    expect(first).to_be_focused()
    assert faults(page) == []
    wait_for(lambda: bottom_of(canvas) <= frames.bounding_box()["y"] + 1)
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.click()
    expect(canvas).to_be_focused()
    opener.focus()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    canvas.focus()
    page.keyboard.press("Escape")
    expect(canvas).to_be_focused()
    page.keyboard.press("Shift+T")
    expect(first).to_be_focused()
    page.keyboard.press("Escape")
    expect(canvas).to_be_focused()


def bottom_of(element):
    box = element.bounding_box()
    return box["y"] + box["height"]


@pytest.mark.nightly
def test_what_follows_on_a_correction_that_is_not_answered_does_not_overtake_it(page, clip):
    open_at(page, clip, 8)
    before = points_in(clip.workspace, clip.video)
    held = []
    page.route("**/api/clip/edits", lambda route: held.append(route))
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("r")
    start = on_screen(page, *before[8][8])
    drag(page, start, (start[0] + 30, start[1] + 20))
    wait_for(lambda: page.wait_for_timeout(50) or held)
    page.keyboard.press("v")
    page.wait_for_timeout(600)
    assert moved(clip, before) == set()
    page.unroute("**/api/clip/edits")  # which lets go of what is held
    wait_for(lambda: Keypoints.from_bytes(heads(clip)[8].points).visibility[8] == HIDDEN)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert {7, 8, 9} <= moved(clip, before)
    undo(page)
    undo(page)
    wait_for(lambda: moved(clip, before) == set())


@pytest.mark.nightly
def test_frames_between_two_that_a_hand_has_set_are_interpolated(page, clip):
    open_at(page, clip, 3)
    before = points_in(clip.workspace, clip.video)
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("(")
    page.keyboard.press("Shift+N")
    is_at(page, clip, 13)
    page.keyboard.press(")")
    panel(page, "Interpolate").click()
    told(page, "Proposed in 9 frames.")
    assert moved(clip, before) == set(range(4, 13))
    undo(page)
    wait_for(lambda: moved(clip, before) == set())


@pytest.mark.nightly
def test_tracks_keep_their_names_and_are_cut_swapped_and_joined(page, clip):
    track = int(open_at(page, clip, 5))
    chip = page.get_by_role("group", name="Faces and bodies").get_by_role("button").first
    expect(chip).to_have_text("face 1")
    panel(page, "Cut here").click()
    told(page, "Cut: from here on it is another track.")
    comes_to(lambda: len(tracks_of_clip(clip.workspace, clip.video)), 5)
    expect(chip).not_to_have_text("face 1")
    page.get_by_label("The other track").select_option(str(track))
    panel(page, "Join").click()
    told(page, "Joined: one track now.")
    comes_to(lambda: len(tracks_of_clip(clip.workspace, clip.video)), 4)
    undo(page)
    comes_to(lambda: len(tracks_of_clip(clip.workspace, clip.video)), 5)
    undo(page)
    comes_to(lambda: len(tracks_of_clip(clip.workspace, clip.video)), 4)
    told(page, "Undone: track cut.")
    expect(chip).to_have_text("face 1")
    page.get_by_label("Name of the track").fill("Ada")
    panel(page, "Name").click()
    told(page, "Named, in all of its frames. This is undone on the People page.")
    expect(chip).to_have_text("Ada")


def test_a_box_that_is_drawn_in_a_clip_has_the_name_of_its_track_without_a_reload(page, clip):
    open_at(page, clip, 20)
    chips = page.get_by_role("group", name="Faces and bodies").get_by_role("button")
    before = chips.count()
    page.keyboard.press("b")
    drag(page, on_screen(page, 4, 100), on_screen(page, 40, 136))
    expect(chips).to_have_count(before + 1)
    made = wait_for(lambda: [each for each in tracks_of_clip(clip.workspace, clip.video) if each.first == each.last])
    expect(chips.last).to_have_text(made[0].title)
    assert made[0].title != f"face {before + 1}", "its number in the picture is no name"
    page.keyboard.press("Escape")
    undo(page)
    expect(chips).to_have_count(before)


@pytest.mark.nightly
def test_what_was_not_answered_is_sent_again_by_the_next_tab(page, clip):
    open_at(page, clip, 2)
    before = points_in(clip.workspace, clip.video)
    page.route("**/api/clip/edits", lambda route: route.abort())
    mark(page, clip, 8, 9)
    panel(page, "Swap left and right").click()
    told(page, "Not done yet: the server cannot be reached; trying again…")
    assert moved(clip, before) == set()
    page.unroute("**/api/clip/edits")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    wait_for(lambda: moved(clip, before) == {8, 9})
    expect(page.locator("canvas[data-view]")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    undo(page)
    wait_for(lambda: moved(clip, before) == set())


# What is done to a clip and what is edited wait in one queue. These keep to the frames behind the cut.


def let_fade(page, before, frame, k=8):
    """Move a point of the frame on screen by hand, the frames around following."""
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("r")
    start = on_screen(page, *before[frame][k])
    drag(page, start, (start[0] + 30, start[1] + 20))


def hide_next(page):
    """Hide the point after the selected one, which no correction here moves."""
    page.keyboard.press("Tab")
    page.keyboard.press("v")


def to_people(page, clip):
    """Load another page; gives what was asked before."""
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{clip.bench.address}/people?name=Mina&dataset=Followed")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    return asked


def hidden(clip, frame, k=9):
    return bool(Keypoints.from_bytes(heads(clip)[frame].points).visibility[k] == HIDDEN)


def bo_moves(clip, frame):
    """Somebody else moves the point that is let fade, to where it is not yet; gives where, on both axes."""
    ((face, head), *_) = faces_in(clip.workspace, clip.video)[frame]
    with writing(clip.workspace.engine) as session:
        bo = ensure_user("Bo", session=session)
    place = 12.0 if Keypoints.from_bytes(head.points).points[8, 0] == 9.0 else 9.0
    save_edit(clip.workspace, Edit(f"bo.{head.id}", face.id, head.id, ((8, place, place, 2),)), author_id=bo)
    return place


def notice(page):
    return page.locator(".tab-notice")


@pytest.mark.nightly
def test_an_edit_does_not_overtake_the_undo_that_was_made_before_it(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    let_fade(page, before, 19)
    wait_for(lambda: {18, 19, 20} <= moved(clip, before))
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.route("**/api/clip/edits", lambda route: route.abort())
    undo(page)
    page.keyboard.press("n")
    is_at(page, clip, 20)
    hide_next(page)
    page.wait_for_timeout(600)  # the edit could have been sent by now
    assert not hidden(clip, 20)
    expect(page.locator(".keypoint-editor .status")).to_contain_text("2 edits wait to be saved")
    page.unroute("**/api/clip/edits")
    wait_for(lambda: hidden(clip, 20))
    assert moved(clip, before) == set()
    undo(page)
    wait_for(lambda: not hidden(clip, 20))


@pytest.mark.parametrize("status", [413, pytest.param(500, marks=pytest.mark.nightly)])
def test_what_the_server_cannot_do_to_a_clip_holds_up_nothing_for_good(page, clip, status):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    page.route("**/api/clip/edits", lambda route: route.fulfill(status=status, body="no"))
    mark(page, clip, 20, 21)
    panel(page, "Swap left and right").click()
    page.locator("canvas[data-view]").focus()
    hide_next(page)
    if status == 500:
        expect(notice(page)).to_contain_text("2 edits wait to be saved: the server answered 500; trying again.")
        notice(page).get_by_role("button", name="Give it up").click()
    told(page, "Not done: it was given up." if status == 500 else "Not done: the server answered 413.")
    wait_for(lambda: page.wait_for_timeout(50) or hidden(clip, 19, k=0))
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert moved(clip, before) == set()
    page.unroute("**/api/clip/edits")
    undo(page)
    wait_for(lambda: not hidden(clip, 19, k=0))


def test_a_range_is_not_accepted_while_points_of_it_are_on_the_way(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    mark(page, clip, 19, 21)
    page.route("**/api/clip/edits", lambda route: route.abort())
    panel(page, "Swap left and right").click()
    panel(page, "Accept").click()
    expect(page.locator(".hint")).to_have_text("Not accepted yet: what was done before is still being saved.")
    page.unroute("**/api/clip/edits")
    told(page, "Swapped left and right in 3 frames.")
    panel(page, "Accept").click()
    told(page, "Accepted in 3 frames.")
    undo(page)
    undo(page)
    wait_for(lambda: moved(clip, before) == set())
    assert heads(clip)[20].review == Review.OPEN


@pytest.mark.nightly
def test_on_another_page_too_an_edit_waits_for_the_correction_before_it(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    page.route("**/api/clip/edits", lambda route: route.abort())
    let_fade(page, before, 19)
    page.keyboard.press("n")
    is_at(page, clip, 20)
    hide_next(page)
    assert to_people(page, clip) == ["beforeunload"]
    wanted = "2 edits wait to be saved: the server cannot be reached; trying again."
    expect(notice(page)).to_contain_text(wanted)
    page.wait_for_timeout(500)  # the edit could have been sent by now
    assert not hidden(clip, 20)
    page.unroute("**/api/clip/edits")
    wait_for(lambda: hidden(clip, 20))
    assert {19, 20} <= moved(clip, before)
    open_at(page, clip, 20)
    undo(page)
    undo(page)
    wait_for(lambda: not hidden(clip, 20) and moved(clip, before) == set())


@pytest.mark.nightly
def test_an_edit_does_not_wait_for_a_proposal_which_may_take_minutes(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    held = []
    page.route("**/api/clip/edits", lambda route: held.append(route))
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("Shift+F")
    wait_for(lambda: page.wait_for_timeout(50) or held)
    hide_next(page)
    wait_for(lambda: page.wait_for_timeout(50) or hidden(clip, 19, k=0))
    assert moved(clip, before) == set()
    mark(page, clip, 17, 18)  # before what is followed
    panel(page, "Swap left and right").click()
    wait_for(lambda: page.wait_for_timeout(50) or len(held) == 2)
    held[1].continue_()
    wait_for(lambda: page.wait_for_timeout(50) or moved(clip, before) == {17, 18})
    undo(page)
    wait_for(lambda: page.wait_for_timeout(50) or len(held) == 3)
    held[2].continue_()
    wait_for(lambda: page.wait_for_timeout(50) or moved(clip, before) == set())
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.locator(".clip-panel .told")).to_have_text("Working…")
    mark(page, clip, 20, 21)  # of what is followed
    panel(page, "Swap left and right").click()
    expect(page.locator(".keypoint-editor .status")).to_have_text("Saving…")
    undo(page)
    page.wait_for_timeout(300)  # both could have been sent by now
    assert len(held) == 3
    held[0].continue_()
    wait_for(lambda: page.wait_for_timeout(50) or len(held) == 4)
    held[3].continue_()
    wait_for(lambda: page.wait_for_timeout(50) or len(held) == 5)
    held[4].continue_()
    wait_for(lambda: page.wait_for_timeout(50) or moved(clip, before))
    page.unroute("**/api/clip/edits")
    undo(page)
    undo(page)
    wait_for(lambda: not hidden(clip, 19, k=0) and moved(clip, before) == set())


@pytest.mark.nightly
def test_an_undo_that_waits_over_a_reload_finds_what_it_takes_back(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    asked = []
    page.route("**/api/clip/edits", lambda route: route.abort() if asked else asked.append(route))
    let_fade(page, before, 19)
    wait_for(lambda: page.wait_for_timeout(50) or asked)
    undo(page)
    page.wait_for_timeout(300)
    asked[0].continue_()
    wait_for(lambda: page.wait_for_timeout(50) or 19 in moved(clip, before))
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/api/clip/edits")
    wait_for(lambda: moved(clip, before) == set())
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


@pytest.mark.nightly
def test_what_is_done_to_a_clip_is_kept_for_its_store_while_another_one_answers(page, clip, tmp_path):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    mark(page, clip, 20, 21)
    swap = panel(page, "Swap left and right")
    clip.bench.process.kill()
    clip.bench.process.wait()
    swap.click()
    told(page, "Not done yet: the server cannot be reached; trying again…")
    other = Workbench(tmp_path / "home", FACET_PORT=str(clip.bench.port))
    other.port, other.address = clip.bench.port, clip.bench.address
    other.start()
    try:
        expect(notice(page)).to_contain_text("1 edit waits for the store that they were made in")
    finally:
        other.stop()
    clip.bench.start()
    wait_for(lambda: moved(clip, before) == {20, 21})
    open_at(page, clip, 19)
    undo(page)
    wait_for(lambda: moved(clip, before) == set())


@pytest.mark.nightly
def test_the_correction_of_a_ripple_that_is_refused_goes_on_as_an_edit_on_another_page_too(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    page.route("**/api/clip/edits", lambda route: route.abort())
    let_fade(page, before, 19)
    expect(page.locator(".keypoint-editor .status")).to_contain_text("1 edit waits to be saved")
    place = bo_moves(clip, 19)
    to_people(page, clip)
    page.unroute("**/api/clip/edits")
    expect(notice(page)).to_contain_text("1 edit is not saved: Bo moved jaw_9 meanwhile")
    expect(notice(page)).not_to_contain_text("for its frame alone")
    notice(page).get_by_role("button", name="Keep mine").click()
    expect(notice(page)).to_contain_text("A correction goes on for its frame alone: Bo moved jaw_9 meanwhile")
    notice(page).get_by_role("button", name="Close").click()
    expect(notice(page)).to_have_text("")
    wait_for(lambda: (points_in(clip.workspace, clip.video)[19][8] != place).all())
    assert moved(clip, before) == {19}


@pytest.mark.nightly
def test_a_correction_that_fades_takes_the_place_of_a_refused_edit_of_the_point(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    page.route("**/api/edits", lambda route: route.abort())
    start = on_screen(page, *before[19][8])
    drag(page, start, (start[0] - 30, start[1]))
    expect(page.locator(".keypoint-editor .status")).to_contain_text("1 edit waits to be saved")
    bo_moves(clip, 19)
    page.unroute("**/api/edits")
    asked = page.get_by_role("group", name="Not saved: what shall hold")
    expect(asked).to_contain_text("Bo moved jaw_9 meanwhile")
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("r")
    drag(page, (start[0] - 30, start[1]), (start[0] + 30, start[1] + 20))
    expect(asked).to_be_hidden()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert 18 in moved(clip, before)
    undo(page)
    wait_for(lambda: 18 not in moved(clip, before))


def refuse_ripple(page):
    """Answer every ripple that it cannot be done, until the route is let go: before any route that is there."""
    page.route("**/api/clip/edits", lambda route: route.fulfill(status=422, json={"error": "not now"}))


@pytest.mark.nightly
def test_the_correction_of_a_ripple_that_is_refused_is_undone_as_an_edit_and_is_looked_at_where_it_is_refused_too(
    page, clip
):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    refuse_ripple(page)
    let_fade(page, before, 19)
    wait_for(lambda: page.wait_for_timeout(50) or moved(clip, before) == {19})
    undo(page)
    wait_for(lambda: page.wait_for_timeout(50) or moved(clip, before) == set())
    page.keyboard.press("r")
    page.route("**/api/edits", lambda route: route.abort())
    let_fade(page, before, 19)
    expect(page.locator(".keypoint-editor .status")).to_contain_text("1 edit waits to be saved")
    bo_moves(clip, 19)
    page.unroute("**/api/edits")
    expect(notice(page)).to_contain_text("Bo moved jaw_9 meanwhile")
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("n")
    is_at(page, clip, 20)
    page.get_by_role("button", name="Look at it").click()
    is_at(page, clip, 19)
    undo(page)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert moved(clip, before) == {19}


def test_a_ripple_that_is_taken_back_before_it_is_refused_leaves_nothing(page, clip):
    open_at(page, clip, 19)
    before = points_in(clip.workspace, clip.video)
    page.route("**/api/clip/edits", lambda route: route.abort())
    let_fade(page, before, 19)
    undo(page)
    expect(page.locator(".keypoint-editor .status")).to_contain_text("2 edits wait to be saved")
    refuse_ripple(page)
    expect(page.locator(".hint")).to_have_text("Not done: not now.")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.wait_for_timeout(500)  # the correction could have been sent by now
    assert moved(clip, before) == set()


@pytest.mark.nightly
def test_what_an_earlier_version_kept_of_a_clip_is_done_once(page, clip):
    to_people(page, clip)
    before = points_in(clip.workspace, clip.video)
    with reading(clip.workspace.engine) as session:
        store = store_id(session=session)
    kept = {"id": "w.kept", "store": store, "author": "Mina", "do": "swap_sides", "at": 1}
    kept |= {"video": clip.video, "first": 21, "last": 22, "track": track_at(clip, 21)}
    page.evaluate("kept => localStorage.setItem('facet.deed.w.kept', JSON.stringify(kept))", kept)
    page.reload()
    wait_for(lambda: moved(clip, before) == {21, 22})
    expect(notice(page)).to_have_text(SAVED)
    assert page.evaluate("Object.keys(localStorage).filter(place => place.startsWith('facet.deed.'))") == []
