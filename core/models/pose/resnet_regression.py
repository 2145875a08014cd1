"""ResNet with one linear layer to 2K coordinates: the strong simple baseline, meant for Wing or SoftWing loss.

He et al.: Deep Residual Learning, CVPR 2016; Feng et al.: Wing Loss, CVPR 2018; Lin et al.: SoftWing, TIP 2021.
"""

from __future__ import annotations

from torch import nn

from core.models.codecs import Codec
from core.models.pose import NetworkConfig
from core.models.pose.heads import PointHead, SpatialMean
from core.models.pose.torchvision_maps import RESNET_CHANNELS, ResNetMap


def parts(config: NetworkConfig, codec: Codec) -> tuple[nn.Module, nn.Module]:
    """Backbone (N, 3, H, W) -> (N, C, h, w), and head."""
    depth = int(config.network.removeprefix("resnet").removesuffix("-regression"))
    before = nn.Sequential(SpatialMean(), nn.Dropout(config.number("dropout")))
    return ResNetMap(depth), PointHead(RESNET_CHANNELS[depth], codec.channels(config.points), before=before)
