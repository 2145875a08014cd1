"""Each way in which an export can be wrong is said with the file and the place."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.formats import READERS, WRITERS
from core.foundation.errors import UnreadableLabels
from tests.builders.changes import Change, drop, image, put, whole
from tests.builders.labelled_examples import rehash


def face(content: dict[str, Any]) -> dict[str, Any]:
    return content["annotations"][0]


A = r"annotations\.json: annotations\[0\]"
I = r"annotations\.json: images\[0\]"  # noqa: E741
WRONG_ANNOTATIONS: list[tuple[Change, str]] = [
    *(
        (drop(face, key), rf"{A}: the key '{key}' is missing")
        for key in ("id", "image_id", "category_id", "keypoints", "num_keypoints", "bbox", "area", "origin")
    ),
    *(
        (drop(image, key), rf"{I}: the key '{key}' is missing")
        for key in ("id", "file_name", "width", "height", "sha256", "state")
    ),
    *(
        (drop(whole, key), rf"annotations\.json: the key '{key}' is missing")
        for key in ("images", "annotations", "categories", "people")
    ),
    (put(whole, "images", {}), r"annotations\.json: images should be a list, not \{\}"),
    (put(whole, "annotations", [7]), r"annotations\.json: annotations\[0\] should be an object, not 7"),
    (put(face, "keypoints", [1, 2, 2]), rf"{A}: keypoints should have 204 numbers, not 3"),
    (put(lambda c: face(c)["keypoints"], 3, 1e39), rf"{A}: keypoints\[3\] should be a finite number, not 1e\+39"),
    (put(lambda c: face(c)["keypoints"], 3, "7"), rf"{A}: keypoints\[3\] should be a finite number, not '7'"),
    (put(lambda c: face(c)["keypoints"], 3, True), rf"{A}: keypoints\[3\] should be a finite number, not True"),
    (put(lambda c: face(c)["keypoints"], 3, 10**400), rf"{A}: keypoints\[3\] .* not a very long number"),
    (
        put(lambda c: face(c)["keypoints"], 5, 3),
        rf"{A}: keypoints: a visibility should be 0, 1 or 2, not \[2\.0, 3\.0\]",
    ),
    (put(lambda c: face(c)["keypoints"], 5, -1), rf"{A}: keypoints: a visibility should be 0, 1 or 2, not \[-1\.0"),
    (put(face, "num_keypoints", 9), rf"{A}: num_keypoints is 9, but 68 keypoints are labelled"),
    (put(face, "num_keypoints", -1), rf"{A}: num_keypoints should be a whole number of at least 0, not -1"),
    (put(face, "confidence", [1.0]), rf"{A}: confidence should have 68 numbers, not 1"),
    (put(face, "five_points", [[1, 2]]), rf"{A}: five points should have the shape \(5, 2\), not \(1, 2\)"),
    (put(face, "five_points", [[1], [2]]), rf"{A}: five_points\[0\] should have 2 numbers, not 1"),
    (put(face, "bbox", [1, 2, 3]), rf"{A}: bbox should have 4 numbers, not 3"),
    (put(face, "bbox", [1, 2, -3, 4]), rf"{A}: bbox or area is negative: \[1, 2, -3, 4\]"),
    (put(face, "bbox", [1, 2, 3, None]), rf"{A}: bbox\[3\] should be a finite number, not None"),
    (put(face, "bbox", [1e12, 2, 3, 4]), rf"{A}: a box reaches farther than 1e\+09 pixels"),
    (put(face, "corners", [1, 2, 3, 4]), rf"{A}: corners are \[1, 2, 3, 4\], but bbox is"),
    (put(face, "area", -1), rf"{A}: bbox or area is negative"),
    (put(face, "score", "high"), rf"{A}: score should be a finite number, not 'high'"),
    (put(face, "image_id", 9), rf"{A}: image_id 9 is not among the images"),
    (put(face, "category_id", 9), rf"{A}: category_id 9 is not among the categories"),
    (put(face, "id", 2), r"annotations\.json: annotations\[1\]: the id 2 occurs twice"),
    (put(face, "id", "one"), rf"{A}: id should be a whole number of at least 0, not 'one'"),
    (put(face, "origin", "guess"), rf"{A}: origin should be one of model, human, import, not 'guess'"),
    (put(face, "points_source", "guess"), rf"{A}: points_source should be one of model, human, not 'guess'"),
    (drop(face, "points_source"), rf"{A}: there are keypoints, but the key 'points_source' is missing"),
    (put(face, "points_model", "other"), rf"{A}: points_model 'other' is not in this export"),
    (put(face, "person", "person-9"), rf"{A}: person 'person-9' is not in this export"),
    (put(face, "not_people", ["person-9"]), rf"{A}: not_people: 'person-9' is not in this export"),
    (put(face, "not_people", [["x"]]), rf"{A}: not_people: \['x'\] is not in this export"),
    (put(face, "not_people", "person-0001"), rf"{A}: not_people should be a list, not 'person-0001'"),
    (put(face, "not_people", ["person-0001"]), rf"{A}: an instance cannot be person-0001 and not be person-0001"),
    (
        put(lambda c: c, "removed", [{"image_id": 9, "kind": "face", "bbox": [0, 0, 1, 1]}]),
        r"removed\[0\]: image_id 9 is not among the images",
    ),
    (
        put(lambda c: c, "removed", [{"image_id": 1, "kind": "dog", "bbox": [0, 0, 1, 1]}]),
        r"removed\[0\]: kind should be one of face, person, not 'dog'",
    ),
    (
        put(lambda c: c, "removed", [{"image_id": 1, "kind": "face", "bbox": [0, 0, -1, 1]}]),
        r"removed\[0\]: bbox or area is negative",
    ),
    (put(lambda c: c, "removed", 3), r"removed should be a list, not 3"),
    (drop(face, "person_source"), rf"{A}: an instance needs its person and the source of that together"),
    (put(face, "person_source", "me"), rf"{A}: person_source should be one of human, automatic, not 'me'"),
    (
        put(lambda c: c["categories"][0], "skeleton_name", "face5"),
        r"categories\[0\]: skeleton_name should be one of face68",
    ),
    (
        put(lambda c: c["categories"][0], "keypoints", ["a"]),
        r"categories\[0\]: keypoints are not the 68 point names of face68",
    ),
    (put(lambda c: c["categories"][1], "id", 1), r"categories\[1\]: the id 1 occurs twice"),
    (put(lambda c: c["images"][1], "id", 1), r"images\[1\]: the id 1 occurs twice"),
    (put(lambda c: c["images"][1], "file_name", "one.png"), r"images\[1\]: the file_name 'one\.png' occurs twice"),
    (
        put(lambda c: c["people"], slice(1, 1), [{"key": "person-0001"}]),
        r"people\[1\]: the person 'person-0001' occurs twice",
    ),
    (put(image, "width", 0), rf"{I}: width should be a whole number of at least 1, not 0"),
    (put(image, "height", -5), rf"{I}: height should be a whole number of at least 1, not -5"),
    (put(image, "width", 7.5), rf"{I}: width should be a whole number of at least 1, not 7\.5"),
    (put(image, "sha256", "0" * 64), rf"{I}: sha256 is not the one in manifest\.json"),
    (put(image, "file_name", "../one.png"), rf"{I}\.file_name: the path '\.\./one\.png' climbs out"),
    (put(image, "file_name", "/etc/passwd"), rf"{I}\.file_name: the path '/etc/passwd' is absolute"),
    (put(image, "file_name", "C:\\x.png"), rf"{I}\.file_name: the path .* contains a backslash"),
    (put(image, "file_name", "a\0.png"), rf"{I}\.file_name: the path .* contains a NUL"),
    (put(image, "file_name", "other.png"), rf"{I}\.file_name: manifest\.json lists no file 'images/other\.png'"),
    (put(image, "file_name", "\ud800.png"), rf"{I}: file_name is not valid Unicode"),
    (put(image, "state", 5), rf"{I}: state should be a text, not 5"),
    (put(image, "state", ""), rf"{I}: the state of 'one\.png' should not be empty"),
]


@pytest.fixture(params=["coco", "facet"])
def export(request, small_dataset, tmp_path) -> tuple[str, Path]:
    WRITERS[request.param](small_dataset, tmp_path / "out", exported_at="now")
    return request.param, tmp_path / "out"


@pytest.mark.parametrize(("change", "message"), WRONG_ANNOTATIONS, ids=[m for _, m in WRONG_ANNOTATIONS])
def test_wrong_annotation_is_named_with_its_place(export, change, message):
    name, folder = export
    content = json.loads((folder / "annotations.json").read_text())
    change(content)
    (folder / "annotations.json").write_text(json.dumps(content))
    rehash(folder, "annotations.json")
    with pytest.raises(UnreadableLabels, match=message):
        READERS[name](folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"annotations\.json is not valid JSON: Expecting value"),
        ("[]", r"annotations\.json should be an object, not \[\]"),
        ('{"images": [NaN]}', r"annotations\.json is not valid JSON: NaN is not a number"),
        ('{"images": [-Infinity]}', r"annotations\.json is not valid JSON: -Infinity is not a number"),
        ("[" * 100_000, r"annotations\.json is not valid JSON: maximum recursion depth"),
        ("9" * 5000, r"annotations\.json is not valid JSON: Exceeds the limit"),
        ("\xff", r"annotations\.json is not valid JSON: 'utf-8' codec can't decode"),
    ],
)
def test_annotations_that_are_no_json_object_are_refused(export, text, message):
    name, folder = export
    (folder / "annotations.json").write_text(text, encoding="latin-1")
    rehash(folder, "annotations.json")
    with pytest.raises(UnreadableLabels, match=message):
        READERS[name](folder)
