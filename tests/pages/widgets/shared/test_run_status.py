"""How runs are put into words."""

from datetime import timedelta

import pytest

from core.exchange.exporting import FORMATS
from core.jobs.tasks import TASKS
from db.tables import Run, now
from pages.widgets.exchange.export_card import ABOUT
from pages.widgets.shared.run_status import KINDS, progress_sentence, result_sentence, run_title

FOUND = {"images": 1200, "faces": 1, "people": 1, "without_face": 3, "failed": 0}


def run(kind="import", state="done", **values):
    return Run(kind=kind, author_id=1, state=state, **values)


@pytest.mark.parametrize(
    ("kind", "counts", "sentence"),
    [
        (
            "import",
            {"images": 429, "added": 425, "duplicates": 4, "skipped": 3},
            "429 pictures: 425 added, 4 there already, 3 files skipped",
        ),
        (
            "import",
            {"images": 1, "added": 1, "duplicates": 0, "skipped": 1},
            "1 picture: 1 added, 0 there already, 1 file skipped",
        ),
        (
            "sample",
            {"images": 50, "added": 50, "duplicates": 0, "skipped": 0, "figures": 7},
            "50 pictures: 50 added, 0 there already, 0 files skipped; 7 figures with 24 points",
        ),
        ("faces", FOUND, "1 face of 1 person in 1,200 pictures; 3 without a face, 0 failed"),
        ("people", FOUND, "1 face of 1 person in 1,200 pictures; 3 without a face, 0 failed"),
        ("export", {"images": 2, "files": 4, "left_out": 1}, "2 pictures in 4 files, 1 left out"),
        (
            "labels",
            {
                "format": "300-W .pts",
                "files": 3,
                "images": 2,
                "instances": 2,
                "added": 1,
                "waiting": 1500,
                "left_out": 0,
                "skipped": 1,
                "pictures": 2,
            },
            "300\\-W \\.pts: 2 labels in 2 pictures, 1 of them new; "
            "1,500 wait for pictures that are not here; 1 skipped",
        ),
        (
            "import",
            {"images": 1, "added": 1, "duplicates": 0, "skipped": 0, "labels": 4},
            "1 picture: 1 added, 0 there already, 0 files skipped; 4 labels that waited",
        ),
        (
            "import",
            {"images": 2, "added": 2, "duplicates": 0, "skipped": 1, "clips": 1, "frames": 1200},
            "2 pictures: 2 added, 0 there already, 1 file skipped, 1,200 frames of 1 clip",
        ),
        ("predict", {"predicted": 3, "failed": 0, "instances": 9}, "3 instances predicted, 0 failed; 9 in all"),
        (
            "predict",
            {"predicted": 1, "failed": 0, "instances": 1, "delay_frames": 1.62},
            "1 instance predicted, 0 failed; 1 in all; smoothed 1.6 frames late",
        ),
        (
            "onnx",
            {"model": "a-1", "bytes": 45_100_000, "largest_difference": 1.3e-5},
            r"a\-1: 45.1 MB of ONNX, at most 1.3e-05 pixels from the original",
        ),
        (
            "train",
            {"model": "a-1", "epochs": 2, "stopped": "early", "metrics": {"nme": {"value": 0.0312}}},
            r"**a\-1**: 2 epochs, ended early; NME 3.12% on what was held out",
        ),
        (
            "selftrain",
            {"model": "a-1", "epochs": 1, "stopped": "done", "metrics": {"nme": {"value": None}}},
            r"**a\-1**: 1 epoch",
        ),
        ("prelabel", {"prelabelled": 4, "kept": 0}, "4 instances got other first points; 0 stay as they are"),
        (
            "overlay",
            {"video": "a_b.mp4", "frames": 58, "skipped": 2, "labelled": 60},
            r"58 frames of a\_b\.mp4 drawn, 2 skipped, 60 with human labels",
        ),
        (
            "sample-clips",
            {"clips": 3, "frames": 180, "skipped": 0, "labelled": 180},
            "180 frames of 3 clips, 180 labelled",
        ),
        ("weights", {"files": 1, "bytes": 111_898_327}, "111.9 MB fetched"),
    ],
)
def test_each_kind_ends_with_its_sentence(kind, counts, sentence):
    assert result_sentence(run(kind, counts=counts)) == sentence


def test_every_kind_of_run_and_every_format_has_words():
    assert set(KINDS) == set(TASKS)
    assert set(ABOUT) == set(FORMATS)


def test_a_failure_is_shown_as_text():
    assert result_sentence(run(state="failed", error="*a* is not there")) == r"\*a\* is not there"
    assert result_sentence(run(state="failed")) == "It failed"


def test_a_cancelled_run_tells_how_far_it_came():
    assert (
        result_sentence(run(state="cancelled", done=3, total=10)) == "Cancelled after 3 of 10; what was finished stays"
    )
    assert result_sentence(run(state="cancelled")) == "Cancelled; what was finished stays"


def test_progress_has_speed_and_time_left():
    working = run(
        state="running", done=120, total=420, message="Reading pictures", phase_at=now() - timedelta(seconds=10)
    )
    assert progress_sentence(working) == "Reading pictures · 120 of 420 · 12.0 a second · 25 s left"


def test_progress_of_a_download_is_in_megabytes():
    fetching = run("weights", "running", done=50_000_000, total=100_000_000, phase_at=now() - timedelta(seconds=10))
    assert progress_sentence(fetching) == "Starting · 50.0 of 100.0 MB · 5.0 MB a second · 10 s left"


def test_a_download_of_unknown_size_tells_no_time_left():
    fetching = run("weights", "running", done=50_000_000, message="Fetching", phase_at=now() - timedelta(seconds=10))
    assert progress_sentence(fetching) == "Fetching · 50.0 MB · 5.0 MB a second"


def test_a_queued_run_waits_for_its_turn():
    assert progress_sentence(run(state="queued")) == "Waiting for its turn"


def test_a_title_escapes_the_name_of_the_dataset():
    assert run_title(run(), "_x_") == r"Import photos · \_x\_"
    assert run_title(run(), None) == "Import photos"
