"""Photos come in, are looked through and get their faces, as a person does it in the browser."""

import csv
import io
import json
import re
import sqlite3
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from core.foundation.messages import worded
from core.media.videos import VideoWriter
from tests.builders.odd_clips import encoded
from tests.builders.places import ROOT
from tests.e2e.hands import pick, settle

pytestmark = pytest.mark.e2e

WAIT = 60_000
HOSTILE = "*bold* _x_ <b>html $x$ :smile: [a](b) =1+1.png"


def png(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def zip_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def stored(workbench, query, *values):
    with sqlite3.connect(workbench.home / "store.db") as store:
        return store.execute(query, values).fetchall()


def metric(page, name):
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


def unfold(page, label):
    page.get_by_test_id("stExpander").filter(has_text=label).locator("summary").click()


def tick(page, label):
    page.get_by_test_id("stCheckbox").filter(has_text=label).locator("label").click()


def import_zip(page, name, content, dataset):
    """The form has to be open."""
    chosen = {"name": name, "mimeType": "application/zip", "buffer": content}
    page.locator("input[type=file]").first.set_input_files(chosen)
    expect(page.get_by_test_id("stFileUploader").first.get_by_text(name)).to_be_visible()
    page.get_by_label("Dataset", exact=True).last.fill(dataset)
    page.get_by_role("button", name="Import photos").click()


@pytest.fixture(scope="module")
def trip(workbench):
    """A dataset of 64 pictures, one with a name full of signs that mean something elsewhere."""
    file = workbench.home.parent / "trip.zip"
    members = {f"day-{number % 4}/p{number:02}.png": png(number) for number in range(63)} | {f"odd/{HOSTILE}": png(99)}
    file.write_bytes(zip_of(members))
    done = workbench.command("import", file, "--dataset", "Trip", "--json")
    assert done.returncode == 0, done.stderr
    return workbench


def test_the_first_start_offers_photos_and_the_sample(page, workbench):
    page.goto(workbench.address)
    expect(page.get_by_role("heading", name="Import photos")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("heading", name="Try the sample")).to_be_visible()
    page.get_by_role("button", name="Import photos").click()
    expect(page.get_by_text("choose at least one file")).to_be_visible()
    assert stored(workbench, "SELECT count(*) FROM dataset") == [(0,)]


@pytest.mark.nightly
def test_the_sample_comes_with_one_click_and_shows_how_far_it_is(page, workbench):
    page.goto(workbench.address)
    page.get_by_role("button", name="Try the sample").click()
    expect(page.get_by_role("heading", name="Sample", exact=True)).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of 50 · [\d.]+ a second · .* left"))).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(re.compile("50 pictures: 50 added, 0 there already, 0 files skipped"))).to_be_visible(
        timeout=3 * WAIT
    )
    expect(metric(page, "Pictures")).to_have_text("50")
    figures, pictures = stored(
        workbench, "SELECT (SELECT count(*) FROM instance WHERE kind = 'person'), (SELECT count(*) FROM image)"
    )[0]
    assert pictures == 50
    expect(page.get_by_text(f"{figures} figures with 24 points")).to_be_visible()
    expect(page.get_by_role("button", name="Find faces")).to_be_enabled()


def test_an_uploaded_zip_is_imported_and_what_is_not_is_listed_with_its_reason(page, trip):
    page.goto(f"{trip.address}?dataset=Trip")
    unfold(page, "Import photos")
    members = {"a.png": png(500), "again.png": png(500), "=1+1.png": b"no picture", "../out.png": png(501)}
    import_zip(page, "mine.zip", zip_of(members), "Uploaded *2026*")
    expect(page.get_by_text("2 pictures: 1 added, 1 there already, 2 files skipped")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("heading", name="Uploaded *2026*")).to_be_visible()
    expect(metric(page, "Pictures")).to_have_text("1")
    unfold(page, "2 skipped")
    rows = page.get_by_test_id("stTable").get_by_role("row")
    expect(rows.filter(has_text="../out.png")).to_contain_text("its path leaves the archive's folder")
    expect(rows.filter(has_text="=1+1.png")).to_contain_text("not a picture")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    with open(download.value.path(), newline="", encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    assert {row["path"] for row in cells} == {"../out.png", "'=1+1.png"}
    assert all(row["reason"] for row in cells)
    assert list((trip.home / "uploads").iterdir()) == []


def test_a_folder_with_pictures_a_clip_and_labels_comes_in_at_once_and_says_what_it_did(page, trip, tmp_path):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for number in range(2):
        (mixed / f"face{number}.png").write_bytes(png(800 + number))
    points = "\n".join(f"{x} {y}" for x, y in np.random.default_rng(0).uniform(10, 40, (68, 2)))
    (mixed / "face0.pts").write_text(f"version: 1\nn_points: 68\n{{\n{points}\n}}\n")
    with VideoWriter(mixed / "walk.mp4", 64, 48, 10.0) as clip:
        for number in range(3):
            clip.write(np.full((48, 64, 3), 60 * number, np.uint8))
    page.goto(f"{trip.address}?dataset=Trip")
    unfold(page, "Import photos")
    page.get_by_role("radiogroup", name="Where the photos are").get_by_text("A folder of this computer").click()
    page.locator("input[type=file][webkitdirectory]").first.set_input_files(mixed)
    expect(page.get_by_test_id("stFileUploader").first.get_by_text(re.compile("face0.p"))).to_have_count(2)
    page.get_by_label("Dataset", exact=True).last.fill("Mixed")
    page.get_by_role("button", name="Import photos").click()
    pictures = "2 pictures: 2 added, 0 there already, 0 files skipped, 3 frames of 1 clip"
    labels = "Label files among them: 300-W .pts: 1 label in 1 picture, 1 of them new; 0 skipped"
    expect(page.get_by_text(f"{pictures}. {labels}")).to_be_visible(timeout=WAIT)
    assert stored(
        trip, "SELECT path FROM image JOIN dataset d ON d.id = dataset_id WHERE d.name = 'Mixed' AND state = 'imported'"
    ) == [("mixed/face0.png",)]


@pytest.mark.nightly
def test_the_drawn_clips_can_be_had_beside_other_data_and_a_dataset_of_which_nothing_came_is_none(page, trip):
    page.goto(f"{trip.address}?dataset=Trip")
    unfold(page, "Samples that Facet draws")
    settle(page)
    page.screenshot(path=ROOT / "test-results" / "samples.png", full_page=True)
    page.get_by_role("button", name="Try with drawn clips").click()
    expect(page.get_by_role("heading", name="Sample clips")).to_be_visible(timeout=WAIT)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile("Cancelled.*; what was finished stays"))).to_be_visible(timeout=WAIT)
    page.goto(f"{trip.address}?dataset=Trip")
    page.get_by_role("combobox", name="Dataset").first.click()
    expect(page.get_by_role("option", name="Trip")).to_be_visible()
    expect(page.get_by_role("option", name="Sample clips")).to_have_count(0)


def test_an_import_that_fails_says_so_in_place_and_leaves_no_dataset(page, trip):
    page.goto(f"{trip.address}?dataset=Trip")
    unfold(page, "Import photos")
    import_zip(page, "cut.zip", zip_of({"a.png": png(900)})[:-40], "Cut off")
    expect(page.get_by_role("heading", name="Cut off")).to_be_visible(timeout=WAIT)
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("cut.zip")
    page.goto(f"{trip.address}?dataset=Cut off")
    expect(page.get_by_role("heading", name="Cut off")).to_have_count(0)


@pytest.mark.nightly
def test_pictures_are_paged_and_filtered_by_path_and_state(page, trip):
    page.goto(f"{trip.address}?dataset=Trip")
    tiles = page.get_by_role("group", name="Pictures").get_by_role("button")
    expect(page.get_by_text("64 pictures. Click one to open it.")).to_be_visible(timeout=WAIT)
    expect(tiles).to_have_count(60)
    page.get_by_test_id("stPagination").get_by_role("button", name="2", exact=False).last.click()
    expect(tiles).to_have_count(4)
    page.get_by_label("Part of the path").fill("day-3/")
    page.get_by_label("Part of the path").press("Enter")
    expect(page.get_by_text("15 pictures. Click one to open it.")).to_be_visible()
    expect(tiles).to_have_count(15)
    pick(page, "State", "Failed")
    expect(page.get_by_text("0 pictures. Change or clear the filters.")).to_be_visible()


@pytest.mark.nightly
def test_a_name_full_of_signs_is_shown_as_it_is(page, trip):
    page.goto(f"{trip.address}?dataset=Trip")
    page.get_by_label("Part of the path").fill("odd/")
    page.get_by_label("Part of the path").press("Enter")
    expect(page.get_by_text("1 picture. Click one to open it.")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text(HOSTILE, exact=True)).to_be_visible()


def test_a_picture_opens_in_the_keypoint_editor(page, trip):
    page.goto(f"{trip.address}?dataset=Trip")
    page.get_by_text("p07.png").click(timeout=WAIT)
    expect(page).to_have_url(re.compile("/keypoints"))


def test_a_clip_is_one_tile_and_opens_at_its_first_frame_among_its_frames(page, trip, tmp_path):
    encoded(tmp_path / "in" / "talk.mp4", 75, size=(160, 120))
    (tmp_path / "in" / "a.png").write_bytes(png(555))
    done = trip.command("import", tmp_path / "in", "--dataset", "Film", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == 75
    page.goto(f"{trip.address}?dataset=Film")
    expect(page.get_by_text("76 pictures; the frames of a clip are one tile. Click one to open it.")).to_be_visible(
        timeout=WAIT
    )
    tiles = page.get_by_role("group", name="Pictures").get_by_role("button")
    expect(tiles).to_have_count(2)
    clip = tiles.filter(has_text="talk.mp4 · 0:03")
    expect(clip).to_contain_text("▶ 75 new")
    assert clip.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 160
    clip.click()
    expect(page).to_have_url(re.compile("/keypoints.*part=talk.mp4%2F"), timeout=WAIT)
    expect(page.get_by_label("Number of the picture")).to_have_value("1", timeout=WAIT)
    expect(page.get_by_text("/ 75", exact=True)).to_be_visible()


@pytest.mark.nightly
def test_a_folder_of_the_server_is_checked_at_once(page, trip):
    page.goto(f"{trip.address}?dataset=Trip")
    unfold(page, "Import photos")
    page.get_by_text("A folder on the server").click()
    source = page.get_by_role("textbox", name="Folder, zip or export on the server")
    source.fill("photos")
    page.get_by_role("button", name="Import photos").click()
    expect(page.get_by_text("give the full path of the folder")).to_be_visible()
    source.fill("/no/such/folder")
    page.get_by_role("button", name="Import photos").click()
    expect(page.get_by_text("there is no such file or folder on the server")).to_be_visible()


@pytest.mark.nightly
def test_people_come_from_folder_names_and_a_picture_that_is_gone_fails_with_its_reason(page, trip, tmp_path):
    for number, name in enumerate(["Ada/1.png", "Bo/1.png"]):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(png(700 + number))
    page.goto(f"{trip.address}?dataset=Trip")
    unfold(page, "Import photos")
    page.get_by_text("A folder on the server").click()
    page.get_by_role("textbox", name="Folder, zip or export on the server").fill(str(tmp_path))
    page.get_by_label("Dataset", exact=True).last.fill("People")
    tick(page, "Folder names are people")
    tick(page, "Leave the files where they are")
    page.get_by_role("button", name="Import photos").click()
    expect(page.get_by_text("2 pictures: 2 added")).to_be_visible(timeout=WAIT)
    rows = stored(
        trip, "SELECT identity, original FROM image JOIN dataset d ON d.id = dataset_id WHERE d.name = 'People'"
    )
    assert sorted(rows) == [("Ada", str(tmp_path / "Ada/1.png")), ("Bo", str(tmp_path / "Bo/1.png"))]
    (tmp_path / "Bo/1.png").unlink()
    page.get_by_role("button", name="Find faces").click()
    expect(page.get_by_text("0 faces of 0 people in 2 pictures; 1 without a face, 1 failed")).to_be_visible(
        timeout=3 * WAIT
    )
    expect(metric(page, "Failed")).to_have_text("1")
    pick(page, "State", "Failed")
    expect(page.get_by_text("1 picture. Click one to open it.")).to_be_visible()
    (reason,) = stored(trip, "SELECT reason FROM image WHERE state = 'failed'")[0]
    expect(page.get_by_text(worded(json.loads(reason)))).to_be_visible()
