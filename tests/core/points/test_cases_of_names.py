"""The small inputs that go wrong by their names (`../shared/cases`), where they are: each with what is right."""

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
from tests.builders.places import ROOT

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")


@pytest.fixture
def do(workspace, dataset):
    return lambda kind, source, **parameters: (
        run_here(workspace, kind, dataset, {"source": str(CASES / source), **parameters}, Progress()).counts
    )


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
    do("import", f"{case}/pics")
    counts = do("labels", f"{case}/labels/{file}", skeleton=skeleton)
    assert (counts["instances"], counts["waiting"], counts["skipped"]) == (1, 0, 0)
    assert [worded(doubt).endswith(how) for doubt in counts["doubts"]] == [True]


@pytest.mark.parametrize("kinds", [("import", "labels"), ("labels",), ("import",)])
def test_300vw_counts_frames_from_1(workspace, do, kinds):
    for kind in kinds:
        counts = do(kind, "300vw-off-by-one/data", **({"skeleton": "face68"} if kind == "labels" else {}))
    placed = counts.get("label_files", counts)
    assert (placed["instances"], placed["waiting"]) == (40, 0)
    assert "whose first is number 1 there" in worded(placed["doubts"][0])
    with reading(workspace.engine) as session:
        rows = session.exec(
            select(Image.path, KeypointRevision.points)
            .join(Instance, Instance.image_id == Image.id)
            .join(KeypointRevision, KeypointRevision.id == Instance.revision_id)
            .order_by(Image.path)
        ).all()
    assert [path[-10:] for path, _ in rows] == [f"{number:06d}.jpg" for number in range(40)]
    first = [Keypoints.from_bytes(points).points[0, 0] for _, points in rows]
    np.testing.assert_allclose(first, 10 + 5 * np.arange(40))


def test_a_clip_whose_header_lies_has_the_rate_of_its_times(workspace, do):
    do("import", "avi-rate/cam.avi")
    with reading(workspace.engine) as session:
        video = session.exec(select(Video)).one()
    assert (video.frames, video.frames_per_second) == (30, pytest.approx(25))
    assert delay("one-euro", frames_per_second=video.frames_per_second).frames == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize("name", ["u8noflag.zip", "jp.zip"])
def test_names_in_a_zip_are_what_they_are(workspace, do, name):
    do("import", f"zip-utf8-without-flag/{name}")
    with reading(workspace.engine) as session:
        assert session.exec(select(Image.path)).all() == ["写真/顔.jpg"]
