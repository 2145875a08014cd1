"""Labels of other tools come in through the page: what they are is said, what is missing waits, what fails is shown."""

import io
import json
import re
import sqlite3
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from core.foundation.arrays import Keypoints
from core.foundation.skeletons import SKELETONS
from tests.builders.places import ROOT
from tests.e2e.hands import pick, settle

pytestmark = pytest.mark.e2e

WAIT = 60_000
OURS = "dataset_id = (SELECT id FROM dataset WHERE name = :dataset)"
POINTS = f"FROM keypointrevision WHERE instance_id IN (SELECT id FROM instance WHERE {OURS})"


def png(seed, size=(160, 120)):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def pts(seed=0, count=68):
    points = np.random.default_rng(seed).uniform(30, 90, (count, 2))
    lines = "\n".join(f"{x:.3f} {y:.3f}" for x, y in points)
    return f"version: 1\nn_points: {count}\n{{\n{lines}\n}}\n".encode()


def coco_in_shares(picture):
    """A COCO file of one person whose points are shares of the picture's sides; the first lies at 0.25, 0.5."""
    names = SKELETONS["coco17"].point_names
    flat = [value for number in range(len(names)) for value in (0.25 + 0.01 * number, 0.5, 2)]
    return {
        "images": [{"id": 1, "file_name": picture}],
        "categories": [{"id": 1, "name": "person", "keypoints": list(names)}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "keypoints": flat, "num_keypoints": 17}],
    }


def stored(workbench, query, dataset="Labelled faces"):
    """What a query gives that asks for the rows of one dataset."""
    with sqlite3.connect(workbench.home / "store.db") as store:
        return store.execute(query, {"dataset": dataset}).fetchall()


def unfold(page, label):
    page.get_by_test_id("stExpander").filter(has_text=label).locator("summary").first.click()


@pytest.fixture(scope="module")
def workbench(shared_workbench):
    return shared_workbench


@pytest.fixture(scope="module")
def folder(workbench):
    """Two labelled pictures, a label whose picture is missing, and one that is cut off."""
    made = workbench.home.parent / "faces-300w"
    made.mkdir()
    for number in range(2):
        (made / f"face{number}.png").write_bytes(png(number))
        (made / f"face{number}.pts").write_bytes(pts(number))
    (made / "elsewhere.pts").write_bytes(pts(7))
    (made / "cut.pts").write_bytes(pts(8)[:200])
    pictures = workbench.home.parent / "first.zip"
    with zipfile.ZipFile(pictures, "w") as archive:
        archive.writestr("first.png", png(50))
    done = workbench.command("import", pictures, "--dataset", "Labelled faces")
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.nightly
def test_a_folder_on_the_server_brings_labels_and_their_pictures(workbench, page, folder):
    page.goto(f"{workbench.address}?dataset=Labelled faces")
    unfold(page, "Import labels")
    page.get_by_role("radiogroup", name="Where the labels are").get_by_text("A file or folder on the server").click()
    field = page.get_by_role("textbox", name="Label file, or folder of them, on the server")
    field.fill(str(folder))
    field.press("Enter")
    expect(page.get_by_text("Found: 300-W .pts (4 files)")).to_be_visible()
    page.get_by_role("button", name="Import labels").click()
    result = page.get_by_text("300-W .pts: 2 labels in 2 pictures, 2 of them new; 1 waits")
    expect(result).to_be_visible(timeout=WAIT)
    unfold(page, "skipped, with the reasons")
    expect(page.get_by_role("cell", name="cut.pts")).to_be_visible()
    assert stored(workbench, f"SELECT count(*) {POINTS} AND source = 'human'") == [(2,)]
    assert stored(workbench, f"SELECT path FROM image WHERE state = 'imported' AND {OURS} ORDER BY path") == [
        ("face0.png",),
        ("face1.png",),
    ]


def test_what_a_label_file_leaves_open_is_asked_on_a_card_and_answered(workbench, page, folder):
    made = workbench.home.parent / "shares"
    made.mkdir()
    (made / "share.png").write_bytes(png(70))
    (made / "share.json").write_text(json.dumps(coco_in_shares("share.png")))
    done = workbench.command("import", made, "--dataset", "Shares")
    assert done.returncode == 3, done.stderr
    page.goto(f"{workbench.address}?dataset=Shares")
    card = page.locator(".st-key-label-question-scale")
    expect(card.get_by_text(re.compile("1 label waits for an answer .*all points lie between 0 and 1"))).to_be_visible()
    expect(card.get_by_role("button", name="Answer")).to_be_disabled()
    card.get_by_text("Shares of the picture's sides").click()
    settle(page)
    page.screenshot(path=ROOT / "test-results" / "label-question.png", full_page=True)
    card.get_by_role("button", name="Answer").click()
    expect(page.get_by_text("1 label in place; 0 refused, or with another question")).to_be_visible(timeout=WAIT)
    expect(card).to_have_count(0)
    ((blob,),) = stored(workbench, f"SELECT points {POINTS} AND skeleton = 'coco17'", "Shares")
    np.testing.assert_allclose(Keypoints.from_bytes(blob).points[0], [0.25 * 160, 0.5 * 120], atol=1e-4)


@pytest.mark.nightly
def test_what_waits_is_listed_and_goes_on_when_the_picture_is_uploaded(workbench, page, folder):
    page.goto(f"{workbench.address}?dataset=Labelled faces")
    unfold(page, "Import labels")
    expect(page.get_by_role("cell", name="elsewhere.*")).to_be_visible()
    late = workbench.home.parent / "late.zip"
    with zipfile.ZipFile(late, "w") as archive:
        archive.writestr("somewhere/elsewhere.jpg", png(60))
    done = workbench.command("import", late, "--dataset", "Labelled faces", "--json")
    assert '"labels": 1' in done.stdout, done.stderr
    page.reload()
    expect(page.get_by_text("1 label that waited has its picture")).to_be_visible()
    assert stored(workbench, f"SELECT count(*) FROM waitinglabel WHERE {OURS}") == [(0,)]


@pytest.mark.nightly
def test_labels_of_another_folder_wait_and_are_put_onto_the_picture_that_somebody_names(workbench, page, folder):
    other = workbench.home.parent / "others"
    (other / "val").mkdir(parents=True)
    for name, seed in (("face0", 11), ("face9", 12)):
        (other / "val" / f"{name}.pts").write_bytes(pts(seed))
    done = workbench.command("import", other, "--dataset", "Labelled faces", "--json")
    assert '"waiting": 1' in done.stdout, done.stderr  # a picture without a folder may lie in any
    page.goto(f"{workbench.address}?dataset=Labelled faces")
    unfold(page, "Import labels")
    pick(page, "Labels that wait", "val/face9.* (1 label, val/face9.pts)")
    pick(page, "They are of", "first.png")
    expect(page.get_by_role("button", name="Put them on it")).to_be_enabled()
    page.screenshot(path=ROOT / "test-results" / "waiting-labels.png", full_page=True)
    page.get_by_role("button", name="Put them on it").click()
    expect(page.get_by_text("1 label put on first.png")).to_be_visible()
    assert stored(workbench, f"SELECT count(*) FROM waitinglabel WHERE {OURS}") == [(0,)]
    assert stored(workbench, f"SELECT state FROM image WHERE path = 'first.png' AND {OURS}") == [("imported",)]


@pytest.mark.nightly
def test_an_upload_is_sniffed_and_of_the_wrong_points_it_says_how_many_there_are(workbench, page, folder):
    page.goto(f"{workbench.address}?dataset=Labelled faces")
    unfold(page, "Import labels")
    form = page.get_by_test_id("stExpander").filter(has_text="Where the labels are")
    form.locator("input[type=file]").set_input_files(
        {"name": "face0.pts", "mimeType": "text/plain", "buffer": pts(0, 29)}
    )
    expect(page.get_by_text("Found: 300-W .pts (1 file)")).to_be_visible()
    form.get_by_role("button", name="Import labels").click()
    failure = page.get_by_test_id("stAlertContentError")
    expect(failure.get_by_text("it has 29 points, but face68 has 68")).to_be_visible(timeout=WAIT)


def test_pictures_are_left_out_by_a_list_of_names(workbench, page, folder):
    page.goto(f"{workbench.address}?dataset=Labelled faces")
    unfold(page, "Leave pictures out of learning")
    form = page.get_by_test_id("stExpander").filter(has_text="List of file names")
    form.get_by_role("region", name="List of file names").locator("input[type=file]").set_input_files(
        {"name": "bad.csv", "mimeType": "text/csv", "buffer": b"image,why\nfirst.png,blurred\nnobody.png,gone\n"}
    )
    expect(form.get_by_text("bad.csv")).to_be_visible()
    form.get_by_role("button", name="Leave these out").click()
    expect(page.get_by_text("2 names listed, 1 of pictures here; not here: nobody.png")).to_be_visible()
    assert stored(workbench, f"SELECT name, reason FROM exclusion WHERE {OURS} ORDER BY name") == [
        ("first.png", "bad.csv"),
        ("nobody.png", "bad.csv"),
    ]
