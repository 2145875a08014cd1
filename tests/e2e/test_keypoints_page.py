"""The keypoints page on drawn pictures: what a hand does arrives in the store."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from core.foundation.arrays import Keypoints
from core.foundation.messages import worded
from db.engine import reading
from db.tables import DailyWork, Image, ImageState, Instance, KeypointRevision, Source
from db.writes.library import refresh_picture
from db.writing import writing
from tests.builders.staged_pictures import stage
from tests.e2e.hands import accept, comes_to, drag, on_screen, settle, view, wait_for

pytestmark = pytest.mark.e2e

# Whether a canvas shows more than one colour: its picture is there.
PAINTED = """all => all.some((one) => {
    const { data } = one.getContext('2d').getImageData(0, 0, one.width, one.height);
    return data.some((value, i) => value !== data[i % 4]);
})"""


@pytest.fixture(scope="module")
def store(workbench):
    return stage(workbench.home)


def open_page(page, workbench, image="ada.jpg"):
    page.goto(f"{workbench.address}/keypoints?name=Mina")
    canvas = page.locator("canvas[data-view]").first
    expect(canvas).to_be_visible(timeout=60_000)
    wait_for(lambda: view(page) is not None and view(page).get("image"))
    return canvas


def head(store, path, kind="face"):
    with reading(store.engine) as session:
        instance = session.exec(
            select(Instance)
            .join(Image, col(Image.id) == col(Instance.image_id))
            .where(Image.path == path, Instance.kind == kind)
        ).one()
        return session.get(KeypointRevision, instance.revision_id)


def test_dragged_landmark_is_a_new_human_revision_and_undo_is_another(page, workbench, store):
    open_page(page, workbench)
    before = head(store, "ada.jpg")
    chin = Keypoints.from_bytes(before.points).points[8]
    start = on_screen(page, *chin)
    scale = view(page)["scale"]
    drag(page, start, (start[0] + 12 * scale, start[1] + 20 * scale))
    wait_for(lambda: head(store, "ada.jpg").id != before.id)
    after = head(store, "ada.jpg")
    points = Keypoints.from_bytes(after.points)
    assert (after.source, after.base_id) == (Source.HUMAN, before.id)
    np.testing.assert_allclose(points.points[8] - chin, [12, 20], atol=0.6)
    assert (np.delete(points.points, 8, 0) == np.delete(Keypoints.from_bytes(before.points).points, 8, 0)).all()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    page.keyboard.press("Control+z")
    wait_for(lambda: head(store, "ada.jpg").id != after.id)
    np.testing.assert_allclose(Keypoints.from_bytes(head(store, "ada.jpg").points).points[8], chin, atol=0.01)
    with reading(store.engine) as session:
        kept = session.exec(select(KeypointRevision).where(KeypointRevision.instance_id == before.instance_id)).all()
        work = session.exec(select(DailyWork).where(DailyWork.kind == "landmark_edits")).one()
        image = session.exec(select(Image).where(Image.path == "ada.jpg")).one()
    assert len(kept) == 3, "nothing is overwritten"
    assert (work.count, image.state) == (1, ImageState.FOUND), "undone, it is as if nobody had been here"
    assert head(store, "ada.jpg").source == Source.MODEL


@pytest.mark.nightly
def test_a_page_that_answers_late_is_not_called_back_by_what_was_just_saved(page, workbench, store):
    late, held = [], []

    def delay(socket):
        server = socket.connect_to_server()
        server.on_message(lambda message: held.append((socket, message)) if late else socket.send(message))

    page.route_web_socket("**/_stcore/stream", delay)
    open_page(page, workbench)
    page.mouse.move(2, 2)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    late.append(True)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="People").click()
    page.wait_for_timeout(1500)  # longer than the page waits before it tells what was saved
    late.clear()
    for socket, message in held:
        socket.send(message)
    settle(page)
    expect(page).to_have_url(re.compile("/people"))
    expect(page.get_by_role("heading", name="People").first).to_be_visible(timeout=60_000)
    page.go_back()
    expect(page.locator("canvas[data-view]").first).to_be_visible(timeout=60_000)
    page.keyboard.press("Control+z")
    comes_to(lambda: head(store, "ada.jpg").source, Source.MODEL)


def test_next_picture_opens_and_a_reload_shows_what_was_saved(page, workbench, store):
    open_page(page, workbench)
    first = view(page)["image"]
    page.keyboard.press("n")
    wait_for(lambda: view(page) and view(page)["image"] != first)
    before = head(store, "bruno.jpg")
    tip = Keypoints.from_bytes(before.points).points[30]
    start = on_screen(page, *tip)
    drag(page, start, (start[0] + 15, start[1]))
    wait_for(lambda: head(store, "bruno.jpg").id != before.id)
    moved = Keypoints.from_bytes(head(store, "bruno.jpg").points).points[30]
    open_page(page, workbench)
    page.keyboard.press("n")
    wait_for(lambda: view(page) and view(page)["image"] != first)
    page.mouse.move(*on_screen(page, *moved))
    expect(page.get_by_text("nose_4").first).to_be_visible()


def test_accepting_a_picture_vouches_for_every_point_and_goes_on(page, workbench, store):
    page.goto(f"{workbench.address}/keypoints?name=Mina")
    page.get_by_label("Part of the path").fill("walk")
    page.get_by_label("Part of the path").press("Enter")
    expect(page.locator("canvas[data-view]")).to_be_visible(timeout=60_000)
    walk = picture(store, "walk.jpg")
    wait_for(lambda: view(page) and view(page)["image"] == walk.id)  # not the one that was open before the filter
    accept(page)
    wait_for(lambda: head(store, "walk.jpg", "person").source == Source.HUMAN)
    revision = head(store, "walk.jpg", "person")
    assert worded(revision.note) == "Accepted as it is"


def nobody_has_looked(store):
    """Every instance has its first points again, and every picture is to be reviewed."""
    with writing(store.engine) as session:
        for instance in session.exec(select(Instance)):
            first = select(KeypointRevision).where(KeypointRevision.instance_id == instance.id)
            instance.revision_id = session.exec(first.order_by(KeypointRevision.id)).first().id
        for image in session.exec(select(Image)):
            refresh_picture(image.id, session=session)


def picture(store, path):
    with reading(store.engine) as session:
        return session.exec(select(Image).where(Image.path == path)).one()


def heads(store, path):
    """How far each instance of a picture is reviewed."""
    with reading(store.engine) as session:
        reviews = select(KeypointRevision.review).join(Instance, Instance.revision_id == KeypointRevision.id)
        return session.exec(reviews.join(Image, Image.id == Instance.image_id).where(Image.path == path)).all()


def test_one_point_of_several_people_is_no_review_until_all_are_accepted_and_u_finds_the_rest(page, workbench, store):
    nobody_has_looked(store)
    last = picture(store, "walk.jpg")
    page.goto(f"{workbench.address}/keypoints?name=Mina&picture={last.id}")
    expect(page.locator("canvas[data-view]").first).to_be_visible(timeout=60_000)
    wait_for(lambda: view(page) and view(page)["image"] == last.id)
    start = on_screen(page, *Keypoints.from_bytes(head(store, "walk.jpg", "person").points).points[0])
    for away in (True, False, True):  # moved, undone, moved again
        if away:
            drag(page, start, (start[0] + 20, start[1] + 15))
        else:
            page.keyboard.press("Control+z")
        reviews = ["in_progress", "open"] if away else ["open", "open"]
        comes_to(lambda: sorted(heads(store, "walk.jpg")), sorted(reviews))
        assert picture(store, "walk.jpg").state == (ImageState.IN_PROGRESS if away else ImageState.FOUND)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    accept(page)
    comes_to(lambda: heads(store, "walk.jpg"), ["accepted", "accepted"])
    assert picture(store, "walk.jpg").state == ImageState.ACCEPTED
    ada, bruno = (picture(store, f"{name}.jpg").id for name in ("ada", "bruno"))
    wait_for(lambda: view(page) and view(page)["image"] == ada)  # after the last one the first again
    for following in (bruno, ada):
        page.locator("canvas[data-view]").first.focus()
        page.keyboard.press("u")
        wait_for(lambda following=following: view(page) and view(page)["image"] == following)

    page.goto(f"{workbench.address}/keypoints?name=Mina&picture={last.id}")
    page.get_by_role("button", name="Take back").click()
    comes_to(lambda: sorted(heads(store, "walk.jpg")), ["in_progress", "open"])


def test_a_second_quick_click_accepts_no_picture_unseen(page, workbench, store):
    nobody_has_looked(store)
    open_page(page, workbench)
    settle(page)
    first = view(page)["image"]
    page.get_by_role("button", name="All points are right").click(click_count=3, delay=30)
    wait_for(lambda: head(store, "ada.jpg").source == Source.HUMAN)
    wait_for(lambda: view(page) and view(page)["image"] != first)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    settle(page)  # a second acceptance would have been sent by now
    assert head(store, "bruno.jpg").source == Source.MODEL
    accept(page)
    wait_for(lambda: head(store, "bruno.jpg").source == Source.HUMAN)
    assert head(store, "walk.jpg", "person").source == Source.MODEL


@pytest.mark.nightly
def test_a_figure_that_fills_its_picture_needs_no_box_drawn(page, workbench, store):
    open_page(page, workbench, "ada.jpg")
    page.get_by_role("button", name="Boxes…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("A whole person").click()
    dialog.get_by_role("button", name="Take the whole picture").click(timeout=30_000)
    expect(dialog).to_have_count(0)
    ada = picture(store, "ada.jpg")
    (whole,) = [row for row in drawn_boxes(store) if row.image_id == ada.id]
    assert (whole.kind, whole.box_source) == ("person", "picture")
    assert whole.box == (-0.5, -0.5, ada.width - 0.5, ada.height - 0.5)
    expect(page.get_by_role("button", name="person 1")).to_be_visible()


def drawn_boxes(store):
    with reading(store.engine) as session:
        return session.exec(select(Instance).where(Instance.origin == Source.HUMAN)).all()


def test_missed_face_is_drawn_as_a_box(page, workbench, store):
    before = {row.id for row in drawn_boxes(store)}
    open_page(page, workbench)
    page.get_by_role("button", name="Boxes…").click()
    dialog = page.get_by_role("dialog")
    canvas = dialog.locator("canvas").last
    expect(canvas).to_be_visible(timeout=30_000)
    wait_for(lambda: dialog.locator("canvas").evaluate_all(PAINTED))  # its picture is fetched before it takes a drag
    settle(page)
    box = canvas.bounding_box()
    drag(page, (box["x"] + 40, box["y"] + 40), (box["x"] + 140, box["y"] + 160))
    dialog.get_by_role("button", name="Add 1 box").click(timeout=30_000)
    (drawn,) = wait_for(lambda: [row for row in drawn_boxes(store) if row.id not in before])
    assert drawn.right - drawn.left > 50
    assert drawn.author_id is not None


def boxes_of(store, path):
    """The boxes of a picture that count, by their instances."""
    with reading(store.engine) as session:
        rows = session.exec(select(Instance).join(Image, Image.id == Instance.image_id).where(Image.path == path))
        return {row.id: row.box for row in rows if not row.removed}


def test_a_box_drawn_in_the_editor_gets_its_points_at_once_and_is_undone_moved_and_removed(page, workbench, store):
    open_page(page, workbench)
    known = boxes_of(store, "ada.jpg")
    page.keyboard.press("b")
    expect(page.locator(".hint")).to_contain_text("Drag around a face.")
    drag(page, on_screen(page, 380, 30), on_screen(page, 430, 90))  # far from the edges of every other box
    new = wait_for(lambda: {number: box for number, box in boxes_of(store, "ada.jpg").items() if number not in known})
    ((number, box),) = new.items()
    np.testing.assert_allclose(box, (380, 30, 430, 90), atol=1.0)

    def points():
        with reading(store.engine) as session:
            revision = session.get(KeypointRevision, session.get(Instance, number).revision_id or 0)
            return revision and Keypoints.from_bytes(revision.points).visibility.all()

    wait_for(points)
    wait_for(lambda: view(page)["instance"] == number)
    expect(page.locator(".chip")).to_have_count(len(known) + 1)
    expect(page.locator(".chip").last).to_have_attribute("data-about", "to be reviewed, points by a model")
    page.keyboard.press("Control+z")
    wait_for(lambda: boxes_of(store, "ada.jpg") == known)
    expect(page.locator(".chip")).to_have_count(len(known))
    page.keyboard.press("Control+Shift+z")
    wait_for(lambda: number in boxes_of(store, "ada.jpg"))
    expect(page.locator(".chip")).to_have_count(len(known) + 1)

    drag(page, on_screen(page, 430, 60), on_screen(page, 450, 60))  # its right side
    wait_for(lambda: abs(boxes_of(store, "ada.jpg")[number][2] - 450) < 1.0)
    np.testing.assert_allclose(boxes_of(store, "ada.jpg")[number][:2], box[:2])
    page.locator(".chip").last.click()
    page.locator("canvas[data-view]").first.focus()
    page.keyboard.press("Delete")
    wait_for(lambda: boxes_of(store, "ada.jpg") == known)
    page.keyboard.press("Escape")
    expect(page.locator(".hint")).to_be_hidden()


def test_a_box_that_was_taken_away_stays_away_until_the_picture_tells_of_it(page, workbench, store):
    open_page(page, workbench)
    known, held = boxes_of(store, "ada.jpg"), []
    chips = page.locator(".chip")
    expect(chips).to_have_count(len(known))
    page.keyboard.press("b")
    page.route("**/api/frames?*", lambda route: held.append(route))
    chips.last.click()
    page.locator("canvas[data-view]").first.focus()
    page.keyboard.press("Delete")
    expect(chips).to_have_count(len(known) - 1)
    wait_for(lambda: len(boxes_of(store, "ada.jpg")) == len(known) - 1)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert chips.count() == len(known) - 1
    held.pop().continue_()
    page.unroute("**/api/frames?*")
    page.keyboard.press("Control+z")
    comes_to(lambda: boxes_of(store, "ada.jpg"), known)
    expect(chips).to_have_count(len(known))
    page.keyboard.press("Escape")


@pytest.mark.nightly
def test_a_box_that_is_brought_back_without_points_has_them_asked_for_again(page, workbench, store):
    open_page(page, workbench)
    known = boxes_of(store, "ada.jpg")
    door = "**/api/first-points/*"
    page.route(door, lambda route: route.abort(), times=1)
    page.keyboard.press("b")
    with page.expect_request(door):
        drag(page, on_screen(page, 380, 30), on_screen(page, 430, 90))
    expect(page.locator(".chip")).to_have_count(len(known) + 1)
    held, asked = [], []
    page.route("**/api/frames?*", lambda route: held.append(route))
    page.keyboard.press("Control+z")
    comes_to(lambda: boxes_of(store, "ada.jpg"), known)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.on("request", lambda request: "first-points" in request.url and asked.append(request.url))
    page.keyboard.press("Control+Shift+z")
    wait_for(lambda: len(boxes_of(store, "ada.jpg")) == len(known) + 1)
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert not asked  # before the picture tells that it is there again
    while held:
        held.pop().continue_()
    page.unroute("**/api/frames?*")
    expect(page.locator(".hint")).to_contain_text("Points by")
    expect(page.locator(".chip")).to_have_count(len(known) + 1)
    page.keyboard.press("Control+z")
    comes_to(lambda: boxes_of(store, "ada.jpg"), known)
