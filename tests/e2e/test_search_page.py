"""The Search page in a real browser: people who are there already, and photos with the real models."""

import io
import re
import zipfile

import pytest
from PIL import Image as Picture
from playwright.sync_api import expect
from sqlmodel import select

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.launch import start
from core.library.names_in_store import annotator_id
from db.engine import reading
from db.queries.library import ImageFilter, page_of_images
from db.queries.people.listing import faces_page, people_page
from db.tables import Dataset, Run, RunState
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector
from tests.e2e.hands import pick, wait_for

pytestmark = pytest.mark.e2e

SLOW = 120_000


@pytest.fixture(scope="module")
def workbench(shared_workbench):
    return shared_workbench


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
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.locator("input[type=file]").first.set_input_files(file)


@pytest.mark.nightly  # the real models find the sample's faces first
def test_a_photo_finds_the_same_person_and_is_not_stored(page, workbench, sampled):
    with reading(sampled.engine) as session:
        dataset = session.exec(select(Dataset.id).where(Dataset.name == "Sample")).one()
        person = people_page(dataset, limit=1, session=session)[0]
        faces = faces_page(person.id, session=session)
        images = page_of_images(dataset, ImageFilter(person_id=person.id), offset=0, limit=9, session=session)
    assert len(images) >= 2
    before = files_of(sampled)
    page.goto(f"{workbench.address}/search?dataset=Sample&name=Mina")
    expect(page.get_by_text("Photos are not stored")).to_be_visible(timeout=SLOW)
    uploaded(page, sampled.original(images[0].original).read_bytes())
    found = page.get_by_role("listbox", name="Matches").get_by_role("option")
    expect(found.filter(has_text="1.000")).to_have_attribute(
        "title", re.compile(f"^{re.escape(images[0].path)}"), timeout=SLOW
    )
    shown = found.evaluate_all("all => all.map(one => [one.innerText, one.title])")  # at one moment
    titles = {title.split(" · ")[0] for _, title in shown}  # and after it where in the picture the face is
    assert all(re.search(r" · \d+ × \d+ px at \d+, \d+$", title) for _, title in shown)
    assert {face.path for face in faces} & titles >= {images[0].path}
    assert all(re.search(r"[01]\.\d{3}", text) for text, _ in shown)

    slider = page.get_by_role("slider").first
    slider.focus()
    heading = page.get_by_role("heading", name=re.compile("pictures? of"))
    before_all = heading.inner_text()
    slider.press("Home")
    expect(heading).not_to_have_text(before_all, timeout=SLOW)
    slider.press("End")
    new = [path for path in files_of(sampled) if path not in before]
    assert not [path for path in new if path.parent.name == "uploads" or "originals" in path.parts]


@pytest.mark.nightly
def test_a_photo_without_a_face_says_so_and_names_the_file(page, workbench, sampled):
    out = io.BytesIO()
    Picture.new("RGB", (200, 160), (90, 120, 150)).save(out, "PNG")
    page.goto(f"{workbench.address}/search?dataset=Sample&name=Mina")
    expect(page.get_by_text("Photos are not stored")).to_be_visible(timeout=SLOW)
    uploaded(page, out.getvalue(), "wall_*.png")
    expect(page.get_by_text("wall_*.png: no face is found in this photo")).to_be_visible(timeout=SLOW)
    uploaded(page, b"not a picture", "broken.png")
    expect(page.get_by_role("alert").filter(has_text="broken.png")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("alert")).to_have_count(2)


@pytest.fixture
def album(workbench):
    """Ada alone, Ada with Bea, and Bea alone, as pictures with faces that were measured by hand."""
    store = Workspace.open(Settings(home=workbench.home))
    author = annotator_id(store, "Mina")
    with writing(store.engine) as session:
        dataset = ensure_dataset("Album", author, session=session)
    placed = [("ada.jpg", vector(0)), ("both.jpg", vector(0, 1)), ("both.jpg", vector(1)), ("bea.jpg", vector(1, 1))]
    faces = add_faces(store, dataset, placed)
    own(store, dataset, faces[:2], "Ada")
    own(store, dataset, faces[2:], "Bea")
    yield store
    store.engine.dispose()


def test_people_are_joined_marked_not_this_and_taken_along(page, workbench, album):
    page.goto(f"{workbench.address}/search?dataset=Album&name=Mina")
    heading = page.get_by_role("heading", name=re.compile("pictures? of"))
    found = page.get_by_role("listbox", name="Matches").get_by_role("option")
    pick(page, "All of", "Ada")
    page.keyboard.press("Escape")
    expect(heading).to_have_text("2 pictures of 1 event")
    pick(page, "None of", "Bea")
    page.keyboard.press("Escape")
    expect(heading).to_have_text("1 picture of 1 event")
    expect(page).to_have_url(re.compile(r"all=\d+&none=\d+"))
    page.reload()
    expect(heading).to_have_text("1 picture of 1 event", timeout=SLOW)
    page.get_by_role("button", name="Take along").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Pictures as a zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["pictures/ada.jpg", "matches.json", "matches.csv"]
    page.keyboard.press("Escape")
    found.first.click()
    page.get_by_role("button", name="Not this (1 face)").click()
    expect(page.get_by_text("1 face marked “not this”")).to_be_visible()
    expect(page.get_by_text("No picture shows this")).to_be_visible()
    page.get_by_role("button", name="Forget these").click()
    expect(heading).to_have_text("1 picture of 1 event")
