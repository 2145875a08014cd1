"""Small inputs that go wrong by their names: our own, and those of `../shared/cases` where they are."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.tracks.smoothing import delay
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision, Video
from tests.builders.places import DATA, ROOT

CASES = ROOT.parent / "shared" / "cases"
shared = pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
OWN = DATA / "names"


@pytest.fixture
def do(workspace, dataset):
    """Does a run on a source; returns its counts."""

    def run(kind, source, **parameters):
        return run_here(workspace, kind, dataset, {"source": str(source), **parameters}, Progress()).counts

    return run


@pytest.mark.parametrize(
    ("file", "skeleton", "how"),
    [
        ("capitals.json", "coco17", "in other capitals"),
        ("ending.json", "coco17", "with another ending"),
        ("upload.json", "coco17", "as Label Studio puts eight signs before each upload"),
        ("percent.json", "coco17", "as the name is written like a web address"),
        ("query.json", "coco17", "as the name is written like a web address"),
        ("p0.jpg.pts", "face68", "whose ending the name has before its own"),
    ],
)
def test_a_name_that_a_tool_wrote_otherwise_finds_its_picture(do, file, skeleton, how):
    do("import", OWN / "pics")
    counts = do("labels", OWN / "labels" / file, skeleton=skeleton)
    assert (counts["instances"], counts["waiting"], counts["skipped"]) == (1, 0, 0)
    assert [worded(doubt).endswith(how) for doubt in counts["doubts"]] == [True]


def test_a_small_300vw_counts_frames_from_1_and_its_clip_has_the_rate_of_its_times(workspace, do):
    placed = do("import", OWN / "300vw")["label_files"]
    assert (placed["instances"], placed["waiting"]) == (4, 0)
    np.testing.assert_allclose(_first_x(workspace), [5, 10, 15, 20])
    with reading(workspace.engine) as session:
        assert session.exec(select(Video.frames_per_second)).one() == pytest.approx(25)


@pytest.mark.parametrize("name", ["utf-8.zip", "cp932.zip"])
def test_names_of_a_small_zip_are_what_they_are(workspace, do, name):
    do("import", OWN / name)
    with reading(workspace.engine) as session:
        assert session.exec(select(Image.path)).all() == ["写真/顔.jpg"]


def _first_x(workspace):
    """x of the first point of the label of each picture, by path."""
    with reading(workspace.engine) as session:
        rows = session.exec(
            select(KeypointRevision.points)
            .join(Instance, Instance.revision_id == KeypointRevision.id)
            .join(Image, Image.id == Instance.image_id)
            .order_by(Image.path)
        ).all()
    return [Keypoints.from_bytes(points).points[0, 0] for points in rows]


@shared
@pytest.mark.parametrize(
    ("case", "file", "skeleton", "how"),
    [
        ("case-ext", "labels.json", "coco17", "in other capitals"),
        ("ls-prefix", "labels.json", "coco17", "as Label Studio puts eight signs before each upload"),
        ("percent", "labels.json", "coco17", "as the name is written like a web address"),
        ("url-query", "labels.json", "coco17", "as the name is written like a web address"),
        ("pts-double-ending", "p0.jpg.pts", "face68", "whose ending the name has before its own"),
    ],
)
def test_a_label_finds_the_only_picture_that_its_name_can_mean_and_that_is_told(do, case, file, skeleton, how):
    do("import", CASES / case / "pics")
    counts = do("labels", CASES / case / "labels" / file, skeleton=skeleton)
    assert (counts["instances"], counts["waiting"], counts["skipped"]) == (1, 0, 0)
    assert [worded(doubt).endswith(how) for doubt in counts["doubts"]] == [True]


@shared
@pytest.mark.parametrize("kinds", [("import", "labels"), ("labels",), ("import",)])
def test_300vw_counts_frames_from_1(workspace, do, kinds):
    for kind in kinds:
        counts = do(kind, CASES / "300vw-off-by-one" / "data", **({"skeleton": "face68"} if kind == "labels" else {}))
    placed = counts.get("label_files", counts)
    assert (placed["instances"], placed["waiting"]) == (40, 0)
    assert "whose first is number 1 there" in worded(placed["doubts"][0])
    np.testing.assert_allclose(_first_x(workspace), 10 + 5 * np.arange(40))


@shared
def test_a_clip_whose_header_lies_has_the_rate_of_its_times(workspace, do):
    do("import", CASES / "avi-rate" / "cam.avi")
    with reading(workspace.engine) as session:
        video = session.exec(select(Video)).one()
    assert (video.frames, video.frames_per_second) == (30, pytest.approx(25))
    assert delay("one-euro", frames_per_second=video.frames_per_second).frames == pytest.approx(1, abs=0.5)


@shared
@pytest.mark.parametrize("name", ["u8noflag.zip", "jp.zip"])
def test_names_in_a_zip_are_what_they_are(workspace, do, name):
    do("import", CASES / "zip-utf8-without-flag" / name)
    with reading(workspace.engine) as session:
        assert session.exec(select(Image.path)).all() == ["写真/顔.jpg"]
