"""The dashboard shows the numbers that are stored."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlmodel import select

from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.inline import run_here
from core.library.names_in_store import annotator_id, create_dataset
from core.people.deciding import confirm_faces
from core.points.annotating import Edit, save_edit
from core.points.boxes import add_instances
from db.engine import reading
from db.tables import Assignment, Dataset, Source, now
from db.tables import Image as Picture
from db.writes.people import ensure_person
from db.writing import writing
from tests.e2e.hands import comes_to

pytestmark = pytest.mark.e2e

WAIT = 60_000
HOSTILE = "=bo <b>_x_</b>"


def import_pictures(opened, folder, dataset, seeds):
    folder.mkdir()
    for seed in seeds:
        pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    number = create_dataset(opened, dataset, annotator_id(opened, "ada"))
    run_here(opened, "import", number, {"source": str(folder)}, Progress())


@pytest.fixture(scope="module")
def stage(shared_workbench):
    yield from staged(shared_workbench)


@pytest.fixture(scope="module")
def stage_alone(workbench):
    """Nothing else is in the store."""
    yield from staged(workbench)


def staged(workbench):
    """Two datasets: in the first three pictures with two drawn faces, four edits by two people, one confirmed face."""
    opened = Workspace.open(Settings(home=workbench.home))
    import_pictures(opened, workbench.home.parent / "one", "One", range(3))
    import_pictures(opened, workbench.home.parent / "two", "Two", range(10, 12))
    ada, bo = annotator_id(opened, "ada"), annotator_id(opened, HOSTILE)
    with reading(opened.engine) as session:
        dataset = session.exec(select(Dataset.id).where(Dataset.name == "One")).one()
        images = session.exec(select(Picture.id).where(Picture.dataset_id == dataset).order_by(Picture.path)).all()
    faces = [add_instances(opened, image, [(5, 5, 40, 40)], "face", author_id=ada)[0] for image in images[:2]]
    base = None
    for number, author in enumerate([ada, ada, ada, bo]):
        base = save_edit(opened, Edit(f"edit-{number}", faces[0], base, ((number, 10.0, 10.0, 2),)), author_id=author)
    with writing(opened.engine) as session:
        person = ensure_person(dataset, "Carl", ada, session=session)
        for face in faces:
            session.add(Assignment(instance_id=face, dataset_id=dataset, person_id=person, source=Source.MODEL))
    confirm_faces(opened, faces[:1], author_id=ada)
    yield opened
    opened.engine.dispose()


def metric(page, name):
    return page.get_by_test_id("stMetric").filter(has_text=re.compile(f"^{name}")).get_by_test_id("stMetricValue")


def cells(page, number):
    """The texts of a table, row by row."""
    table = page.get_by_test_id("stTable").nth(number)
    expect(table).to_be_visible(timeout=WAIT)
    rows = """table => [...table.querySelectorAll('tbody tr')].map(
        row => [...row.querySelectorAll('td, th')].map(cell => cell.innerText))"""
    return table.evaluate(rows)  # at one moment


@pytest.mark.nightly
def test_an_empty_store_leads_to_the_library(page, workbench):
    page.goto(f"{workbench.address}/dashboard")
    expect(page.get_by_text("There is no data yet.")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("button", name="Open the library")).to_be_visible()


def test_the_numbers_of_a_dataset_are_those_stored(page, shared_workbench, stage):
    page.goto(f"{shared_workbench.address}/dashboard?dataset=One")
    expect(metric(page, "Pictures")).to_have_text("3", timeout=WAIT)
    for name, value in {
        "Named people": "1",
        "Unnamed people": "0",
        "Confirmed faces": "1",
        "Grouped faces": "1",
    }.items():
        expect(metric(page, name)).to_have_text(value)
    chart = page.get_by_test_id("stPlotlyChart").first
    for state in ("In progress", "Found, to be reviewed", "Not looked at yet"):
        expect(chart.get_by_text(f"{state}: 1")).to_be_visible()
    comes_to(lambda: cells(page, 0), [["Faces", "0", "0", "1", "0", "1"], ["Figures", *"00000"]])


@pytest.mark.nightly
def test_work_is_told_by_day_and_annotator_in_utc(page, shared_workbench, stage):
    page.goto(f"{shared_workbench.address}/dashboard?dataset=One")
    expect(page.get_by_text("Days are UTC.")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("columnheader", name="Landmark edits")).to_be_visible()
    today = f"{now():%Y-%m-%d}"
    comes_to(lambda: cells(page, 1), [[today, HOSTILE, "1"], [today, "ada", "3"]])
    expect(page.get_by_test_id("stPlotlyChart").last.get_by_text(HOSTILE)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all work as CSV").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "landmark edits"]
    assert [(row["annotator"], row["count"]) for row in rows] == [(f"'{HOSTILE}", "1"), ("ada", "3")]


@pytest.mark.nightly
def test_all_datasets_are_counted_together(page, workbench, stage_alone):
    page.goto(f"{workbench.address}/dashboard?dataset=Two")
    expect(metric(page, "Pictures")).to_have_text("2", timeout=WAIT)
    expect(page.get_by_text("No face or figure has been found yet.")).to_be_visible()
    page.get_by_text("All datasets").click()
    expect(metric(page, "Pictures")).to_have_text("5")
    expect(metric(page, "Confirmed faces")).to_have_text("1")
