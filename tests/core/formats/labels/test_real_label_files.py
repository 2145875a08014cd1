"""The real files: every label of them is read, and what is of other points is refused by its number."""

from __future__ import annotations

import csv
import json
from xml.etree import ElementTree

import numpy as np
import pytest

from core.formats.labels import motion_csv, read_label_file
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import BODY24, COCO17, FACE68
from tests.builders.places import SHARED

pytestmark = [pytest.mark.shared, pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here")]


def read(path, shape):
    return read_label_file(path, (SHARED / path).read_bytes(), shape)


def test_every_real_pts_is_read_one_pixel_up_and_left():
    files = sorted((SHARED / "landmarks68").rglob("*.pts"))
    assert len(files) == 4
    for file in files:
        (row,) = read_label_file(file.name, file.read_bytes(), FACE68).rows
        text = file.read_text()
        expected = np.array(text[text.index("{") + 1 : text.index("}")].split(), float).reshape(68, 2) - 1
        np.testing.assert_allclose(row.keypoints.points, expected, atol=1e-4)


def test_every_face_of_dlibs_training_file_is_read():
    path = "landmarks68/dlib_training/training_with_face_landmarks.xml"
    file = read(path, FACE68)
    tree = ElementTree.parse(SHARED / path)
    boxes = list(tree.iter("box"))
    assert (len(file.rows), file.skipped) == (len(boxes), []) == (18, [])
    for row, box in zip(file.rows, boxes, strict=True):
        expected = [(float(part.get("x")), float(part.get("y"))) for part in box.iter("part")]
        np.testing.assert_array_equal(row.keypoints.points, expected)


@pytest.mark.parametrize(
    ("path", "shape", "labels"),
    [
        ("body/coco/test_coco.json", COCO17, 6),
        ("body/coco/test_coco_wholebody.json", COCO17, 6),
        ("body/coco/test_coco_wholebody.json", FACE68, 2),
        ("body/ochuman/test_ochuman.json", COCO17, 3),
        ("landmarks68/300w/test_300w.json", FACE68, 1),
        ("landmarks68/300wlp/test_300wlp.json", FACE68, 2),
        ("landmarks68/300vw/anno_300vw.json", FACE68, 2),
    ],
)
def test_real_coco_files_are_read_whole(path, shape, labels):
    file = read(path, shape)
    assert (len(file.rows), file.skipped) == (labels, [])
    content = json.loads((SHARED / path).read_text())
    key = "face_kpts" if "wholebody" in path and shape is FACE68 else "keypoints"
    given = [np.reshape(each[key], (-1, 3)) for each in content["annotations"] if np.any(each[key])]
    for row, table in zip(file.rows, given, strict=True):
        seen = table[:, 2] > 0
        np.testing.assert_array_equal(row.keypoints.visibility > 0, seen)
        np.testing.assert_array_equal(row.keypoints.points[seen], table[seen, :2].astype(np.float32))


@pytest.mark.parametrize(
    ("path", "shape", "count"),
    [
        ("landmarks68/other_point_counts/cofw_29/test_cofw.json", FACE68, 29),
        ("landmarks68/other_point_counts/wflw_98/test_wflw.json", FACE68, 98),
        ("landmarks68/other_point_counts/lapa_106/test_lapa.json", FACE68, 106),
        ("landmarks68/other_point_counts/aflw_19/test_aflw.json", FACE68, 19),
    ],
)
def test_real_files_of_other_points_say_how_many_they_have(path, shape, count):
    with pytest.raises(UnreadableLabels, match=f"have {count} points, but {shape.name} has {len(shape)}"):
        read(path, shape)


@pytest.mark.parametrize(
    ("path", "shape", "mapped", "labels"),
    [
        ("body/aic/test_aic.json", COCO17, 12, 6),
        ("body/aic/test_aic.json", BODY24, 13, 6),
        ("body/crowdpose/test_crowdpose.json", COCO17, 12, None),
        ("body/jhmdb/test_jhmdb_sub1.json", COCO17, 12, None),
        ("body/mhp/test_mhp.json", COCO17, 12, None),
        ("body/posetrack18/test_posetrack18_val.json", COCO17, 15, None),
        ("body/coco/test_halpe.json", COCO17, 17, None),
        ("body/coco/test_halpe.json", FACE68, 68, None),
    ],
)
def test_sets_of_other_points_give_those_that_they_share_by_name_and_say_so(path, shape, mapped, labels):
    file = read(path, shape)
    assert file.rows
    assert labels in (None, len(file.rows))
    for row in file.rows:
        (doubt,) = row.doubts
        assert (doubt.kind, doubt.about.fields["mapped"]) == ("set", mapped)
    content = json.loads((SHARED / path).read_text())
    names = content["categories"][0]["keypoints"]
    if "jhmdb" in path:  # by hand: its 12th point is the right wrist
        wrist = np.reshape(content["annotations"][0]["keypoints"], (-1, 3))[11]
        np.testing.assert_allclose(file.rows[0].keypoints.points[shape.point_names.index("right_wrist")], wrist[:2])
    assert len(names) in (0, 14, 15, 16, 17)


def test_the_motion_labels_are_read_whole_and_written_back_exactly(tmp_path):
    path = "body24/motion24_labels.csv"
    file = read(path, BODY24)
    assert (len(file.rows), file.skipped) == (1830, [])
    sequences = {row.sequence for row in file.rows}
    assert None not in sequences
    assert all(row.picture.startswith(f"{row.sequence}_") for row in file.rows)
    motion_csv.write([(row.picture, row.keypoints) for row in file.rows], tmp_path / "out.csv")
    theirs, ours = (list(csv.reader(one.read_text().splitlines())) for one in (SHARED / path, tmp_path / "out.csv"))
    assert ours[0] == theirs[0]
    assert [row[0] for row in ours] == [row[0] for row in theirs]
    expected = np.array([row[1:] for row in theirs[1:]], float)
    np.testing.assert_array_equal(np.array([row[1:] for row in ours[1:]], np.float32), expected.astype(np.float32))


def test_the_real_tracks_are_one_row_a_frame():
    figures = json.loads((SHARED / "tracks68" / "figures.json").read_text())
    for file in sorted((SHARED / "tracks68").glob("*.npy"))[:3]:
        rows = read_label_file(file.name, file.read_bytes(), FACE68).rows
        facts = figures.get(file.name) or figures.get(file.stem)
        assert len(rows) == facts["frames"]
        np.testing.assert_array_equal(rows[5].keypoints.points, np.load(file)[5])
