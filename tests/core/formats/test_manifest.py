import hashlib
import json
from pathlib import Path

import pytest

from core.formats import READERS, WRITERS
from core.formats.manifest import sniff
from core.foundation.errors import UnreadableLabels
from tests.builders.changes import Change, drop, put, whole
from tests.builders.labelled_examples import files_of

FORMATS = sorted(WRITERS)
WHEN = "2026-11-20T12:00:00Z"


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
        "turned": 0,
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


def test_sniff_knows_nothing_of_other_folders(tmp_path: Path):
    assert sniff(tmp_path) is None
    for text in ("", "[]", "{}", '{"generator": "other", "version": 1, "format": "coco"}', "\xff"):
        (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
        assert sniff(tmp_path) is None
    (tmp_path / "manifest.json").write_text('{"generator": "facet", "version": 7, "format": "coco"}')
    assert sniff(tmp_path) == "coco"


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
