"""Where a clip cuts to another scene: no point moved there, whatever its coordinates say."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SMALL: Final = (64, 36)  # of the small picture that is compared: grain and small movements vanish in it
_LEAST: Final = 15.0  # mean change of its values (0 to 255) under which nothing is a cut
_TIMES: Final = 3.0  # a cut changes at least so many times as much as is usual around it
_AROUND: Final = 5  # changes before and after it that say what is usual


class SceneDetector:
    """Finds the scenes of a clip whose frames are added one after the other.

    A frame begins a scene where the small pictures of it and of the frame before differ by much, and by much more than
    neighbouring frames do around there: an adaptive threshold on differences of content, as PySceneDetect has it. A
    slow fade has no such frame, nor has a jump of the same face before the same wall, or a run of frames that are all
    unlike; a flash has two.
    """

    def __init__(self) -> None:
        self._changes: list[float] = []
        self._last: NDArray[np.float32] | None = None

    def add(self, pixels: NDArray[np.uint8]) -> None:
        """The next frame, (H, W, 3) RGB."""
        self.add_small(cv2.resize(pixels, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32))

    def add_small(self, small: NDArray[np.float32]) -> None:
        """The next frame, made small already: (36, 64, 3) RGB, 0 to 255."""
        if self._last is not None:
            self._changes.append(float(np.abs(small - self._last).mean()))
        self._last = small

    def numbers(self) -> list[int]:
        """The scene of each frame that was added, counted from 0."""
        if self._last is None:
            return []
        begins = [self._is_cut(at) for at in range(len(self._changes))]
        return [0, *np.cumsum(begins, dtype=int).tolist()]

    def _is_cut(self, at: int) -> bool:
        around = self._changes[max(0, at - _AROUND) : at] + self._changes[at + 1 : at + 1 + _AROUND]
        usual = float(np.median(around)) if around else 0.0
        return self._changes[at] >= max(_LEAST, _TIMES * usual)
