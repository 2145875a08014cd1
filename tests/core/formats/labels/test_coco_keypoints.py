from __future__ import annotations

import numpy as np
import pytest

from core.formats import WRITERS
from core.formats.labels import read_label_file
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import BODY24, COCO17, FACE68, SKELETONS, find_skeleton
from tests.builders.label_files import read, reasons


def test_the_label_reader_takes_the_clip_of_an_export_for_the_sequence(clipped, tmp_path):
    WRITERS["coco"](clipped, tmp_path / "out", exported_at="now")
    content = (tmp_path / "out" / "annotations.json").read_bytes()
    rows = read_label_file("annotations.json", content, find_skeleton("face68")).rows
    assert [(row.picture, row.sequence) for row in rows] == [("one.png", "day/ada.mp4")]


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
        read_label_file("a.json", content, COCO17)


def test_what_no_tool_would_write_is_a_sentence_too():
    odd = b'{"images": [{"id": 1, "file_name": "a", "video_id": [1]}], "videos": [{"id": {}}], "categories": '
    odd += b'[{"id": 1, "skeleton_name": [], "keypoints": [1, null]}], '
    odd += b'"annotations": [{"image_id": 1, "category_id": []}]}'
    file = read_label_file("a.json", odd, COCO17)
    assert reasons(file) == {"annotations[0]": "category_id should be a whole number of at least 0, not []"}


def test_nan_is_no_number_in_json():
    with pytest.raises(UnreadableLabels, match="NaN is not a number in JSON"):
        read("nan.json", COCO17)
