"""Makes the pictures of the README on the drawn sample: ``python -m tests.e2e.screenshots docs/screenshots``."""

import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from sqlmodel import select

from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_portrait
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.inline import run_here
from core.learning.promoting import promote
from core.library.names_in_store import annotator_id, create_dataset
from core.library.sample_clips import SAMPLE_CLIPS
from core.library.sample_photos import SAMPLE
from core.people.deciding import confirm_faces, name_person
from core.points.reviewing import accept
from db.engine import reading
from db.queries.people.listing import all_people
from db.tables import Image as Picture
from tests.e2e.conftest import ARGUMENTS, Workbench, chromium_path

SIZE = {"width": 1400, "height": 900}


def stage(workspace: Workspace) -> int:
    """The sample, its faces found, people named and confirmed, some pictures accepted, an export made."""
    author = annotator_id(workspace, "Mina")
    dataset = create_dataset(workspace, SAMPLE, author)
    run_here(workspace, "sample", dataset, {}, Progress())
    run_here(workspace, "faces", dataset, {"encoder": None}, Progress())
    with reading(workspace.engine) as session:
        people = list(all_people(dataset, session=session))
        pictures = session.exec(select(Picture.id).where(Picture.dataset_id == dataset)).all()
    for person, _, faces in people:
        portrait = next(face.path for face in faces if face.path.startswith("portraits/"))
        name_person(workspace, person, Path(portrait).stem.split("-")[0].capitalize(), author_id=author)
    for _, _, faces in people[:6]:
        confirm_faces(workspace, [face.instance_id for face in faces], author_id=author)
    for number, picture in enumerate(pictures[:18]):
        accept(workspace, picture, author_id=annotator_id(workspace, ("Mina", "Noor", "Ola")[number % 3]))
    folder = workspace.exports / "sample-facet"
    run_here(workspace, "export", dataset, {"format": "facet", "folder": str(folder)}, Progress())
    return dataset


def stage_learning(workspace: Workspace) -> None:
    """The drawn clips, two models that learned from them, their predictions, and one of them drawn over a clip."""
    author = annotator_id(workspace, "Mina")
    dataset = create_dataset(workspace, SAMPLE_CLIPS, author)
    run_here(workspace, "sample-clips", dataset, {}, Progress())
    names = []
    for recipe, epochs in (("quick-resnet18", 30), ("quick-hrnet", 40)):
        settings = {"epochs": str(epochs), "input_size": "64x64", "sheets": "3"}
        asked = {"recipe": recipe, "settings": settings, "skeleton": "face68", "split_by": "auto", "parent": None}
        names.append(run_here(workspace, "train", dataset, asked, Progress()).counts["model"])
    for name in names:
        run_here(workspace, "predict", dataset, {"model": name}, Progress())
    promote(workspace, dataset, names[-1], author_id=author)
    run_here(workspace, "overlay", dataset, {"video": "ada/talking.mp4", "models": names}, Progress())


def shoot(page: Page, address: str, name: str, folder: Path, settled: str, part: str = "") -> None:
    """Open a page, wait until `settled` (a selector) is there, and keep what is seen; `part` of the path to show."""
    page.goto(f"{address}&name=Mina" if "?" in address else f"{address}?name=Mina")
    page.locator(settled).first.wait_for(timeout=90_000)
    if part:
        page.get_by_label("Part of the path").fill(part)
        page.get_by_label("Part of the path").press("Enter")
    page.wait_for_timeout(4000)  # pictures and charts fade in
    keep(page, folder / f"{name}.png")


def keep(page: Page, path: Path) -> None:
    """Save what is seen with 256 colours: a third of the bytes."""
    page.screenshot(path=path)
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(256).save(path, optimize=True)


def search(page: Page, address: str, folder: Path) -> None:
    """Search with a photo of Ada that the sample does not have."""
    photo = folder / "ada.jpg"
    Image.fromarray(draw_portrait(PEOPLE["ada"], np.random.default_rng(99)).pixels).save(photo)
    page.goto(f"{address}/search?name=Mina")
    page.locator("input[type=file]").first.set_input_files(photo)
    page.wait_for_timeout(25_000)
    keep(page, folder / "search.png")
    photo.unlink()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE)
        empty = Workbench(Path(home) / "empty").start()
        shoot(page, empty.address, "first-start", folder, "text=Try the sample")
        empty.stop()
        full = Workbench(Path(home) / "full")
        workspace = Workspace.open(Settings(home=full.home))
        stage_learning(workspace)
        stage(workspace)  # the newest dataset is the one that a page opens on
        full.start()
        try:
            shoot(page, full.address, "library", folder, "text=Click one to open it")
            shoot(page, f"{full.address}/keypoints", "keypoints", folder, "canvas[data-view]", part="portraits/bruno-2")
            for name in ("people", "verification", "dashboard", "export", "jobs"):
                shoot(page, f"{full.address}/{name}", name, folder, "[data-testid=stMain]")
            search(page, full.address, folder)
            clips = quote(SAMPLE_CLIPS)
            shoot(page, f"{full.address}/keypoints?dataset={clips}&part=talking", "timeline", folder, "canvas.timeline")
            for name in ("training", "models", "stability"):
                shoot(page, f"{full.address}/{name}?dataset={clips}", name, folder, "[data-testid=stMain]")
        finally:
            full.stop()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
