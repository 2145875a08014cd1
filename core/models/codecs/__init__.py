"""The codecs by name. Importing this module loads no torch; `build_codec` does.

>>> import torch
>>> codec = build_codec("udp", (192, 256))
>>> targets = codec.encode(torch.tensor([[[96.0, 50.5]]]), torch.tensor([[True]]))
>>> {name: tuple(tensor.shape) for name, tensor in targets.items()}
{'heatmaps': (1, 1, 64, 48), 'weight': (1, 1)}
>>> codec.decode(targets).points.round(decimals=2).tolist()
[[[96.0, 50.5]]]

======================  ===========================================================================================
``regression``          x and y as numbers
``msra``                Gaussian on the nearest cell, quarter shift (Xiao et al., ECCV 2018)
``dark``                Gaussian on the point, blurred and refined to second order (Zhang et al., CVPR 2020)
``udp``                 the same in the unit-length convention, exact to the border (Huang et al., CVPR 2020)
``udp-combined``        a disc to find the point and offsets to place it (Huang et al., CVPR 2020)
``pip``                 a coarse cell, offsets in it and neighbours' votes (Jin et al., IJCV 2021)
======================  ===========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import or_none
from core.models.codecs.codec import Codec, DecodedPoints

__all__ = ["CODECS", "Codec", "DecodedPoints", "build_codec"]


Size = tuple[int, int]


def _regression(input_size: Size) -> Codec:
    from core.models.codecs.regression import RegressionCodec

    return RegressionCodec(input_size)


def _msra(input_size: Size, *, stride: int = 4, sigma: float = 2.0, logits: bool = False) -> Codec:
    from core.models.codecs.msra import MsraCodec

    return MsraCodec(input_size, stride=stride, sigma=sigma, logits=logits)


def _dark(
    input_size: Size, *, stride: int = 4, sigma: float = 2.0, logits: bool = False, kernel: int | None = None
) -> Codec:
    from core.models.codecs.dark import DarkCodec

    return DarkCodec(input_size, stride=stride, sigma=sigma, logits=logits, kernel=kernel)


def _udp(
    input_size: Size, *, stride: int = 4, sigma: float = 2.0, logits: bool = False, refinement: str = "fit"
) -> Codec:
    from core.models.codecs.udp import UdpCodec

    return UdpCodec(input_size, stride=stride, sigma=sigma, logits=logits, refinement=refinement)


def _udp_combined(input_size: Size, *, stride: int = 4, radius: float = 0.0546875) -> Codec:
    from core.models.codecs.udp import UdpCombinedCodec

    return UdpCombinedCodec(input_size, stride=stride, radius=radius)


def _pip(input_size: Size, *, stride: int = 32, neighbours: Sequence[Sequence[int]] = ()) -> Codec:
    from core.models.codecs.pip import PipCodec

    return PipCodec(input_size, stride=stride, neighbours=neighbours)


CODECS: Final[dict[str, Callable[..., Codec]]] = {
    "regression": _regression,
    "msra": _msra,
    "dark": _dark,
    "udp": _udp,
    "udp-combined": _udp_combined,
    "pip": _pip,
}


def build_codec(name: str, input_size: tuple[int, int], settings: Mapping[str, object] | None = None) -> Codec:
    """A codec for a network whose input is (W, H) pixels.

    Parameters
    ----------
    name
        One of `CODECS`.
    input_size
        (W, H), at least 2 each.
    settings
        What should differ from the codec's defaults, or the `settings` of another codec of that name.

    Raises
    ------
    NotFound
        If there is no such codec.
    BadInput
        If it has no such setting, or a value does not fit it or the input's size.
    """
    if name not in CODECS:
        raise NotFound("codecs.none_called", name=name, choices=list(CODECS))
    if len(input_size) != 2 or min(input_size) < 2:
        raise BadInput("codecs.input_size", size=tuple(input_size))
    loader = CODECS[name]
    given = dict(settings or {})
    allowed = setting_names(loader)
    for key in given:
        if key not in allowed:
            raise BadInput("codecs.no_setting", name=name, setting=key, choices=or_none(allowed))
    return loader((int(input_size[0]), int(input_size[1])), **given)


def setting_names(loader: Callable[..., Codec]) -> list[str]:
    """Names of the settings that a loader takes besides the input's size."""
    from inspect import signature

    return list(signature(loader).parameters)[1:]
