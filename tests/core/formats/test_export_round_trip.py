import hashlib
import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from core.formats import READERS, WRITERS, sniff
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson
from tests.builders.labelled_examples import facts, files_of

FORMATS = sorted(WRITERS)
WHEN = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("seed", range(5))
def test_export_read_and_exported_again_is_byte_equal(make_dataset, tmp_path, name, seed):
    first = WRITERS[name](make_dataset(seed), tmp_path / "first", exported_at=WHEN)
    again = WRITERS[name](READERS[name](tmp_path / "first"), tmp_path / "again", exported_at=WHEN)
    assert files_of(tmp_path / "first") == files_of(tmp_path / "again")
    assert len(first.files) > 10
    assert first == again


@pytest.mark.parametrize("name", ["coco", "facet"])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_on_the_way_out_and_back(make_dataset, tmp_path, name, seed):
    dataset = make_dataset(seed)
    WRITERS[name](dataset, tmp_path / "out", exported_at=WHEN)
    back = READERS[name](tmp_path / "out")
    crops = tuple(item for item in back.left_out if "crop" in item.reason)
    assert facts(back) == facts(replace(dataset, left_out=(*dataset.left_out, *crops)))


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


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_come_back_as_the_files_of_the_export(small_dataset, tmp_path, name):
    WRITERS[name](small_dataset, tmp_path / "out", exported_at=WHEN)
    for image, original in zip(READERS[name](tmp_path / "out").images, small_dataset.images, strict=True):
        assert image.file == tmp_path / "out" / "images" / image.path
        assert image.file.read_bytes() == original.file.read_bytes()
        assert image.size_bytes == original.file.stat().st_size


@pytest.mark.parametrize("name", FORMATS)
def test_manifest_lists_every_other_file_with_its_true_hash_and_size(make_dataset, tmp_path, name):
    manifest = WRITERS[name](make_dataset(3), tmp_path / "out", exported_at=WHEN)
    content = files_of(tmp_path / "out")
    text = content.pop("manifest.json").decode()
    listed = json.loads(text)["files"]
    assert listed == {
        path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in content.items()
    }
    assert text == manifest.text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert sniff(tmp_path / "out") == name


def test_manifest_counts_what_the_export_holds(small_dataset, tmp_path):
    counts = WRITERS["facet"](small_dataset, tmp_path / "facet", exported_at=WHEN).counts
    assert counts == {
        "images": 2,
        "instances": {"face": 1, "person": 1},
        "people": 1,
        "people_with_name": 1,
        "keypoints": {
            "face68": {"absent": 0, "hidden": 0, "visible": 68},
            "body24": {"absent": 0, "hidden": 0, "visible": 0},
            "coco17": {"absent": 0, "hidden": 0, "visible": 0},
        },
        "instances_with_keypoints": {"human": 0, "model": 1},
        "faces_with_person": 1,
        "faces_confirmed_by_human": 1,
        "clips": 0,
        "left_out": 0,
    }
    counts = WRITERS["identities"](small_dataset, tmp_path / "identities", exported_at=WHEN).counts
    assert counts["instances"] == {"face": 1, "person": 0}
    assert counts["keypoints"]["face68"]["visible"] == 0
    assert counts["left_out"] == 1


@pytest.mark.parametrize("name", FORMATS)
def test_counts_agree_with_a_count_by_hand_of_what_is_read_back(make_dataset, tmp_path, name):
    counts = WRITERS[name](make_dataset(4), tmp_path / "out", exported_at=WHEN).counts
    back = READERS[name](tmp_path / "out")
    found = [instance for image in back.images for instance in image.instances]
    for skeleton, by_visibility in counts["keypoints"].items():
        values = [v for i in found if i.skeleton == skeleton for v in i.keypoints.visibility.tolist()]
        assert list(by_visibility.values()) == [values.count(0), values.count(1), values.count(2)]
    assert counts["faces_confirmed_by_human"] == sum(i.kind == "face" and i.person_source == "human" for i in found)
    assert counts["images"] == len(back.images)
    assert counts["people"] == len(back.people)
    assert counts["left_out"] == len(back.left_out)


@pytest.mark.parametrize("name", FORMATS)
def test_empty_dataset_makes_an_export_that_reads_back_empty(tmp_path, name):
    manifest = WRITERS[name](LabelledDataset("Nothing"), tmp_path / "out", exported_at=WHEN)
    back = READERS[name](tmp_path / "out")
    assert (back.name, back.images, back.people, back.models, back.left_out) == ("Nothing", (), (), (), ())
    assert manifest.counts["images"] == manifest.counts["people"] == 0


@pytest.mark.parametrize("name", FORMATS)
def test_image_that_cannot_come_along_is_left_out_with_the_reason(small_dataset, tmp_path, name):
    one, two = small_dataset.images
    changed = tmp_path / "changed.png"
    changed.write_bytes(one.file.read_bytes() + b"!")
    extra = (
        LabelledImage("failed.jpg", "c" * 64, 9, 0, 0, None, state="failed", reason="it is empty"),
        replace(two, path="kept labels.png", file=None),
        replace(two, path="gone.png", file=tmp_path / "gone.png"),
        replace(one, path="changed.png", file=changed),
        replace(two, path="x/../../climb.png"),
        replace(two, path="C:/drive.png"),
        replace(two, path="n" * 300 + ".png"),
        replace(two, path="one.png/below.png"),
        replace(two, path="latin\udce9.png"),
    )
    manifest = WRITERS[name](replace(small_dataset, images=(one, two, *extra)), tmp_path / "out", exported_at=WHEN)
    reasons = {item.path: item.reason for item in manifest.left_out if not item.reason.startswith("bodies")}
    assert reasons == {
        "failed.jpg": "it is empty",
        "kept labels.png": "its picture is missing",
        "gone.png": "its file cannot be read: No such file or directory",
        "changed.png": "its file was changed after the import (the SHA-256 differs); with it 2 labelled instances",
        "x/../../climb.png": "its path climbs out with '..'",
        "C:/drive.png": "its path names a drive",
        "n" * 300 + ".png": "its path cannot be written here: File name too long",
        "one.png/below.png": "its path cannot be written here: File exists",
        "latin\\udce9.png": "its path is not valid Unicode",
    }
    assert [image.path for image in READERS[name](tmp_path / "out").images] == ["one.png", "two.png"]
    assert not list((tmp_path / "out").rglob("*changed*"))


@pytest.mark.parametrize("name", FORMATS)
def test_progress_counts_every_step_up_to_the_total(small_dataset, tmp_path, name):
    class Listener:
        total, steps = 0, ()

        def begin(self, total):
            self.total = total

        def advance(self, done):
            self.steps += (done,)

    listener = Listener()
    WRITERS[name](small_dataset, tmp_path / "out", exported_at=WHEN, progress=listener)
    assert listener.steps == tuple(range(1, listener.total + 1))
    assert listener.total == {"coco": 4, "identities": 4, "facet": 6}[name]


def test_box_whose_width_cannot_say_its_end_still_comes_back_exactly(small_dataset, tmp_path):
    boxes = [(-10, 3.3, 5.5e-17, 20.123), (-0.0, 0, -0.0, 0.1), (1e8, -7.7, 1e9, -7.6999), (-1e-30, 0.1, 0.3, 0.1)]
    found = tuple(LabelledInstance("face", box, "human", person="p", person_source="human") for box in boxes)
    image = replace(small_dataset.images[0], instances=found)
    WRITERS["facet"](LabelledDataset("x", (image,), (LabelledPerson("p"),)), tmp_path / "out", exported_at=WHEN)
    back = READERS["facet"](tmp_path / "out").images[0]
    assert [instance.box for instance in back.instances] == [instance.box for instance in found]


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


def test_sniff_knows_nothing_of_other_folders(tmp_path: Path):
    assert sniff(tmp_path) is None
    for text in ("", "[]", "{}", '{"generator": "other", "version": 1, "format": "coco"}', "\xff"):
        (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
        assert sniff(tmp_path) is None
    (tmp_path / "manifest.json").write_text('{"generator": "facet", "version": 7, "format": "coco"}')
    assert sniff(tmp_path) == "coco"
