"""A dataset leaves through the browser, and what leaves is whole."""

import csv
import hashlib
import io
import json
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

WAIT = 60_000


@pytest.fixture(scope="module")
def dataset(shared_workbench):
    """Three pictures and two files that are none, one of them named like a formula."""
    folder = shared_workbench.home.parent / "export-photos"
    folder.mkdir()
    for seed in range(3):
        pixels = np.random.default_rng(seed).integers(0, 256, (32, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"p{seed}.png")
    (folder / "=1+1.png").write_bytes(b"no picture")
    (folder / "*notes*.txt").write_text("hello")
    done = shared_workbench.command("import", folder, "--dataset", "A/B: photos", "--json")
    assert len(json.loads(done.stdout)["skipped"]) == 2, done.stderr
    return "A/B: photos"


def export_rows(shared_workbench):
    with sqlite3.connect(shared_workbench.home / "store.db") as store:
        return store.execute(
            "SELECT e.id, folder, manifest_sha256 FROM export e JOIN dataset d ON d.id = e.dataset_id "
            "WHERE d.name = 'A/B: photos' ORDER BY e.id"
        ).fetchall()


def open_export(page, shared_workbench, dataset):
    page.goto(f"{shared_workbench.address}/export?dataset={dataset}")
    expect(page.get_by_role("heading", name=f"Export {dataset}")).to_be_visible(timeout=WAIT)


@pytest.mark.nightly
def test_an_empty_store_leads_to_the_library(page, workbench):
    page.goto(f"{workbench.address}/export")
    expect(page.get_by_text("There is no data yet.")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Open the library").click()
    expect(page.get_by_role("heading", name="Try the sample")).to_be_visible(timeout=WAIT)


def test_a_folder_elsewhere_is_refused(page, shared_workbench, dataset):
    open_export(page, shared_workbench, dataset)
    page.get_by_role("textbox", name="Folder").fill("../elsewhere")
    page.get_by_role("textbox", name="Folder").press("Enter")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("'../elsewhere' cannot be a folder's name")
    assert export_rows(shared_workbench) == []


def test_an_export_is_written_and_downloaded_and_its_manifest_holds(page, shared_workbench, dataset):
    open_export(page, shared_workbench, dataset)
    expect(page.get_by_text("3 pictures with 0 faces of 0 people and 0 figures will be written")).to_be_visible()
    page.locator("label").filter(has_text="facet").click()
    expect(page.get_by_role("textbox", name="Folder")).to_have_value(re.compile(r"^A_B_ photos-facet-\d{8}T\d{6}Z$"))
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("link", name="Download as a zip")).to_be_visible(timeout=WAIT)
    ((_, folder, sha256),) = export_rows(shared_workbench)
    assert Path(folder).parent == shared_workbench.home / "exports"
    expect(page.get_by_text(sha256)).to_be_visible()
    expect(page.get_by_text("3 pictures, 0 faces, 0 figures, 0 people")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as a zip").click()
    assert download.value.suggested_filename == f"{Path(folder).name}.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        content = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    manifest = content.pop("manifest.json")
    assert hashlib.sha256(manifest).hexdigest() == sha256
    listed = json.loads(manifest)["files"]
    assert {name: entry["sha256"] for name, entry in listed.items()} == {
        name: hashlib.sha256(data).hexdigest() for name, data in content.items()
    }
    assert {f"images/p{seed}.png" for seed in range(3)} <= set(content)


def test_what_was_left_out_is_listed_with_its_reason(page, shared_workbench, dataset):
    open_export(page, shared_workbench, dataset)
    page.locator("summary").filter(has_text="2 left out, with the reasons").click(timeout=WAIT)
    rows = page.get_by_test_id("stTable").get_by_role("row")
    expect(rows.filter(has_text="*notes*.txt")).to_contain_text("not a picture")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    cells = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"), newline="")))
    assert {row["path"] for row in cells} == {"*notes*.txt", "'=1+1.png"}


def test_an_export_that_was_removed_says_so(page, shared_workbench, dataset):
    ((number, folder, _),) = export_rows(shared_workbench)
    shutil.rmtree(folder)
    open_export(page, shared_workbench, dataset)
    expect(page.get_by_text("The folder is not there any more.")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("link", name="Download as a zip")).to_have_count(0)
    answer = page.request.get(f"{shared_workbench.address}/api/export/{number}")
    assert (answer.status, "any more; export again" in answer.text()) == (404, True)
