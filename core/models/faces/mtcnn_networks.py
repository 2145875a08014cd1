"""The three networks of MTCNN with the weights of facenet-pytorch, laid out for speed on a CPU.

The sums are the library's. Channels lie last in memory, pooling takes the larger of neighbouring slices, and the two
outputs of the first network's last layer come out of one convolution: on a CPU the first network then takes a third of
the time.
"""

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.foundation.errors import BadWeights

_BATCH: Final = 512  # crops at once: bounds the memory


class CascadeNetworks:
    """Propose, refine and finish; pixels go in as float32 0 to 255 with channels last."""

    def __init__(self, files: Sequence[Path], device: str) -> None:
        self._device = device
        loaded = [_load(kind, file) for kind, file in zip((PNet, RNet, ONet), files, strict=True)]
        self._first, self._second, self._third = [
            net.to(device).to(memory_format=torch.channels_last) for net in loaded
        ]
        heads = (self._first.conv4_2, self._first.conv4_1)
        self._head_weight = torch.cat([head.weight.detach() for head in heads])
        self._head_bias = torch.cat([head.bias.detach() for head in heads])

    def propose(self, pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (B, H', W') and shifts (B, H', W', 4) of every cell of (B, H, W, 3) pictures."""
        net = self._first
        x = _prelu(net.conv1(self._input(pixels)), net.prelu1)
        x = _prelu(net.conv2(_halved(x)), net.prelu2)
        x = _prelu(net.conv3(x), net.prelu3)
        both = functional.conv2d(x, self._head_weight, self._head_bias)
        scores = torch.sigmoid(both[:, 5] - both[:, 4])  # what a softmax over the two gives
        return scores.cpu().numpy(), both[:, :4].permute(0, 2, 3, 1).cpu().numpy()

    def refine(self, crops: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (N,) and shifts (N, 4) of (N, 24, 24, 3) crops."""
        shifts, chances = self._in_batches(self._second, crops)
        return chances[:, 1], shifts

    def finish(
        self, crops: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Scores (N,), shifts (N, 4) and points (N, 10: five x, then five y, in sides) of (N, 48, 48, 3) crops."""
        shifts, points, chances = self._in_batches(self._third, crops)
        return chances[:, 1], shifts, points

    def _in_batches(
        self, network: Callable[[Tensor], tuple[Tensor, ...]], crops: NDArray[np.float32]
    ) -> list[NDArray[np.float32]]:
        parts = [network(self._input(crops[start : start + _BATCH])) for start in range(0, len(crops), _BATCH)]
        return [torch.cat(same).cpu().numpy() for same in zip(*parts, strict=True)]

    def _input(self, pixels: NDArray[np.float32]) -> Tensor:
        x = torch.from_numpy(pixels).to(self._device)
        return x.sub(127.5).mul_(0.0078125).permute(0, 3, 1, 2)


def _load(kind: type[nn.Module], file: Path) -> Any:  # the library states no types
    network = kind(pretrained=False)
    try:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, TypeError) as problem:
        raise BadWeights("weights.no_mtcnn", file=file) from problem
    return network.eval()


def _prelu(x: Tensor, layer: nn.PReLU) -> Tensor:
    """PReLU over channels-last memory as one long row: the short channel axis would keep the loop from vectorising."""
    batch, channels, height, width = x.shape
    flat = x.permute(0, 2, 3, 1).reshape(batch * height, width * channels)
    done = functional.prelu(flat, layer.weight.repeat(width))
    return done.reshape(batch, height, width, channels).permute(0, 3, 1, 2)


def _halved(x: Tensor) -> Tensor:
    """Largest of every 2 x 2; an odd last row or column stands alone (ceil mode)."""
    for axis in (2, 3):
        length = x.shape[axis]
        even = x.narrow(axis, 0, length - length % 2).unflatten(axis, (length // 2, 2))
        larger = torch.maximum(even.select(axis + 1, 0), even.select(axis + 1, 1))
        x = torch.cat([larger, x.narrow(axis, length - 1, 1)], dim=axis) if length % 2 else larger
    return x
