"""What a value of a dataset has to be, each with a sentence if it is not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.foundation.errors import BadInput


def single(value: float, what: str) -> float:
    """Round to float32 and widen again, minus zero to zero; BadInput if the result is not finite."""
    with np.errstate(over="ignore"):
        rounded = float(np.float32(value)) + 0.0
    if not np.isfinite(rounded):
        raise BadInput(f"{what} should hold finite numbers, not {value}")
    return rounded


def require_choice(value: str, allowed: Iterable[str], what: str) -> None:
    """BadInput if the value is not one of those."""
    if value not in allowed:
        raise BadInput(f"{what} should be one of {', '.join(allowed)}, not {value!r}")


def require_text(value: str, what: str) -> None:
    """BadInput if the text is empty or not valid Unicode."""
    if not value:
        raise BadInput(f"{what} should not be empty")
    if value != value.encode(errors="replace").decode():
        raise BadInput(f"{what} is not valid Unicode: {value!r}")


def text_or_none(value: str | None, what: str) -> str | None:
    """Return the text, None for an empty one; BadInput if it is not valid Unicode."""
    if value:
        require_text(value, what)
    return value or None


def require_unique(values: Iterable[str], what: str) -> set[str]:
    """Return the values as a set; BadInput if one occurs twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise BadInput(f"{what} {value!r} occurs twice")
        seen.add(value)
    return seen


def require_known(value: str | None, known: set[str], what: str) -> None:
    """BadInput if there is a value that is not known."""
    if value is not None and value not in known:
        raise BadInput(f"{what} {value!r} is not in this dataset")
