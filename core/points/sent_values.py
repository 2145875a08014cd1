"""Single values as a browser sends them, or has them in an address: checked, since they are input from outside."""

from typing import Final, TypeGuard

from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.foundation.names import clean_name
from db.engine import LARGEST_ID

LONGEST_TEXT: Final = 200
MOST_SEEN: Final = 10_000
FARTHEST: Final = 1e6  # pixels
_DIGITS: Final = len(str(LARGEST_ID))


def is_number(value: object) -> TypeGuard[int]:
    """Whether it is a whole number from 0 that the store can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_ID


def checked_number(value: object, what: Message | str) -> int:
    """A whole number from 0 that the store can hold; BadInput says what it is of."""
    if not is_number(value):
        raise BadInput("editor.no_number", name=what, value=value)
    return value


def number_in(text: str) -> int | None:
    """The same of digits in an address; None where they are none."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) <= LARGEST_ID):
        return None
    return int(text)


def checked_text(value: object, what: Message | str) -> str:
    """A text of 1 to `LONGEST_TEXT` characters; BadInput says what it is."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not _is_unicode(value):
        raise BadInput("editor.no_text", name=what, limit=LONGEST_TEXT)
    return value


def _is_unicode(text: str) -> bool:
    """Whether it can be answered, stored and shown: JSON may hold half of a pair of signs."""
    return text == text.encode(errors="replace").decode()


def checked_author(name: object) -> str:
    """The name of whoever works; BadInput where nobody is named."""
    clean = clean_name(name) if isinstance(name, str) else None
    if clean is None:
        raise BadInput("people.nobody_works")
    return clean


def checked_place(value: object, edit: str) -> float:
    """A coordinate in pixels; BadInput names the edit."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < FARTHEST:  # NaN is not either
        raise BadInput("editor.no_coordinate", edit=edit, value=value)
    return float(value)


def checked_seen(value: object, edit: str) -> frozenset[int]:
    """The ids of the revisions that a verdict has seen; BadInput names the verdict."""
    if not isinstance(value, list) or len(value) > MOST_SEEN:
        raise BadInput("editor.no_seen", edit=edit, limit=MOST_SEEN)
    return frozenset(checked_number(one, message("editor.seen", edit=edit)) for one in value)
