"""Each check lets pass what it should and names what it refuses."""

import math

import numpy as np
import pytest

from core.formats.checks import as_float32, require_choice, require_known, require_text, require_unique, text_or_none
from core.foundation.errors import BadInput

WHAT = "terms.score"


def test_a_number_becomes_the_float32_next_to_it_and_minus_zero_zero():
    assert as_float32(0.1, WHAT) == float(np.float32(0.1)) != 0.1
    assert math.copysign(1, as_float32(-0.0, WHAT)) == 1
    assert as_float32(as_float32(0.3, WHAT), WHAT) == as_float32(0.3, WHAT)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39])
def test_what_is_not_finite_as_float32_is_refused(value):
    with pytest.raises(BadInput) as caught:
        as_float32(value, WHAT)
    assert caught.value.message.code == "values.not_finite"


def test_a_choice_is_one_of_those_allowed():
    require_choice("face", ("face", "person"), WHAT)
    with pytest.raises(BadInput, match="face, person, not 'dog'"):
        require_choice("dog", ("face", "person"), WHAT)


@pytest.mark.parametrize(("text", "code"), [("", "values.empty"), ("a\ud800", "values.not_unicode")])
def test_a_text_has_letters_and_is_unicode(text, code):
    require_text("é 東京", WHAT)
    with pytest.raises(BadInput) as caught:
        require_text(text, WHAT)
    assert caught.value.message.code == code


def test_an_empty_text_may_be_none_but_a_wrong_one_may_not():
    assert (text_or_none("", WHAT), text_or_none(None, WHAT), text_or_none("Ann", WHAT)) == (None, None, "Ann")
    with pytest.raises(BadInput):
        text_or_none("\udfff", WHAT)


def test_values_that_occur_once_come_back_as_a_set():
    assert require_unique(iter(["b", "a"]), WHAT) == {"a", "b"}
    assert require_unique([], WHAT) == set()
    with pytest.raises(BadInput, match="'a'"):
        require_unique(["a", "b", "a"], WHAT)


def test_what_is_named_is_there_and_nothing_need_not_be():
    require_known(None, set(), WHAT)
    require_known("a", {"a"}, WHAT)
    with pytest.raises(BadInput, match="'b'") as caught:
        require_known("b", {"a"}, WHAT, of="one.png")
    assert caught.value.message.of == "one.png"
