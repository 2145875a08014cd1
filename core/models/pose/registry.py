"""The table of the pose and landmark networks; imports no torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import message


@dataclass(frozen=True)
class Option:
    """One choice about a network.

    Attributes
    ----------
    default
        A number, a word or a truth value; the value given must be of its kind.
    choices
        The words that are allowed, for a word.
    low, high
        Limits of a number, both allowed.
    """

    default: float | int | str | bool
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = math.inf

    def check(self, name: str, value: object) -> None:
        """Refuse a value of another kind or beyond the limits.

        Raises
        ------
        BadInput
            The sentence names the option and what is allowed.
        """
        if self.choices:
            if value not in self.choices:
                raise BadInput("networks.option_choice", name=name, choices=list(self.choices), value=value)
        elif isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise BadInput("networks.option_flag", name=name, value=value)
        else:
            whole = isinstance(self.default, int)
            kinds = (int,) if whole else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= self.high:
                kind = message("words.whole_number" if whole else "words.number")
                raise BadInput("networks.option_range", name=name, kind=kind, low=self.low, high=self.high, value=value)


_DROPOUT: Final = Option(0.1, high=0.9)  # share of activations that are dropped while training
_LITTLE_DROPOUT: Final = {"dropout": replace(_DROPOUT, default=0.0)}

_VITPOSE_OPTIONS: Final = {
    "head": Option("classic", choices=("classic", "simple")),  # two deconvolutions, or bilinear 4 × and one 3×3
    "width": Option(256, low=8, high=1024),  # channels of the classic head's deconvolutions
    "drop_path": Option(0.0, high=0.9),  # largest chance, in the last layer, that a residual branch is left out
    "dropout": Option(0.0, high=0.9),  # share of hidden values that are dropped while training
    "checkpointing": Option(False),  # recompute each layer in the backward pass: less memory, a third more time
}


@dataclass(frozen=True)
class NetworkSpec:
    """One line of the registry.

    Attributes
    ----------
    module
        The module with ``parts(config, codec) -> (backbone, head)``; imported only when a network is built.
    codecs
        The codecs whose outputs its head can give; the first is the default.
    pretrained
        Names in `core.models.weights.WEIGHTS` that fit it, the best first.
    options
        What may be chosen, with defaults and limits.
    codec_settings
        Defaults for the codec; others are left to the codec.
    channels_last
        Whether it is quicker with the channels of a pixel beside one another, as networks of convolutions are.
    checkpointing
        Whether it can recompute activations to save memory (option ``checkpointing``).
    input_size, person_size
        Default width and height in pixels for faces, and for bodies; None: as for faces.
    multiple, smallest
        Sides must be multiples of `multiple` and at least `smallest` (width, height).
    """

    name: str
    module: str
    codecs: tuple[str, ...]
    pretrained: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    codec_settings: Mapping[str, object] = field(default_factory=dict)
    channels_last: bool = True
    checkpointing: bool = False
    input_size: tuple[int, int] = (256, 256)
    person_size: tuple[int, int] | None = (192, 256)
    multiple: int = 1
    smallest: tuple[int, int] = (64, 64)


_FOLDER: Final = "core.models.pose."
_MAPS: Final = ("udp", "udp-combined", "msra", "dark")


def _resnet(depth: int) -> NetworkSpec:
    return NetworkSpec(
        name=f"resnet{depth}-regression",
        module=_FOLDER + "resnet_regression",
        codecs=("regression",),
        pretrained=(f"imagenet-resnet{depth}",),
        options=_LITTLE_DROPOUT,
    )


def _pipnet(suffix: str, weights: str) -> NetworkSpec:
    return NetworkSpec(
        name=f"pipnet-{suffix}",
        module=_FOLDER + "pipnet",
        codecs=("pip",),
        pretrained=(weights,),
        codec_settings={"stride": 32},
        multiple=32,
    )


def _hrnet(width: str, *more_weights: str) -> NetworkSpec:
    return NetworkSpec(
        name=f"hrnet-{width}",
        module=_FOLDER + "hrnet",
        codecs=_MAPS,
        pretrained=(*more_weights, f"imagenet-hrnet-{width}"),
        options=_LITTLE_DROPOUT,
        multiple=32,
    )


def _vitpose(letter: str, *weights: str) -> NetworkSpec:
    return NetworkSpec(
        name=f"vitpose-{letter}",
        module=_FOLDER + "vitpose",
        codecs=_MAPS,
        pretrained=weights,
        options=_VITPOSE_OPTIONS,
        channels_last=False,
        checkpointing=True,
        multiple=16,
    )


_BASELINE: Final = NetworkSpec(
    name="baseline-cnn",
    module=_FOLDER + "baseline_cnn",
    codecs=("regression",),
    options={"dropout": _DROPOUT},
    input_size=(1280, 720),
    person_size=None,
    smallest=(128, 72),
)
NETWORKS: dict[str, NetworkSpec] = {
    spec.name: spec
    for spec in (
        _BASELINE,
        _resnet(18),
        _resnet(50),
        _pipnet("r18", "imagenet-resnet18"),
        _pipnet("r50", "imagenet-resnet50"),
        _pipnet("r101", "imagenet-resnet101"),
        _pipnet("mobilenet", "imagenet-mobilenet-v2"),
        _hrnet("w18-small"),
        _hrnet("w18"),
        _hrnet("w32", "coco-hrnet-w32"),
        _hrnet("w48", "coco-hrnet-w48"),
        _vitpose("s"),
        _vitpose("b", "coco-vitpose-b", "coco-vitpose-b-simple"),
        _vitpose("l"),
        _vitpose("h"),
    )
}


def spec_of(name: str) -> NetworkSpec:
    """Look a network up by name.

    Raises
    ------
    NotFound
        If there is none of that name; the sentence lists them.
    """
    if name not in NETWORKS:
        raise NotFound("networks.none_called", name=name, choices=list(NETWORKS))
    return NETWORKS[name]
