"""The window of a browser that an id names."""

import pytest

from core.points.windows import same_window, window_of


def test_what_is_done_in_a_window_names_it_and_is_told_from_everything_else():
    assert window_of("3f.0f6d") == "3f"
    assert same_window("3f.0f6d", "3f")
    assert not same_window("3f.0f6d", "4a")


@pytest.mark.parametrize("edit_id", [None, "", "0f6d-of-long-ago", ".nothing-in-front", "3f"])
def test_what_names_no_window_was_done_in_none(edit_id):
    assert window_of(edit_id) is None
    assert not any(same_window(edit_id, window) for window in (None, "", "3f"))


def test_a_window_is_the_part_before_the_first_point():
    assert window_of("3f.a.b") == "3f"
