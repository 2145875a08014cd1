"""MATLAB files of 300W-LP and AFLW2000: as SciPy writes them, and what a file may claim that is not so."""

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress

import numpy as np
import pytest
import scipy.io

from core.formats.labels import read_label_file
from core.foundation.errors import UnreadableLabels
from core.foundation.skeletons import COCO17, FACE68
from tests.builders.label_files import LABELS, read

FACE = np.stack([10 + np.arange(68), 20 + np.arange(68) / 2], axis=1)  # as written in the files


def _mat(compress=True, **variables):
    content = io.BytesIO()
    scipy.io.savemat(content, variables, do_compression=compress)
    return content.getvalue()


def _points(content):
    (row,) = read_label_file("set/a.mat", content, FACE68).rows
    return row.keypoints


def test_the_first_pixel_counts_as_one_there_and_the_depth_is_left_out():
    (row,) = read("whole.mat", FACE68, "set/").rows
    np.testing.assert_array_equal(row.keypoints.points, (FACE - 1).astype(np.float32))
    assert (row.keypoints.visibility == 2).all()
    assert (row.picture, row.sequence, row.box) == ("set/whole.*", None, None)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("dtype", ["<f8", "<f4", ">f4", "<i2", "<i8", "u1"])
def test_numbers_of_every_kind_are_read_packed_or_not(compress, dtype):
    table = FACE.astype(int).T.astype(dtype)
    content = _mat(compress, Pose_Para=np.zeros((1, 7)), pt2d=table, roi=np.zeros((1, 4), np.int16))
    np.testing.assert_array_equal(_points(content).points, FACE.astype(int) - 1)


def test_a_file_of_the_other_byte_order_is_read():
    def element(kind, data):
        return struct.pack(">II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    name, values = element(1, b"pt2d"), element(9, FACE.astype(">f8").tobytes())
    variable = element(6, struct.pack(">II", 6, 0)) + element(5, struct.pack(">ii", 2, 68)) + name + values
    content = b"MATLAB 5.0 MAT-file".ljust(124) + b"\1\0MI" + element(14, variable)
    np.testing.assert_array_equal(_points(content).points, (FACE - 1).astype(np.float32))


def test_points_with_a_nan_are_absent():
    table = FACE.T.copy()
    table[1, 3] = np.nan
    assert np.flatnonzero(_points(_mat(pt2d=table)).visibility == 0).tolist() == [3]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"pt2d": np.ones((2, 21))}, "it has 21 points, but face68 has 68"),
        ({"pt2d": FACE}, "pt2d should have a row of x and one of y, not 68 rows"),
        ({"pt2d": np.full((2, 68), np.nan)}, "no point is there"),
        ({"pt2d": np.full((2, 68), np.inf)}, "'inf inf' is not a place in a picture"),
        ({"pt2d": np.full((2, 68), 1e300)}, "'inf inf' is not a place in a picture"),
        ({"pt2d": "words"}, "it is damaged, cut off, or holds other things than numbers"),
        ({"pt2d": np.ones((2, 2, 17))}, "it is damaged, cut off, or holds other things than numbers"),
        ({"RELEASE": {"annolist": 1}}, r"none of the variables that hold points \(pt3d_68, pt2d\), but RELEASE"),
        ({}, r"none of the variables that hold points \(pt3d_68, pt2d\), but none"),
    ],
)
def test_files_that_cannot_be_read_say_why(variables, sentence):
    with pytest.raises(UnreadableLabels, match=f"^set/a.mat: .*{sentence}"):
        _points(_mat(**variables))


def test_another_skeleton_is_refused_by_the_number_of_points():
    with pytest.raises(UnreadableLabels, match="it has 68 points, but coco17 has 17"):
        read("whole.mat", COCO17)


def test_a_file_cut_off_or_changed_anywhere_is_refused_or_read_and_never_breaks():
    plain, packed = _mat(compress=False, pt2d=FACE.T), (LABELS / "whole.mat").read_bytes()
    for cut in range(len("MATLAB 5.0 MAT-file"), len(plain) - 8, 7):
        with pytest.raises(UnreadableLabels):
            _points(plain[:cut])
    rng = np.random.default_rng(0)
    for content in (plain, packed):
        for _ in range(300):
            changed = bytearray(content)
            changed[rng.integers(20, len(content))] = rng.integers(256)
            with suppress(UnreadableLabels):
                _points(bytes(changed))


def test_what_a_file_claims_to_unpack_to_is_not_believed():
    claims = struct.pack("<II", 14, 1 << 30) + b"\0" * (1 << 26)
    packed = zlib.compress(claims)
    content = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<II", 15, len(packed)) + packed
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableLabels):
            _points(content)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
