"""The heads that several backbones share: coordinates, and maps. The codec says which outputs there are.

Legend
------
- N: crops, K: points, C: channels of the features, h, w: size of a map
"""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from core.foundation.errors import BadInput
from core.models.codecs.codec import full_precision

_STD: Final = 0.001  # of a fresh last layer: maps start near zero, as the targets mostly are, and points at the centre


def small_convolution(channels: int, out: int, kernel: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size, its weights drawn from N(0, 0.001), its bias 0."""
    made = nn.Conv2d(channels, out, kernel, padding=kernel // 2)
    nn.init.normal_(made.weight, std=_STD)
    assert made.bias is not None
    nn.init.zeros_(made.bias)
    return made


def in_weights_precision(layer: nn.Module, features: Tensor) -> Tensor:
    """A layer's output in its weights' precision, also under autocast: bfloat16 has half a pixel in 256."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    if features.is_meta:  # shapes only; autocast does not know this device
        shaped: Tensor = layer(features)
        return shaped
    with full_precision(features.device.type):
        output: Tensor = layer(features.to(weight.dtype))
    return output


class PointHead(nn.Module):
    """Turn a vector into K points: (N, C) -> {"points": (N, K, 2)}, normalised as the regression codec has them.

    A fresh head says very nearly the centre of the input for every point, where a crop's object is: bias 0.5, weights
    from N(0, 0.001). With a linear layer's usual weights the first points lie half an input away from there, and a
    network with random weights spends hundreds of steps on coming back. `before` is applied first; `hidden` is the
    width of a linear layer in between.
    """

    def __init__(
        self,
        channels: int,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        hidden: int | None = None,
        before: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self._count, _ = shapes["points"]
        self.before = before or nn.Identity()
        self.hidden = nn.Identity() if hidden is None else nn.Linear(channels, hidden)
        self.points = nn.Linear(hidden or channels, 2 * self._count)
        nn.init.normal_(self.points.weight, std=_STD)
        nn.init.constant_(self.points.bias, 0.5)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        points = in_weights_precision(self.points, self.hidden(self.before(features)))
        return {"points": points.unflatten(1, (self._count, 2))}


class MapHead(nn.Module):
    """One convolution for each output: (N, C, h, w) -> {name: (N, channels, h, w)}.

    Parameters
    ----------
    channels
        C.
    shapes
        Name of each output and its (channels, h, w), from `Codec.channels`.
    size
        (h, w) of the features that will come.
    kernel
        Side of the convolution, odd; it keeps the size.
    before
        Applied to the features first.

    Raises
    ------
    BadInput
        If the codec's maps have another size than the features.
    """

    def __init__(
        self,
        channels: int,
        shapes: Mapping[str, tuple[int, ...]],
        size: tuple[int, int],
        *,
        kernel: int = 1,
        before: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.before = before or nn.Identity()
        for name, shape in shapes.items():
            if tuple(shape[1:]) != size:
                raise BadInput(
                    "networks.map_size",
                    width=size[1],
                    height=size[0],
                    name=name,
                    codec_width=shape[2],
                    codec_height=shape[1],
                )
        convolutions = {name: small_convolution(channels, shape[0], kernel) for name, shape in shapes.items()}
        self.maps = nn.ModuleDict(convolutions)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        features = self.before(features)
        return {name: in_weights_precision(convolution, features) for name, convolution in self.maps.items()}


class SpatialMean(nn.Module):
    """Mean over the map: (N, C, h, w) -> (N, C)."""

    def forward(self, features: Tensor) -> Tensor:
        return torch.mean(features, dim=(2, 3))
