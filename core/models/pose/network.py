"""A pose network: normalisation, backbone and head, with the codec that says what its outputs mean."""

import importlib
from contextlib import nullcontext
from typing import Final

import torch
from torch import Tensor, nn

from core.foundation.errors import BadInput
from core.models.codecs import Codec, build_codec
from core.models.pose import NetworkConfig, check, spec_of

_MEAN: Final = (0.485, 0.456, 0.406)  # of ImageNet's pixels in [0, 1], R G B: what the pretrained backbones expect
_STD: Final = (0.229, 0.224, 0.225)


class PoseNetwork(nn.Module):
    """Locates K points in crops.

    Attributes
    ----------
    config
        What it was built from.
    codec
        Turns its outputs into points, and points into targets.
    backbone, head
        Normalised images -> features -> outputs.
    mean, std
        (1, 3, 1, 1) float32 buffers of the normalisation; constants, so they are not in the checkpoint.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: NetworkConfig, codec: Codec, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.config = config
        self.codec = codec
        self.backbone = backbone
        self.head = head
        self.register_buffer("mean", torch.tensor(_MEAN).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor, coarse: bool = False) -> dict[str, Tensor]:
        """Outputs by name, as `codec.channels` lists them.

        Parameters
        ----------
        images
            (N, 3, H, W) float32, RGB in [0, 1]; H and W as in `config.input_size`.
        coarse
            Also "cls2" and "cls3", PIPNet's coarser classification maps for self-training; only PIPNet has them.

        Returns
        -------
        dict
            Name -> (N, ...) tensor.

        Raises
        ------
        BadInput
            If coarse maps are asked of a network that has none.
        """
        if coarse and not hasattr(self.head, "coarse"):
            raise BadInput("networks.no_coarse_maps", network=self.config.network)
        features = self.backbone((images - self.mean) / self.std)
        outputs: dict[str, Tensor] = self.head(features)
        if coarse:
            outputs |= self.head.coarse(features)  # type: ignore[operator]
        return outputs


def build(config: NetworkConfig, *, empty: bool = False) -> PoseNetwork:
    """Build a network with random weights out of torch's global generator; nothing is fetched.

    `empty` leaves all values undefined, which is quick: for those who load every tensor at once.

    Raises
    ------
    NotFound, BadInput
        If the configuration names what does not exist, or its parts do not fit together.
    """
    check(config)
    codec = build_codec(config.codec, config.input_size, config.codec_settings)
    family = importlib.import_module(spec_of(config.network).module)
    with torch.device("meta") if empty else nullcontext():
        backbone, head = family.parts(config, codec)
    if empty:
        backbone, head = backbone.to_empty(device="cpu"), head.to_empty(device="cpu")
    return PoseNetwork(config, codec, backbone, head)
