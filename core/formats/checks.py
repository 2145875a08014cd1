"""What a value of a dataset has to be, each with a sentence if it is not.

`what` is the code of what the value is called, and the fields are those of that code; `of` is where it stands.
"""

import re
from collections.abc import Iterable
from typing import Final

import numpy as np

from core.foundation.errors import BadInput
from core.foundation.messages import message

LARGEST: Final = float(np.finfo(np.float32).max)
SHA256: Final = re.compile(r"[0-9a-f]{64}")


def as_float32(value: float, what: str) -> float:
    """Round to float32 and widen again, minus zero to zero; BadInput if the result is not finite."""
    with np.errstate(over="ignore"):
        rounded = float(np.float32(value)) + 0.0
    if not np.isfinite(rounded):
        raise BadInput("values.not_finite", name=message(what), value=value)
    return rounded


def require_choice(value: str, allowed: Iterable[str], what: str, /, **fields: object) -> None:
    """BadInput if the value is not one of those."""
    if value not in allowed:
        raise BadInput("values.no_choice", name=message(what, **fields), choices=list(allowed), value=value)


def require_text(value: str, what: str, /, **fields: object) -> None:
    """BadInput if the text is empty or not valid Unicode."""
    if not value:
        raise BadInput("values.empty", name=message(what, **fields))
    if value != value.encode(errors="replace").decode():
        raise BadInput("values.not_unicode", name=message(what, **fields), value=value)


def text_or_none(value: str | None, what: str, /, **fields: object) -> str | None:
    """Return the text, None for an empty one; BadInput if it is not valid Unicode."""
    if value:
        require_text(value, what, **fields)
    return value or None


def require_unique(values: Iterable[str], what: str) -> set[str]:
    """Return the values as a set; BadInput if one occurs twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise BadInput("values.twice", name=message(what), value=value)
        seen.add(value)
    return seen


def require_known(value: str | None, known: set[str], what: str, /, *, of: str | None = None, **fields: object) -> None:
    """BadInput if there is a value that is not known."""
    if value is not None and value not in known:
        raise BadInput("values.not_in_dataset", of=of, name=message(what, **fields), value=value)
