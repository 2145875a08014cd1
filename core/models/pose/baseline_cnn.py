"""The coordinate-regression CNN of the stability project, layer by layer: its baseline for all comparisons.

Six stages of convolution, batch normalisation and ReLU; each ends in max-pooling and dropout; two linear layers give
2K coordinates. At an input of 1280 × 720 and K = 68 it has the 11,351,272 parameters of the project's summary. The
source states neither the rate of its dropout nor any activation between the linear layers: the rate is ours (0.1 unless
the option `dropout` says otherwise), and there is no activation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.codecs import Codec
from core.models.pose import NetworkConfig
from core.models.pose.heads import PointHead

_MAP: Final = 5  # side of the last map
_HIDDEN: Final = 512


@dataclass(frozen=True)
class _Stage:
    channels: int
    kernels: tuple[int, ...]  # of its convolutions
    pool: tuple[int, int]  # rows, columns


_STAGES: Final = (
    _Stage(16, (5,), (3, 4)),
    _Stage(32, (5, 3), (3, 4)),
    _Stage(64, (3, 3), (2, 2)),
    _Stage(128, (3, 3), (2, 2)),
    _Stage(256, (3, 3), (2, 2)),
    _Stage(512, (3, 3), (2, 2)),
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


def _stage(entering: int, stage: _Stage, *, last: bool, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number, kernel in enumerate(stage.kernels, start=1):
        layers.append(nn.Conv2d(entering, stage.channels, kernel, padding=kernel // 2))
        if number == len(stage.kernels):  # only a stage's last convolution is normalised
            layers.append(nn.BatchNorm2d(stage.channels))
        layers.append(nn.ReLU())
        entering = stage.channels
    layers += [AdaptiveMaxPool() if last else nn.MaxPool2d(stage.pool), nn.Dropout(dropout)]
    return nn.Sequential(*layers)


def parts(config: NetworkConfig, codec: Codec) -> tuple[nn.Module, nn.Module]:
    """Backbone (N, 3, H, W) -> (N, 12800), and head."""
    dropout = config.number("dropout")
    entering = [3, *(stage.channels for stage in _STAGES[:-1])]
    stages = [
        _stage(channels, stage, last=stage is _STAGES[-1], dropout=dropout)
        for channels, stage in zip(entering, _STAGES, strict=True)
    ]
    backbone = nn.Sequential(*stages, nn.Flatten())
    return backbone, PointHead(_STAGES[-1].channels * _MAP**2, codec.channels(config.points), hidden=_HIDDEN)
