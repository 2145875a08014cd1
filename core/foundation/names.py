"""How a person's name is stored, whether somebody typed it or a folder is called so."""

from __future__ import annotations

import unicodedata
from typing import Final

from core.foundation.errors import BadInput

_LONGEST: Final = 120


def clean_name(name: str) -> str | None:
    """A name as it is stored: one line, composed Unicode, no outer blanks; None when nothing is left.

    Raises
    ------
    BadInput
        If it is longer than 120 characters.
    """
    line = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name))
    clean = " ".join(line.split())
    if len(clean) > _LONGEST:
        raise BadInput("people.name_too_long", limit=_LONGEST, count=len(clean))
    return clean or None
