"""The Search page in a real browser, with the drawn sample and the real models: one journey."""

import io
import re

import pytest
from PIL import Image as Picture
from playwright.sync_api import expect

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.launch import start
from core.library.names_in_store import annotator_id
from db.engine import reading
from db.queries.library import ImageFilter, page_of_images
from db.queries.people.listing import faces_page, people_page
from db.tables import Run, RunState
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.e2e.hands import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]  # the real models find the sample's faces first

SLOW = 120_000


@pytest.fixture(scope="module")
def sampled(workbench):
    """The sample with its faces found by the real models, in the workbench's own worker."""
    store = Workspace.open(Settings(home=workbench.home))
    author = annotator_id(store, "Mina")
    with writing(store.engine) as session:
        dataset = ensure_dataset("Sample", author, session=session)
    for kind in ("sample", "faces"):
        run_id = start(store, kind, dataset_id=dataset, author_id=author)
        wait_for(lambda run_id=run_id: ended(store, run_id), seconds=300)
    yield store
    store.engine.dispose()


def ended(store, run_id):
    with reading(store.engine) as session:
        run = session.get_one(Run, run_id)
    assert run.state != RunState.FAILED, run.error
    return run.state == RunState.DONE


def files_of(store):
    """Every file of the home folder but caches, queue and logs."""
    kept = ("originals", "uploads", "thumbnails", "display", "crops")
    return sorted(path for kind in kept for path in (store.home / kind).rglob("*") if path.is_file())


def uploaded(page, content, name="asked.png"):
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def test_a_photo_finds_the_same_person_best_first_and_is_not_stored(page, workbench, sampled):
    with reading(sampled.engine) as session:
        dataset = 1
        person = people_page(dataset, limit=1, session=session)[0]
        faces = faces_page(person.id, session=session)
        images = page_of_images(dataset, ImageFilter(person_id=person.id), offset=0, limit=9, session=session)
    assert len(images) >= 2
    content = sampled.original(images[0].original).read_bytes()
    before = files_of(sampled)
    page.goto(f"{workbench.address}/search?dataset=Sample&name=Mina")
    expect(page.get_by_text("The photo is not stored")).to_be_visible(timeout=SLOW)
    uploaded(page, content)
    found = page.get_by_role("group", name="Matches").get_by_role("button")
    expect(found.first).to_contain_text("1.000", timeout=SLOW)
    shown = found.evaluate_all("all => all.map(one => [one.innerText, one.title])")  # at one moment
    scores = [float(re.search(r"[01]\.\d{3}", text).group()) for text, _ in shown]
    assert scores == sorted(scores, reverse=True)
    titles = {title.split(" · ")[0] for _, title in shown}  # and after it where in the picture the face is
    assert all(re.search(r" · \d+ × \d+ px at \d+, \d+$", title) for _, title in shown)
    assert {face.path for face in faces} & titles >= {images[0].path}
    assert len(titles) == len(shown)

    slider = page.get_by_role("slider").first
    at_first = slider.get_attribute("aria-valuetext")
    assert float(at_first) > 0
    uploaded(page, sampled.original(images[1].original).read_bytes(), "another.png")
    expect(page.get_by_text("another.png")).to_be_visible(timeout=SLOW)
    expect(found.first).to_have_attribute("title", re.compile(f"^{re.escape(images[1].path)}"), timeout=SLOW)
    expect(slider).to_have_attribute("aria-valuetext", at_first)
    slider.focus()
    heading = page.get_by_role("heading", name=re.compile("pictures"))
    before_all = heading.inner_text()
    slider.press("Home")
    expect(heading).not_to_have_text(before_all, timeout=SLOW)
    slider.press("End")
    new = [path for path in files_of(sampled) if path not in before]
    assert not [path for path in new if path.parent.name == "uploads" or "originals" in path.parts]


def test_a_photo_without_a_face_says_so(page, workbench, sampled):
    out = io.BytesIO()
    Picture.new("RGB", (200, 160), (90, 120, 150)).save(out, "PNG")
    page.goto(f"{workbench.address}/search?dataset=Sample&name=Mina")
    expect(page.get_by_text("The photo is not stored")).to_be_visible(timeout=SLOW)
    uploaded(page, out.getvalue(), "wall_*.png")
    expect(page.get_by_text("no face is found in this photo")).to_be_visible(timeout=SLOW)
    uploaded(page, b"not a picture", "broken.png")
    expect(page.get_by_text("broken.png").last).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("alert")).to_contain_text("broken", timeout=SLOW)
