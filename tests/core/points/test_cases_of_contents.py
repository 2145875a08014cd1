"""The small inputs that go wrong by what is in them (`../shared/cases`), where they are: each with what is right."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.errors import FacetError
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.library.importing import skipped as skipped_of
from db.engine import reading
from db.tables import Instance, KeypointRevision
from tests.builders.places import ROOT

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")


# What the cases label: the first three points of a body (nose, eyes), and the box that most files give it.
FIRST = np.array([(150, 70), (155, 65), (145, 65)])
GIVEN, AROUND = (100, 60, 200, 320), (105, 65, 195, 310)
NOSE_ABSENT = ("csv-nan", "null-point")
WITHOUT_BOX = ("bbox-empty", "csv-index", "csv-nan")


def placed(workspace):
    """The points and the box of every label that came in, in their order."""
    with reading(workspace.engine) as session:
        rows = session.exec(
            select(KeypointRevision.points, Instance)
            .join(Instance, Instance.revision_id == KeypointRevision.id)
            .order_by(Instance.id)
        ).all()
    return [(Keypoints.from_bytes(points).points, instance.box) for points, instance in rows]


@pytest.fixture
def taken(workspace, dataset):
    """Imports the pictures of a case, then its labels: the counts and the reasons of what was skipped."""

    def take(case, file="labels.json", skeleton="coco17", **parameters):
        run_here(workspace, "import", dataset, {"source": str(CASES / case / "pics")}, Progress())
        given = {"source": str(CASES / case / "labels" / file), "skeleton": skeleton, **parameters}
        run = run_here(workspace, "labels", dataset, given, Progress())
        return run.counts, [row["reason"] for row in skipped_of(workspace, run.id)]

    return take


@pytest.mark.parametrize(
    ("case", "file", "skeleton", "instances", "listed"),
    [
        ("bbox-empty", "labels.json", "coco17", 1, []),
        ("bbox-text", "labels.json", "coco17", 1, []),
        ("csv-index", "l.csv", "body24", 1, []),
        ("csv-nan", "l.csv", "body24", 1, []),
        ("float-size", "labels.json", "coco17", 1, []),
        ("iscrowd-text", "labels.json", "coco17", 1, []),
        ("l-r-names", "labels.json", "coco17", 1, []),
        ("no-file-name", "labels.json", "coco17", 1, ["images[1]: the key 'file_name' is missing"]),
        ("null-point", "labels.json", "coco17", 1, []),
        ("string-ids", "labels.json", "coco17", 1, []),
        ("utf16", "labels.json", "coco17", 1, []),
        ("zero-size", "labels.json", "coco17", 1, []),
    ],
)
def test_what_the_writer_meant_is_certain(workspace, taken, case, file, skeleton, instances, listed):
    counts, reasons = taken(case, file, skeleton)
    assert (counts["instances"], counts["asked"], counts["doubts"], reasons) == (instances, {}, [], listed)
    ((points, box),) = placed(workspace)
    assert np.isnan(points[0]).all() == (case in NOSE_ABSENT)
    np.testing.assert_array_equal(points[1:3], FIRST[1:])
    if case not in NOSE_ABSENT:
        np.testing.assert_array_equal(points[0], FIRST[0])
    assert tuple(box) == pytest.approx(AROUND if case in WITHOUT_BOX else GIVEN)


def test_a_point_that_is_nan_is_absent_and_a_box_that_is_of_somebody_else_is_told(workspace, taken):
    counts, reasons = taken("nan-one")
    assert (counts["instances"], counts["asked"], reasons) == (2, {}, [])
    (first, given), (second, around) = placed(workspace)
    np.testing.assert_array_equal(first[:3], FIRST)
    assert np.isnan(second[0]).all()
    np.testing.assert_array_equal(second[1:3], np.add(FIRST[1:], (200, 40)))
    assert (tuple(given), tuple(around)) == (GIVEN, (305, 105, 395, 350))
    (doubt,) = map(worded, counts["doubts"])
    assert "1 label (p0.jpg first): none of its points lies in its box" in doubt


@pytest.mark.parametrize(
    ("case", "file", "skeleton", "kind", "answer", "sentence", "first"),
    [
        ("normalised", "labels.json", "coco17", "scale", "share", "all points lie between 0 and 1", (150, 70)),
        ("score-as-v", "labels.json", "coco17", "scores", "score", "0.93, no visibility; are these scores", (150, 70)),
        ("names-unknown", "labels.json", "coco17", "names", "order", "Fuss rechts, Fuss links", (133, 310)),
        # (420, 120) of 640 x 480 stored pixels, turned to the right: x = 479 - 120; .pts counts from 1.
        ("exif6-dlib", "l.xml", "face68", "turned", "stored", "or of the upright picture (", (359, 420)),
        ("exif6-pts", "p0.pts", "face68", "turned", "stored", "turned by EXIF (6)", (360, 419)),
    ],
)
def test_what_may_be_meant_in_two_ways_is_asked_about(
    workspace, taken, case, file, skeleton, kind, answer, sentence, first
):
    counts, _ = taken(case, file, skeleton)
    assert (counts["instances"], counts["asked"]) == (0, {kind: 1})
    assert sentence in worded(counts["doubts"][0])
    assert placed(workspace) == []
    counts, _ = taken(case, file, skeleton, answers={kind: answer})
    assert (counts["instances"], counts["asked"]) == (1, {})
    ((points, _),) = placed(workspace)
    np.testing.assert_allclose(points[0], first, atol=1e-3)


def test_an_id_of_two_pictures_puts_labels_on_neither(taken):
    counts, reasons = taken("dup-image-id")
    assert (counts["instances"], counts["waiting"]) == (0, 0)
    assert len(reasons) == 2
    assert all("the image_id 7 is of a/img7.png and of b/img7.png" in reason for reason in reasons)


def test_cvat_is_called_cvat(taken):
    with pytest.raises(FacetError, match=r"it is CVAT XML, which is not read; export COCO Keypoints 1\.0 there"):
        taken("cvat-xml", "annotations.xml")
