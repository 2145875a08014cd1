"""Files of other tools, one for each trap: what is read is right to the pixel, what is not says why."""

from __future__ import annotations

import numpy as np
import pytest

from core.formats.labels import LABEL_READERS, NAMES, read_labels, sniff_labels, tight_box, write_submission
from core.formats.labels.motion_csv import sequence_of
from core.formats.labels.tracks_npy import load_tracks
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.skeletons import BODY24, COCO17, FACE68, SKELETONS
from tests.builders.places import DATA

LABELS = DATA / "labels"
FACE = np.stack([10 + np.arange(68), 20 + np.arange(68) / 2], axis=1)  # as written in the .pts files


def read(name, shape, folder=""):
    return read_labels(folder + name, (LABELS / name).read_bytes(), shape)


def reasons(file):
    return dict(file.skipped)


# .pts


@pytest.mark.parametrize("name", ["whole.pts", "comments.pts"])
def test_pts_counts_the_first_pixel_as_one_and_we_as_zero(name):
    (row,) = read(name, FACE68, "set/").rows
    np.testing.assert_array_equal(row.keypoints.points, (FACE - 1).astype(np.float32))
    assert (row.keypoints.visibility == 2).all()
    assert (row.picture, row.sequence, row.box) == (f"set/{name.removesuffix('.pts')}.*", None, None)


def test_pts_in_the_layout_of_300_vw_name_the_frame_and_the_clip():
    content = (LABELS / "whole.pts").read_bytes()
    (row,) = read_labels("300vw/001/annot/000006.pts", content, FACE68).rows
    assert (row.picture, row.sequence) == ("300vw/001/imgs/000006.*", "001")
    (bare,) = read_labels("annot/000006.pts", content, FACE68).rows
    assert (bare.picture, bare.sequence) == ("imgs/000006.*", None)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("one_line_short.pts", r"one_line_short\.pts: n_points is 68, but there are 67 points"),
        ("without_brace.pts", "a brace is missing"),
        ("cut_off.pts", "a brace is missing"),
        ("without_count.pts", "there is no 'n_points'"),
        ("other_count.pts", r"other_count\.pts: it has 29 points, but face68 has 68"),
        ("words.pts", "should be two numbers, not '12,5 7'"),
        ("infinite.pts", "'nan inf' is not a place in a picture"),
    ],
)
def test_pts_that_cannot_be_read_say_why(name, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        read(name, FACE68)


def test_an_empty_pts_and_one_that_is_no_text_say_so():
    with pytest.raises(UnreadableLabels, match="there is no 'n_points'"):
        read_labels("a.pts", b"", FACE68)
    with pytest.raises(UnreadableLabels, match=r"a\.pts: it is not a text in UTF-8 \(byte 1\)"):
        read_labels("a.pts", b"n\xff\xfe\x00", FACE68)


# dlib XML


def test_dlib_boxes_and_parts_are_taken_as_they_are():
    file = read("faces.xml", FACE68)
    first, second = file.rows
    assert (first.picture, first.size, first.box) == ("sub/one.jpg", (120, 100), (8, 18, 78, 90))
    np.testing.assert_array_equal(first.keypoints.points[[0, 67]], [(10, 20), (77, 87)])
    assert (second.picture, second.size) == ("two.jpg", None)
    assert np.flatnonzero(second.keypoints.visibility == 0).tolist() == [0, 40]


def test_dlib_boxes_that_are_no_labels_are_counted_and_damaged_ones_listed():
    file = read("faces.xml", FACE68)
    assert file.left_out == {"ignored boxes": 1, "boxes without points": 1}
    assert reasons(file) == {
        "image 2 (two.jpg), box 2": "the part 00 is at no place: x='ten', y='20'",
        "image 2 (two.jpg), box 3": "the part 03 occurs twice",
    }


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("five_points.xml", "its boxes have 5 points, but face68 has 68"),
        ("too_many_points.xml", "its boxes have 69 points, but face68 has 68"),
        ("entity_bomb.xml", "declares a document type or an entity"),
        ("external_entity.xml", "declares a document type or an entity"),
        ("not_closed.xml", "it is not well-formed XML"),
    ],
)
def test_dlib_files_that_cannot_be_read_say_why(name, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        read(name, FACE68)


def test_an_encoding_that_is_none_is_a_sentence():
    with pytest.raises(UnreadableLabels, match="not well-formed"):
        read_labels("a.xml", b"<?xml version='1.0' encoding='klingon'?><dataset/>", FACE68)


def test_a_dlib_dataset_without_images_has_no_labels():
    assert read_labels("a.xml", b"<dataset><images/></dataset>", FACE68).rows == []


# motion CSV


def test_motion_rows_are_read_and_what_is_wrong_is_listed_with_its_line():
    file = read("motion.csv", BODY24)
    assert [row.picture for row in file.rows] == [
        "002-1-1-01-Z17_A-0000001.jpg",
        "002-1-1-01-Z17_B-0000001.jpg",
        "642-2-4-30-Z148_E-0000021.jpg",
        "=1+1.jpg",
    ]
    assert [row.sequence for row in file.rows] == ["002-1-1-01-Z17", "002-1-1-01-Z17", "642-2-4-30-Z148", None]
    np.testing.assert_array_equal(file.rows[0].keypoints.points[[0, 23]], [(100, 200), (123, 246)])
    assert np.flatnonzero(file.rows[2].keypoints.visibility == 0).tolist() == [3]
    assert all(row.inside and row.box is None for row in file.rows)
    assert reasons(file) == {
        "line 5": "line 2 has labels of 002-1-1-01-Z17_A-0000001.jpg already",
        "line 6": "it should have 49 cells, not 48",
        "line 7": "'NaN' is not a number",
        "line 8": "'left' is not a number",
        "line 9": "right_eye has one coordinate without the other",
        "line 10": "it names no picture",
    }
    assert file.left_out == {"lines without points": 1}


def test_motion_columns_go_by_name_whatever_their_order():
    plain, other = (read(name, BODY24).rows[0].keypoints for name in ("motion.csv", "motion_other_order.csv"))
    np.testing.assert_array_equal(plain.points, other.points)


def test_a_spreadsheet_that_writes_semicolons_and_decimal_commas_is_read():
    (row,) = read("motion_semicolons.csv", BODY24).rows
    assert row.keypoints.points[1].tolist() == [101.5, 202]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("motion_mistyped.csv", "the column 'right_inst_x' is none of a point of body24"),
        ("motion_17_points.csv", "35 columns are 17 points, but body24 has 24"),
    ],
)
def test_motion_files_of_other_points_are_refused(name, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        read(name, BODY24)


def test_the_17_point_table_is_read_as_17_points():
    (row,) = read("motion_17_points.csv", COCO17).rows
    assert len(row.keypoints) == 17


def test_the_action_is_everything_before_the_camera():
    assert sequence_of("002-1-1-01-Z17_A-0000001.jpg") == "002-1-1-01-Z17"
    assert sequence_of("some/folder/642-2-4-30-Z148_E-0000021.png") == "642-2-4-30-Z148"
    assert sequence_of("IMG_0001.jpg") is None


def test_a_submission_has_the_forms_header_comes_back_exactly_and_no_name_is_a_formula(tmp_path):
    rng = np.random.default_rng(3)
    wanted = [
        (name, Keypoints.of(rng.normal(900, 300, (24, 2)))) for name in ("a.jpg", "=cmd|' /C calc'!A0.jpg", "'b.jpg")
    ]
    write_submission(wanted, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    shared_header = (LABELS / "motion_other_order.csv").read_text().splitlines()[0].split(",")
    assert sorted(lines[0].split(",")) == sorted(shared_header)
    assert lines[0].startswith("image,nose_x,nose_y,left_eye_x")
    assert lines[2].startswith("'=cmd")
    rows = read_labels("out.csv", (tmp_path / "out.csv").read_bytes(), BODY24).rows
    assert [row.picture for row in rows] == [name for name, _ in wanted]
    for row, (_, keypoints) in zip(rows, wanted, strict=True):
        np.testing.assert_array_equal(row.keypoints.points, keypoints.points)


def test_a_submission_has_no_gaps_and_no_picture_twice(tmp_path):
    whole, gap = Keypoints.of(np.ones((24, 2))), Keypoints.of(np.array([[np.nan, np.nan]] + [[1, 1]] * 23))
    with pytest.raises(BadInput, match=r"a\.jpg lacks nose"):
        write_submission([("a.jpg", gap)], tmp_path / "out.csv")
    with pytest.raises(BadInput, match=r"a\.jpg occurs twice"):
        write_submission([("a.jpg", whole), ("a.jpg", whole)], tmp_path / "out.csv")
    with pytest.raises(BadInput, match="has 17 points, but body24 has 24"):
        write_submission([("a.jpg", Keypoints.of(np.ones((17, 2))))], tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    write_submission([], tmp_path / "out.csv")
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 1


# COCO


def test_coco_points_boxes_and_visibility_are_taken_as_they_are():
    first, second, last = read("coco_people.json", COCO17).rows
    assert (first.picture, first.size, first.box) == ("val/one.jpg", (640, 480), (90, 40, 130, 100))
    assert first.keypoints.visibility.tolist() == [2, 2, 2, 0, 1, *[2] * 12]
    np.testing.assert_array_equal(first.keypoints.points[[0, 4]], [(100, 50), (104, 58)])
    assert np.isnan(first.keypoints.points[3]).all()  # 0, 0, 0 is no place
    assert second.box is None  # a box without an area
    assert last.box is None


def test_coco_annotations_that_are_no_labels_are_counted_and_damaged_ones_listed():
    file = read("coco_people.json", COCO17)
    assert file.left_out == {"crowds and ignored ones": 2, "without points": 1}
    assert reasons(file) == {
        "annotations[5]": "the image_id 8 is not among the images",
        "annotations[6]": "keypoints has a visibility other than 0, 1 and 2",
        "annotations[7]": "bbox has a negative width or height",
        "annotations[8]": "keypoints has 50 numbers, which are no triples",
        "annotations[9]": "keypoints[48] should be a finite number, not 'x'",
    }


@pytest.mark.parametrize("name", ["coco_permuted.json", "coco_numbered.json"])
def test_coco_names_decide_the_order_where_they_are_known(name):
    (row,) = read(name, COCO17).rows
    np.testing.assert_array_equal(row.keypoints.points[:, 0], 100 + np.arange(17))


def test_coco_of_another_set_of_17_points_is_refused_by_its_names():
    with pytest.raises(UnreadableLabels, match="not those of coco17, which has no head_bottom, head_top"):
        read("coco_posetrack_names.json", COCO17)


@pytest.mark.parametrize("shape", SKELETONS.values(), ids=SKELETONS)
def test_coco_of_another_number_of_points_names_both(shape):
    with pytest.raises(UnreadableLabels, match=f"have 29 points, but {shape.name} has {len(shape)}"):
        read("coco_29_points.json", shape)


def test_coco_wholebody_gives_its_faces_and_its_bodies():
    file = read("wholebody.json", FACE68)
    (row,) = file.rows
    assert row.box == (8, 18, 83, 93)
    assert (row.keypoints.visibility == 2).all()  # all are 1: labelled, as files made of 300-W have it
    assert file.left_out == {"without points": 1}
    assert len(read("wholebody.json", COCO17).rows) == 2


def test_coco_says_which_clip_a_frame_is_of():
    assert [row.sequence for row in read("coco_clips.json", COCO17).rows] == ["walk", "00228", "run", None]


def test_points_that_a_model_set_are_no_human_labels():
    file = read("facet_model_points.json", COCO17)
    assert len(file.rows) == 1
    assert file.left_out == {"points of a model": 1, "of other categories": 1}
    assert len(read("facet_model_points.json", BODY24).rows) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"annotations": [], "images": [', "it is not valid JSON"),
        (b'{"annotations": 3, "images": []}', "annotations should be a list"),
        (b'{"annotations": [], "images": [{"id": 1}]}', "the key 'file_name' is missing"),
        (b'{"annotations": [3], "images": []}', r"annotations\[0\] should be an object"),
        (b'{"annotations": [], "images": ' + b"[" * 100_000, "it is not valid JSON"),
    ],
)
def test_json_that_is_no_coco_says_where(content, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        read_labels("a.json", content, COCO17)


def test_what_no_tool_would_write_is_a_sentence_too():
    odd = b'{"images": [{"id": 1, "file_name": "a", "video_id": [1]}], "videos": [{"id": {}}], "categories": '
    odd += b'[{"id": 1, "skeleton_name": [], "keypoints": [1, null]}], '
    odd += b'"annotations": [{"image_id": 1, "category_id": []}]}'
    file = read_labels("a.json", odd, COCO17)
    assert reasons(file) == {"annotations[0]": "category_id should be a whole number of at least 0, not []"}


def test_nan_is_no_number_in_json():
    with pytest.raises(UnreadableLabels, match="NaN is not a number in JSON"):
        read("nan.json", COCO17)


# tracks


def test_tracks_are_one_row_a_frame_and_what_is_not_finite_is_absent():
    file = read("clip.npy", COCO17, "tracks/")
    assert [(row.picture, row.frame, row.sequence) for row in file.rows] == [
        ("tracks/clip", 0, "clip"),
        ("tracks/clip", 2, "clip"),
    ]
    expected = np.load(LABELS / "clip.npy")
    np.testing.assert_array_equal(file.rows[1].keypoints.points[1:], expected[2, 1:])
    assert [np.flatnonzero(row.keypoints.visibility == 0).tolist() for row in file.rows] == [[2], [0]]
    assert file.left_out == {"frames without points": 1}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("flat.npy", r"its shape is \(3, 34\); a track file is a float array of frames x points x 2"),
        ("with_depth.npy", r"its shape is \(2, 17, 3\)"),
        ("objects.npy", "pickled Python objects, which could run code and are never opened"),
        ("letters.npy", r"it holds .* values; a track file is a float array"),
        ("cut_off.npy", "cut off: 3 frames are announced, and 368 of 408 bytes are there"),
        ("huge_header.npy", "999,999,999 frames of 17 points are more than fit"),
    ],
)
def test_arrays_of_something_else_say_why(name, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        read(name, COCO17)


def test_tracks_of_another_number_of_points_name_both():
    with pytest.raises(UnreadableLabels, match="its frames have 17 points, but face68 has 68"):
        read("clip.npy", FACE68)
    with pytest.raises(UnreadableLabels, match=r"a\.npy: this is no \.npy file"):
        load_tracks("a.npy", b"\x93NUMPY\x09\x00junk")


# telling them apart


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("whole.pts", "pts"),
        ("faces.xml", "dlib-xml"),
        ("motion.csv", "motion-csv"),
        ("clip.npy", "tracks-npy"),
        ("coco_people.json", "coco-keypoints"),
    ],
)
def test_each_format_is_told_by_its_content(name, kind):
    assert sniff_labels(name, (LABELS / name).read_bytes()) == kind
    assert read(name, {"pts": FACE68, "dlib-xml": FACE68, "motion-csv": BODY24}.get(kind, COCO17)).format == kind


def test_every_format_has_a_name_for_people():
    assert set(NAMES) == set(LABEL_READERS)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", b"[1, 2]", "not an object with 'images' and 'annotations'"),
        ("a.xml", b"<svg/>", "not dlib's <dataset>"),
        ("a.csv", b"left,right,same\n", "not a table with the header"),
        ("a.npy", b"PK\x03\x04", "not a NumPy array"),
        ("a.txt", b"", "not a label file"),
        ("pts", b"", "not a label file"),
    ],
)
def test_what_is_none_of_them_says_what_was_looked_for(name, content, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        sniff_labels(name, content)


def test_the_tight_box_of_one_point_is_a_pixel_around_it():
    points = np.full((3, 2), np.nan, np.float32)
    points[1] = (5, 7)
    assert tight_box(points) == (4.5, 6.5, 5.5, 7.5)
    points[0] = (1, 7)
    assert tight_box(points) == (1, 6.5, 5, 7.5)
