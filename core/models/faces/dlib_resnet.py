"""dlib's face ResNet as an encoder: the one that works without a download.

King: dlib-models, dlib_face_recognition_resnet_model_v1 (2017), a ResNet with 29 convolutions trained with a metric
loss. The layers are those of dlib's example dnn_face_recognition_ex.cpp, with the weights read straight out of dlib's
file: the dlib wheel computes without BLAS, one face at a time on one core, and the same sums through PyTorch take a
tenth of the time and run on a GPU.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.foundation.errors import BadWeights
from core.foundation.geometry import warp_to
from core.models.devices import pick_device
from core.models.faces.interfaces import Encoder
from core.models.weights import sha256_of

SIDE: Final = 150
# Where MTCNN's five points fall in the chips that dlib cuts by 68 landmarks with a padding of 0.25: medians over 429
# portraits of 56 people, left and right made alike. Chips cut by these five points told 99.2 % of 3,406 pairs of
# portraits right, chips cut by dlib's own 68 landmarks 98.9 %: MTCNN's points are the steadier ones.
_FIVE_POINTS: Final = np.array([[46.6, 46.8], [102.4, 46.8], [74.5, 76.9], [49.6, 104.3], [99.4, 104.3]])

_CHANNEL_MEANS: Final = (122.782, 117.001, 104.298)
_INPUT: Final = (32, 3, 7)  # filters, channels, side
# Filters of each residual block, and whether it halves the picture.
_BLOCKS: Final = (
    *((32, False),) * 3,
    *((64, True), (64, False), (64, False), (64, False)),
    *((128, True), (128, False), (128, False)),
    *((256, True), (256, False), (256, False), (256, True)),
)


class DlibResnetEncoder(Encoder):
    """An encoder, see `core.models.faces.interfaces.Encoder`."""

    name = "dlib-resnet"
    dimension = 128

    def __init__(self, weights: Path, threshold: float, device: str) -> None:
        """Load the network.

        Raises
        ------
        BadWeights
            If the file is damaged or another network.
        """
        self._device = pick_device(device)
        self._network = DlibFaceNetwork(weights).eval().to(self._device).to(memory_format=torch.channels_last)
        self.threshold = threshold
        self.weights_sha256 = sha256_of(weights)
        self.settings = {"crop": "five points", "template": _FIVE_POINTS.tolist()}

    def crop(self, image: NDArray[np.uint8], corners: NDArray, five_points: NDArray) -> NDArray[np.uint8]:  # noqa: ARG002
        """(150, 150, 3) uint8, the five points where they fall in dlib's chips."""
        return warp_to(image, five_points, _FIVE_POINTS, SIDE)

    @torch.inference_mode()
    def embed_batch(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        pixels = torch.from_numpy(crops).to(self._device).float().permute(0, 3, 1, 2)
        vectors = self._network(pixels).cpu().numpy()
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


class DlibFaceNetwork(nn.Module):
    """(N, 3, 150, 150) RGB pixels from 0 to 255 in, (N, 128) out, as dlib's face_recognition_model_v1 gives them."""

    means: Tensor

    def __init__(self, file: Path) -> None:
        """Read the weights.

        Raises
        ------
        BadWeights
            If the file is damaged or another network.
        """
        super().__init__()
        reader = _DlibFile(file)
        self.register_buffer("means", torch.tensor(_CHANNEL_MEANS).view(1, 3, 1, 1))
        self.entry = reader.convolution(*_INPUT, stride=2)
        blocks, channels = [], _INPUT[0]
        for filters, halves in _BLOCKS:
            blocks.append(_Residual(reader, channels, filters, halves))
            channels = filters
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Parameter(
            torch.from_numpy(reader.tensor(channels, DlibResnetEncoder.dimension)), requires_grad=False
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute the vectors; not normalised."""
        x = functional.relu(self.entry((pixels - self.means) / 256))
        x = self.blocks(functional.max_pool2d(x, 3, stride=2))
        return x.mean(dim=(2, 3)) @ self.last


class _Residual(nn.Module):
    def __init__(self, reader: _DlibFile, channels: int, filters: int, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        self.first = reader.convolution(filters, channels, 3, stride=2 if halves else 1)
        self.second = reader.convolution(filters, filters, 3, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        changed = self.second(functional.relu(self.first(x)))
        shortcut = functional.avg_pool2d(x, 2, stride=2) if self.halves else x
        return functional.relu(_grown(changed, shortcut) + _grown(shortcut, changed))


def _grown(x: Tensor, other: Tensor) -> Tensor:
    """Zeros added at the far ends, as dlib's add layer does where channels or sides differ."""
    missing = [max(0, theirs - mine) for mine, theirs in zip(x.shape[1:], other.shape[1:], strict=True)]
    return functional.pad(x, (0, missing[2], 0, missing[1], 0, missing[0])) if any(missing) else x


class _DlibFile:
    """The tensors of a serialised dlib network, in the order of its layers from the input on."""

    def __init__(self, file: Path) -> None:
        self._name = file.name
        self._data = file.read_bytes()
        self._position = 0

    def tensor(self, rows: int, columns: int = 1) -> NDArray[np.float32]:
        """Next (rows, columns) tensor: the version, four sizes, then little-endian float32."""
        header = b"".join(_serialised(value) for value in (2, rows, columns, 1, 1))
        position = self._data.find(header, self._position)
        start, size = position + len(header), rows * columns
        if position < 0 or start + 4 * size > len(self._data):
            raise BadWeights("weights.no_face_network", file=self._name)
        self._position = start + 4 * size
        return np.frombuffer(self._data, "<f4", size, start).reshape(rows, columns).astype(np.float32)

    def convolution(self, filters: int, channels: int, side: int, stride: int) -> nn.Conv2d:
        """Next convolution, with the affine layer (a batch normalisation at rest) after it folded in."""
        count = filters * channels * side * side
        numbers, affine = self.tensor(count + filters), self.tensor(2 * filters)
        weight, bias = numbers[:count].reshape(filters, channels, side, side), numbers[count:, 0]
        gamma, beta = affine[:filters, 0], affine[filters:, 0]
        layer = nn.Conv2d(channels, filters, side, stride, padding=0 if stride > 1 else side // 2)
        layer.load_state_dict(
            {
                "weight": torch.from_numpy(weight * gamma[:, None, None, None]),
                "bias": torch.from_numpy(bias * gamma + beta),
            }
        )
        return layer.requires_grad_(False)


def _serialised(value: int) -> bytes:
    """A positive int as dlib writes it: how many bytes, then the bytes, lowest first."""
    count = (value.bit_length() + 7) // 8
    return bytes([count]) + value.to_bytes(count, "little")
