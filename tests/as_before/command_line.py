"""Every command with its arguments and options, as Click sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_origin

from tests.as_before import house


def told() -> dict[str, Any]:
    """Each command by its words, with what may follow them."""
    return dict(_below(house.commands(), ()))


def _below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words), [_parameter(parameter) for parameter in command.params]
        return
    for name in sorted(inner):
        yield from _below(inner[name], (*words, name))


def _parameter(parameter: Any) -> dict[str, Any]:
    option = parameter.param_type_name == "option"
    kind = parameter.type_descriptor.annotation
    return {
        "written": " ".join(parameter.opts) if option else (parameter.metavar or parameter.name).upper(),
        "type": str(kind) if get_origin(kind) else kind.__name__,
        "required": parameter.required,
        "default": parameter.default,
        "several": bool(parameter.multiple if option else parameter.nargs != 1),
        "flag": bool(option and parameter.is_flag),
    }
