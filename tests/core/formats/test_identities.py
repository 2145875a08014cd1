import csv
import hashlib
import unicodedata
from dataclasses import replace

import numpy as np
import pytest

from core.formats import READERS, WRITERS
from core.formats.dataset import LabelledDataset, LabelledInstance, LabelledPerson, LeftOut
from tests.builders.labelled_examples import picture
from tests.builders.places import DATA

WHEN = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize("seed", range(5))
def test_identities_bring_back_people_pictures_boxes_and_sources(make_dataset, tmp_path, seed):
    dataset = make_dataset(seed)
    WRITERS["identities"](dataset, tmp_path / "out", exported_at=WHEN)
    back = READERS["identities"](tmp_path / "out")

    def named(found: LabelledDataset) -> list:
        names = {person.key: person.name for person in found.people}
        rows = [(image, face) for image in found.images for face in image.instances]
        return [
            (i.path, i.sha256, i.width, i.reason, f.box, f.person, names[f.person], f.person_source)
            for i, f in rows
            if f.kind == "face" and f.person
        ]

    assert named(back) == named(dataset)
    assert [image.path for image in back.images] == [image.path for image in dataset.images]
    assert {face.origin for image in back.images for face in image.instances} == {"import"}


@pytest.mark.parametrize(("source", "kept"), [("human", "Ann"), ("automatic", None)])
def test_identities_keep_a_folders_word_unless_only_humans_speak_against_it(small_dataset, tmp_path, source, kept):
    one, two = small_dataset.images
    face, body = one.instances
    other = LabelledInstance("face", (50, 50, 60, 60), "model", not_people=("person-0001",))
    faces = (replace(face, person_source=source), body, other)
    images = (replace(one, identity="Ann", instances=faces), replace(two, identity="Bea"))
    WRITERS["identities"](replace(small_dataset, images=images), tmp_path / "out", exported_at=WHEN)
    back = READERS["identities"](tmp_path / "out")
    assert [image.identity for image in back.images] == [kept, "Bea"]
    unsaid = [item.reason for item in back.left_out if item.path == "one.png"]
    assert "faces known not to be somebody, which this format does not hold: 1" in unsaid


@pytest.mark.parametrize("seed", range(5))
def test_crop_folders_are_safe_and_distinct_on_every_file_system(make_dataset, tmp_path, seed):
    manifest = WRITERS["identities"](make_dataset(seed), tmp_path / "out", exported_at=WHEN)
    crops = [path for path in manifest.files if path.startswith("people/")]
    folded = {unicodedata.normalize("NFC", path).casefold() for path in crops}
    assert len(crops) == len(folded) == manifest.counts["faces_with_person"] - _uncut(manifest)
    for path in crops:
        _, folder, file = path.split("/")
        for part in (folder, file):
            assert not set(part) & set('<>:"\\|?*\0\r\n\t'), part
            assert len(part.encode()) < 143
            assert part == part.strip(" .")
            assert part.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


def _uncut(manifest) -> int:
    return sum("crop" in item.reason for item in manifest.left_out)


def test_identities_say_that_they_hold_no_clips(clipped, tmp_path):
    manifest = WRITERS["identities"](clipped, tmp_path / "out", exported_at="now")
    assert LeftOut("day/ada.mp4", "the order of its frames, which this format does not hold") in manifest.left_out
    assert READERS["identities"](tmp_path / "out").clips == ()


IDENTITIES = DATA / "identities"


def face(box: tuple[float, float, float, float], person: str | None, source: str = "human") -> LabelledInstance:
    return LabelledInstance("face", box, "model", person=person, person_source=source if person else None)


def test_tables_are_written_as_worked_out_by_hand(tmp_path):
    rng = np.random.default_rng(0)
    one = picture(tmp_path / "1.png", rng, 100, 80)
    faces = (face((20, 20, 40, 40), "person-0001"), face((0.1, -3, 10, 9.75), "person-0002", "automatic"))
    images = (
        replace(one, path="-a, b/one.png", instances=faces, identity="@home"),
        replace(one, path="c/one.png", instances=(face((1, 2, 3, 4), "person-0001"),), reason="it's dark"),
    )
    people = (LabelledPerson("person-0001", "=SUM(A1)"), LabelledPerson("person-0002"))
    manifest = WRITERS["identities"](LabelledDataset("x", images, people), tmp_path / "out", exported_at="now")
    rows = (tmp_path / "out" / "identities.csv").read_bytes().decode()
    for path, entry in manifest.files.items():
        rows = rows.replace(entry.sha256, f"<{path}>")
    assert rows.encode() == (IDENTITIES / "hand_worked_identities.csv").read_bytes()
    images_csv = (tmp_path / "out" / "images.csv").read_bytes()
    assert images_csv == (IDENTITIES / "hand_worked_images.csv").read_bytes()


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
    manifest = WRITERS["identities"](
        LabelledDataset("x", images, (LabelledPerson("p"),)), tmp_path / "o", exported_at=""
    )
    assert [(item.path, item.reason) for item in manifest.left_out] == [
        ("good.png", "the crop of face 1: its box lies outside the picture"),
        ("other.png", "the crops of 1 faces: the picture is 30 × 30 pixels, but its labels are for 31 × 30"),
        ("text.png", "the crops of 1 faces: not a picture but text"),
    ]
    assert sum(len(image.instances) for image in READERS["identities"](tmp_path / "o").images) == 4
    assert len(list((tmp_path / "o" / "people").rglob("*.jpg"))) == 1


def test_what_the_format_cannot_hold_is_counted_image_by_image(small_dataset, tmp_path):
    one, two = small_dataset.images
    unknown = face((1, 1, 9, 9), None)
    images = (replace(one, instances=(*one.instances, unknown, unknown)), two)
    people = (*small_dataset.people, LabelledPerson("person-0002", "Nobody"))
    dataset = replace(small_dataset, images=images, people=people)
    manifest = WRITERS["identities"](dataset, tmp_path / "out", exported_at="now")
    assert [(item.path, item.reason) for item in manifest.left_out] == [
        ("one.png", "bodies, which this format does not hold: 1"),
        ("one.png", "faces without a person, which this format does not hold: 2"),
        ("person-0002", "a person without a face"),
    ]
    assert [image.path for image in READERS["identities"](tmp_path / "out").images] == ["one.png", "two.png"]


def test_no_cell_begins_like_a_formula(make_dataset, tmp_path):
    WRITERS["identities"](make_dataset(2), tmp_path / "out", exported_at="now")
    cells = []
    for name, numeric in (("identities.csv", {3, 4, 5, 6}), ("images.csv", {1, 2})):
        with open(tmp_path / "out" / name, encoding="utf-8", newline="") as file:
            cells += [cell for row in csv.reader(file) for i, cell in enumerate(row) if i not in numeric]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert any(cell.startswith("'=cmd") for cell in cells)
