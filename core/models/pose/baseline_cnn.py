"""The coordinate-regression CNN of the stability project, layer by layer: its baseline for all comparisons.

Six stages of convolution, batch normalisation and ReLU; each ends in max-pooling and dropout; two linear layers give
2K coordinates. At an input of 1280 × 720 and K = 68 it has the 11,351,272 parameters of the project's summary. The
source states neither the rate of its dropout nor any activation between the linear layers: the rate is ours (0.1 unless
the option `dropout` says otherwise), and there is no activation.
"""

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.codecs import Codec
from core.models.pose import NetworkConfig
from core.models.pose.heads import PointHead

_MAP: Final = 5  # side of the last map
_HIDDEN: Final = 512


# Channels, kernels of the convolutions, rows and columns of the pooling; the last pooling fits itself to the map.
_STAGES: Final = (
    (16, (5,), (3, 4)),
    (32, (5, 3), (3, 4)),
    (64, (3, 3), (2, 2)),
    (128, (3, 3), (2, 2)),
    (256, (3, 3), (2, 2)),
    (512, (3, 3), None),
)


class AdaptiveMaxPool(nn.Module):
    """Largest value of each of 5 × 5 windows that cover the map: (N, C, h, w) -> (N, C, 5, 5), for any h and w.

    Windows as in `torch.nn.AdaptiveMaxPool2d`; rows first, then columns, so that plain maxima are enough and ONNX can
    express it. A map of 10 × 10, which an input of 1280 × 720 gives, is pooled 2 × 2.
    """

    def forward(self, features: Tensor) -> Tensor:
        height, width = features.shape[2:]
        if height % _MAP == 0 and width % _MAP == 0:
            return functional.max_pool2d(features, (height // _MAP, width // _MAP))
        rows = torch.stack([features[:, :, first:end].amax(2) for first, end in _windows(height)], dim=2)
        return torch.stack([rows[..., first:end].amax(3) for first, end in _windows(width)], dim=3)


def _windows(length: int) -> Iterator[tuple[int, int]]:
    return ((i * length // _MAP, -(-(i + 1) * length // _MAP)) for i in range(_MAP))


def _stage(
    entering: int, channels: int, kernels: tuple[int, ...], pool: tuple[int, int] | None, dropout: float
) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for number, kernel in enumerate(kernels, start=1):
        layers.append(nn.Conv2d(entering, channels, kernel, padding=kernel // 2))
        if number == len(kernels):  # only a stage's last convolution is normalised
            layers.append(nn.BatchNorm2d(channels))
        layers.append(nn.ReLU())
        entering = channels
    return [*layers, AdaptiveMaxPool() if pool is None else nn.MaxPool2d(pool), nn.Dropout(dropout)]


def parts(config: NetworkConfig, codec: Codec) -> tuple[nn.Module, nn.Module]:
    """Backbone (N, 3, H, W) -> (N, 12800), and head."""
    dropout = config.number("dropout")
    stages, entering = [], 3
    for channels, kernels, pool in _STAGES:
        stages.append(nn.Sequential(*_stage(entering, channels, kernels, pool, dropout)))
        entering = channels
    backbone = nn.Sequential(*stages, nn.Flatten())
    return backbone, PointHead(entering * _MAP**2, codec.channels(config.points), hidden=_HIDDEN)
