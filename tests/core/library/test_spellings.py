"""The ways to read a name from outside, the stricter first."""

from __future__ import annotations

import pytest

from core.library.spellings import Spelling, composed, readings, stem_of


def ways(name, folder=""):
    found = readings(name, folder)
    return [(way.spelling, way.paths) for way in (*found.exact, *found.loose)]


def test_a_path_is_read_from_its_files_folder_then_as_it_is_then_in_other_capitals_then_with_any_ending():
    assert ways("imgs/1.jpg", "a/annots") == [
        (None, ("a/annots/imgs/1.jpg", "a/imgs/1.jpg", "imgs/1.jpg")),
        (Spelling.CASE, ("a/annots/imgs/1.jpg", "a/imgs/1.jpg", "imgs/1.jpg")),
        (Spelling.ENDING, ("a/annots/imgs/1", "a/imgs/1", "imgs/1")),
    ]


def test_the_name_of_a_labels_own_file_is_read_without_the_folder_where_labels_are_kept():
    assert ways("a/pts/1.*") == [
        (None, ("a/pts/1",)),
        (None, ("a/1",)),
        (Spelling.CASE, ("a/pts/1",)),
        (Spelling.CASE, ("a/1",)),
    ]
    assert readings("a/pts/1.*").home == "a"


def test_a_number_after_a_dot_is_no_ending():
    assert [spelling for spelling, _ in ways("img.0001")] == [None, Spelling.CASE]
    assert (stem_of("img.0001.*"), stem_of("img.0001.jpg"), stem_of("a/1.jpg.*")) == ("img.0001", "img.0001", "1")


@pytest.mark.parametrize("path", ["../../a/b.jpg", "./a//b.jpg", "a/x/../b.jpg"])
def test_a_path_is_composed_without_steps(path):
    assert composed(path) == "a/b.jpg"
    assert composed("a/../../e\u0301.jpg") == "\u00e9.jpg"
    assert composed("") == ""
