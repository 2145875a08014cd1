"""Runs are watched, cancelled and done again in the browser."""

import getpass
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from core.foundation.errors import FacetError
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.inline import run_here
from core.jobs.launch import start
from core.library.names_in_store import annotator_id, create_dataset
from db.engine import reading
from db.queries.jobs import runs_page

pytestmark = pytest.mark.e2e

WAIT = 60_000


@pytest.fixture(scope="module")
def stage(workbench):
    """The workbench's own home, to set the stage in."""
    opened = Workspace.open(Settings(home=workbench.home))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def dataset(stage):
    return create_dataset(stage, "Night _shift_", annotator_id(stage, "ada"))


def newest(stage):
    with reading(stage.engine) as session:
        return runs_page(limit=1, session=session)[0][0]


def card(page, run_id):
    return page.locator(f".st-key-run-{run_id}")


@pytest.mark.nightly
def test_an_empty_page_leads_to_the_library(page, workbench):
    page.goto(f"{workbench.address}/jobs")
    expect(page.get_by_text("Nothing has run yet.")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Open the library").click()
    expect(page.get_by_role("heading", name="Try the sample")).to_be_visible(timeout=WAIT)


@pytest.mark.nightly
def test_a_failed_run_shows_its_sentence_and_its_log_and_can_be_done_again(page, workbench, stage, dataset, tmp_path):
    source = tmp_path / "not *here*"
    with pytest.raises(FacetError, match="there is no such file or folder"):
        run_here(stage, "import", dataset, {"source": str(source)}, Progress())
    failed = newest(stage)
    page.goto(f"{workbench.address}/jobs")
    shown = card(page, failed.id)
    expect(shown.get_by_role("alert")).to_contain_text(f"{source}: there is no such file or folder", timeout=WAIT)
    expect(shown).to_contain_text("Import photos · Night _shift_")
    expect(shown).to_contain_text(f"by {getpass.getuser()}")
    shown.locator("summary").filter(has_text="Log").click()
    expect(shown.get_by_text("Traceback (most recent call last)")).to_be_visible()
    source.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(source / "a.png")
    shown.get_by_role("button", name="Do it again").click()
    expect(card(page, failed.id + 1)).to_contain_text(
        "1 picture: 1 added, 0 there already, 0 files skipped", timeout=WAIT
    )
    expect(card(page, failed.id + 1)).to_contain_text("by ada")
    expect(card(page, failed.id + 1).get_by_role("button", name="Do it again")).to_have_count(0)


def test_a_run_is_cancelled_while_it_works(page, shared_workbench):
    stage = Workspace.open(Settings(home=shared_workbench.home))
    author = annotator_id(stage, "ada")
    run_id = start(stage, "sample", dataset_id=create_dataset(stage, "Stopped", author), author_id=author)
    page.goto(f"{shared_workbench.address}/jobs")
    expect(page.get_by_text("started by ada")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(re.compile(r"Drawing the sample · \d+ of 50"))).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Cancel").click()
    expect(card(page, run_id)).to_contain_text(re.compile(r"Cancelled after \d+ of 50"), timeout=WAIT)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert newest(stage).state == "cancelled"
    stage.engine.dispose()


@pytest.mark.nightly
def test_old_runs_are_on_the_next_page(page, workbench, stage, dataset, tmp_path):
    with reading(stage.engine) as session:
        before = len(runs_page(limit=100, session=session))
    for _ in range(max(0, 11 - before)):
        with pytest.raises(FacetError, match="there is no such file"):
            run_here(stage, "import", dataset, {"source": str(tmp_path / "none")}, Progress())
    last, first = newest(stage).id, 1
    page.goto(f"{workbench.address}/jobs")
    expect(card(page, last)).to_be_visible(timeout=WAIT)
    expect(card(page, first)).to_have_count(0)
    page.get_by_role("button", name="Page 2").click()
    expect(card(page, first)).to_be_visible()
    expect(card(page, last)).to_have_count(0)
