"""Single values from outside: what is one, and what is refused with a sentence."""

import math

import pytest

from core.foundation.errors import BadInput
from core.points.sent_values import (
    MOST_SEEN,
    checked_author,
    checked_number,
    checked_place,
    checked_seen,
    checked_text,
    is_number,
    number_in,
)
from db.engine import LARGEST_ID


def test_whole_numbers_from_zero_that_the_store_can_hold_are_numbers():
    assert all(map(is_number, (0, 7, LARGEST_ID)))
    assert not any(map(is_number, (-1, LARGEST_ID + 1, True, 1.0, "1", None, [1])))
    assert checked_number(7, "the picture") == 7
    with pytest.raises(BadInput, match="the picture should be a whole number from 0, not -1"):
        checked_number(-1, "the picture")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12", 12),
        (str(LARGEST_ID), LARGEST_ID),
        (str(LARGEST_ID + 1), None),
        ("9" * 5_000, None),
        *((text, None) for text in ("", "-1", "+1", "1.0", " 1", "٣", "²", "1e3")),
    ],
)
def test_digits_of_an_address_are_a_number_or_none(text, number):
    assert number_in(text) == number


@pytest.mark.parametrize("text", ["", "x" * 201, "\ud800", 7, None])
def test_what_is_no_text_is_refused(text):
    assert checked_text("x" * 200, "a name") == "x" * 200
    with pytest.raises(BadInput, match="a name should be a text of 1 to 200 characters of Unicode"):
        checked_text(text, "a name")


def test_an_author_has_a_name():
    assert checked_author("  Zoe\u0308 ") == "Zoë"
    for nobody in ("", "  ", None, 7):
        with pytest.raises(BadInput, match="say who you are first"):
            checked_author(nobody)


@pytest.mark.parametrize("place", [math.nan, math.inf, -1e6, True, "3", None])
def test_what_is_no_place_is_refused(place):
    assert (checked_place(3, "e1"), checked_place(-2.5, "e1")) == (3.0, -2.5)
    with pytest.raises(BadInput, match="a coordinate of edit e1 should be a number of pixels"):
        checked_place(place, "e1")


def test_what_a_verdict_has_seen_is_a_list_of_revisions():
    assert checked_seen([3, 3, 1], "v1") == {1, 3}
    assert checked_seen([], "v1") == frozenset()
    for seen in (None, {"1": 1}, [1] * (MOST_SEEN + 1)):
        with pytest.raises(BadInput, match="verdict v1 should have a list of at most 10000 revisions"):
            checked_seen(seen, "v1")
    with pytest.raises(BadInput, match="a revision that verdict v1 has seen should be a whole number"):
        checked_seen(["1"], "v1")
