"""The table of the pose and landmark networks; imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from core.foundation.errors import NotFound
from core.models.pose.options import DROPOUT, VITPOSE_OPTIONS, Option


@dataclass(frozen=True)
class NetworkSpec:
    """One line of the registry.

    Attributes
    ----------
    name, description
        For people; the description is one sentence and names the paper.
    module
        The module with ``parts(config, codec) -> (backbone, head)``; imported only when a network is built.
    input_size
        Default width and height for faces, pixels.
    codecs
        The codecs whose outputs its head can give; the first is the default.
    loss
        Default loss, as in `core.training.losses`.
    megabytes
        Least memory hint: MiB of its parameters in float32 at 68 points, without neighbours. What training takes is
        told by `core.models.pose.memory.estimate_memory`.
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
    person_size
        Default input for bodies; None: as for faces.
    multiple, smallest
        Sides must be multiples of `multiple` and at least `smallest` (width, height).
    """

    name: str
    description: str
    module: str
    input_size: tuple[int, int]
    codecs: tuple[str, ...]
    loss: str
    megabytes: int
    pretrained: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    codec_settings: Mapping[str, object] = field(default_factory=dict)
    channels_last: bool = True
    checkpointing: bool = False
    person_size: tuple[int, int] | None = None
    multiple: int = 1
    smallest: tuple[int, int] = (32, 32)


_MAPS: Final = ("udp", "udp-combined", "msra", "dark")
_PERSON: Final = (192, 256)


def _baseline() -> NetworkSpec:
    return NetworkSpec(
        name="baseline-cnn",
        description="Six convolution stages and two linear layers to 2K coordinates: the stability project's baseline.",
        module="core.models.pose.baseline_cnn",
        input_size=(1280, 720),
        codecs=("regression",),
        loss="mse",
        megabytes=43,
        options={"dropout": DROPOUT},
        smallest=(128, 72),
    )


def _resnet(depth: int, megabytes: int) -> NetworkSpec:
    return NetworkSpec(
        name=f"resnet{depth}-regression",
        description=f"ResNet-{depth} (He et al. 2016), mean over the map, one linear layer to 2K coordinates.",
        module="core.models.pose.resnet_regression",
        input_size=(256, 256),
        codecs=("regression",),
        loss="soft-wing",
        megabytes=megabytes,
        pretrained=(f"imagenet-resnet{depth}",),
        options={"dropout": Option(0.0, DROPOUT.meaning, low=0.0, high=0.9)},
        person_size=_PERSON,
        smallest=(64, 64),
    )


def _pipnet(suffix: str, backbone: str, megabytes: int, weights: str) -> NetworkSpec:
    return NetworkSpec(
        name=f"pipnet-{suffix}",
        description=f"PIPNet (Jin, Liao and Shao 2021) on {backbone}: a cell and an offset, for itself and neighbours.",
        module="core.models.pose.pipnet",
        input_size=(256, 256),
        codecs=("pip",),
        loss="pip",
        megabytes=megabytes,
        pretrained=(weights,),
        codec_settings={"stride": 32},
        person_size=_PERSON,
        multiple=32,
        smallest=(64, 64),
    )


def _hrnet(width: str, megabytes: int, weights: tuple[str, ...]) -> NetworkSpec:
    return NetworkSpec(
        name=f"hrnet-{width}",
        description=f"HRNet-{width.upper()} (Sun et al. 2019): heatmaps from the branch of stride 4.",
        module="core.models.pose.hrnet",
        input_size=(256, 256),
        codecs=_MAPS,
        loss="heatmap-mse",
        megabytes=megabytes,
        pretrained=weights,
        options={"dropout": Option(0.0, DROPOUT.meaning, low=0.0, high=0.9)},
        person_size=_PERSON,
        multiple=32,
        smallest=(64, 64),
    )


def _vitpose(letter: str, size: str, megabytes: int) -> NetworkSpec:
    return NetworkSpec(
        name=f"vitpose-{letter}",
        description=f"ViTPose-{letter.upper()} (Xu et al. 2022): a plain vision transformer ({size}) with our head.",
        module="core.models.pose.vitpose",
        input_size=(256, 256),
        codecs=_MAPS,
        loss="heatmap-mse",
        megabytes=megabytes,
        pretrained=("coco-vitpose-b", "coco-vitpose-b-simple") if letter == "b" else (),
        options=VITPOSE_OPTIONS,
        channels_last=False,
        checkpointing=True,
        person_size=_PERSON,
        multiple=16,
        smallest=(64, 64),
    )


NETWORKS: dict[str, NetworkSpec] = {
    spec.name: spec
    for spec in (
        _baseline(),
        _resnet(18, 43),
        _resnet(50, 91),
        _pipnet("r18", "ResNet-18", 43, "imagenet-resnet18"),
        _pipnet("r50", "ResNet-50", 91, "imagenet-resnet50"),
        _pipnet("r101", "ResNet-101", 164, "imagenet-resnet101"),
        _pipnet("mobilenet", "MobileNetV2", 9, "imagenet-mobilenet-v2"),
        _hrnet("w18-small", 5, ("imagenet-hrnet-w18-small",)),
        _hrnet("w18", 36, ("imagenet-hrnet-w18",)),
        _hrnet("w32", 109, ("coco-hrnet-w32", "imagenet-hrnet-w32")),
        _hrnet("w48", 243, ("coco-hrnet-w48", "imagenet-hrnet-w48")),
        _vitpose("s", "small", 93),
        _vitpose("b", "base", 344),
        _vitpose("l", "large", 1177),
        _vitpose("h", "huge", 2431),
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
