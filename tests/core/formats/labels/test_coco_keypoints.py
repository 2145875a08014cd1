from __future__ import annotations

import json

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
    first, second, negative, last = read("coco_people.json", COCO17).rows
    assert (first.picture, first.size, first.box) == ("val/one.jpg", (640, 480), (90, 40, 130, 100))
    assert first.keypoints.visibility.tolist() == [2, 2, 2, 0, 1, *[2] * 12]
    np.testing.assert_array_equal(first.keypoints.points[[0, 4]], [(100, 50), (104, 58)])
    assert np.isnan(first.keypoints.points[3]).all()  # 0, 0, 0 is no place
    assert second.box is None  # a box without an area
    assert last.box is None
    assert (negative.box, [doubt.kind for doubt in negative.doubts]) == (None, ["box"])
    assert [row.doubts for row in (first, second, last)] == [(), (), ()]


def test_coco_annotations_that_are_no_labels_are_counted_and_damaged_ones_listed():
    file = read("coco_people.json", COCO17)
    assert file.left_out == {"crowds and ignored ones": 2, "without points": 1}
    assert reasons(file) == {
        "annotations[5]": "the image_id 8 is not among the images",
        "annotations[6]": "keypoints has a visibility other than 0, 1 and 2",
        "annotations[8]": "keypoints has 50 numbers, which are no triples",
        "annotations[9]": "keypoints[48] should be a finite number, not 'x'",
    }


@pytest.mark.parametrize("name", ["coco_permuted.json", "coco_numbered.json"])
def test_coco_names_decide_the_order_where_they_are_known(name):
    (row,) = read(name, COCO17).rows
    np.testing.assert_array_equal(row.keypoints.points[:, 0], 100 + np.arange(17))


def test_coco_of_another_set_of_17_points_is_mapped_by_its_names_and_that_is_told():
    (row,) = read("coco_posetrack_names.json", COCO17).rows
    assert np.flatnonzero(row.keypoints.visibility == 0).tolist() == [1, 2]  # it has no eyes
    assert row.keypoints.points[[0, 3, 16], 0].tolist() == [100, 103, 116]
    (doubt,) = row.doubts
    assert doubt.about.reason() == (
        "15 of its 17 points are those of coco17 by name; it lacks left_eye, right_eye, "
        "and there is no place for head_bottom, head_top"
    )


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
    assert reasons(file) == {"annotations[0]": "category_id should be a whole number or a text, not []"}


def test_what_is_odd_is_listed_and_the_rest_comes_in():
    file = read("coco_odd.json", COCO17)
    assert reasons(file) == {
        "images[1]": "the key 'file_name' is missing",
        "images[2]": "it should be an object, not 7",
        "images[5]": "id should be a whole number or a text, not None",
        "annotations[1]": "the image_id 9 is not among the images",
        "annotations[2]": "the image_id twice is of a/same.jpg and of b/same.jpg; nobody can know which is meant",
        "annotations[3]": "iscrowd should be yes or no, not 'maybe'",
        "annotations[4]": "the category_id 5 is not among the categories",
        "categories[1]": "its keypoints are not those of coco17, which has no thumb, finger",
    }
    assert file.left_out == {"of other categories": 1, "crowds and ignored ones": 2}
    assert [(row.picture, row.size) for row in file.rows] == [("a.jpg", (640, 480)), ("b.jpg", None), ("b.jpg", None)]
    first, second, third = file.rows
    assert not first.doubts  # "0" is no crowd, texts are numbers, null in an absent point says nothing
    assert first.box == (100, 60, 200, 320)
    assert np.flatnonzero(first.keypoints.visibility == 0).tolist() == [0]
    assert [doubt.kind for doubt in second.doubts] == ["box", "place"]
    assert second.doubts[1].about.reason() == "1 point is said to be there without a place, and taken as absent"
    assert (third.box, third.doubts) == (None, ())  # an empty box is none


def test_scores_for_visibilities_are_a_question_for_the_whole_file():
    file = read("coco_scores.json", COCO17)
    assert [[doubt.kind for doubt in row.doubts] for row in file.rows] == [["scores"], ["scores"]]
    assert file.rows[0].keypoints.visibility.tolist() == [0, *[2] * 16]
    assert file.rows[1].keypoints.visibility.tolist() == [2] * 17  # all 1.0: no visibilities beside the others' scores


def test_a_category_of_which_no_name_is_known_is_a_question():
    (row,) = read("coco_unknown_names.json", COCO17).rows
    assert [doubt.kind for doubt in row.doubts] == ["names"]
    assert row.doubts[0].answers == ("order", "drop")


def test_our_own_export_says_that_its_points_are_of_upright_pictures(clipped, tmp_path):
    WRITERS["coco"](clipped, tmp_path / "out", exported_at="now")
    (row,) = read_label_file("a.json", (tmp_path / "out" / "annotations.json").read_bytes(), FACE68).rows
    assert row.answers == {"turned": "upright", "corner": "there"}


def coco(*categories, category_id=1, **image):
    """One person of one picture, with the names of points of each category."""
    person = {
        "image_id": 1,
        "category_id": category_id,
        "keypoints": [number for x in range(17) for number in (x, 9, 2)],
    }
    if category_id is None:
        del person["category_id"]
    named = [{"id": 1, "keypoints": list(names)} for names in categories]
    return json.dumps(
        {"images": [{"id": 1, "file_name": "p.jpg"} | image], "categories": named, "annotations": [person]}
    )


@pytest.mark.parametrize("category_id", [1, "1", None])
def test_an_id_of_two_categories_whose_points_differ_means_neither(category_id):
    content = coco(COCO17.point_names, COCO17.point_names[::-1], category_id=category_id)
    file = read_label_file("two.json", content.encode(), COCO17)
    assert (len(file.rows), reasons(file)) == (
        0,
        {"annotations[0]": "the category_id 1 is of two categories with other points; nobody can know which is meant"},
    )


def test_an_id_of_two_categories_with_the_same_points_is_clear():
    content = coco(COCO17.point_names, [name.upper() for name in COCO17.point_names])
    (row,) = read_label_file("two.json", content.encode(), COCO17).rows
    np.testing.assert_array_equal(row.keypoints.points[:, 0], range(17))


@pytest.mark.parametrize("image", [{"video": "\ud800"}, {"video_id": "\ud800"}])
def test_a_clip_whose_name_is_no_unicode_is_written_so_that_it_can_be_kept(image):
    (row,) = read_label_file("clip.json", coco((), **image).encode(), COCO17).rows
    assert row.sequence == "\\ud800"
