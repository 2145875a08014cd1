"""What the editor says and keeps where pictures go, files go, faces are many, or two people work on one picture."""

import numpy as np
import pytest
from playwright.sync_api import expect
from sqlmodel import delete, select

from core.foundation.arrays import Keypoints
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision, Review, Source, sides
from db.writes.library import refresh_picture
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.staged_pictures import stage
from tests.e2e.hands import comes_to, drag, on_screen, view, wait_for

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def store(workbench):
    return stage(workbench.home)


@pytest.fixture(scope="module")
def pictures(store):
    with reading(store.engine) as session:
        return {image.path: image for image in session.exec(select(Image))}


def open_editor(page, workbench, number):
    page.goto(f"{workbench.address}/keypoints?name=Mina&picture={number}")
    expect(page.locator("canvas[data-view]").first).to_be_visible(timeout=60_000)
    wait_for(lambda: (view(page) or {}).get("image") == number)


def add_face(store, image, points, review=Review.OPEN):
    with writing(store.engine) as session:
        left, top = points.min(axis=0)
        right, bottom = points.max(axis=0)
        box = (float(left), float(top), float(right), float(bottom))
        face = Instance(dataset_id=image.dataset_id, image_id=image.id, kind="face", **sides(box), origin=Source.MODEL)
        session.add(face)
        session.flush()
        append_revision(face, "face68", Keypoints.of(points).to_bytes(), review, session=session)
        refresh_picture(image.id, session=session)
        return face.id


def points_of(store, number):
    with reading(store.engine) as session:
        revision = session.get(KeypointRevision, session.get(Instance, number).revision_id)
        return Keypoints.from_bytes(revision.points).points


def test_a_picture_whose_file_is_gone_says_so_and_the_next_one_opens(page, workbench, store, pictures):
    ada, bruno = pictures["ada.jpg"], pictures["bruno.jpg"]
    file = store.original(bruno.original)
    content = file.read_bytes()
    for kept in store.home.rglob("*.jpg"):
        if bruno.sha256[:16] in kept.name and kept != file:
            kept.unlink()  # what browsers were given of it
    file.unlink()
    try:
        open_editor(page, workbench, ada.id)
        page.keyboard.press("n")
        message = page.locator(".keypoint-editor .message")
        expect(message).to_contain_text("The picture bruno.jpg could not be loaded")
        expect(message).to_contain_text("bruno.jpg")
        page.keyboard.press("n")
        wait_for(lambda: (view(page) or {}).get("image") not in (ada.id, bruno.id))
        expect(message).to_be_hidden()
    finally:
        file.write_bytes(content)


def test_pixels_that_do_not_come_are_said_and_asked_for_again(page, workbench, pictures):
    ada, bruno = pictures["ada.jpg"], pictures["bruno.jpg"]
    page.add_init_script(  # what is answered has its 30 seconds
        "const [plain, fetched] = [window.setTimeout, window.fetch]; let asked = 0;"
        "window.setTimeout = (work, ms, ...more) => plain(work, ms === 30000 && asked < 2 ? 500 : ms, ...more);"
        f"window.fetch = (what, ...more) => (asked += `${{what}}`.includes('/api/display/{bruno.id}?'),"
        " fetched(what, ...more));"
    )
    asked = []

    def hang(route):
        asked.append(route)
        if len(asked) > 2:
            route.continue_()

    page.route(f"**/api/display/{bruno.id}?*", hang)
    open_editor(page, workbench, ada.id)
    page.keyboard.press("n")
    message = page.locator(".keypoint-editor .message")
    expect(message).to_contain_text("bruno.jpg could not be loaded: no answer in 30 seconds; trying again.")
    wait_for(lambda: (view(page) or {}).get("image") == bruno.id)
    expect(message).to_be_hidden()
    assert len(asked) == 3


def test_two_people_on_one_picture_keep_both_their_points(page, browser, workbench, store, pictures):
    ada = pictures["ada.jpg"]
    with reading(store.engine) as session:
        number = session.exec(select(Instance.id).where(Instance.image_id == ada.id, Instance.kind == "face")).first()
    before = points_of(store, number)
    other = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    open_editor(page, workbench, ada.id)
    other.goto(f"{workbench.address}/keypoints?name=Bert&picture={ada.id}")
    expect(other.locator("canvas[data-view]").first).to_be_visible(timeout=60_000)
    wait_for(lambda: (view(other) or {}).get("image") == ada.id)
    for tab, k in ((page, 8), (other, 30)):
        start = on_screen(tab, *before[k])
        drag(tab, start, (start[0] + 25, start[1]))
    wait_for(lambda: all(points_of(store, number)[k, 0] > before[k, 0] + 2 for k in (8, 30)))
    for tab in (page, other):
        expect(tab.locator(".keypoint-editor .status")).to_have_text("Saved")
    other.context.close()


@pytest.mark.nightly
def test_two_hundred_faces_of_one_picture_can_be_chosen_and_moved(page, workbench, store, pictures):
    walk = pictures["walk.jpg"]
    rng = np.random.default_rng(0)
    corners = [(x, y) for x in np.linspace(2, walk.width - 22, 20) for y in np.linspace(2, walk.height - 22, 10)]
    added = [add_face(store, walk, corner + rng.uniform(0, 20, (68, 2))) for corner in corners]
    try:
        open_editor(page, workbench, walk.id)
        assert page.locator(".chip").count() >= 200
        page.locator(".chip").nth(150).click()
        page.locator("canvas[data-view]").first.focus()
        chosen = view(page)["instance"]
        before = points_of(store, chosen)
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+ArrowRight")
        wait_for(lambda: points_of(store, chosen)[0, 0] > before[0, 0] + 4)
    finally:
        with writing(store.engine) as session:
            session.exec(delete(Instance).where(Instance.id.in_(added)))
            refresh_picture(walk.id, session=session)


@pytest.mark.nightly
def test_a_picture_that_was_taken_out_meanwhile_says_so_and_the_others_stay(page, workbench, store, pictures):
    open_editor(page, workbench, pictures["ada.jpg"].id)
    page.route("**/api/frames?*", lambda route: route.fulfill(json={"store": "", "frames": []}))
    page.reload()
    expect(page.locator(".keypoint-editor .message")).to_have_text("This picture is gone: somebody has removed it.")
    page.unroute("**/api/frames?*")
    page.reload()
    comes_to(lambda: (view(page) or {}).get("image"), pictures["ada.jpg"].id)
