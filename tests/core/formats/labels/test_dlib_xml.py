from __future__ import annotations

import numpy as np
import pytest

from core.formats.labels import read_label_file
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import FACE68
from tests.builders.label_files import read, reasons


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


def test_what_is_wrong_about_a_box_is_told_with_its_place():
    box = "<box top='1' left='1' width='5' height='5'>"
    parts = "<part name='0' x='1' y='1'/><part name='67' x='2' y='2'/>"
    content = f"""<dataset><images>
        <image file='a.jpg'>{box}<part name='nose' x='1' y='1'/></box>{box.replace("5", "0")}{parts}</box></image>
        <image>{box}{parts}</box></image>
    </images></dataset>"""
    file = read_label_file("a.xml", content.encode(), FACE68)
    assert [(row.box, [doubt.kind for doubt in row.doubts]) for row in file.rows] == [(None, ["box"])]
    assert reasons(file) == {
        "image 1 (a.jpg), box 1": "the part 'nose' is no number of a point",
        "image 2 (.), box 1": "its image has no file",
    }
    with pytest.raises(UnreadableLabels, match="outermost element should be 'dataset', not 'images'"):
        read_label_file("a.xml", b"<images><dataset/></images>", FACE68)


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
        read_label_file("a.xml", b"<?xml version='1.0' encoding='klingon'?><dataset/>", FACE68)


def test_a_dlib_dataset_without_images_has_no_labels():
    assert read_label_file("a.xml", b"<dataset><images/></dataset>", FACE68).rows == []


def test_one_box_of_too_many_points_does_not_cost_the_others_and_false_is_no_ignoring():
    box = "<box top='1' left='1' width='5' height='5' ignore='false'>"
    parts = "".join(f"<part name='{i}' x='1' y='1'/>" for i in range(68))
    more = "<part name='68' x='1' y='1'/>"
    content = f"<dataset><image file='a.jpg'>{box}{parts}</box>{box}{parts}{more}</box></image></dataset>"
    file = read_label_file("a.xml", content.encode(), FACE68)
    assert len(file.rows) == 1
    assert "the box has 69 points, but face68 has 68" in reasons(file)["image 1 (a.jpg), box 2"]


def test_a_number_that_only_python_reads_is_none():
    parts = "".join(f"<part name='{i}' x='1' y='{'1_0' if i == 3 else 1}'/>" for i in range(68))
    box = f"<box top='1_0' left='0' width='9' height='9'>{parts}</box>"
    file = read_label_file("a.xml", f"<dataset><image file='a.jpg'>{box}</image></dataset>".encode(), FACE68)
    assert reasons(file) == {"image 1 (a.jpg), box 1": "the part 3 is at no place: x='1', y='1_0'"}
