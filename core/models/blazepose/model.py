"""BlazePose as a detector of people, and as what locates the points of people whose boxes are known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Boxes, Floats, Keypoints, is_picture
from core.foundation.errors import BadInput
from core.foundation.geometry import iou
from core.models.blazepose.detections import SIDE, read_detections, weighted
from core.models.blazepose.points import SKELETONS, SeenBody, keypoints, square_around, square_of
from core.models.tflite import Square, TfliteNetwork
from core.models.weights import sha256_of_all

_LEAST_DETECTION: Final = 0.5
_LEAST_POSE: Final = 0.5
_SAME_HEAD: Final = 0.3  # IoU of two heads that are one detection's
_SAME_PERSON: Final = 0.5  # IoU of two people's boxes from which they are one, and of two looks at one person
_SAME_NOSE: Final = 0.08  # distance of two noses below which they are one, in sides of the square around a person
_LOOKS: Final = 3  # at a box; each look is where the one before it says


class _Points:
    """The network that locates points, loaded."""

    def __init__(self, weights: Path) -> None:
        self._network = TfliteNetwork(weights)
        self.weights_sha256 = self._network.weights_sha256

    def look(self, image: NDArray[np.uint8], square: Square, looks: int) -> SeenBody:
        """Look so many times, and keep the surest answer, of equal ones the last."""
        best: SeenBody | None = None
        for _ in range(looks):
            side = self._network.side
            numbers, score, *_ = self._network.run(square.cut_out(image, side))
            pose = SeenBody.read(numbers, float(score[0]), square, side)
            if best is None or pose.score >= best.score - _AS_SURE:
                best = pose if best is None else replace(pose, score=max(pose.score, best.score))
            square = pose.square()
        assert best is not None
        return best


_AS_SURE: Final = 0.05


class BlazePoseDetector:
    """Finds people: a detector, see `core.models.faces.interfaces.Detector`; their five points are NaN."""

    name = "blazepose"

    def __init__(self, detection: Path, landmarks: Path) -> None:
        """Load both networks; errors as `core.models.tflite.TfliteNetwork`."""
        self._network, self._points = TfliteNetwork(detection), _Points(landmarks)
        self.weights_sha256 = sha256_of_all([detection, landmarks])
        self.settings: dict[str, object] = {
            "detection": _LEAST_DETECTION,
            "pose": _LEAST_POSE,
            "same_head": _SAME_HEAD,
            "same_person": _SAME_PERSON,
            "same_nose": _SAME_NOSE,
            "squares": "whole, and halves that overlap",
        }

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Boxes]:
        """People of every (H, W, 3) uint8 RGB picture, the largest first.

        Raises
        ------
        BadInput
            If a picture is not (H, W, 3) uint8.
        """
        for image in images:
            if not is_picture(image):
                raise BadInput("arrays.picture", shape=image.shape, dtype=image.dtype)
        return [self._people(image) for image in images]

    def _people(self, image: NDArray[np.uint8]) -> Boxes:
        height, width = image.shape[:2]
        poses: list[SeenBody] = []
        for square in squares(width, height):
            poses.extend(self._in(image, square, tuple(poses)))
        rows = apart(poses, width, height)
        boxes = np.array([poses[row].box(width, height) for row in rows], np.float32).reshape(-1, 4)
        scores = np.array([poses[row].score for row in rows], np.float32)
        order = np.argsort(-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), kind="stable")
        five = np.full((len(rows), 5, 2), np.nan, np.float32)
        return Boxes(boxes[order], scores[order], five)

    def _in(self, image: NDArray[np.uint8], square: Square, known: Sequence[SeenBody]) -> Iterator[SeenBody]:
        """The people that the networks see in one square, and see again where they say that they are.

        Where the first network means somebody known the second is not asked.
        """
        height, width = image.shape[:2]
        numbers, logits = self._network.run(square.cut_out(image, SIDE), black=-1)
        found = weighted(read_detections(numbers, logits, _LEAST_DETECTION), _SAME_HEAD)
        for person in found.points:
            hips, top = square.back(person[:2], SIDE)
            if any(pose.is_of(hips, top) for pose in known):
                continue
            first = self._points.look(image, square_of(hips, top), 1)
            if first.score < _LEAST_POSE:
                continue
            again = self._points.look(image, first.square(), 1)
            shared = iou(first.box(width, height), again.box(width, height))[0, 0]
            if again.score >= _LEAST_POSE and shared >= _SAME_PERSON:
                yield again


def squares(width: int, height: int) -> Iterator[Square]:
    """Where people are looked for: in the whole picture, and once more larger, in overlapping parts of it."""
    yield Square(np.array([width - 1, height - 1]) / 2, float(max(width, height)))
    side = max(width, height) / 2
    across, down = (_steps(length, side) for length in (width, height))
    for y in down:
        for x in across:
            yield Square(np.array([x, y]) - 0.5, side)


def _steps(length: int, side: float) -> Floats:
    """The middles of squares of a side that cover a length, each half over the next."""
    count = max(1, int(np.ceil(2 * length / side - 1)))
    if count == 1:
        return np.array([length / 2])
    return np.linspace(side / 2, length - side / 2, count)


def apart(poses: Sequence[SeenBody], width: int, height: int) -> list[int]:
    """The rows, the surest first, without those that show the same person as a surer one: by the box or by the nose."""
    boxes = np.array([pose.box(width, height) for pose in poses]).reshape(-1, 4)
    noses = np.array([pose.points[0] for pose in poses]).reshape(-1, 2)
    sides = np.array([pose.square().side for pose in poses])
    left = np.argsort([-pose.score for pose in poses], kind="stable")
    kept: list[int] = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        between = np.hypot(*(noses[left] - noses[best]).T) / np.maximum(sides[left], sides[best])
        left = left[(iou(boxes[best], boxes[left])[0] < _SAME_PERSON) & (between >= _SAME_NOSE)]
    return kept


class BlazePoseLandmarker:
    """Locates the points of people: a landmarker, see `core.models.faces.interfaces.Landmarker`."""

    def __init__(self, name: str, landmarks: Path) -> None:
        """Load the network; the name is one of `core.models.blazepose.points.SKELETONS`."""
        self.name, self._skeleton = name, SKELETONS[name]
        self._points = _Points(landmarks)
        self.weights_sha256 = self._points.weights_sha256
        self.settings: dict[str, object] = {"looks": _LOOKS}

    def locate(
        self,
        image: NDArray[np.uint8],
        corners: NDArray,
        sources: Sequence[str] | None = None,  # noqa: ARG002  (later looks no longer depend on the box)
    ) -> list[Keypoints]:
        """The points of every person with a confidence each; boxes are (N, 4) pixels."""
        height, width = image.shape[:2]
        boxes = np.asarray(corners, np.float64).reshape(-1, 4)
        poses = [self._points.look(image, square_around(box), _LOOKS) for box in boxes]
        return [keypoints(pose, self._skeleton, width, height) for pose in poses]
