"""Photos that EXIF turns leave upright, for tools that read only the pixels, and come back as they came."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image, ImageOps
from sqlmodel import select
from torchvision.datasets import CocoDetection

from core.exchange.exporting import FORMATS, export_dataset
from core.exchange.restoring import restore_export
from core.jobs.runs import submit
from core.library.importing import PictureIntake, skipped
from core.people.naming_by_folder import confirm_identities
from db.engine import reading
from db.tables import Image as Picture
from db.tables import Instance, Source
from db.writes.library import ensure_dataset, ensure_user, refresh_picture
from db.writing import writing
from tests.builders.labelled_examples import files_of
from tests.builders.places import SHARED

WIDTH, HEIGHT = 64, 40  # upright
BOX = (40.0, 4.0, 60.0, 14.0)  # of what is bright in the picture


def _photo(orientation):
    """An upright picture that is bright in `BOX` and of a shade of its own elsewhere, stored as a camera does."""
    pixels = np.full((HEIGHT, WIDTH, 3), 10 * orientation, np.uint8)
    pixels[4:14, 40:60] = 250
    upright, exif, out = Image.fromarray(pixels), Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    turned = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}  # what undoes each
    exif[0x0112] = turned.get(orientation, 1)
    buffer = io.BytesIO()
    upright.save(buffer, "PNG", exif=exif)
    stored = ImageOps.exif_transpose(Image.open(buffer))
    exif[0x0112] = orientation
    stored.save(out, "JPEG", quality=95, exif=exif, comment=b"where it was taken")
    return out.getvalue()


class Shop:
    """A store with eight photos, one of each orientation, and a face in each."""

    def __init__(self, workspace):
        self.workspace = workspace
        with writing(workspace.engine) as session:
            self.author = ensure_user("ada", session=session)
            self.dataset = ensure_dataset("faces", self.author, session=session)

    def who(self, kind):
        self.run = submit(self.workspace, kind, dataset_id=self.dataset, author_id=self.author, parameters={})
        return {"dataset_id": self.dataset, "author_id": self.author, "run_id": self.run}

    def fill(self, folder):
        folder.mkdir()
        for orientation in range(1, 9):
            (folder / f"{orientation}.jpg").write_bytes(_photo(orientation))
        PictureIntake(self.workspace, **self.who("import")).take_source(folder)
        left, top, right, bottom = BOX
        with writing(self.workspace.engine) as session:
            for image in session.exec(select(Picture)):
                sides = {"left": left, "top": top, "right": right, "bottom": bottom}
                face = Instance(dataset_id=self.dataset, image_id=image.id, kind="face", origin=Source.HUMAN, **sides)
                session.add(face)
                refresh_picture(image.id, session=session)

    def export(self, format_name, folder, **options):
        return export_dataset(self.workspace, **self.who("export"), format_name=format_name, folder=folder, **options)

    def restore(self, folder):
        return restore_export(self.workspace, folder, **self.who("import"))

    def originals(self):
        with reading(self.workspace.engine) as session:
            rows = session.exec(select(Picture)).all()
        return {row.path: self.workspace.original(row.original).read_bytes() for row in rows}


@pytest.fixture
def here(workspace, tmp_path):
    shop = Shop(workspace)
    shop.fill(tmp_path / "photos")
    return shop


@pytest.fixture
def there(another_workspace):
    return Shop(another_workspace)


def _bright(pixels):
    rows, columns = np.nonzero(np.asarray(pixels.convert("L")) > 200)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_torchvision_sees_the_sizes_and_boxes_of_all_eight_orientations(here, tmp_path):
    counts = here.export("coco", tmp_path / "out")
    assert (counts["images"], counts["turned"]) == (8, 7)
    annotations = tmp_path / "out" / "annotations.json"
    seen = CocoDetection(str(tmp_path / "out" / "images"), str(annotations))
    stated = {row["id"]: row for row in json.loads(annotations.read_text())["images"]}
    assert len(seen) == 8
    for number, (pixels, (face,)) in zip(seen.ids, seen, strict=True):
        row = stated[number]
        assert pixels.size == (row["width"], row["height"]) == (WIDTH, HEIGHT), row["file_name"]
        x, y, width, height = face["bbox"]
        assert _bright(pixels) == (x, y, x + width, y + height), row["file_name"]
        assert row.get("exif_orientation", 1) == int(row["file_name"][0])


@pytest.mark.parametrize("format_name", FORMATS)
def test_in_every_format_the_files_are_as_large_as_it_says_without_a_tag_or_any_other_word(here, tmp_path, format_name):
    here.export(format_name, tmp_path / "out")
    sizes = {(WIDTH, HEIGHT)}
    if (tmp_path / "out" / "images.csv").is_file():
        with (tmp_path / "out" / "images.csv").open() as file:
            sizes |= {(int(row["width"]), int(row["height"])) for row in csv.DictReader(file)}
    for orientation in range(1, 9):
        with Image.open(tmp_path / "out" / "images" / f"{orientation}.jpg") as opened:
            sizes.add(opened.size)
            if orientation > 1:
                assert (dict(opened.getexif()), opened.info.get("comment")) == ({}, None)
            shade = np.asarray(opened.convert("L"))[-1, 0]
            assert abs(int(shade) - 10 * orientation) <= 1, "the colours stay"
    assert sizes == {(WIDTH, HEIGHT)}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["counts"]["turned"] == 7
    assert "lies as it was imported in originals/" in manifest["conventions"]["pictures"]
    assert {path for path in manifest["files"] if path.startswith("originals/")} == {
        f"originals/{orientation}.jpg" for orientation in range(2, 9)
    }


@pytest.mark.parametrize("untouched", [False, True])
@pytest.mark.parametrize("format_name", FORMATS)
def test_out_in_and_out_again_is_the_same_to_the_byte_and_no_original_is_lost(
    here, there, tmp_path, format_name, untouched
):
    here.export(format_name, tmp_path / "first", untouched=untouched)
    assert there.restore(tmp_path / "first")["added"] == 8
    assert there.originals() == here.originals()
    there.export(format_name, tmp_path / "second", untouched=untouched)
    first, second = files_of(tmp_path / "first"), files_of(tmp_path / "second")
    manifests = [json.loads(files.pop("manifest.json")) for files in (first, second)]
    for manifest in manifests:
        assert manifest.pop("exported_at")
    assert first == second
    assert manifests[0] == manifests[1]


def test_untouched_files_are_those_that_came_and_nothing_lies_beside_them(here, tmp_path):
    counts = here.export("coco", tmp_path / "out", untouched=True)
    assert counts["turned"] == 0
    files = files_of(tmp_path / "out")
    assert {path.removeprefix("images/"): files[path] for path in files if path.endswith(".jpg")} == here.originals()
    manifest = json.loads(files["manifest.json"])
    assert manifest["untouched"]
    assert manifest["conventions"]["pictures"].startswith("images/ holds the bytes as imported, unchanged")
    assert all("exif_orientation" not in row for row in json.loads(files["annotations.json"])["images"])


def test_export_into_the_store_that_it_is_of_changes_nothing(here, tmp_path):
    here.export("coco", tmp_path / "out")
    before = here.originals()
    assert here.restore(tmp_path / "out")["added"] == 0
    assert here.originals() == before


@pytest.mark.parametrize("format_name", ["coco", "facet"])
def test_where_somebody_took_the_originals_out_the_labels_come_back_on_the_upright_pictures(
    here, there, tmp_path, format_name
):
    here.export(format_name, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "originals")
    assert there.restore(tmp_path / "out")["added"] == 8
    listed = {line["path"]: line["reason"] for line in skipped(there.workspace, there.run)}
    assert listed == {f"originals/{orientation}.jpg": "the file is missing" for orientation in range(2, 9)}
    with reading(there.workspace.engine) as session:
        assert {(row.width, row.height) for row in session.exec(select(Picture))} == {(WIDTH, HEIGHT)}
        assert len(session.exec(select(Instance)).all()) == 8
    upright = hashlib.sha256(there.originals()["6.jpg"]).hexdigest()
    assert upright == json.loads((tmp_path / "out" / "manifest.json").read_text())["files"]["images/6.jpg"]["sha256"]


def test_face_crops_are_cut_from_the_untouched_file_not_from_one_written_twice(here, tmp_path):
    with writing(here.workspace.engine) as session:
        for image in session.exec(select(Picture)):
            image.identity, image.identity_by = "Ada", here.author
    confirm_identities(here.workspace, dataset_id=here.dataset, run_id=here.run)
    for untouched in (False, True):
        here.export("identities", tmp_path / f"{untouched}", untouched=untouched)
    crops = [
        {path: content for path, content in files_of(tmp_path / name).items() if path.startswith("people/")}
        for name in ("False", "True")
    ]
    assert len(crops[0]) == 8
    assert crops[0] == crops[1]


@pytest.mark.skipif(not (SHARED.parent / "cases" / "export-exif").is_dir(), reason="needs the shared cases")
def test_export_from_before_comes_back_as_untouched_and_leaves_upright(there, tmp_path):
    there.restore(SHARED.parent / "cases" / "export-exif" / "export")
    there.export("coco", tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "annotations.json").read_text())["images"]
    assert len(rows) == 5
    for row in rows:
        with Image.open(tmp_path / "out" / "images" / row["file_name"]) as opened:
            assert opened.size == (row["width"], row["height"]), row["file_name"]
    assert any("exif_orientation" in row for row in rows)
