"""dlib's 68 landmarks.

Kazemi, Sullivan: One Millisecond Face Alignment with an Ensemble of Regression Trees, CVPR 2014; trained on 300-W
(Sagonas et al. 2013). The trees start from the box of dlib's own frontal detector, so MTCNN boxes are translated.
"""

from pathlib import Path
from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadWeights
from core.models.weights import sha256_of

# Measured, see `dlib_box`.
_SIDE: Final = 1.05
_DOWN: Final = 0.06


class Dlib68Landmarker:
    """A landmarker, see `core.models.faces.interfaces.Landmarker`."""

    name = "dlib-68"

    def __init__(self, weights: Path) -> None:
        """Load the trees.

        Raises
        ------
        BadWeights
            If the file is not a dlib shape predictor.
        """
        try:
            self._predictor = dlib.shape_predictor(str(weights))
        except RuntimeError as problem:
            raise BadWeights("weights.no_shape_predictor", file=weights) from problem
        self.weights_sha256 = sha256_of(weights)
        self.settings: dict[str, object] = {"box_side": _SIDE, "box_down": _DOWN}

    def locate(self, image: NDArray[np.uint8], corners: NDArray) -> list[Keypoints]:
        """68 points of every face, whole pixels; all count as visible, and dlib gives no confidence (NaN).

        Parameters
        ----------
        image
            (H, W, 3) uint8 RGB.
        corners
            (N, 4) left, top, right, bottom in pixels, as MTCNN gives them.
        """
        pixels = np.ascontiguousarray(image)
        shapes = [self._predictor(pixels, dlib_box(box)) for box in np.asarray(corners, np.float64).reshape(-1, 4)]
        points = [np.array([(part.x, part.y) for part in shape.parts()], np.float32) for shape in shapes]
        return [Keypoints.of(face, confidence=np.full(len(face), np.nan)) for face in points]


def dlib_box(corners: NDArray) -> dlib.rectangle:
    """Translate an MTCNN box, (4,) in pixels, into the square that dlib's frontal detector would give."""
    left, top, right, bottom = (float(value) for value in corners)
    side = _SIDE * np.sqrt((right - left) * (bottom - top))
    x, y = (left + right) / 2, (top + bottom) / 2 + _DOWN * (bottom - top)
    return dlib.rectangle(*(round(value) for value in (x - side / 2, y - side / 2, x + side / 2, y + side / 2)))
