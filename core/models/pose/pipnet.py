"""PIPNet: for each point the cell it lies in, its offset in that cell, and its neighbours' offsets from the same cell.

Jin, Liao, Shao: Pixel-in-Pixel Net, IJCV 2021. Five 1 × 1 convolutions read one map of stride 32 (16 with a
deconvolution in between); no sigmoid is applied to the scores. The coarse maps are those of its self-training with
curriculum: the same scores on features that are max-pooled once (4 × 4 cells of 8 × 8) and twice (2 × 2).
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import torchvision
from torch import Tensor, nn
from torch.nn import functional

from core.foundation.errors import BadInput
from core.models.codecs import Codec
from core.models.pose import NetworkConfig
from core.models.pose.heads import in_weights_precision, small_convolution
from core.models.pose.resnet_regression import RESNET_CHANNELS, ResNetMap

_FINER_CHANNELS: Final = 512
_STRIDES: Final = (16, 32)


class PipHead(nn.Module):
    """(N, C, h, w) -> {"cls", "x", "y": (N, K, h, w), "nb_x", "nb_y": (N, B·K, h, w)}.

    An output of no channels (no neighbours) has no layer and comes as an empty tensor.
    """

    def __init__(self, channels: int, shapes: Mapping[str, tuple[int, ...]], *, finer: bool) -> None:
        super().__init__()
        self.finer: nn.Module = nn.Identity()
        if finer:
            deconvolution = nn.ConvTranspose2d(channels, _FINER_CHANNELS, 4, stride=2, padding=1, bias=False)
            self.finer = nn.Sequential(deconvolution, nn.BatchNorm2d(_FINER_CHANNELS), nn.ReLU())
            channels = _FINER_CHANNELS
        self._empty = [name for name, shape in shapes.items() if shape[0] == 0]
        layers = {name: small_convolution(channels, shape[0]) for name, shape in shapes.items() if shape[0]}
        self.maps = nn.ModuleDict(layers)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        finer = self.finer(features)
        outputs = {name: in_weights_precision(layer, finer) for name, layer in self.maps.items()}
        return outputs | {name: outputs["cls"][:, :0] for name in self._empty}

    def coarse(self, features: Tensor) -> dict[str, Tensor]:
        """Scores of coarser cells: {"cls2": (N, K, h / 2, w / 2), "cls3": (N, K, h / 4, w / 4)}."""
        once = functional.max_pool2d(self.finer(features), 2)
        return {
            "cls2": in_weights_precision(self.maps["cls"], once),
            "cls3": in_weights_precision(self.maps["cls"], functional.max_pool2d(once, 2)),
        }


def parts(config: NetworkConfig, codec: Codec) -> tuple[nn.Module, nn.Module]:
    """Backbone (N, 3, H, W) -> (N, C, H / 32, W / 32), and head.

    Raises
    ------
    BadInput
        If the codec's stride is neither 16 nor 32.
    """
    stride = codec.settings.get("stride", _STRIDES[-1])
    if stride not in _STRIDES:
        raise BadInput("networks.stride", network=config.network, choices=list(map(str, _STRIDES)), stride=stride)
    kind = config.network.removeprefix("pipnet-")
    if kind == "mobilenet":
        whole = torchvision.models.mobilenet_v2(weights=None)  # MobileNetV2: Sandler et al., CVPR 2018
        backbone, channels = nn.Sequential(OrderedDict(features=whole.features)), whole.last_channel
    else:
        depth = int(kind.removeprefix("r"))
        backbone, channels = ResNetMap(depth), RESNET_CHANNELS[depth]
    return backbone, PipHead(channels, codec.channels(config.points), finer=stride == _STRIDES[0])
