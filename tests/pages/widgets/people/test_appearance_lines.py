"""What a browser says was clicked: a clip that is shown and a second, and nothing else."""

import pytest

from core.foundation.errors import BadInput
from pages.widgets.people.appearance_lines import parse_moment


def test_a_clip_and_a_second_are_taken_and_none_is_none():
    assert parse_moment([7, 1.5]) == (7, 1.5)
    assert parse_moment([7, 2]) == (7, 2.0)
    assert parse_moment(None) is None


@pytest.mark.parametrize(
    "value",
    [7, "7", [7], [7, 1, 2], [7.5, 1], [True, 1], [7, True], [7, "1"], [7, float("nan")], [7, float("inf")], {}],
)
def test_anything_else_is_refused(value):
    with pytest.raises(BadInput, match="lines of time should send"):
        parse_moment(value)
