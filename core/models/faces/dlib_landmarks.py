"""dlib's 68 landmarks.

Kazemi, Sullivan: One Millisecond Face Alignment with an Ensemble of Regression Trees, CVPR 2014; trained on 300-W
(Sagonas et al. 2013). The trees start from the box of dlib's own frontal detector, so boxes that frame a face otherwise
are translated: MTCNN's, and the smallest ones around points. What a label file gives or a hand draws is taken as it is.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadWeights
from core.models.weights import sha256_of

# Side in roots of the box's area, and how far down in its heights; measured, see the table in the README.
_FRAMES: Final = {"detector": (1.05, 0.06), "points": (1.1, -0.06)}


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
        frames: dict[str, object] = {source: list(frame) for source, frame in _FRAMES.items()}
        self.settings: dict[str, object] = {"frames": frames, "boxes": "to the last pixel"}

    def locate(
        self, image: NDArray[np.uint8], corners: NDArray, sources: Sequence[str] | None = None
    ) -> list[Keypoints]:
        """68 points of every face, whole pixels; all count as visible, and dlib gives no confidence (NaN).

        Parameters
        ----------
        image
            (H, W, 3) uint8 RGB.
        corners
            (N, 4) left, top, right, bottom in pixels.
        sources
            Where each box comes from (`core.foundation.arrays.BOX_SOURCES`); None: all from MTCNN.
        """
        pixels, boxes = np.ascontiguousarray(image), np.asarray(corners, np.float64).reshape(-1, 4)
        told = sources if sources is not None else ["detector"] * len(boxes)
        shapes = [self._predictor(pixels, dlib_box(box, source)) for box, source in zip(boxes, told, strict=True)]
        points = [np.array([(part.x, part.y) for part in shape.parts()], np.float32) for shape in shapes]
        return [Keypoints.of(face, confidence=np.full(len(face), np.nan)) for face in points]


def dlib_box(corners: NDArray, source: str) -> dlib.rectangle:
    """The square that dlib's frontal detector would give, out of a box (4,) in pixels that comes from a source.

    The right and the bottom of dlib's rectangles are the last pixels inside, not the edges behind them.
    """
    left, top, right, bottom = (float(value) for value in corners)
    if source not in _FRAMES:
        left, top, right, bottom = map(round, (left, top, right, bottom))
        return dlib.rectangle(left, top, max(left, right - 1), max(top, bottom - 1))
    sides, down = _FRAMES[source]
    side = sides * np.sqrt((right - left) * (bottom - top))
    x, y = (left + right) / 2, (top + bottom) / 2 + down * (bottom - top)
    return dlib.rectangle(*(round(value) for value in (x - side / 2, y - side / 2, x + side / 2, y + side / 2)))
