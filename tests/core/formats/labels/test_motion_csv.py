from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats.labels import motion_csv, read_label_file
from core.formats.labels.motion_csv import sequence_of
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.skeletons import BODY24, COCO17
from tests.builders.label_files import LABELS, read, reasons


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
        "line 7": "right_eye has one coordinate without the other",
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
    ("name", "lacks", "unused"),
    [("motion_mistyped.csv", ["right_instep"], ["right_inst"]), ("motion_17_points.csv", ["neck", "left_palm"], [])],
)
def test_motion_columns_of_other_points_are_mapped_by_name_and_that_is_told(name, lacks, unused):
    file = read(name, BODY24)
    for row in file.rows:
        absent = [BODY24.point_names[i] for i in np.flatnonzero(row.keypoints.visibility == 0)]
        assert absent[: len(lacks)] == lacks
        (doubt,) = row.doubts
        assert doubt.kind == "set"
        assert all(point in doubt.about.reason() for point in (*lacks, *unused))
    assert file.rows


@pytest.mark.parametrize("header", ["", "index", "Unnamed: 0"])
def test_the_index_that_pandas_writes_first_is_no_point(header):
    lines = (LABELS / "motion_17_points.csv").read_text().splitlines()
    indexed = "\n".join([f"{header},{lines[0]}", *(f"{i},{line}" for i, line in enumerate(lines[1:]))])
    (row,) = read_label_file("a.csv", indexed.encode(), COCO17).rows
    (plain,) = read("motion_17_points.csv", COCO17).rows
    np.testing.assert_array_equal(row.keypoints.points, plain.keypoints.points)
    assert row.picture == plain.picture


@pytest.mark.parametrize("nothing", ["nan", "NaN", "NA", "null", ""])
def test_a_cell_that_says_nothing_is_an_absent_point(nothing):
    header = "image," + ",".join(f"{point}_{axis}" for point in COCO17.point_names for axis in "xy")
    cells = ["a.jpg", nothing, nothing, *map(str, range(2, 34))]
    (row,) = read_label_file("a.csv", f"{header}\n{','.join(cells)}\n".encode(), COCO17).rows
    assert np.flatnonzero(row.keypoints.visibility == 0).tolist() == [0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"file,nose_x,nose_y\n", "the first column should be 'image', not 'file'"),
        (b"image," + b"x" * 200_000, r"line \d is no CSV \(field larger than"),
    ],
)
def test_a_table_of_another_kind_says_why(content, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        motion_csv.read("a.csv", content, BODY24)


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
    motion_csv.write(wanted, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    shared_header = (LABELS / "motion_other_order.csv").read_text().splitlines()[0].split(",")
    assert sorted(lines[0].split(",")) == sorted(shared_header)
    assert lines[0].startswith("image,nose_x,nose_y,left_eye_x")
    assert lines[2].startswith("'=cmd")
    rows = read_label_file("out.csv", (tmp_path / "out.csv").read_bytes(), BODY24).rows
    assert [row.picture for row in rows] == [name for name, _ in wanted]
    for row, (_, keypoints) in zip(rows, wanted, strict=True):
        np.testing.assert_array_equal(row.keypoints.points, keypoints.points)


def test_a_submission_has_no_gaps_and_no_picture_twice(tmp_path):
    whole, gap = Keypoints.of(np.ones((24, 2))), Keypoints.of(np.array([[np.nan, np.nan]] + [[1, 1]] * 23))
    with pytest.raises(BadInput, match=r"a\.jpg lacks nose"):
        motion_csv.write([("a.jpg", gap)], tmp_path / "out.csv")
    with pytest.raises(BadInput, match=r"a\.jpg occurs twice"):
        motion_csv.write([("a.jpg", whole), ("a.jpg", whole)], tmp_path / "out.csv")
    with pytest.raises(BadInput, match="has 17 points, but body24 has 24"):
        motion_csv.write([("a.jpg", Keypoints.of(np.ones((17, 2))))], tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    motion_csv.write([], tmp_path / "out.csv")
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 1


NUMBER = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[=+@'a-zé,;\"-][a-z0-9 =,;_-]{0,8}[a-z]\.jpg", fullmatch=True),
            st.lists(NUMBER, min_size=48, max_size=48),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda row: row[0],
    )
)
def test_every_submission_comes_back_bit_for_bit(rows):
    form = [(name, Keypoints.of(np.array(numbers).reshape(24, 2))) for name, numbers in rows]
    with TemporaryDirectory() as folder:
        motion_csv.write(form, Path(folder) / "form.csv")
        back = read_label_file("form.csv", (Path(folder) / "form.csv").read_bytes(), BODY24)
    assert [row.picture for row in back.rows] == [name for name, _ in form]
    for row, (_, keypoints) in zip(back.rows, form, strict=True):
        np.testing.assert_array_equal(row.keypoints.points, keypoints.points)


@pytest.mark.parametrize(("separator", "taken"), [(",", False), (";", True), ("\t", True)])
def test_a_comma_before_three_digits_is_no_decimal_comma_where_commas_stand_between_cells(separator, taken):
    header = separator.join(["image", *(f"{point}_{axis}" for point in BODY24.point_names for axis in "xy")])
    cell = '"1,234"' if separator == "," else "1,234"
    file = read_label_file("a.csv", f"{header}\na.jpg{separator}{separator.join([cell, *['7'] * 47])}".encode(), BODY24)
    assert [row.keypoints.points[0, 0] for row in file.rows] == ([np.float32(1.234)] if taken else [])
    assert reasons(file) == ({} if taken else {"line 2": "'1,234' is not a number"})
