"""ViTPose: a plain vision transformer whose last tokens become heatmaps.

Xu, Zhang, Zhang, Tao: ViTPose, NeurIPS 2022. The backbone is that of `transformers` (patches of 16 with a padding of
2), built from its configuration without a look at any network; head, loss and codec are ours, since `transformers`
cannot train it. Tensors of the backbone keep their names there. Stochastic depth leaves out whole residual branches
(Huang et al., ECCV 2016), more often in later layers.
"""

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import VitPoseBackbone, VitPoseBackboneConfig

from core.models.codecs import Codec
from core.models.pose import NetworkConfig
from core.models.pose.heads import MapHead

PATCH: Final = 16
_STRIDE: Final = 4  # of the heatmaps


# Width of a token, layers, heads.
_SIZES: Final = {"s": (384, 12, 12), "b": (768, 12, 12), "l": (1024, 24, 16), "h": (1280, 32, 16)}


class StochasticDepth:
    """A forward hook that leaves out a residual branch of whole samples with chance `rate`, while training only."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, module: nn.Module, inputs: Any, branch: Tensor) -> Tensor:  # noqa: ARG002  (torch calls it so)
        if not module.training:
            return branch
        share = 1.0 - self.rate
        survives = torch.rand(len(branch), *[1] * (branch.ndim - 1), device=branch.device) < share
        return branch * (survives.to(branch.dtype) / share)


class VitPoseMap(nn.Module):
    """(N, 3, H, W) -> (N, C, H / 16, W / 16).

    Attributes
    ----------
    checkpointing
        Whether each layer is computed again in the backward pass instead of kept.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.channels, layers, heads = _SIZES[config.network.removeprefix("vitpose-")]
        width, height = config.input_size
        described = VitPoseBackboneConfig(
            image_size=(height, width),
            hidden_size=self.channels,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            hidden_dropout_prob=config.number("dropout"),
        )
        self.net: Any = VitPoseBackbone(described)
        self.checkpointing = bool(config.options["checkpointing"])
        self._grid = (height // PATCH, width // PATCH)
        _drop_paths(self.net.encoder.layer, config.number("drop_path"))

    @property
    def layers(self) -> nn.ModuleList:
        layers: nn.ModuleList = self.net.encoder.layer
        return layers

    def forward(self, images: Tensor) -> Tensor:
        tokens = self.net.embeddings(images)
        recompute = self.checkpointing and self.training and torch.is_grad_enabled()
        for layer in self.layers:
            tokens = checkpoint(layer, tokens, use_reentrant=False) if recompute else layer(tokens)
        tokens = self.net.layernorm(tokens)
        return tokens.transpose(1, 2).unflatten(2, self._grid)


def _drop_paths(layers: nn.ModuleList, largest: float) -> None:
    for number, layer in enumerate(layers):
        rate = largest * number / max(1, len(layers) - 1)
        if rate > 0:
            for branch in (layer.attention, layer.mlp):
                assert isinstance(branch, nn.Module)
                branch.register_forward_hook(StochasticDepth(rate))


class _Deconvolutions(nn.Sequential):
    """Twice the size, twice: (N, C, h, w) -> (N, `width`, 4h, 4w)."""

    def __init__(self, channels: int, width: int) -> None:
        layers: list[nn.Module] = []
        for entering in (channels, width):
            deconvolution = nn.ConvTranspose2d(entering, width, 4, stride=2, padding=1, bias=False)
            nn.init.normal_(deconvolution.weight, std=0.001)
            layers += [deconvolution, nn.BatchNorm2d(width), nn.ReLU()]
        super().__init__(*layers)


def parts(config: NetworkConfig, codec: Codec) -> tuple[nn.Module, nn.Module]:
    """Backbone, and the classic or the simple head."""
    backbone = VitPoseMap(config)
    width, height = config.input_size
    size = (height // _STRIDE, width // _STRIDE)
    shapes = codec.channels(config.points)
    if config.options["head"] == "classic":
        inner = int(config.number("width"))
        return backbone, MapHead(inner, shapes, size, before=_Deconvolutions(backbone.channels, inner))
    larger = nn.Sequential(nn.ReLU(), nn.Upsample(scale_factor=4, mode="bilinear", align_corners=False))
    return backbone, MapHead(backbone.channels, shapes, size, kernel=3, before=larger)
