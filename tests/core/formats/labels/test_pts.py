from __future__ import annotations

import numpy as np
import pytest

from core.formats.labels import read_label_file
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import FACE68
from tests.builders.label_files import LABELS, read

FACE = np.stack([10 + np.arange(68), 20 + np.arange(68) / 2], axis=1)  # as written in the .pts files


@pytest.mark.parametrize("name", ["whole.pts", "comments.pts"])
def test_pts_counts_the_first_pixel_as_one_and_we_as_zero(name):
    (row,) = read(name, FACE68, "set/").rows
    np.testing.assert_array_equal(row.keypoints.points, (FACE - 1).astype(np.float32))
    assert (row.keypoints.visibility == 2).all()
    assert (row.picture, row.sequence, row.box) == (f"set/{name.removesuffix('.pts')}.*", None, None)


def test_pts_in_the_layout_of_300_vw_name_the_frame_and_the_clip():
    content = (LABELS / "whole.pts").read_bytes()
    (row,) = read_label_file("300vw/001/annot/000006.pts", content, FACE68).rows
    assert (row.picture, row.sequence) == ("300vw/001/imgs/000006.*", "001")
    (bare,) = read_label_file("annot/000006.pts", content, FACE68).rows
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
        read_label_file("a.pts", b"", FACE68)
    with pytest.raises(UnreadableLabels, match=r"a\.pts: it is not a text in UTF-8 \(byte 1\)"):
        read_label_file("a.pts", b"n\xff\xfe\x00", FACE68)


def test_a_number_that_only_python_reads_is_none():
    lines = "\n".join(["1_00 7", *["100 7"] * 67])
    with pytest.raises(UnreadableLabels, match="should be two numbers, not '1_00 7'"):
        read_label_file("a.pts", f"n_points: 68\n{{\n{lines}\n}}".encode(), FACE68)
