"""Each way in which an export can be wrong is said with the file and the place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.formats import READERS, WRITERS
from core.foundation.errors import UnreadableLabels
from tests.builders.labelled_examples import rehash

Change = Callable[[dict[str, Any]], Any]


def face(content: dict[str, Any]) -> dict[str, Any]:
    return content["annotations"][0]


def image(content: dict[str, Any]) -> dict[str, Any]:
    return content["images"][0]


def put(of: Change, key: str | int, value: Any) -> Change:
    return lambda content: of(content).__setitem__(key, value)


def drop(of: Change, key: str) -> Change:
    return lambda content: of(content).pop(key)


def whole(content: dict[str, Any]) -> dict[str, Any]:
    return content


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


MANIFEST_FILE = "images/one.png"
WRONG_MANIFESTS: list[tuple[Change, str]] = [
    *(
        (drop(whole, key), rf"manifest\.json: the key '{key}' is missing")
        for key in ("generator", "format", "version", "dataset", "exported_at", "counts", "models", "left_out", "files")
    ),
    (put(whole, "generator", "other"), r"manifest\.json: this is an export of 'other', not of facet"),
    (
        put(whole, "version", 2),
        r"manifest\.json: the format's version is 2, but only version 1 can be read; update Facet",
    ),
    (put(whole, "version", "1"), r"manifest\.json: version should be a whole number of at least 1, not '1'"),
    (put(whole, "dataset", ""), r"a dataset's name should not be empty"),
    (put(lambda c: c["files"], "../x", {}), r"manifest\.json: files: the path '\.\./x' climbs out"),
    (put(lambda c: c["files"], "/x", {}), r"manifest\.json: files: the path '/x' is absolute"),
    (put(lambda c: c["files"], "x", {}), r"manifest\.json: files: x: the key 'sha256' is missing"),
    (put(lambda c: c["files"][MANIFEST_FILE], "sha256", "AB"), r"sha256 should be 64 hexadecimal digits, not 'AB'"),
    (put(lambda c: c["files"][MANIFEST_FILE], "size", -1), r"size should be a whole number of at least 0, not -1"),
    (
        put(lambda c: c["models"][0], "kind", "oracle"),
        r"models\[0\]: kind should be one of detector, landmarks, encoder",
    ),
    (put(lambda c: c["models"][0], "name", ""), r"models\[0\]: a model's name should not be empty"),
    (put(lambda c: c["left_out"], slice(0, 0), [{"path": "x"}]), r"left_out\[0\]: the key 'reason' is missing"),
]


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize(("change", "message"), WRONG_MANIFESTS, ids=[m for _, m in WRONG_MANIFESTS])
def test_wrong_manifest_is_named_with_its_place(small_dataset, tmp_path, name, change, message):
    WRITERS[name](small_dataset, tmp_path / "out", exported_at="now")
    file = tmp_path / "out" / "manifest.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    with pytest.raises(UnreadableLabels, match=message):
        READERS[name](tmp_path / "out")


@pytest.mark.parametrize("name", sorted(READERS))
def test_folder_without_a_manifest_or_with_another_format_is_refused(small_dataset, tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableLabels, match=r"manifest\.json cannot be read: No such file"):
        READERS[name](tmp_path / "empty")
    other = next(key for key in WRITERS if key != name)
    WRITERS[other](small_dataset, tmp_path / "other", exported_at="now")
    with pytest.raises(UnreadableLabels, match=rf"this is an export in the format '{other}', not '{name}'"):
        READERS[name](tmp_path / "other")


LABELS = [(n, f) for n in READERS for f in ("annotations.json", "identities.csv", "images.csv")]
LABELS = [(n, f) for n, f in LABELS if n == "facet" or (n == "coco") == f.endswith("json")]


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


R = r"identities\.csv: line 2"
WRONG_TABLES = [
    (
        "identities.csv",
        b"person,name",
        b"name,person",
        r"identities\.csv: line 1 should be person,name,.* not 'name,person",
    ),
    ("identities.csv", b",20.0,40.0,40.0", b",20.0,40.0", rf"{R} should have 10 cells, not 9"),
    ("identities.csv", b"20.0,20.0,40.0", b"nan,20.0,40.0", rf"{R}: left should be a finite number, not 'nan'"),
    ("identities.csv", b"20.0,20.0,40.0", b"1e99,20.0,40.0", rf"{R}: left should be a finite number, not '1e99'"),
    ("identities.csv", b"20.0,20.0,40.0", b"1_0,20.0,40.0", rf"{R}: left should be a finite number, not '1_0'"),
    ("identities.csv", b"20.0,20.0,40.0", b"50.0,20.0,40.0", rf"{R}: a box ends before it begins"),
    ("identities.csv", b"human", b"me", rf"{R}: source should be one of human, automatic, not 'me'"),
    ("identities.csv", b"one.png", b"three.png", rf"{R}: the image 'three\.png' is not in images\.csv"),
    ("identities.csv", b"person-0001,", b",", rf"{R}: person is empty"),
    ("identities.csv", b"people/Ann/one-1.jpg", b"../one-1.jpg", rf"{R}: the path '\.\./one-1\.jpg' climbs out"),
    (
        "identities.csv",
        b"people/Ann/one-1.jpg",
        b"images/one.png",
        rf"{R}: the crop 'images/one\.png' is not in the exp",
    ),
    (
        "identities.csv",
        b"people/Ann/one-1.jpg",
        b"people/Bob/one-1.jpg",
        rf"{R}: the crop 'people/Bob/one-1\.jpg' is not",
    ),
    ("identities.csv", b"jpg,", b"jpg,0", rf"{R}: crop_sha256 is not the one in manifest\.json"),
    ("identities.csv", b"Ann,", b"\xff,", r"identities\.csv is not a CSV file in UTF-8: 'utf-8' codec"),
    ("identities.csv", b"Ann,", b'"Ann,', r"identities\.csv is not a CSV file in UTF-8: unexpected end of data"),
    ("images.csv", b"one.png,100", b"one.png,0", r"images\.csv: line 2: width should be a whole number of at least 1"),
    ("images.csv", b"one.png,100", b"one.png,-4", r"images\.csv: line 2: width should be a whole number .* not '-4'"),
    ("images.csv", b"two.png", b"one.png", r"images\.csv: line 3: the image 'one\.png' occurs twice"),
    ("images.csv", b"two.png", b"../two.png", r"images\.csv: line 3: the path '\.\./two\.png' climbs out"),
    ("images.csv", b"two.png", b"six.png", r"images\.csv: line 3: manifest\.json lists no file 'images/six\.png'"),
    ("images.csv", b"two.png,", b",", r"images\.csv: line 3: image is empty"),
    ("images.csv", b",new,", b",,", r"images\.csv: line 2: state is empty"),
]


@pytest.mark.parametrize("name", ["identities", "facet"])
@pytest.mark.parametrize(("file", "old", "new", "message"), WRONG_TABLES, ids=[row[3] for row in WRONG_TABLES])
def test_wrong_table_is_named_with_its_line(small_dataset, tmp_path, name, file, old, new, message):
    WRITERS[name](small_dataset, tmp_path / "out", exported_at="now")
    place = tmp_path / "out" / file
    content = place.read_bytes()
    assert old in content
    place.write_bytes(content.replace(old, new, 1))
    rehash(tmp_path / "out", file)
    with pytest.raises(UnreadableLabels, match=message):
        READERS[name](tmp_path / "out")


def test_row_that_stands_twice_and_a_person_of_two_names_are_refused(small_dataset, tmp_path):
    WRITERS["identities"](small_dataset, tmp_path / "out", exported_at="now")
    place = tmp_path / "out" / "identities.csv"
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join([*lines, lines[1]]))
    rehash(tmp_path / "out", "identities.csv")
    with pytest.raises(UnreadableLabels, match=r"line 3: the crop 'people/Ann/one-1\.jpg' occurs twice"):
        READERS["identities"](tmp_path / "out")
    without_crop = b",".join([*lines[1].split(b",")[:-2], b"", b"\r\n"])
    place.write_bytes(b"".join([*lines, without_crop.replace(b"Ann", b"Bob")]))
    rehash(tmp_path / "out", "identities.csv")
    with pytest.raises(UnreadableLabels, match="line 3: person-0001 is called 'Bob' here, but 'Ann' above"):
        READERS["identities"](tmp_path / "out")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "identities.csv",
            b",20.0,20.0,",
            b",20.0,21.0,",
            r"identities\.csv says \('one\.png', \(20\.0, 21\.0.* but annotations",
        ),
        (
            "identities.csv",
            b"human",
            b"automatic",
            r"identities\.csv says .*'automatic'\), but annotations\.json says .*'human'\)",
        ),
        ("identities.csv", b"Ann,", b"Bob,", r"identities\.csv calls person-0001 'Bob', unlike annotations\.json"),
        ("identities.csv", b"person-0001", b"person-0002", r"identities\.csv calls person-0002 'Ann', unlike"),
        (
            "images.csv",
            b"one.png,100",
            b"one.png,99",
            r"images\.csv says \('one\.png', 99, .* but annotations\.json says",
        ),
        (
            "images.csv",
            b"two.png,60,50,,new,\r\n",
            b"",
            r"images\.csv says None, but annotations\.json says \('two\.png'",
        ),
    ],
)
def test_halves_that_contradict_each_other_are_refused(small_dataset, tmp_path, file, old, new, message):
    WRITERS["facet"](small_dataset, tmp_path / "out", exported_at="now")
    place = tmp_path / "out" / file
    assert old in place.read_bytes()
    place.write_bytes(place.read_bytes().replace(old, new, 1))
    rehash(tmp_path / "out", file)
    with pytest.raises(UnreadableLabels, match=message):
        READERS["facet"](tmp_path / "out")
