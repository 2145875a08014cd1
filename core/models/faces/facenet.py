"""InceptionResnetV1 (FaceNet) with the weights published by facenet-pytorch.

Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015; Szegedy et al.: Inception-v4 and Inception-ResNet, AAAI 2017.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from facenet_pytorch import InceptionResnetV1
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.foundation.errors import BadInput, BadWeights
from core.models.devices import pick_device
from core.models.faces.interfaces import Encoder
from core.models.tensor_files import read_tensors
from core.models.weights import sha256_of

SIDE: Final = 160


class FacenetEncoder(Encoder):
    """An encoder, see `core.models.faces.interfaces.Encoder`."""

    dimension = 512

    def __init__(self, name: str, weights: Path, threshold: float, device: str) -> None:
        self.name = name
        self.threshold = threshold
        self.weights_sha256 = sha256_of(weights)
        self.settings = {"crop": "box", "side": SIDE, "precision": "float32"}
        network = InceptionResnetV1(pretrained=None, classify=False)
        network.load_state_dict(read_state_dict(weights), strict=True)
        self._device = pick_device(device)
        self._network = _fused(network.eval()).to(self._device).to(memory_format=torch.channels_last)

    def crop(self, image: NDArray[np.uint8], corners: NDArray, five_points: NDArray) -> NDArray[np.uint8]:  # noqa: ARG002
        """Cut out the box and squeeze it into (160, 160, 3) uint8, as facenet-pytorch's extract_face does.

        Raises
        ------
        BadInput
            If the box lies outside the picture.
        """
        height, width = image.shape[:2]
        left, top = (max(int(value), 0) for value in corners[:2])
        right, bottom = min(int(corners[2]), width), min(int(corners[3]), height)
        if right <= left or bottom <= top:
            raise BadInput("faces.box_outside", box=np.round(corners, 1).tolist())
        square = cv2.resize(image[top:bottom, left:right], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return np.asarray(square, dtype=np.uint8)

    @torch.inference_mode()
    def embed_batch(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 512), of length 1 as the network gives them."""
        pixels = torch.from_numpy(crops).to(self._device)
        batch = ((pixels.float() - 127.5) / 128.0).permute(0, 3, 1, 2)  # a view of channels-last memory
        return np.asarray(self._network(batch).float().cpu().numpy(), dtype=np.float32)


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of InceptionResnetV1 as facenet-pytorch publishes them, without the classifier over its people.

    Raises
    ------
    BadWeights
        If the file is damaged, holds code instead of tensors, or belongs to another network.
    """
    state = read_tensors(path)
    with torch.device("meta"):
        expected = {key: value.shape for key, value in InceptionResnetV1().state_dict().items()}
    tensors = {key: value for key, value in state.items() if not key.startswith("logits.")}
    shapes = {key: value.shape for key, value in tensors.items()}
    wrong = sorted(key for key in expected.keys() | shapes.keys() if expected.get(key) != shapes.get(key))
    if wrong:
        raise BadWeights("weights.no_facenet", file=path.name, count=len(wrong), tensor=wrong[0])
    return tensors


def _fused(network: nn.Module) -> nn.Module:
    """Fold every batch normalisation into the convolution before it: the same sums, one pass less over the data."""
    for block in network.modules():
        convolution, norm = getattr(block, "conv", None), getattr(block, "bn", None)
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            block.conv = fuse_conv_bn_eval(convolution, norm)
            block.bn = nn.Identity()
    return network
