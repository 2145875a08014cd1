"""Times as people write them: a year, a month, a day, or a moment of a day."""

import re
from typing import Final

import numpy as np

from core.foundation.errors import BadInput

_WRITTEN: Final = re.compile(r"\d{4}(-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2})?)?)?)?", re.ASCII)
_SECOND: Final = np.timedelta64(1, "s")


def first_moment(written: str) -> np.datetime64:
    """The first second of a time that somebody has written, such as 2024, 2024-05, 2024-05-01 or 2024-05-01 18:30.

    Raises
    ------
    BadInput
        If it is no such time.
    """
    return _span(written).astype("datetime64[s]")


def last_moment(written: str) -> np.datetime64:
    """The last second of it; raises as `first_moment`."""
    return (_span(written) + 1).astype("datetime64[s]") - _SECOND


def _span(written: str) -> np.datetime64:
    if not _WRITTEN.fullmatch(written.strip()):
        raise BadInput("people.no_time", found=written)
    try:
        return np.datetime64(written.strip())
    except ValueError:
        raise BadInput("people.no_time", found=written) from None
