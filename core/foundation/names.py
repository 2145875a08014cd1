"""How a person's name is stored, whether somebody typed it or a folder is called so; names that are still free."""

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import PurePath
from typing import Final, TypeVar

from core.foundation.errors import BadInput

_LONGEST: Final = 120

_Path = TypeVar("_Path", bound=PurePath)


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


def alike(name: str, others: Iterable[str]) -> str | None:
    """The one of the others that is this name, else one that differs in upper and lower case only; else None.

    >>> alike("anna", ["Bea", "Anna"])
    'Anna'
    """
    known = list(others)
    folded = name.casefold()
    return name if name in known else next((other for other in known if other.casefold() == folded), None)


def numbered(path: _Path, pattern: str = " ({})") -> Iterator[_Path]:
    """A path, and after it those that differ by a number: ``a.jpg``, ``a (2).jpg``, ``a (3).jpg`` and so on.

    >>> from itertools import islice
    >>> from pathlib import PurePosixPath
    >>> [str(path) for path in islice(numbered(PurePosixPath("b/a.jpg"), "-{}"), 2)]
    ['b/a.jpg', 'b/a-2.jpg']
    """
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}{pattern.format(number)}{path.suffix}")
