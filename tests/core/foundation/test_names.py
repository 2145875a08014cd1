"""A person's name is one line of composed Unicode."""

from __future__ import annotations

from itertools import islice
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.foundation.names import alike, clean_name, numbered


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Ada", "Ada"),
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("Bea\r\nB", "Bea B"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("a\0b", "a b"),
        (" \n\u200b", None),
        ("", None),
        ("x" * 120, "x" * 120),
    ],
)
def test_a_name_is_one_composed_line_without_outer_blanks(given, stored):
    assert clean_name(given) == stored
    assert stored is None or clean_name(stored) == stored


def test_a_name_that_is_too_long_is_refused_with_its_length():
    with pytest.raises(BadInput, match="a name has at most 120 characters, this one has 121"):
        clean_name("x" * 121)


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_a_clean_name_stays_as_it_is(text):
    name = clean_name(text)
    if name is not None:
        assert clean_name(name) == name
        assert name == name.strip()
        assert name.isprintable()


@settings(max_examples=40)
@given(st.from_regex(r"[a-z .]{0,6}[a-z](\.[a-z]{1,4})?", fullmatch=True), st.sampled_from([" ({})", "-{}"]))
def test_numbered_paths_differ_and_keep_folder_and_ending(name, pattern):
    path = PurePosixPath("folder") / name
    paths = list(islice(numbered(path, pattern), 5))
    assert paths[0] == path
    assert len(set(paths)) == 5
    assert {other.parent for other in paths} == {path.parent}
    assert {other.suffix for other in paths} == {path.suffix}


@pytest.mark.parametrize(
    ("name", "others", "found"),
    [
        ("anna", ["Bea", "Anna"], "Anna"),
        ("Anna", ["ANNA", "Anna"], "Anna"),
        ("STRASSE", ["straße"], "straße"),
        ("Ann", ["Anna"], None),
        ("Anna", [], None),
    ],
)
def test_a_name_is_alike_that_differs_in_upper_and_lower_case_only_and_the_same_one_comes_first(name, others, found):
    assert alike(name, others) == found
