"""HRNet: heatmaps from the branch that keeps a quarter of the input's resolution through the whole network.

Sun, Xiao, Liu, Wang: Deep High-Resolution Representation Learning, CVPR 2019. The backbone is timm's; its classifier
and the last fusions into the coarser branches, which nothing here reads, are left out, so that every parameter gets a
gradient (DistributedDataParallel refuses those that get none). Tensors are named as timm names them.
"""

from typing import Any, Final

import timm
from torch import Tensor, nn

from core.models.codecs import Codec
from core.models.pose import NetworkConfig
from core.models.pose.heads import MapHead

_STRIDE: Final = 4


class HRNetMap(nn.Module):
    """(N, 3, H, W) -> (N, C, H / 4, W / 4); `name` is timm's, C the width in it (16 for the smallest)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        whole: Any = timm.create_model(
            name, pretrained=False, features_only=True, feature_location="", out_indices=(1,)
        )
        last = whole.stage4[-1]
        last.fuse_layers = last.fuse_layers[:1]
        self.net: nn.Module = whole
        self.channels = int(whole.feature_info.channels()[0])

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.net(images)[0]
        return features


def parts(config: NetworkConfig, codec: Codec) -> tuple[nn.Module, nn.Module]:
    """Backbone, and a head of 1 × 1 convolutions."""
    backbone = HRNetMap(config.network.replace("-", "_"))
    width, height = config.input_size
    size = (height // _STRIDE, width // _STRIDE)
    dropout = nn.Dropout2d(config.number("dropout"))
    return backbone, MapHead(backbone.channels, codec.channels(config.points), size, before=dropout)
