"""ResNet with one linear layer to 2K coordinates: the strong simple baseline, meant for Wing or SoftWing loss.

He et al.: Deep Residual Learning, CVPR 2016; Feng et al.: Wing Loss, CVPR 2018; Lin et al.: SoftWing, TIP 2021.
"""

from collections import OrderedDict
from typing import Final

import torchvision
from torch import nn

from core.models.codecs import Codec
from core.models.pose import NetworkConfig
from core.models.pose.heads import PointHead, SpatialMean

RESNET_CHANNELS: Final = {18: 512, 34: 512, 50: 2048, 101: 2048}
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


def parts(config: NetworkConfig, codec: Codec) -> tuple[nn.Module, nn.Module]:
    """Backbone (N, 3, H, W) -> (N, C, h, w), and head."""
    depth = int(config.network.removeprefix("resnet").removesuffix("-regression"))
    before = nn.Sequential(SpatialMean(), nn.Dropout(config.number("dropout")))
    return ResNetMap(depth), PointHead(RESNET_CHANNELS[depth], codec.channels(config.points), before=before)
