import csv
import io
import re
from datetime import datetime, timedelta, timezone

import pytest

from pages.widgets.shared.text import counted, csv_bytes, lasting, plain, sentence, utc

JOINER = "\u2060"


def shown(text):
    """What CommonMark shows of an escaped text."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


@pytest.mark.parametrize(
    "name",
    [
        "a_b_c",
        "**bold**",
        "# head",
        "1. one",
        "[x](http://a.b)",
        "<b>x</b>",
        "$E=mc^2$",
        "`code`",
        "a|b",
        "![i](j)",
        "\\",
    ],
)
def test_a_name_is_shown_as_it_was_given(name):
    assert shown(plain(name)).replace(JOINER, "") == name


@pytest.mark.parametrize("sign", list("\\`*_{}[]()<>#+-.!|~$:&"))
def test_no_sign_of_markdown_stays_bare(sign):
    assert plain(sign) == "\\" + sign


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        (":smile:", r":[\w+-]+:"),
        (":material/home:", r":material/\w+:"),
        (":+1:", r":[\w+-]+:"),
        ("https://a.example/x", r"https?://"),
        ("www.a.example", r"www\."),
        ("a@b.example", r"@\w"),
        ("a -- b", "--"),
        ("a -> b <- c <-> d", "->|<-"),
        (">= <= ~=", "[<>~]="),
    ],
)
def test_nothing_is_left_for_streamlits_own_replacements(name, pattern):
    assert re.search(pattern, name)
    assert not re.search(pattern, shown(plain(name)))


def test_a_name_stays_on_one_line_and_in_its_direction():
    assert plain("  a\n\n    b\t") == "a b"
    assert plain("a\u202egpj.exe\x00") == "a\ufffdgpj\\.exe\ufffd"


def rows_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8"))))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", " =1", "＝1", "＠x", "'=1"])
def test_a_formula_leaves_as_text(cell):
    assert rows_of(csv_bytes([{"path": cell}])) == [["path"], ["'" + cell]]


def test_a_formula_in_a_heading_leaves_as_text():
    assert rows_of(csv_bytes([{"=a": "x"}])) == [["'=a"], ["x"]]


def test_numbers_and_harmless_texts_leave_as_they_are():
    assert rows_of(csv_bytes([{"a": -1.5, "b": 'x "=1", y', "c": None, "d": "Ünï"}])) == [
        ["a", "b", "c", "d"],
        ["-1.5", 'x "=1", y', "", "Ünï"],
    ]


def test_no_row_is_an_empty_file():
    assert csv_bytes([]) == b""


def test_csv_has_no_byte_order_mark_and_survives_an_undecodable_path():
    content = csv_bytes([{"path": "a\udcff"}])
    assert not content.startswith(b"\xef\xbb\xbf")
    assert rows_of(content)[1] == ["a\\udcff"]


def test_a_column_that_the_first_row_lacks_is_refused():
    with pytest.raises(ValueError, match="the first row has no column b"):
        csv_bytes([{"a": 1}, {"a": 1, "b": 2}])


def test_numbers_come_with_the_right_noun():
    assert [counted(n, "picture") for n in (0, 1, 1200)] == ["0 pictures", "1 picture", "1,200 pictures"]
    assert counted(2, "person", "people") == "2 people"


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (0, "less than 1 s"),
        (0.6, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599, "59 min 59 s"),
        (7805, "2 h 10 min"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, sentence):
    assert lasting(seconds) == sentence


def test_a_moment_is_told_in_utc():
    moment = datetime(2026, 11, 20, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert utc(moment) == "2026-11-19 23:30 UTC"


def test_error_begins_like_a_sentence_unless_a_file_is_named():
    assert sentence("a name has at most 120 characters") == "A name has at most 120 characters"
    assert sentence("my photo.jpg: the file is empty").startswith("my photo\\.jpg")
    assert sentence("photo.jpg: the file is empty").startswith("photo\\.jpg")
    assert sentence("") == ""
