"""What a run of each kind came to, in words."""

import pytest

from core.jobs.kinds import RUN_KINDS

FOUND = {"images": 1200, "faces": 1, "people": 1, "without_face": 3, "failed": 0}
CASES = [
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
        "import",
        {"images": 12, "added": 10, "duplicates": 2, "skipped": 1}
        | {"restored": {"instances": 1500, "points": 17, "people": 1, "kept": 1}},
        "12 pictures: 10 added, 2 there already, 1 file skipped. From the export: 1,500 faces and figures, 17 of them "
        "with points, of 1 person; 1 picture keeps its own labels",
    ),
    (
        "sample",
        {"images": 50, "added": 50, "duplicates": 0, "skipped": 0, "figures": 7},
        "50 pictures: 50 added, 0 there already, 0 files skipped; 7 figures with 24 points",
    ),
    ("faces", FOUND, "1 face of 1 person in 1,200 pictures; 3 without a face, 0 failed"),
    (
        "faces",
        FOUND | {"looked_at": 25},
        "1 face of 1 person in 1,200 pictures; 3 without a face, 0 failed; 25 pictures looked at now, the others stay "
        "as they were",
    ),
    ("faces", FOUND | {"looked_at": 1200}, "1 face of 1 person in 1,200 pictures; 3 without a face, 0 failed"),
    (
        "faces",
        FOUND | {"without_mesh": True},
        "1 face of 1 person in 1,200 pictures; 3 without a face, 0 failed; turned heads have dlib's points alone, for "
        "the face mesh is not on this machine (fetch it with: python -m core weights fetch face-mesh)",
    ),
    (
        "bodies",
        {"images": 14, "bodies": 39, "without_body": 1, "failed": 0, "incomplete": 0, "looked_at": 14},
        "39 bodies in 14 pictures; 1 without anybody, 0 failed",
    ),
    (
        "bodies",
        {"images": 14, "bodies": 1, "without_body": 0, "failed": 0, "incomplete": 0, "looked_at": 2},
        "1 body in 14 pictures; 0 without anybody, 0 failed; 2 pictures looked at now, the others stay as they were",
    ),
    ("people", FOUND, "1 face of 1 person in 1,200 pictures; 3 without a face, 0 failed"),
    (
        "preview",
        {"split": 1, "joined": 2, "placed": 1200, "people_now": 5, "people_then": 4},
        "1 person would be split, 2 groups of several people would become one each, 1,200 faces of nobody would find a "
        "place: 5 people now, 4 then",
    ),
    (
        "groupings",
        {"rows": [{"method": "a"}, {"method": "a"}, {"method": "b"}], "faces": 1200, "labelled": 7, "not_done": []},
        "2 ways of grouping 1,200 faces compared, of which 7 have a known person",
    ),
    (
        "groupings",
        {"rows": [], "faces": 1, "labelled": 0, "not_done": [{}]},
        "0 ways of grouping 1 face compared, of which 0 have a known person; 1 could not be done",
    ),
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
        "300-W .pts: 2 labels in 2 pictures, 1 of them new; 1,500 wait for pictures that are not here; 1 skipped",
    ),
    (
        "import",
        {"images": 1, "added": 1, "duplicates": 0, "skipped": 0, "labels": 4},
        "1 picture: 1 added, 0 there already, 0 files skipped; 4 labels that waited have their pictures",
    ),
    (
        "import",
        {
            "images": 1,
            "added": 1,
            "duplicates": 0,
            "skipped": 0,
            "label_files": {
                "format": "300-W .pts",
                "images": 1,
                "instances": 2,
                "added": 2,
                "waiting": 0,
                "left_out": 0,
                "skipped": 0,
            },
        },
        "1 picture: 1 added, 0 there already, 0 files skipped. Label files among them: 300-W .pts: 2 labels in 1 "
        "picture, 2 of them new; 0 skipped",
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
        "predict",
        {
            "predicted": 0,
            "failed": 0,
            "instances": 0,
            "untaught": ["jaw", "nose_4"],
            "without_box": 2,
            "kind": "person",
        },
        "0 instances predicted, 0 failed; 0 in all; no label taught jaw, nose_4, which stay absent; nothing looks at 2 "
        "pictures without a box of a person: draw or import boxes, or let `predict --whole-picture` take each whole "
        "picture as one",
    ),
    (
        "prelabel",
        {"prelabelled": 3, "kept": 1, "untaught": ["jaw"]},
        "3 instances got other first points, 1 stays as it is; no label taught jaw, which stay as they were",
    ),
    (
        "onnx",
        {"model": "a-1", "bytes": 45_100_000, "largest_difference": 1.3e-5},
        "a-1: 45.1 MB of ONNX, at most 1.3e-05 pixels from the original",
    ),
    (
        "train",
        {"model": "a-1", "epochs": 2, "stopped": "early", "metrics": {"nme": {"value": 0.0312}}},
        "a-1: 2 epochs, ended early; NME 3.12% on what was held out",
    ),
    (
        "selftrain",
        {"model": "a-1", "epochs": 1, "stopped": "done", "metrics": {"nme": {"value": None}}},
        "a-1: 1 epoch",
    ),
    (
        "train",
        {"model": "a-1", "epochs": 2, "stopped": "done", "metrics": None, "in_progress": 3},
        "a-1: 2 epochs; learned from points in progress of 3 instances too",
    ),
    ("prelabel", {"prelabelled": 4, "kept": 0}, "4 instances got other first points, 0 stay as they are"),
    (
        "overlay",
        {"video": "a_b.mp4", "frames": 58, "skipped": 2, "labelled": 60},
        "58 frames of a_b.mp4 drawn, 2 skipped, 60 with human labels",
    ),
    ("track", {"video": "a.mp4", "frames": 7, "reason": None}, "points proposed in 7 frames of a.mp4"),
    (
        "track",
        {"video": "a.mp4", "frames": 1, "stopped_at": 4, "reason": {"code": "clip_edits.cut_there", "fields": {}}},
        "points proposed in 1 frame of a.mp4; stopped at frame 5: the clip cuts to another scene there",
    ),
    ("sample-clips", {"clips": 3, "frames": 180, "skipped": 0, "labelled": 180}, "180 frames of 3 clips, 180 labelled"),
    ("answers", {"labels": 3, "skipped": 1}, "3 labels in place; 1 refused, or with another question"),
    ("watch", {"folder": "/in"}, "/in is watched from now on"),
    ("watch", {"folder": None}, "no folder is watched any more"),
    (
        "arrivals",
        {"added": 1, "duplicates": 1, "skipped": 1, "log": [{"import": 0.25, "detection": 1, "embedding": 0.5}] * 3},
        "3 files arrived: 1 added, 1 here already, 1 not taken in or not whole; "
        "import 0.8 s, detection 3.0 s, embedding 1.5 s",
    ),
    (
        "clothes",
        {"loose": 1_200, "linked": 9, "without_clothes": 3},
        "9 of 1,200 faces that had no place went to people of the same event by their clothes; "
        "of 3 no clothes can be seen",
    ),
    ("weights", {"files": 1, "bytes": 111_898_327}, "111.9 MB fetched"),
]


@pytest.mark.parametrize(("kind", "counts", "sentence"), CASES)
def test_each_kind_ends_with_its_sentence(kind, counts, sentence):
    assert RUN_KINDS[kind].result(counts).text() == sentence


def test_no_kind_is_without_a_case():
    assert {kind for kind, *_ in CASES} == set(RUN_KINDS)


@pytest.mark.parametrize(
    ("stopped", "ending"),
    [("nan", ", stopped at a loss that is no number"), ("cancelled", ", cancelled"), ("early", ", ended early")],
)
def test_a_training_says_why_it_ended(stopped, ending):
    counts = {"model": "a-1", "epochs": 3, "stopped": stopped, "metrics": None}
    assert RUN_KINDS["train"].result(counts).text() == f"a-1: 3 epochs{ending}"
