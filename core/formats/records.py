"""Reading values out of JSON from outside, each with a sentence that names the file and the place if it is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from core.formats.checks import LARGEST
from core.foundation.errors import BadInput, UnreadableLabels


def load_json(path: Path) -> Record:
    """Read a JSON file whose top level is an object.

    Raises
    ------
    UnreadableLabels
        If it is absent, not UTF-8, not JSON (NaN and Infinity are not), or not an object.
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableLabels("exports.not_read", name=path.name, reason=error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableLabels("exports.not_json", name=path.name, reason=error) from error
    return record_of(content, path.name)


def parse_json(text: str, *, not_a_number: bool = False) -> Any:
    """The value of a JSON text; ValueError or RecursionError if it is none.

    NaN and Infinity, which are not JSON, are read as Python and others write them where `not_a_number` is allowed.
    """

    def refuse(word: str) -> NoReturn:
        raise ValueError(f"{word} is not a number in JSON")

    return json.loads(text, parse_constant=None if not_a_number else refuse)


def record_of(content: Any, place: str) -> Record:
    """Wrap a JSON value; UnreadableLabels if it is no object."""
    if not isinstance(content, dict):
        raise UnreadableLabels("exports.not_object", place=place, value=shortened(content))
    return Record(content, place)


@contextmanager
def blaming(place: str) -> Iterator[None]:
    """Name the place in whatever a value read there violates."""
    try:
        yield
    except UnreadableLabels:
        raise
    except BadInput as error:
        raise UnreadableLabels.saying(error.message.within(place)) from error


@dataclass(frozen=True)
class Record:
    """A JSON object and its place (``annotations.json: annotations[3]``).

    Whatever is asked for raises UnreadableLabels, with the place, where it is missing or of another kind.
    """

    content: dict[str, Any]
    place: str

    def wrong(self, code: str, /, **fields: Any) -> UnreadableLabels:
        """Make the error to raise."""
        return UnreadableLabels(code, of=self.place, **fields)

    def has(self, key: str) -> bool:
        """Say whether the key is there with a value other than null."""
        return self.content.get(key) is not None

    def value(self, key: str) -> Any:
        """Return a required value."""
        if key not in self.content:
            raise self.wrong("exports.key_missing", key=key)
        return self.content[key]

    def text(self, key: str) -> str:
        """Return a required, valid text."""
        value = self.value(key)
        if not isinstance(value, str):
            raise self.wrong("exports.not_text", key=key, value=shortened(value))
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.wrong("exports.not_unicode", key=key) from error
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None if it is absent or null."""
        return self.text(key) if self.has(key) else None

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """Return a required text that is one of those allowed."""
        value = self.text(key)
        if value not in allowed:
            raise self.wrong("exports.no_choice", key=key, choices=list(allowed), value=value)
        return value

    def flag(self, key: str) -> bool:
        """Return a required true or false."""
        value = self.value(key)
        if not isinstance(value, bool):
            raise self.wrong("labels.no_flag", key=key, value=shortened(value))
        return value

    def whole(self, key: str, least: int) -> int:
        """Return a required whole number of at least that."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong("exports.not_whole", key=key, least=least, value=shortened(value))
        return value

    def new_id(self, seen: set[int]) -> int:
        """Return the required ``id``, which is not yet among those seen, and add it to them."""
        number = self.whole("id", 0)
        if number in seen:
            raise self.wrong("exports.id_twice", number=number)
        seen.add(number)
        return number

    def number(self, key: str) -> float:
        """Return a required number that stays finite as float32."""
        return self._number(self.value(key), key)

    def numbers(self, key: str, count: int, *, nullable: bool = False) -> list[float]:
        """Return a required list of that many finite numbers; null gives NaN where it is allowed."""
        values = self.sequence(key)
        if len(values) != count:
            raise self.wrong("exports.numbers", key=key, count=count, found=len(values))
        if {float, int}.issuperset(map(type, values)) and max(map(abs, values), default=0) <= LARGEST:
            return values  # a million points come this way
        return [
            math.nan if nullable and value is None else self._number(value, f"{key}[{i}]")
            for i, value in enumerate(values)
        ]

    def _number(self, value: Any, where: str) -> float:
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        # The comparison also holds for whole numbers too long for a float.
        if not numeric or not abs(value) <= LARGEST:
            raise self.wrong("exports.not_finite", key=where, value=shortened(value))
        return float(value)

    def sequence(self, key: str) -> list[Any]:
        """Return a required list."""
        value = self.value(key)
        if not isinstance(value, list):
            raise self.wrong("exports.not_list", key=key, value=shortened(value))
        return value

    def records(self, key: str) -> Iterator[Record]:
        """Walk through a required list of objects."""
        for i, item in enumerate(self.sequence(key)):
            yield record_of(item, f"{self.place}: {key}[{i}]")

    def record(self, key: str) -> Record:
        """Return a required object."""
        return record_of(self.value(key), f"{self.place}: {key}")


def shortened(value: Any) -> str:
    """A value as a sentence names it: at most 60 letters."""
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**40 else "a very long number"
    return text if len(text) <= 60 else f"{text[:57]}..."
