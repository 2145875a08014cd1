import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from core.formats import READERS, WRITERS
from core.formats.dataset import LabelledDataset, LabelledImage
from core.foundation.errors import UnreadableLabels
from core.foundation.progress import Progress
from core.media.clip_index import ClipSurvey
from core.media.clip_reading import FramePlace
from core.media.images import decode
from tests.builders.odd_clips import encoded

FORMATS = sorted(WRITERS)
WHEN = "2026-11-20T12:00:00Z"


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
    class Listener(Progress):
        total, steps = 0, ()

        def begin(self, total, **_):
            self.total = total

        def advance(self, done):
            self.steps += (done,)

    listener = Listener()
    WRITERS[name](small_dataset, tmp_path / "out", exported_at=WHEN, progress=listener)
    assert listener.steps == tuple(range(1, listener.total + 1))
    assert listener.total == {"coco": 4, "identities": 6, "facet": 6}[name]


def test_a_frame_whose_picture_cannot_come_along_stays_without_one(clipped, tmp_path):
    one, two = clipped.images
    WRITERS["facet"](replace(clipped, images=(replace(one, file=None), two)), tmp_path / "out", exported_at="now")
    (clip,) = READERS["facet"](tmp_path / "out").clips
    assert [(frame.index, frame.image) for frame in clip.frames] == [(0, None), (1, None), (2, None)]


def test_names_that_climb_leave_no_file_outside_of_the_export(small_dataset, tmp_path):
    one = small_dataset.images[0]
    names = ("../../up.png", "/abs.png", "a/../../up.png", "..\\up.png", "C:up.png")
    images = tuple(LabelledImage(**(one.__dict__ | {"path": name})) for name in names)
    for kind in WRITERS:
        (tmp_path / kind).mkdir()
        dataset = replace(small_dataset, images=images)
        WRITERS[kind](dataset, tmp_path / kind / "deep" / "out", exported_at="now")
        written = [file for file in tmp_path.rglob("*") if file.is_file() and kind in file.relative_to(tmp_path).parts]
        assert all((tmp_path / kind / "deep" / "out") in file.parents for file in written)
        assert not [file for file in written if "up" in file.name or "abs" in file.name]
    assert sorted(place.name for place in tmp_path.iterdir()) == sorted([*WRITERS, "originals"])


LABELS = [
    *((name, "annotations.json") for name in ("coco", "facet")),
    *((name, file) for name in ("identities", "facet") for file in ("identities.csv", "images.csv")),
]


@pytest.mark.parametrize(("name", "file"), LABELS)
def test_labels_that_were_changed_removed_or_unlisted_are_refused(small_dataset, tmp_path, name, file):
    WRITERS[name](small_dataset, tmp_path / "out", exported_at="now")
    place = tmp_path / "out" / file
    place.write_bytes(place.read_bytes() + b" ")
    with pytest.raises(UnreadableLabels, match=rf"{file} was changed after the export \(its SHA-256"):
        READERS[name](tmp_path / "out")
    place.unlink()
    with pytest.raises(UnreadableLabels, match=f"{file} is missing; export again"):
        READERS[name](tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    del manifest["files"][file]
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UnreadableLabels, match=f"files does not list {file}, which this format needs"):
        READERS[name](tmp_path / "out")


@pytest.mark.parametrize("name", sorted(READERS))
def test_changed_missing_and_foreign_pictures_are_reported_and_their_labels_kept(small_dataset, tmp_path, name):
    before = WRITERS[name](small_dataset, tmp_path / "out", exported_at="now").left_out
    images = tmp_path / "out" / "images"
    (images / "one.png").write_bytes(b"something else")
    (images / "two.png").unlink()
    (images / "three.png").write_bytes(b"dropped in")
    back = READERS[name](tmp_path / "out")
    assert [(image.path, image.file) for image in back.images] == [("one.png", None), ("two.png", None)]
    assert len(back.images[0].instances) == (1 if name == "identities" else 2)
    assert [(item.path, item.reason) for item in back.left_out if item not in before] == [
        ("images/three.png", "this file is not part of the export"),
        ("one.png", "the file was changed after the export (its SHA-256 is not the one in manifest.json)"),
        ("two.png", "the file is missing"),
    ]


@pytest.mark.parametrize("name", sorted(READERS))
def test_symbolic_link_in_an_export_is_refused(small_dataset, tmp_path, name):
    WRITERS[name](small_dataset, tmp_path / "out", exported_at="now")
    picture = tmp_path / "out" / "images" / "one.png"
    picture.rename(tmp_path / "moved.png")
    picture.symlink_to(tmp_path / "moved.png")
    with pytest.raises(UnreadableLabels, match=r"manifest\.json: files: the path 'images/one\.png' leads through a"):
        READERS[name](tmp_path / "out")


def test_a_frame_of_a_clip_leaves_as_a_picture_and_one_that_does_not_decode_is_left_out_with_the_reason(tmp_path):
    clip, index = encoded(tmp_path / "a.mp4", 5), tmp_path / "a.frames"
    survey = ClipSurvey(clip)
    assert len(list(survey)) == 5
    index.write_bytes(survey.index().to_bytes())
    frames = [FramePlace(clip, index, number, f"a.mp4/{number:06d}.jpg") for number in (2, 9)]
    images = [LabelledImage(place.name, "0" * 64, 0, 64, 48, place, sequence="a.mp4") for place in frames]
    out = tmp_path / "out"
    manifest = WRITERS["coco"](LabelledDataset("d", tuple(images), (), ()), out, exported_at=WHEN)
    file = out / "images" / "a.mp4" / "000002.jpg"
    shown = decode(file, "", 10**6)
    assert shown.format == "JPEG"
    assert np.abs(shown.pixels.astype(int) - frames[0].pixels()).mean() < 4
    entry = manifest.files["images/a.mp4/000002.jpg"]
    assert (entry.sha256, entry.size) == (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)
    (left,) = manifest.left_out
    assert left.path == "a.mp4/000009.jpg"
    assert left.reason.startswith("frame 10 of it cannot be decoded")
