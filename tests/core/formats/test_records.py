"""Values out of JSON from outside: each way to be wrong has the place in its sentence."""

import math
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats.records import Record, blaming, load_json, record_of
from core.foundation.errors import BadInput, UnreadableLabels

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def record(**content: object) -> Record:
    return Record(content, "a.json: rows[3]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[1]", r"an object, not \[1\]"),
        ('{"a": NaN}', "NaN is not a number in JSON"),
        ('{"a": -Infinity}', "-Infinity is not a number in JSON"),
    ],
)
def test_a_file_that_is_no_json_object_is_refused_by_its_name(tmp_path, text, reason):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UnreadableLabels, match=rf"a\.json.*{reason}"):
        load_json(tmp_path / "a.json")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UnreadableLabels, match=r"a\.json cannot be read: No such file"):
        load_json(tmp_path / "a.json")


def test_values_of_the_right_kind_come_as_they_are():
    row = record(name="Ann", kind="face", count=3, x=1.5, box=[1, 2.5, 3, 4], inner={"a": 1}, none=None)
    assert (row.text("name"), row.optional_text("none"), row.optional_text("missing")) == ("Ann", None, None)
    assert (row.choice("kind", ("face", "person")), row.whole("count", 0), row.number("x")) == ("face", 3, 1.5)
    assert row.numbers("box", 4) == [1, 2.5, 3, 4]
    assert row.record("inner").whole("a", 0) == 1
    assert (row.has("name"), row.has("none"), row.has("missing")) == (True, False, False)


def test_null_is_a_number_only_where_it_may_be():
    row = record(points=[1, None])
    first, second = row.numbers("points", 2, nullable=True)
    assert first == 1
    assert math.isnan(second)
    with pytest.raises(UnreadableLabels, match=r"rows\[3\]: points\[1\] should be a finite number, not None"):
        row.numbers("points", 2)


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda row: row.text("missing"), "the key 'missing' is missing"),
        (lambda row: row.text("count"), "count should be a text, not 3"),
        (lambda row: row.text("broken"), "broken is not valid Unicode"),
        (lambda row: row.choice("name", ("Bob",)), "name should be one of Bob, not 'Ann'"),
        (lambda row: row.whole("count", 4), "count should be a whole number of at least 4, not 3"),
        (lambda row: row.whole("yes", 0), "not True"),
        (lambda row: row.whole("x", 0), "not 1.5"),
        (lambda row: row.number("name"), "name should be a finite number, not 'Ann'"),
        (lambda row: row.number("yes"), "not True"),
        (lambda row: row.number("large"), "not a very long number"),
        (lambda row: row.numbers("box", 3), "box should have 3 numbers, not 2"),
        (lambda row: row.sequence("name"), "name should be a list, not 'Ann'"),
        (lambda row: list(row.records("box")), r"box\[0\] should be an object, not 1"),
        (lambda row: row.record("box"), r"box should be an object, not \[1, 2\]"),
        (lambda row: row.text("long"), r"long should be a text, not .{57}\.\.\.$"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(read, reason):
    row = record(name="Ann", count=3, x=1.5, yes=True, box=[1, 2], large=10**400, broken="\ud800", long=["x" * 100])
    with pytest.raises(UnreadableLabels, match=rf"a\.json: rows\[3\].*{reason}"):
        read(row)


def refusal(read: Callable[[], object]) -> str | None:
    try:
        read()
    except UnreadableLabels as error:
        return str(error)
    return None


@settings(max_examples=80)
@given(JSON)
def test_whatever_stands_there_is_read_or_refused_with_its_place_and_nothing_else(value):
    row = record(key=value)
    ways = [partial(read, "key") for read in (row.text, row.optional_text, row.number, row.sequence, row.record)]
    ways += [partial(row.whole, "key", 0), partial(row.numbers, "key", 2, nullable=True)]
    for read in ways:
        told = refusal(read)
        assert told is None or told.startswith("a.json: rows[3]: key")


def test_an_error_about_a_value_takes_the_place_of_its_record():
    with pytest.raises(UnreadableLabels, match=r"^a\.json: rows\[3\]: .*\(5, 2\)"), blaming(record().place):
        raise BadInput("arrays.shape", name="points", shape="(5, 2)", found=(1, 2))
    with pytest.raises(UnreadableLabels, match=r"^other: "), blaming("a.json"):
        raise record_of({}, "other").wrong("exports.key_missing", key="x")
