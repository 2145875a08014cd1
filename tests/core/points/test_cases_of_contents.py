"""The small inputs that go wrong by what is in them (`../shared/cases`), where they are: each with what is right."""

from __future__ import annotations

import pytest

from core.foundation.errors import FacetError
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.library.importing import skipped as skipped_of
from tests.builders.places import ROOT

CASES = ROOT.parent / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")


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
def test_what_the_writer_meant_is_certain(taken, case, file, skeleton, instances, listed):
    counts, reasons = taken(case, file, skeleton)
    assert (counts["instances"], counts["asked"], counts["doubts"], reasons) == (instances, {}, [], listed)


def test_a_point_that_is_nan_is_absent_and_a_box_that_is_of_somebody_else_is_told(taken):
    counts, reasons = taken("nan-one")
    assert (counts["instances"], counts["asked"], reasons) == (2, {}, [])
    (doubt,) = map(worded, counts["doubts"])
    assert "1 label (p0.jpg first): none of its points lies in its box" in doubt


@pytest.mark.parametrize(
    ("case", "file", "skeleton", "kind", "answer", "sentence"),
    [
        ("normalised", "labels.json", "coco17", "scale", "share", "all points lie between 0 and 1"),
        ("score-as-v", "labels.json", "coco17", "scores", "score", "0.93, no visibility; are these scores"),
        ("names-unknown", "labels.json", "coco17", "names", "order", "Fuss rechts, Fuss links"),
        ("exif6-dlib", "l.xml", "face68", "turned", "stored", "or of the upright picture ("),
        ("exif6-pts", "p0.pts", "face68", "turned", "stored", "turned by EXIF (6)"),
    ],
)
def test_what_may_be_meant_in_two_ways_is_asked_about(taken, case, file, skeleton, kind, answer, sentence):
    counts, _ = taken(case, file, skeleton)
    assert (counts["instances"], counts["asked"]) == (0, {kind: 1})
    assert sentence in worded(counts["doubts"][0])
    counts, _ = taken(case, file, skeleton, answers={kind: answer})
    assert (counts["instances"], counts["asked"]) == (1, {})


def test_an_id_of_two_pictures_puts_labels_on_neither(taken):
    counts, reasons = taken("dup-image-id")
    assert (counts["instances"], counts["waiting"]) == (0, 0)
    assert len(reasons) == 2
    assert all("the image_id 7 is of a/img7.png and of b/img7.png" in reason for reason in reasons)


def test_cvat_is_called_cvat(taken):
    with pytest.raises(FacetError, match=r"it is CVAT XML, which is not read; export COCO Keypoints 1\.0 there"):
        taken("cvat-xml", "annotations.xml")
