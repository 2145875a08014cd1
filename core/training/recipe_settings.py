"""Changing single values of a recipe from text, as people type them. Imports no torch."""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from core.foundation.errors import BadInput
from core.foundation.messages import message
from core.training.augmentation import Augmentation
from core.training.recipe import CHOICES, Recipe, StabilityTerm, flat


def with_settings(recipe: Recipe, settings: Mapping[str, str]) -> Recipe:
    """The recipe with some values changed.

    Parameters
    ----------
    settings
        Texts by key. A key with a dot is a value within: ``augmentation.rotation``, ``stability.weight``,
        ``options.dropout``, ``codec_settings.sigma``. ``none`` leaves out what may be left out; a size is
        ``256x192`` (width first), several numbers are ``30,50``, a truth value is ``yes`` or ``no``.

    Raises
    ------
    BadInput
        The sentence names the key, and the choices or the kind of value.
    """
    for key, text in settings.items():
        recipe = _with_setting(recipe, key.strip(), text.strip())
    return recipe


def _with_setting(recipe: Recipe, key: str, text: str) -> Recipe:
    outer, _, inner = key.partition(".")
    hints = get_type_hints(Recipe)
    if outer not in hints or outer in ("name", "about"):
        raise BadInput("recipes.no_setting", setting=key, choices=list(settings_of(recipe)))
    if not inner:
        return _replaced(recipe, outer, _parsed(key, text, hints[outer]))
    value = getattr(recipe, outer)
    if get_origin(hints[outer]) is Mapping:
        return _replaced(recipe, outer, {**value, inner: _json(text)})
    kind = next((part for part in get_args(hints[outer]) if part in (Augmentation, StabilityTerm)), None)
    if kind is None or inner not in get_type_hints(kind):
        raise BadInput("recipes.no_setting", setting=key, choices=list(settings_of(recipe)))
    parsed = _parsed(key, text, get_type_hints(kind)[inner])
    return _replaced(recipe, outer, _replaced(kind() if value is None else value, inner, parsed))


def _replaced(record: Any, key: str, value: object) -> Any:
    return replace(record, **{key: value})


def settings_of(recipe: Recipe) -> dict[str, object]:
    """Every key that `with_settings` takes, with the recipe's value; nested ones with a dot."""
    return {key: value for key, value in flat(recipe).items() if key not in ("name", "about")}


def _parsed(key: str, text: str, hint: Any) -> object:
    kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    if text.lower() in ("none", "") and NoneType in kinds:
        return None
    kind = next(part for part in kinds if part is not NoneType)
    if kind is str:
        return text
    if kind in (Augmentation, StabilityTerm):
        if kind is StabilityTerm and text in CHOICES["stability.target"]:
            return StabilityTerm(target=text)
        choices = ("none", *CHOICES["stability.target"]) if kind is StabilityTerm else ("none", "default")
        if text == "default":
            return kind()
        raise BadInput("recipes.no_choice_of_several", setting=key, choices=list(choices), value=text)
    if kind is bool:
        return _truth(key, text)
    if kind in (int, float):
        return _number(key, text, kind)
    if get_origin(kind) is tuple:
        return _numbers(key, text, exactly=None if Ellipsis in get_args(kind) else len(get_args(kind)))
    raise BadInput("recipes.several_values", setting=key)


def _truth(key: str, text: str) -> bool:
    words = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    if text.lower() not in words:
        raise BadInput("recipes.no_flag", setting=key, value=text)
    return words[text.lower()]


def _number(key: str, text: str, kind: type[int] | type[float]) -> int | float:
    try:
        return kind(text)
    except ValueError:
        word = message("words.whole_number" if kind is int else "words.number")
        raise BadInput("recipes.no_value", setting=key, word=word, value=text) from None


def _numbers(key: str, text: str, exactly: int | None) -> tuple[int, ...]:
    parts = [part for part in text.lower().replace("x", ",").split(",") if part.strip()]
    if exactly is not None and len(parts) != exactly:
        raise BadInput("recipes.no_size", setting=key, exactly=exactly, value=text)
    return tuple(int(_number(key, part.strip(), int)) for part in parts)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
