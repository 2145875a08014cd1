"""A face encoder out of any ONNX file that takes aligned 112 x 112 faces, run by OpenCV.

How the pixels are normalised is told, in this order, by

- a file of the same name with .json added, for example
  ``{"mean": [127.5, 127.5, 127.5], "std": [127.5, 127.5, 127.5], "color": "RGB", "threshold": 0.35}``:
  mean and std are of pixel values 0 to 255 (or all within 0 to 1, then of pixels divided by 255);
- `KNOWN_FILES`, by SHA-256;
- else as ArcFace does it: RGB, (x - 127.5) / 127.5, threshold 0.35.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput, BadWeights
from core.foundation.geometry import ARCFACE_SIZE, align_face
from core.models.faces.interfaces import Encoder
from core.models.weights import sha256_of


@dataclass(frozen=True)
class Normalisation:
    """How pixels become the network's input: (x - mean) / std per channel, x from 0 to 255, channels in `color` order.

    `threshold` is the cosine similarity from which two faces count as the same person.
    """

    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    std: tuple[float, float, float] = (127.5, 127.5, 127.5)
    color: str = "RGB"
    threshold: float = 0.35


KNOWN_FILES: Final[dict[str, Normalisation]] = {
    # MobileFaceNet.onnx of foamliu/MobileFaceNet: the mean and deviation of ImageNet, in 0 to 255.
    "b7120c095d60094f28a4a54ba6a8bf51b297a6273fb40ef6350dfec1f63d9507": Normalisation(
        mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375), threshold=0.36
    )
}


class OnnxEncoder(Encoder):
    """An encoder, see `core.models.faces.interfaces.Encoder`."""

    def __init__(self, name: str, file: Path) -> None:
        """Load the network and try it once.

        Raises
        ------
        BadWeights
            If it is not ONNX, OpenCV cannot run it, or it does not turn (1, 3, 112, 112) into one vector.
        """
        self.name = name
        self._normalisation = read_normalisation(file)
        self.threshold = self._normalisation.threshold
        self.weights_sha256 = sha256_of(file)
        self.settings = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self._normalisation).items()
            if key != "threshold"
        }
        try:
            self._network = cv2.dnn.readNetFromONNX(str(file))
        except cv2.error as problem:
            raise BadWeights("weights.no_onnx_network", file=file.name) from problem
        self._alone = Lock()  # input and answer live in the network
        self._file = file
        self.dimension = self._run(np.zeros((1, ARCFACE_SIZE, ARCFACE_SIZE, 3), np.uint8)).shape[1]
        if not self._takes_batches():
            self.batch = 1  # the file fixes it

    def crop(self, image: NDArray[np.uint8], corners: NDArray, five_points: NDArray) -> NDArray[np.uint8]:  # noqa: ARG002
        """(112, 112, 3) uint8, eyes, nose and mouth on the ArcFace template."""
        return align_face(image, five_points)

    def embed_batch(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = self._run(crops)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _run(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        rule = self._normalisation
        pixels = crops if rule.color == "RGB" else crops[..., ::-1]
        scaled = (pixels.astype(np.float32) - np.array(rule.mean, np.float32)) / np.array(rule.std, np.float32)
        try:
            with self._alone:
                self._network.setInput(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))
                answer = np.array(self._network.forward(), np.float32)
        except cv2.error as problem:
            raise BadWeights("weights.other_input", file=self._file.name, size=ARCFACE_SIZE) from problem
        if answer.size == 0 or answer.size % len(crops):
            raise BadWeights("weights.no_vectors", file=self._file.name, shape=answer.shape, count=len(crops))
        return answer.reshape(len(crops), -1)  # a file made for one face may give all vectors in one row

    def _takes_batches(self) -> bool:
        """Some files mix or refuse more than one face: two must come out of a batch as they do alone."""
        faces = np.random.default_rng(0).integers(0, 256, (2, ARCFACE_SIZE, ARCFACE_SIZE, 3), dtype=np.uint8)
        alone = np.concatenate([self._run(faces[:1]), self._run(faces[1:])])
        try:
            together = self._run(faces)
        except BadWeights:
            return False
        return together.shape == alone.shape and bool(np.allclose(together, alone, rtol=1e-3, atol=1e-3))


def read_normalisation(file: Path) -> Normalisation:
    """How pixels are normalised for an ONNX file, see the top of this module.

    Raises
    ------
    BadInput
        If the .json file beside it cannot be understood.
    """
    beside = file.with_name(file.name + ".json")
    if not beside.is_file():
        return KNOWN_FILES.get(sha256_of(file), Normalisation())
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
        default = Normalisation()
        mean, std = (_three(content.get(key, getattr(default, key))) for key in ("mean", "std"))
        color, threshold = str(content.get("color", "RGB")).upper(), float(content.get("threshold", default.threshold))
    except (ValueError, TypeError, AttributeError) as problem:
        raise BadInput("weights.preprocessing_unread", file=beside.name, reason=problem) from problem
    if color not in ("RGB", "BGR") or min(std) <= 0 or not -1 <= threshold <= 1:
        raise BadInput("weights.preprocessing", file=beside.name)
    if max(*mean, *std) <= 1:
        mean, std = _three([255 * value for value in mean]), _three([255 * value for value in std])
    return Normalisation(mean, std, color, threshold)


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
