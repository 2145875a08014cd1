"""torchvision's classifiers without their classifiers: the map of stride 32. Tensors keep torchvision's names."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import torchvision
from torch import nn

RESNET_CHANNELS: Final = {18: 512, 34: 512, 50: 2048, 101: 2048}
MOBILENET_CHANNELS: Final = 1280
_DEEP: Final = 50


class ResNetMap(nn.Sequential):
    """ResNet (He et al. 2016): (N, 3, H, W) -> (N, C, H / 32, W / 32); `depth` is a key of `RESNET_CHANNELS`.

    From random weights each bottleneck of the deep ones begins as the identity (Goyal et al., "Accurate, Large
    Minibatch SGD", 2017): otherwise coordinates fly away in the first hundreds of steps. The shallow ones learn more
    quickly without.
    """

    def __init__(self, depth: int) -> None:
        whole = getattr(torchvision.models, f"resnet{depth}")(weights=None, zero_init_residual=depth >= _DEEP)
        parts = list(whole.named_children())[:-2]  # without the mean and the classifier
        super().__init__(OrderedDict(parts))


class MobileNetMap(nn.Sequential):
    """MobileNetV2 (Sandler et al. 2018): (N, 3, H, W) -> (N, 1280, H / 32, W / 32)."""

    def __init__(self) -> None:
        super().__init__(OrderedDict(features=torchvision.models.mobilenet_v2(weights=None).features))
