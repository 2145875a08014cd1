"""Changes to the JSON of an export, each on the part that a function finds."""

from collections.abc import Callable
from typing import Any

Change = Callable[[dict[str, Any]], Any]


def image(content: dict[str, Any]) -> dict[str, Any]:
    return content["images"][0]


def put(of: Change, key: str | int, value: Any) -> Change:
    return lambda content: of(content).__setitem__(key, value)


def drop(of: Change, key: str) -> Change:
    return lambda content: of(content).pop(key)


def whole(content: dict[str, Any]) -> dict[str, Any]:
    return content
