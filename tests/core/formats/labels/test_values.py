"""Values that tools write differently."""

import numpy as np
import pytest

from core.formats.labels.values import flag_of, found_by_id, id_of, numbers_of, size_of
from core.formats.records import Record
from core.foundation.errors import UnreadableLabels


def record(**content):
    return Record(content, "a.json: images[0]")


@pytest.mark.parametrize(("value", "read"), [(7, 7), (7.0, 7), ("7", "7"), ("a1", "a1"), (-1, -1)])
def test_an_id_is_a_number_or_a_text(value, read):
    assert id_of(record(id=value), "id") == read


@pytest.mark.parametrize("value", [None, True, "", [], 7.5, {}])
def test_what_is_no_id_is_refused_with_its_place(value):
    with pytest.raises(UnreadableLabels, match=r"images\[0\]: id should be a whole number or a text"):
        id_of(record(id=value), "id")


def test_a_number_and_its_text_are_one_id_where_there_is_no_other():
    assert found_by_id({7: "a"}, "7") == found_by_id({"7": "a"}, 7) == "a"
    assert found_by_id({7: "a", "7": "b"}, "7") == "b"
    assert found_by_id({"a1": "a"}, "b2") is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        *((no, False) for no in ("0", "false", "", None, 0.0, float("nan"))),
        *((yes, True) for yes in ("1", "True", 1, True)),
    ],
)
def test_yes_and_no_may_be_texts(value, read):
    assert flag_of(record(iscrowd=value), "iscrowd") is read


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (640.0, "480", (640, 480)),
        (0, 0, None),
        *((side, 480, None) for side in (-1, None, 640.5, [], 10**400, float("inf"))),
    ],
)
def test_a_size_that_is_none_is_not_known(width, height, size):
    assert size_of(record(width=width, height=height)) == size


def test_numbers_may_be_texts_and_missing_ones_null_or_nan():
    values = [1, "2.5", None, float("nan"), 10**400, ""]
    np.testing.assert_array_equal(numbers_of(record(), "keypoints", values), [1, 2.5, *[np.nan] * 4])
    np.testing.assert_array_equal(numbers_of(record(), "keypoints", [1, 2.0, 1e39]), [1, 2, np.nan])
    with pytest.raises(UnreadableLabels, match=r"keypoints\[1\] should be a finite number, not 'x'"):
        numbers_of(record(), "keypoints", [1, "x"])
