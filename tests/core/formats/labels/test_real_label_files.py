"""The real files: every label of them is read, and what is of other points is refused by its number."""

from __future__ import annotations

import csv
import json
from xml.etree import ElementTree

import numpy as np
import pytest
import scipy.io

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


def test_every_real_mat_is_read_as_scipy_reads_it_one_pixel_up_and_left():
    files = sorted((SHARED / "landmarks68" / "aflw2000").glob("*.mat"))
    assert len(files) == 8
    for file in files:
        (row,) = read_label_file(file.name, file.read_bytes(), FACE68).rows
        expected = scipy.io.loadmat(file)["pt3d_68"][:2].T - 1
        np.testing.assert_allclose(row.keypoints.points, expected, atol=1e-4)
        assert row.picture == f"{file.stem}.*"


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


# Where each set has left and right shoulders, elbows, wrists, hips, knees and ankles, by its own documentation.
AIC = [3, 0, 4, 1, 5, 2, 9, 6, 10, 7, 11, 8]
CROWDPOSE = [*range(12)]
JHMDB = [4, 3, 8, 7, 12, 11, 6, 5, 10, 9, 14, 13]
MPII = [13, 12, 14, 11, 15, 10, 3, 2, 4, 1, 5, 0]  # MHP's order too
COCO = [*range(5, 17)]  # PoseTrack's and Halpe's too
LIMBS = slice(5, 17)  # of coco17


@pytest.mark.parametrize(
    ("path", "places", "mapped", "labels"),
    [
        ("body/aic/test_aic.json", AIC, 12, 6),
        ("body/crowdpose/test_crowdpose.json", CROWDPOSE, 12, 2),
        ("body/jhmdb/test_jhmdb_sub1.json", JHMDB, 12, 2),
        ("body/mhp/test_mhp.json", MPII, 12, 2),
        ("body/mpii/test_mpii.json", MPII, 12, 3),
        ("body/mpii/test_mpii_trb.json", CROWDPOSE, 12, 3),
        ("body/posetrack18/test_posetrack18_val.json", COCO, 15, 13),
        ("body/coco/test_halpe.json", COCO, 17, 6),
    ],
)
def test_sets_of_other_points_give_those_that_they_share_each_in_its_place_and_say_so(path, places, mapped, labels):
    file = read(path, COCO17)
    assert len(file.rows) == labels
    assert {(doubt.kind, doubt.about.fields["mapped"]) for row in file.rows for doubt in row.doubts} == {
        ("set", mapped)
    }
    for row, table in zip(file.rows, tables(path), strict=True):
        limbs = table[places]
        np.testing.assert_array_equal(row.keypoints.visibility[LIMBS] > 0, limbs[:, 2] > 0)
        there = limbs[:, 2] > 0
        np.testing.assert_allclose(row.keypoints.points[LIMBS][there], limbs[there, :2], atol=1e-4)


def tables(path):
    """(n, 3) x, y counted from 0 and visibility of every labelled person of a file."""
    content = json.loads((SHARED / path).read_text())
    if isinstance(content, list):
        return [np.column_stack([np.array(one["joints"]) - 1, one["joints_vis"]]) for one in content]
    crowds = [one for one in content["annotations"] if not one.get("iscrowd") and np.any(one["keypoints"])]
    return [np.reshape(one["keypoints"], (-1, 3)) for one in crowds]


@pytest.mark.parametrize(("shape", "mapped", "labels"), [(BODY24, 13, 6), (FACE68, None, None)])
def test_a_set_gives_other_skeletons_what_they_share_or_is_refused(shape, mapped, labels):
    path = "body/aic/test_aic.json"
    if mapped is None:
        with pytest.raises(UnreadableLabels, match="its keypoints are not those of face68"):
            read(path, shape)
        return
    file = read(path, shape)
    assert (len(file.rows), file.rows[0].doubts[0].about.fields["mapped"]) == (labels, mapped)


def test_the_face_of_halpe_is_the_68_points_after_its_26_of_the_body():
    path = "body/coco/test_halpe.json"
    for row, table in zip(read(path, FACE68).rows, [one for one in tables(path) if one[26:94, 2].any()], strict=True):
        face = table[26:94]
        there = face[:, 2] > 0
        np.testing.assert_allclose(row.keypoints.points[there], face[there, :2], atol=1e-4)


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
