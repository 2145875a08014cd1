"""Networks in TensorFlow Lite's form, run on the CPU, and the squares of a picture that they look at.

ai-edge-litert is imported only when a network is loaded.
"""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadWeights, MissingWeights
from core.foundation.threads import thread_count
from core.models.weights import sha256_of


class TfliteNetwork:
    """One network: a square picture in, arrays of numbers out.

    Attributes
    ----------
    side
        Of the square that it looks at, in pixels.
    weights_sha256
        SHA-256 of its file.
    """

    def __init__(self, weights: Path) -> None:
        """Load the network.

        Raises
        ------
        MissingWeights
            If ai-edge-litert is not installed.
        BadWeights
            If the file is no network of pictures.
        """
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as problem:
            raise MissingWeights("weights.no_litert", file=weights.name) from problem
        self.weights_sha256 = sha256_of(weights)
        try:
            self._interpreter = Interpreter(model_content=weights.read_bytes(), num_threads=thread_count())
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as problem:
            raise BadWeights("weights.no_tflite", file=weights) from problem
        (given,) = self._interpreter.get_input_details()
        self._input, shape = given["index"], [int(length) for length in given["shape"]]
        if shape[:1] + shape[3:] != [1, 3] or shape[1] != shape[2]:
            raise BadWeights("weights.no_tflite", file=weights)
        self.side = shape[1]
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]
        self._lock = Lock()  # an interpreter has one set of tensors

    def run(self, pixels: NDArray[np.uint8], black: float = 0.0) -> list[NDArray[np.float32]]:
        """What the network gives for a (side, side, 3) uint8 RGB picture: each output flat, in the file's order.

        `black` is the number that it takes for a pixel of 0; for one of 255 it is 1.
        """
        given = (pixels.astype(np.float32) * np.float32((1 - black) / 255) + np.float32(black))[None]
        with self._lock:
            self._interpreter.set_tensor(self._input, given)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index).ravel() for index in self._outputs]


@dataclass(frozen=True)
class Square:
    """A square of a picture, which may be turned and may reach over the edge.

    Attributes
    ----------
    centre
        (2,) x and y in pixels of the picture.
    side
        In pixels of the picture.
    turn
        By how many radians it is turned: clockwise as one sees the picture, whose y goes down.
    """

    centre: Floats
    side: float
    turn: float = 0.0

    def cut_out(self, image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
        """(side, side, 3) uint8, its pixels; black where there is no picture."""
        low, high = self._around(image)
        if (high <= low).any():
            return np.zeros((side, side, 3), np.uint8)
        part = image[low[1] : high[1], low[0] : high[0]]
        times = int(self.side // side)  # what is reduced much is averaged first, or single pixels would speak for many
        if times > 1:
            smaller = np.maximum((high - low) // times, 1)
            part = np.asarray(cv2.resize(part, smaller.tolist(), interpolation=cv2.INTER_AREA), np.uint8)
        scale = (high - low) / np.array(part.shape[1::-1])  # pixels of the picture for one of the part, across and down
        linear = np.stack(self._axes()) * (side / self.side)
        shift = linear @ (low - 0.5 + scale / 2 - self.centre) + side / 2 - 0.5
        matrix = np.column_stack([linear * scale, shift])
        return np.asarray(cv2.warpAffine(part, matrix, (side, side), flags=cv2.INTER_LINEAR), np.uint8)

    def back(self, points: NDArray, side: int) -> Floats:
        """(K, 2) pixels of the picture, out of (K, 2) of the cut-out, whose first pixel covers 0 to 1 there."""
        relative = np.asarray(points, np.float64) / side - 0.5
        return np.asarray(self.centre + self.side * relative @ np.stack(self._axes()))

    def _axes(self) -> tuple[Floats, Floats]:
        """Where its right and its lower side point in the picture, as (2,) of length 1."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return np.array([cos, sin]), np.array([-sin, cos])

    def _around(self, image: NDArray[np.uint8]) -> tuple[Ints, Ints]:
        """First pixel and first pixel after it, both (2,), of the part of a picture that it reaches into."""
        reach = self.side * (abs(np.cos(self.turn)) + abs(np.sin(self.turn))) / 2 + 1
        low = np.maximum(np.floor(self.centre - reach), 0).astype(np.int64)
        return low, np.minimum(np.ceil(self.centre + reach) + 1, image.shape[1::-1]).astype(np.int64)
