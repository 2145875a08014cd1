"""Times as people write them."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.people.search.spans import first_moment, last_moment


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2024", "2024-01-01T00:00:00", "2024-12-31T23:59:59"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
        (" 2024-05-01 ", "2024-05-01T00:00:00", "2024-05-01T23:59:59"),
        ("2024-05-01T18:30", "2024-05-01T18:30:00", "2024-05-01T18:30:59"),
        ("2024-05-01 18:30:05", "2024-05-01T18:30:05", "2024-05-01T18:30:05"),
    ],
)
def test_a_time_begins_and_ends_with_what_is_written(written, first, last):
    assert first_moment(written) == np.datetime64(first)
    assert last_moment(written) == np.datetime64(last)


@pytest.mark.parametrize(
    "written", ["", "today", "NaT", "24-05-01", "2024-13", "2024-02-30", "2024-5", "2024-05-01T25:00", "２０２４"]
)
def test_what_is_no_time_is_refused(written):
    with pytest.raises(BadInput, match="a time is written as 2024, 2024-05"):
        first_moment(written)
