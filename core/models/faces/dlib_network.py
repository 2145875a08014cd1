"""dlib's face ResNet in PyTorch, with the weights read straight out of dlib's file.

The dlib wheel computes without BLAS, one face at a time on one core. The same sums through PyTorch take a tenth of the
time, and run on a GPU. King, dlib-models (2017); the layers are those of dlib's example dnn_face_recognition_ex.cpp.
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

_CHANNEL_MEANS: Final = (122.782, 117.001, 104.298)
_INPUT: Final = (32, 3, 7)  # filters, channels, side
# Filters of each residual block, and whether it halves the picture.
_BLOCKS: Final = (
    *((32, False),) * 3,
    *((64, True), (64, False), (64, False), (64, False)),
    *((128, True), (128, False), (128, False)),
    *((256, True), (256, False), (256, False), (256, True)),
)
_DIMENSION: Final = 128


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
        self.last = nn.Parameter(torch.from_numpy(reader.tensor(channels, _DIMENSION)), requires_grad=False)

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
        kept = functional.avg_pool2d(x, 2, stride=2) if self.halves else x
        return functional.relu(_grown(changed, kept) + _grown(kept, changed))


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
        found = self._data.find(header, self._position)
        start, size = found + len(header), rows * columns
        if found < 0 or start + 4 * size > len(self._data):
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
