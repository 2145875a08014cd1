"""The description of one network: complete, checked, and all that its checkpoint needs; imports no torch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from core.foundation.errors import BadInput
from core.foundation.messages import message, or_none
from core.foundation.skeletons import Skeleton, find_skeleton
from core.models.pose.registry import NetworkSpec, spec_of

_LARGEST_SIDE: Final = 4096  # pixels; more is a slip of the pen, not a network
_FEWEST_POINTS: Final = 1


@dataclass(frozen=True)
class NetworkConfig:
    """All that is needed to build a network again; stored as JSON in its checkpoint.

    Attributes
    ----------
    network
        A name in `NETWORKS`.
    skeleton, points
        Which points it locates, and K, how many.
    input_size
        Width and height of the input in pixels.
    codec, codec_settings
        What its outputs mean, as for `core.models.codecs.build_codec`.
    options
        Every option of the network with its value (see `NetworkSpec.options`).
    """

    network: str
    skeleton: str
    points: int
    input_size: tuple[int, int]
    codec: str
    codec_settings: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)

    def number(self, option: str) -> float:
        """The value of an option that is a number (checked when the configuration was made)."""
        value = self.options[option]
        assert isinstance(value, int | float)
        return float(value)

    def to_json(self) -> str:
        """One line of JSON with sorted keys, so equal configurations are equal texts."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> NetworkConfig:
        """Read what `to_json` wrote, and check it.

        Raises
        ------
        BadInput, NotFound
            If a part is missing, of another type, or names what does not exist.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            width, height = content.pop("input_size")
            config = cls(**content, input_size=(width, height))
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise BadInput("networks.description", reason=problem) from problem
        check(config)
        return config


def configure(
    name: str,
    skeleton_name: str | Skeleton,
    *,
    input_size: tuple[int, int] | None = None,
    codec: str | None = None,
    codec_settings: Mapping[str, object] | None = None,
    options: Mapping[str, object] | None = None,
) -> NetworkConfig:
    """A complete and checked description of a network; what is not given takes the registry's default.

    Parameters
    ----------
    name
        One of `NETWORKS`.
    skeleton_name
        A name in `core.foundation.skeletons.SKELETONS`, or a skeleton.
    input_size
        Width and height in pixels.
    codec, codec_settings
        One of the network's codecs, and what should differ from its defaults. PIP without ``neighbours`` has no
        neighbour regression; they are computed from the training labels' mean shape.
    options
        What should differ from the defaults of `NetworkSpec.options`.

    Raises
    ------
    NotFound
        If the network or the skeleton does not exist.
    BadInput
        If the size, the codec or an option does not suit the network; the sentence names the choices.
    """
    spec = spec_of(name)
    named = find_skeleton(skeleton_name) if isinstance(skeleton_name, str) else skeleton_name
    if input_size is None:
        input_size = (spec.person_size if named.kind == "person" else None) or spec.input_size
    chosen = codec or spec.codecs[0]
    settings = {**spec.codec_settings, **(codec_settings or {})}
    if chosen == "pip":
        settings.setdefault("neighbours", [[] for _ in range(len(named))])
    values = {key: option.default for key, option in spec.options.items()} | dict(options or {})
    config = NetworkConfig(name, named.name, len(named), (input_size[0], input_size[1]), chosen, settings, values)
    check(config)
    return config


def check(config: NetworkConfig) -> None:
    """Refuse what cannot be built, with the choices; the codec's own settings are checked by the codec.

    Raises
    ------
    NotFound, BadInput
        As `configure`.
    """
    spec = spec_of(config.network)
    if not isinstance(config.points, int) or config.points < _FEWEST_POINTS:
        raise BadInput("networks.points", least=_FEWEST_POINTS, value=config.points)
    if config.codec not in spec.codecs:
        raise BadInput("networks.codecs", name=spec.name, choices=list(spec.codecs), codec=config.codec)
    _check_size(spec, config.input_size)
    for key, value in config.options.items():
        if key not in spec.options:
            raise BadInput("networks.no_option", name=spec.name, option=key, choices=or_none(spec.options))
        spec.options[key].check(key, value)
    missing = [key for key in spec.options if key not in config.options]
    if missing:
        raise BadInput("networks.values_missing", name=spec.name, options=list(missing))


def _check_size(spec: NetworkSpec, size: tuple[int, int]) -> None:
    for side, least, word in zip(size, spec.smallest, (message("words.width"), message("words.height")), strict=True):
        if not isinstance(side, int) or isinstance(side, bool) or not least <= side <= _LARGEST_SIDE:
            raise BadInput(
                "networks.input_size", side=word, name=spec.name, least=least, most=_LARGEST_SIDE, value=side
            )
        if side % spec.multiple:
            nearest = max(math.ceil(least / spec.multiple), round(side / spec.multiple)) * spec.multiple
            raise BadInput(
                "networks.input_multiple",
                side=word,
                name=spec.name,
                multiple=spec.multiple,
                value=side,
                nearest=nearest,
            )
