"""dlib's face ResNet: the encoder that works without a download.

King: dlib-models, dlib_face_recognition_resnet_model_v1 (2017), a ResNet with 29
convolutions trained with a metric loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

from core.errors import BadWeights
from core.geometry import warp_to
from core.keypoints import Keypoints
from core.models.weights import sha256_of

SIDE: Final = 150
_PADDING: Final = 0.25
# Where MTCNN's five points fall in dlib's chips: medians over 429 portraits of 56 people, left and right made alike.
_FIVE_POINTS: Final = np.array([[46.6, 46.8], [102.4, 46.8], [74.5, 76.9], [49.6, 104.3], [99.4, 104.3]], np.float32)


class DlibResnetEncoder:
    """An encoder, see `core.models.interfaces.Encoder`."""

    name = "dlib-resnet"
    dimension = 128

    def __init__(self, weights: Path, threshold: float) -> None:
        """Load the network.

        Raises
        ------
        BadWeights
            If the file is damaged or another network.
        """
        try:
            self._network = dlib.face_recognition_model_v1(str(weights))
        except RuntimeError as problem:
            raise BadWeights(f"{weights} is damaged or not dlib's face network") from problem
        self.threshold = threshold
        self.weights_sha256 = sha256_of(weights)
        self.settings: dict[str, object] = {"side": SIDE, "padding": _PADDING}

    def crop(
        self,
        image: NDArray[np.uint8],
        corners: NDArray,  # noqa: ARG002  (every encoder is given the same)
        five_points: NDArray,
        landmarks: Keypoints | None = None,
    ) -> NDArray[np.uint8]:
        """dlib's (150, 150, 3) uint8 chip; of the 68 landmarks if given (more accurate), else of the five points."""
        if landmarks is None or not landmarks.visibility.all():
            return warp_to(image, five_points, _FIVE_POINTS, SIDE)
        parts = [dlib.point(round(float(x)), round(float(y))) for x, y in landmarks.points]
        whole = dlib.full_object_detection(dlib.rectangle(0, 0, image.shape[1] - 1, image.shape[0] - 1), parts)
        return np.asarray(dlib.get_face_chip(np.ascontiguousarray(image), whole, SIDE, _PADDING), dtype=np.uint8)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, 128) float32 of length 1."""
        if not len(crops):
            return np.zeros((0, self.dimension), np.float32)
        vectors = np.array(self._network.compute_face_descriptor([np.ascontiguousarray(crop) for crop in crops]))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
