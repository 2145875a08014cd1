"""dlib's face ResNet as an encoder: the one that works without a download.

King: dlib-models, dlib_face_recognition_resnet_model_v1 (2017), a ResNet with 29 convolutions trained with a metric
loss; computed by `core.models.faces.dlib_network`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from core.foundation.arrays import Keypoints
from core.foundation.batching import batched
from core.foundation.geometry import warp_to
from core.models.faces.dlib_network import DlibFaceNetwork
from core.models.weights import sha256_of

SIDE: Final = 150
_BATCH: Final = 32
# Where MTCNN's five points fall in the chips that dlib cuts by 68 landmarks with a padding of 0.25: medians over 429
# portraits of 56 people, left and right made alike. Chips cut by these five points told 99.2 % of 3,406 pairs of
# portraits right, chips cut by dlib's own 68 landmarks 98.9 %: MTCNN's points are the steadier ones.
_FIVE_POINTS: Final = np.array([[46.6, 46.8], [102.4, 46.8], [74.5, 76.9], [49.6, 104.3], [99.4, 104.3]])


class DlibResnetEncoder:
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
        self._network = DlibFaceNetwork(weights).eval().to(device).to(memory_format=torch.channels_last)
        self._device = device
        self.threshold = threshold
        self.weights_sha256 = sha256_of(weights)
        self.settings: dict[str, object] = {"crop": "five points", "template": _FIVE_POINTS.tolist()}

    def crop(
        self,
        image: NDArray[np.uint8],
        corners: NDArray,  # noqa: ARG002  (every encoder is given the same)
        five_points: NDArray,
        landmarks: Keypoints | None = None,  # noqa: ARG002
    ) -> NDArray[np.uint8]:
        """(150, 150, 3) uint8, the five points where they fall in dlib's chips."""
        return warp_to(image, five_points, _FIVE_POINTS, SIDE)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, 128) float32 of length 1, in batches of 32."""
        parts = [self._embed_batch(batch) for batch in batched(crops, _BATCH)]
        if not parts:
            return np.zeros((0, self.dimension), np.float32)
        vectors = np.concatenate(parts)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    @torch.inference_mode()
    def _embed_batch(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        pixels = torch.from_numpy(np.stack(crops)).to(self._device).float().permute(0, 3, 1, 2)
        return np.asarray(self._network(pixels).cpu().numpy(), dtype=np.float32)
