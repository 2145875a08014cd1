"""Values of a label file that tools write differently: an id 7, 7.0 or "7", a width 640.0, "0" for no, null or NaN."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

import numpy as np

from core.formats.checks import LARGEST
from core.formats.records import Record, shortened
from core.foundation.arrays import Floats

_NO: Final = frozenset({"", "0", "0.0", "false", "no", "none", "null"})
_YES: Final = frozenset({"1", "1.0", "true", "yes"})
_LARGEST_SIDE: Final = 10_000_000  # pixels
_LONGEST_ID: Final = 20  # digits of a text that may be a number

Id = int | str
_Found = TypeVar("_Found")


def id_of(record: Record, key: str) -> Id:
    """An id: a whole number, also as 7.0, or a text."""
    value = record.value(key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise record.wrong("labels.no_id", key=key, value=shortened(value))
    return value


def other_form(key: Id) -> Id:
    """7 for "7", and "7" for 7."""
    if isinstance(key, int):
        return str(key)
    return int(key) if key.isascii() and key.isdigit() and len(key) < _LONGEST_ID else key


def found_by_id(table: Mapping[Id, _Found], key: Id) -> _Found | None:
    """What stands there under an id; under its other form where there is none of this one."""
    return table.get(key, table.get(other_form(key)))


def flag_of(record: Record, key: str) -> bool:
    """Yes or no, as a number, a truth value or a text."""
    value = record.content.get(key)
    if value is None or isinstance(value, int | float):
        return bool(value) and value == value  # NaN is no yes
    text = value.strip().lower() if isinstance(value, str) else None
    if text in _NO or text in _YES:
        return text in _YES
    raise record.wrong("labels.no_flag", key=key, value=shortened(value))


def size_of(record: Record) -> tuple[int, int] | None:
    """Width and height; None where the file does not know them: absent, 0, -1, no whole number."""
    width, height = (_side(record.content.get(key)) for key in ("width", "height"))
    return None if width is None or height is None else (width, height)


def _side(value: Any) -> int | None:
    try:
        side = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(side) if side.is_integer() and 1 <= side <= _LARGEST_SIDE else None


def numbers_of(record: Record, key: str, values: list[Any]) -> Floats:
    """A list as numbers, also where they are texts; NaN for none at all and for what is too large."""
    if {float, int}.issuperset(map(type, values)):
        with suppress(OverflowError):
            numbers = np.array(values, np.float64)  # a million points come this way
            return np.where(np.abs(numbers) <= LARGEST, numbers, np.nan)
    return np.array([_number(record, f"{key}[{i}]", value) for i, value in enumerate(values)], np.float64)


def _number(record: Record, where: str, value: Any) -> float:
    if value is None or value == "":
        return np.nan
    try:
        if isinstance(value, bool) or (isinstance(value, str) and "_" in value):  # Python takes 1_000 for a number
            raise ValueError
        number = float(value)
    except (TypeError, ValueError) as error:
        raise record.wrong("exports.not_finite", key=where, value=shortened(value)) from error
    except OverflowError:
        return np.nan
    return number if abs(number) <= LARGEST else np.nan
