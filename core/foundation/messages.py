"""What a person is told, as a code and fields; the sentence is made where it is shown, from a catalogue per language.

A catalogue is a TOML file in `sentences`: one table a subject, one template a code ("images.empty" is `empty` of
`[images]`). A template says its fields in braces:

    {name}  {name!r}  {rate:.2f}  {bytes:,}     as in an f-string, but never an attribute or an index of a field
    {count:picture|pictures}                    1 picture, 3 pictures; with a comma before, 1,000 pictures
    {names}  {names:and}  {names:or}            a list with commas, or with a word between
    {frame:nth}                                 as people count what begins at 0 here: 1 for 0
"""

import math
import string
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

SENTENCES: Final = Path(__file__).parent / "sentences"
_FALLBACK: Final = "en"


@dataclass(frozen=True)
class Message:
    """One thing to tell: the code of its sentence, the sentence's fields, and `of`, what it is about (a file, a place).

    Fields are plain: texts, numbers, None, messages and lists of these. Paths, tuples and other objects become their
    text, numpy's numbers Python's, an error of ours its own message.
    """

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    of: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", {name: _plain_field(value) for name, value in self.fields.items()})

    def reason(self, language: str = _FALLBACK) -> str:
        """The sentence without what it is about. Raises KeyError for a code that even English lacks."""
        return _Sentences(language).vformat(_template(self.code, language), (), self.fields)

    def text(self, language: str = _FALLBACK) -> str:
        """The whole sentence: `of`, a colon, the reason."""
        reason = self.reason(language)
        return reason if self.of is None else f"{self.of}: {reason}"

    def within(self, place: object) -> Self:
        """The same, about something inside of a place that is named before it."""
        return replace(self, of=str(place) if self.of is None else f"{place}: {self.of}")

    def nowhere(self) -> Self:
        """The same, without what it is about."""
        return replace(self, of=None)

    def to_json(self) -> dict[str, Any]:
        """What json can write and a store keep; `from_json` reads it back.

        Numbers without an end are written as texts of their own; bytes of a name that are no UTF-8 as escapes.
        """
        written = {"code": self.code, "fields": {name: _to_json(value) for name, value in self.fields.items()}}
        return written if self.of is None else {**written, "of": _to_json(self.of)}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """The message that `to_json` wrote."""
        fields = {name: _from_json(value) for name, value in written["fields"].items()}
        return cls(written["code"], fields, written.get("of"))


def message(code: str, /, *, of: object = None, **fields: Any) -> Message:
    """A message with its fields by name, as an error takes them."""
    return Message(code, fields, None if of is None else str(of))


def verbatim(text: str) -> Message:
    """A text that is no sentence of this catalogue: of another program, an export, or a row from before codes."""
    return message("words.verbatim", text=text)


def worded(stored: Any, language: str = _FALLBACK) -> Any:
    """What a store gives, with the sentence of each message in it: of a message, of lists and objects that hold any.

    A code or a field that this version lacks or words otherwise, as after going back to an older one, and a damaged
    message leave the code and the fields.
    """
    if isinstance(stored, Mapping) and stored.keys() - {"of"} == {"code", "fields"}:
        try:
            return Message.from_json(stored).text(language)
        except (AttributeError, KeyError, TypeError, ValueError):
            return _unworded(**stored)
    if isinstance(stored, Mapping):
        return {key: worded(value, language) for key, value in stored.items()}
    return [worded(item, language) for item in stored] if isinstance(stored, list) else stored


def _unworded(*, code: Any, fields: Any, of: Any = None) -> str:
    named = [f"{name}={value}" for name, value in fields.items()] if isinstance(fields, Mapping) else [str(fields)]
    return " ".join([*([] if of is None else [f"{of}:"]), str(code), *named])


def joined(messages: Sequence[Message]) -> Message | None:
    """Several messages as one, with semicolons between; None for none."""
    if not messages:
        return None
    *before, last = messages
    return message("words.joined", one=joined(before), other=last) if before else last


def or_none(names: Iterable[str]) -> list[str] | Message:
    """Names to choose from as a field; a word of its own where there are none."""
    return list(names) or Message("words.none")


def some(names: Sequence[str], most: int) -> list[str] | Message:
    """The first names as a field, and how many more there are."""
    if len(names) <= most:
        return list(names)
    return message("words.and_more", names=list(names[:most]), count=len(names) - most)


def _plain_field(value: Any) -> Any:
    """A value as a field may be: see `Message`."""
    if isinstance(value, Exception):
        value = getattr(value, "message", value)
    if value is None or isinstance(value, Message):
        return value
    if isinstance(value, np.generic):
        return _plain_field(value.item())
    if isinstance(value, list):
        return [_plain_field(item) for item in value]
    for kind in (bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def templates(language: str = _FALLBACK) -> Mapping[str, str]:
    """Every template of a language by its code."""
    return _read(SENTENCES / f"{language}.toml")


@lru_cache(maxsize=16)
def _read(path: Path) -> Mapping[str, str]:
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


def _template(code: str, language: str) -> str:
    known = templates(language)
    return known[code] if code in known else templates(_FALLBACK)[code]


class _Sentences(string.Formatter):
    """Fills a template in one language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        if not field_name.isidentifier():
            raise ValueError(f"a template names its fields plainly, not as {field_name!r}")
        value, used = super().get_field(field_name, args, kwargs)
        return (value.text(self._language) if isinstance(value, Message) else value), str(used)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list):
            between = f" {format_spec} " if format_spec else ", "
            return between.join(item.text(self._language) if isinstance(item, Message) else str(item) for item in value)
        if format_spec == "nth":
            return f"{value + 1:,}"
        if "|" in format_spec:
            one, many = format_spec.removeprefix(",").split("|")
            return f"{value:{',' if format_spec.startswith(',') else ''}} {one if value == 1 else many}"
        return str(super().format_field(value, format_spec))


def _to_json(value: Any) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return float(value["number"]) if "number" in value else Message.from_json(value)
    return [_from_json(item) for item in value] if isinstance(value, list) else value
