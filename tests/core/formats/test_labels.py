"""Files of other tools, one for each trap: what is read is right to the pixel, what is not says why."""

from __future__ import annotations

import pytest

from core.formats.labels import LABEL_READERS, NAMES, sniff_label_file
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import BODY24, COCO17, FACE68
from tests.builders.label_files import LABELS, read


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("whole.pts", "pts"),
        ("faces.xml", "dlib-xml"),
        ("motion.csv", "motion-csv"),
        ("clip.npy", "tracks-npy"),
        ("coco_people.json", "coco-keypoints"),
        ("mpii.json", "mpii-json"),
        ("whole.mat", "mat"),
    ],
)
def test_each_format_is_told_by_its_content(name, kind):
    assert sniff_label_file(name, (LABELS / name).read_bytes()) == kind
    assert (
        read(name, {"pts": FACE68, "dlib-xml": FACE68, "mat": FACE68, "motion-csv": BODY24}.get(kind, COCO17)).format
        == kind
    )


def test_every_format_has_a_name_for_people():
    assert set(NAMES) == set(LABEL_READERS)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", b"[1, 2]", "not an object with 'images' and 'annotations'"),
        ("a.xml", b"<svg/>", "not dlib's <dataset>"),
        ("a.csv", b"left,right,same\n", "not a table with the header"),
        ("a.npy", b"PK\x03\x04", "not a NumPy array"),
        ("a.mat", b"PK\x03\x04", "not a MATLAB file"),
        ("a.txt", b"", "not a label file"),
        ("pts", b"", "not a label file"),
    ],
)
def test_what_is_none_of_them_says_what_was_looked_for(name, content, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        sniff_label_file(name, content)
