"""What somebody wears, told by a network that has learned to classify ImageNet, without its classifier.

He et al.: Deep Residual Learning, CVPR 2016. That the mean over the last map tells what looks alike without having
learned to: Babenko, Lempitsky: Aggregating Deep Convolutional Features for Image Retrieval, ICCV 2015, with sums.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import nn

from core.foundation.batching import batched
from core.foundation.errors import BadWeights
from core.models.devices import pick_device
from core.models.tensor_files import read_tensors

DIMENSIONS: Final = {18: 512, 50: 2048}  # of the last map, by depth
SIDE: Final = 224  # of what the network takes, as it has learned from
MEAN: Final = (0.485, 0.456, 0.406)  # of ImageNet's pixels from 0 to 1, red, green, blue
STD: Final = (0.229, 0.224, 0.225)
_BATCH: Final = 32
_COUNTERS: Final = "num_batches_tracked"  # which older files lack and nothing here needs


class ResnetClothes:
    """A `core.models.faces.interfaces.Descriptor`: the mean of the last map of a ResNet of 18 or 50 layers."""

    def __init__(self, depth: int, weights: Path, device: str) -> None:
        self._device = pick_device(device)
        self.dimension = DIMENSIONS[depth]
        self._network = read_resnet(depth, weights).to(self._device)
        self._mean = torch.tensor(MEAN, device=self._device).view(3, 1, 1)
        self._std = torch.tensor(STD, device=self._device).view(3, 1, 1)

    def describe(self, regions: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D), 512 or 2,048 numbers of a region, whatever its shape squeezed into a square of `SIDE` pixels."""
        parts = [self._batch(np.stack([_square(region) for region in some])) for some in batched(regions, _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    @torch.inference_mode()
    def _batch(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = torch.from_numpy(squares).to(self._device).permute(0, 3, 1, 2).float() / 255
        seen = self._network((pixels - self._mean) / self._std)
        return np.asarray((seen / seen.norm(dim=1, keepdim=True)).cpu().numpy(), np.float32)


def read_resnet(depth: int, path: Path) -> nn.Module:
    """torchvision's ResNet with the tensors of a file, up to the mean of its last map; the classifier is left out.

    Raises
    ------
    BadWeights
        If the file is damaged, holds code instead of tensors, or belongs to another network.
    """
    state = {name: value for name, value in read_tensors(path).items() if not name.startswith("fc.")}
    with torch.device("meta"):
        network: nn.Module = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    network.fc = nn.Identity()
    expected, found = _shapes(network.state_dict()), _shapes(state)
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise BadWeights(
            "weights.other_tensors", file=path.name, network=f"ResNet-{depth}", count=len(wrong), tensor=wrong[0]
        )
    network.load_state_dict(state, assign=True)
    return network.float().eval()


def _shapes(state: dict[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in state.items() if not name.endswith(_COUNTERS)}


def _square(region: NDArray[np.uint8]) -> NDArray[np.uint8]:
    way = cv2.INTER_AREA if min(region.shape[:2]) > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(region, (SIDE, SIDE), interpolation=way), np.uint8)
