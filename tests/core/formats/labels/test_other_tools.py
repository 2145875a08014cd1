"""Files of tools that are not read are called what they are, with what to export there."""

import pytest

from core.formats.labels import sniff_label_file
from core.formats.labels.other_tools import tool_of
from core.foundation.errors import UnreadableLabels
from tests.builders.label_files import LABELS

FILES = [
    ("a.xml", "<?xml version='1.0'?><annotations><version>1.1</version>", "CVAT XML", "COCO Keypoints 1.0"),
    ("a.xml", "<annotation><folder>x</folder></annotation>", "Pascal VOC XML", "COCO"),
    ("a.json", '[{"id": 1, "data": {"img": "x"}, "annotations": [{"result": []}]}]', "Label Studio JSON", "COCO"),
    ("a.json", '[{"img": "x", "kp-1": [{"x": 1}]}]', "Label Studio JSON-MIN", "COCO"),
    ("a.json", '{"version": "5", "shapes": [{"shape_type": "point"}], "imagePath": "x"}', "LabelMe JSON", "COCO"),
    ("a.json", '{"_via_settings": {}}', "VIA JSON", "COCO"),
    ("a.json", '{"version": 1.3, "people": [{"pose_keypoints_2d": []}]}', "OpenPose JSON", "COCO"),
    ("a.json", '[{"image_id": "x", "keypoint_annotations": {}}]', "AI Challenger JSON", "COCO"),
    ("a.json", (LABELS / "detections.json").read_text(), "COCO results", "COCO"),
    ("a.mat", "MATLAB 7.3 MAT-file, Platform: GLNXA64", "a MATLAB file of version 7.3", "one of version 7 (save -v7)"),
]


@pytest.mark.parametrize(("name", "content", "tool", "instead"), FILES)
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_file_of_another_tool_is_named_with_what_to_export_instead(name, content, tool, instead, coding):
    with pytest.raises(UnreadableLabels) as caught:
        sniff_label_file(name, content.encode(coding))
    assert str(caught.value) == f"{name}: it is {tool}, which is not read; export {instead} there"
    assert caught.value.code == "labels.other_tool"


def test_what_is_of_no_tool_is_nothing_of_theirs():
    assert tool_of(".json", '{"a": 1}') is None
    assert tool_of(".csv", "<annotations><version>") is None


def test_a_coco_file_in_utf16_is_told_by_its_content():
    content = (LABELS / "coco_people.json").read_text().encode("utf-16")
    assert sniff_label_file("a.json", content) == "coco-keypoints"
