"""A person's name is one line of composed Unicode."""

from __future__ import annotations

import pytest

from core.foundation.errors import BadInput
from core.foundation.names import clean_name


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
