from __future__ import annotations

import numpy as np
import pytest

from core.formats.labels import tracks_npy
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import COCO17, FACE68
from tests.builders.label_files import LABELS, read


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
        tracks_npy.read("a.npy", b"\x93NUMPY\x09\x00junk", FACE68)
