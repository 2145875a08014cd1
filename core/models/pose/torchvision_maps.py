"""torchvision's classifiers without their classifiers: the map of stride 32. Tensors keep torchvision's names."""

from __future__ import annotations

from typing import Final

import torchvision
from torch import Tensor, nn

RESNET_CHANNELS: Final = {18: 512, 34: 512, 50: 2048, 101: 2048}
MOBILENET_CHANNELS: Final = 1280
_DEEP: Final = 50


class ResNetMap(nn.Module):
    """ResNet (He et al. 2016): (N, 3, H, W) -> (N, C, H / 32, W / 32); `depth` is a key of `RESNET_CHANNELS`.

    From random weights each bottleneck of the deep ones begins as the identity (Goyal et al., "Accurate, Large
    Minibatch SGD", 2017): otherwise coordinates fly away in the first hundreds of steps. The shallow ones learn more
    quickly without.
    """

    def __init__(self, depth: int) -> None:
        super().__init__()
        whole = getattr(torchvision.models, f"resnet{depth}")(weights=None, zero_init_residual=depth >= _DEEP)
        self.conv1, self.bn1, self.relu, self.maxpool = whole.conv1, whole.bn1, whole.relu, whole.maxpool
        self.layer1, self.layer2, self.layer3, self.layer4 = whole.layer1, whole.layer2, whole.layer3, whole.layer4

    def forward(self, images: Tensor) -> Tensor:
        features = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            features = layer(features)
        return features


class MobileNetMap(nn.Module):
    """MobileNetV2 (Sandler et al. 2018): (N, 3, H, W) -> (N, 1280, H / 32, W / 32)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torchvision.models.mobilenet_v2(weights=None).features

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.features(images)
        return features
