import csv
import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.formats import identities
from core.formats.crops import CropFailed, crop_jpeg, upright
from core.formats.dataset import LabelledDataset, LabelledInstance, LabelledPerson
from tests.builders.labelled_examples import picture
from tests.builders.places import DATA

IDENTITIES = DATA / "identities"


def face(box: tuple[float, float, float, float], person: str | None, source: str = "human") -> LabelledInstance:
    return LabelledInstance("face", box, "model", person=person, person_source=source if person else None)


def gradient() -> np.ndarray:
    x, y = np.meshgrid(np.arange(100), np.arange(80))
    return np.stack([x * 2, y * 2, 0 * x + 50], axis=2).astype(np.uint8)


def test_tables_are_written_as_worked_out_by_hand(tmp_path):
    rng = np.random.default_rng(0)
    one = picture(tmp_path / "1.png", rng, 100, 80)
    faces = (face((20, 20, 40, 40), "person-0001"), face((0.1, -3, 10, 9.75), "person-0002", "automatic"))
    images = (
        replace(one, path="-a, b/one.png", instances=faces, identity="@home"),
        replace(one, path="c/one.png", instances=(face((1, 2, 3, 4), "person-0001"),), reason="it's dark"),
    )
    people = (LabelledPerson("person-0001", "=SUM(A1)"), LabelledPerson("person-0002"))
    manifest = identities.write(LabelledDataset("x", images, people), tmp_path / "out", exported_at="now")
    rows = (tmp_path / "out" / "identities.csv").read_bytes().decode()
    for path, entry in manifest.files.items():
        rows = rows.replace(entry.sha256, f"<{path}>")
    assert rows.encode() == (IDENTITIES / "hand_worked_identities.csv").read_bytes()
    images_csv = (tmp_path / "out" / "images.csv").read_bytes()
    assert images_csv == (IDENTITIES / "hand_worked_images.csv").read_bytes()


def test_crop_is_the_box_grown_by_thirty_percent_and_clipped():
    # Centre 30, half of 20 × 1.3 = 13: [17, 43] touches the pixels 17 (up to 17.5) to 43 (from 42.5).
    inner = Image.open(io.BytesIO(crop_jpeg(gradient(), (20, 20, 40, 40))))
    assert inner.size == (27, 27)
    np.testing.assert_allclose(np.asarray(inner)[0, 0], [34, 34, 50], atol=6)
    np.testing.assert_allclose(np.asarray(inner)[26, 26], [86, 86, 50], atol=6)
    # Centre 5, half 6.5: [-1.5, 11.5] is clipped to the pixels 0 to 11.
    assert Image.open(io.BytesIO(crop_jpeg(gradient(), (0, 0, 10, 10)))).size == (12, 12)
    assert Image.open(io.BytesIO(crop_jpeg(gradient(), (-500, -500, 500, 500)))).size == (100, 80)


def test_crop_has_the_same_bytes_every_time_and_no_metadata():
    first, second = (crop_jpeg(gradient(), (20, 20, 40, 40)) for _ in range(2))
    assert first == second
    opened = Image.open(io.BytesIO(first))
    assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not opened.getexif()
    # libjpeg scales the standard table's 16 by 0.1 at quality 95: 1.6, rounded
    assert opened.quantization[0][0] == 2


def test_crop_of_a_turned_photo_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn clockwise to see it upright
    Image.fromarray(gradient()).transpose(Image.Transpose.ROTATE_90).save(
        tmp_path / "turned.jpg", exif=exif, quality=95
    )
    opened = upright(tmp_path / "turned.jpg", (100, 80))
    np.testing.assert_allclose(opened.astype(int), gradient().astype(int), atol=8)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [("L", 7, 7), ("I;16", 257 * 90, 90), ("RGBA", (9, 9, 9, 0), 255), ("1", 1, 255), ("CMYK", (0, 0, 0, 255), 0)],
)
def test_every_kind_of_pixel_becomes_rgb(tmp_path, mode, value, expected):
    file = tmp_path / "picture.tif"
    Image.new(mode, (5, 4), value).save(file)
    assert upright(file, (5, 4))[1, 1].tolist() == [expected] * 3


def test_face_outside_the_picture_has_no_crop():
    with pytest.raises(CropFailed, match="its box lies outside the picture"):
        crop_jpeg(gradient(), (200, 10, 220, 30))


def test_face_that_cannot_be_cut_out_keeps_its_row(tmp_path):
    rng = np.random.default_rng(0)
    good = picture(tmp_path / "good.png", rng, 100, 80)
    text = tmp_path / "text.png"
    text.write_text("no picture")
    other = picture(tmp_path / "other.png", rng, 30, 30)
    no_picture = replace(
        good,
        path="text.png",
        file=text,
        sha256=hashlib.sha256(b"no picture").hexdigest(),
        instances=(face((1, 1, 9, 9), "p"),),
    )
    images = (
        replace(good, instances=(face((200, 200, 210, 210), "p"), face((1, 1, 9, 9), "p"))),
        replace(other, width=31, instances=(face((1, 1, 9, 9), "p"),)),
        no_picture,
    )
    manifest = identities.write(LabelledDataset("x", images, (LabelledPerson("p"),)), tmp_path / "o", exported_at="")
    assert [(item.path, item.reason) for item in manifest.left_out] == [
        ("good.png", "the crop of face 1: its box lies outside the picture"),
        ("other.png", "the crops of 1 faces: the picture is 30 × 30 pixels, but its labels are for 31 × 30"),
        ("text.png", "the crops of 1 faces: not a picture but text"),
    ]
    assert sum(len(image.instances) for image in identities.read(tmp_path / "o").images) == 4
    assert len(list((tmp_path / "o" / "people").rglob("*.jpg"))) == 1


def test_what_the_format_cannot_hold_is_counted_image_by_image(small_dataset, tmp_path):
    one, two = small_dataset.images
    unknown = face((1, 1, 9, 9), None)
    images = (replace(one, instances=(*one.instances, unknown, unknown)), two)
    people = (*small_dataset.people, LabelledPerson("person-0002", "Nobody"))
    dataset = replace(small_dataset, images=images, people=people)
    manifest = identities.write(dataset, tmp_path / "out", exported_at="now")
    assert [(item.path, item.reason) for item in manifest.left_out] == [
        ("one.png", "bodies, which this format does not hold: 1"),
        ("one.png", "faces without a person, which this format does not hold: 2"),
        ("person-0002", "a person without a face"),
    ]
    assert [image.path for image in identities.read(tmp_path / "out").images] == ["one.png", "two.png"]


def test_no_cell_begins_like_a_formula(make_dataset, tmp_path):
    identities.write(make_dataset(2), tmp_path / "out", exported_at="now")
    cells = []
    for name, numeric in (("identities.csv", {3, 4, 5, 6}), ("images.csv", {1, 2})):
        with open(tmp_path / "out" / name, encoding="utf-8", newline="") as file:
            cells += [cell for row in csv.reader(file) for i, cell in enumerate(row) if i not in numeric]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert any(cell.startswith("'=cmd") for cell in cells)
