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

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import or_none
from core.models.codecs.codec import Codec, DecodedPoints

__all__ = ["CODECS", "Codec", "DecodedPoints", "build_codec"]

CODECS: Final = ("regression", "msra", "dark", "udp", "udp-combined", "pip")


def _classes() -> dict[str, type[Codec]]:
    from core.models.codecs.dark import DarkCodec
    from core.models.codecs.msra import MsraCodec
    from core.models.codecs.pip import PipCodec
    from core.models.codecs.regression import RegressionCodec
    from core.models.codecs.udp import UdpCodec, UdpCombinedCodec

    classes: tuple[type[Codec], ...] = (RegressionCodec, MsraCodec, DarkCodec, UdpCodec, UdpCombinedCodec, PipCodec)
    return {codec.name: codec for codec in classes}


def build_codec(name: str, input_size: tuple[int, int], settings: Mapping[str, Any] | None = None) -> Codec:
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
    codec = _classes()[name]
    allowed = [field.name for field in fields(codec)[1:]]
    for key in settings or {}:
        if key not in allowed:
            raise BadInput("codecs.no_setting", name=name, setting=key, choices=or_none(allowed))
    return codec((int(input_size[0]), int(input_size[1])), **(settings or {}))
