"""MTCNN: three small networks that find faces, each looking only where the one before it saw something.

Zhang, Zhang, Li, Qiao: Joint Face Detection and Alignment Using Multi-task Cascaded Convolutional Networks, IEEE Signal
Processing Letters 2016. The weights are facenet-pytorch's, and the boxes equal those of its `MTCNN(keep_all=True)`,
tight crops excepted (see `MtcnnSettings.border`). Ours is how the pixels get to the networks: all candidates of a stage
are averaged down at once out of one summed-area table (`core.models.faces.area`), where the library resizes one by one.

Boxes and points are given as facenet-pytorch gives them. Its resampling treats pixel i as the span from i to i + 1, so
compared with the pixel-centre convention of `core.foundation.arrays` they lie half a pixel to the right and down; the
networks' own error is larger, and every model trained on MTCNN crops expects the boxes unshifted.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.foundation.arrays import Boxes, is_picture
from core.foundation.batching import batched
from core.foundation.errors import BadInput
from core.media.images import shrunk
from core.models.devices import pick_device, workers
from core.models.faces.area import SummedArea
from core.models.faces.candidates import CELL, Candidates
from core.models.faces.mtcnn_networks import CascadeNetworks
from core.models.weights import sha256_of_all

_PIXELS_AT_ONCE: Final = 1 << 18  # larger batches leave the processor's cache


@dataclass(frozen=True)
class MtcnnSettings:
    """What changes the boxes.

    Attributes
    ----------
    min_face_size
        Smallest side of a face in pixels; half of it means four times the work.
    thresholds
        Score from which a candidate survives each of the three stages.
    factor
        Between one size of the picture pyramid and the next.
    minimum_score
        Faces that score less are dropped. facenet-pytorch keeps everything above the third threshold; in the photos
        measured, the false faces scored up to 0.87 and the true ones from 0.97.
    border
        Tight crops (no face found, or one that fills the picture and reaches over its edge) are looked at once more
        with this part of their sides added around (the edge repeated); 0 is off.
    maximum_side
        Larger pictures are reduced to it first. Full-HD frames are not, so their boxes equal facenet-pytorch's.
    """

    min_face_size: int = 20
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    factor: float = 0.709
    minimum_score: float = 0.9
    border: float = 0.25
    maximum_side: int = 1920


class MtcnnDetector:
    """A detector, see `core.models.faces.interfaces.Detector`."""

    name = "mtcnn"

    def __init__(self, files: Sequence[Path], device: str, settings: Mapping[str, object] | None = None) -> None:
        """Load the three networks.

        Parameters
        ----------
        files
            Weights of the first, second and third network.
        device
            "auto", "cpu" or "cuda".
        settings
            Fields of `MtcnnSettings` that differ from the default.

        Raises
        ------
        BadInput
            If there is no such setting or device.
        BadWeights
            If a file is damaged or of another network.
        """
        try:
            self._settings = MtcnnSettings(**dict(settings or {}))  # type: ignore[arg-type]
        except TypeError as problem:
            raise BadInput("faces.mtcnn_setting", reason=problem) from problem
        self.settings: dict[str, object] = asdict(self._settings) | {"thresholds": list(self._settings.thresholds)}
        self.weights_sha256 = sha256_of_all(files)
        device = pick_device(device)
        self._networks = CascadeNetworks(files, device)
        self._parallel = device == "cpu"

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Boxes]:
        """Faces of every picture, largest first.

        Parameters
        ----------
        images
            (H, W, 3) uint8 RGB each; those of one size share a batch.

        Raises
        ------
        BadInput
            If a picture is not (H, W, 3) uint8.
        """
        for image in images:
            if not is_picture(image):
                raise BadInput("arrays.picture", shape=image.shape, dtype=image.dtype)
        detected = self._detect_plain(images)
        tight = [index for index, image in enumerate(images) if _is_tight(detected[index], image.shape[:2])]
        if self._settings.border > 0 and tight:
            reduced = [shrunk(images[index], self._settings.maximum_side) for index in tight]
            framed = [_framed(image, self._settings.border) for image in reduced]
            again = self._detect_plain([image for image, _ in framed])
            for index, small, boxes, (_, shift) in zip(tight, reduced, again, framed, strict=True):
                if len(boxes):
                    ratio = _ratio(images[index], small)
                    corners, points = boxes.corners - np.tile(shift, 2), boxes.five_points - shift
                    detected[index] = Boxes(corners * np.tile(ratio, 2), boxes.scores, points * ratio)
        return detected

    def _detect_plain(self, images: Sequence[NDArray[np.uint8]]) -> list[Boxes]:
        reduced = [shrunk(image, self._settings.maximum_side) for image in images]
        batches = _batches([image.shape[:2] for image in reduced])
        detected = [Boxes.none()] * len(images)
        run = workers().map if self._parallel and len(batches) > 1 else map
        for batch, results in zip(
            batches, run(lambda batch: self._cascade([reduced[i] for i in batch]), batches), strict=True
        ):
            for index, boxes in zip(batch, results, strict=True):
                ratio = _ratio(images[index], reduced[index])
                detected[index] = Boxes(boxes.corners * np.tile(ratio, 2), boxes.scores, boxes.five_points * ratio)
        return detected

    @torch.inference_mode()
    def _cascade(self, images: Sequence[NDArray[np.uint8]]) -> list[Boxes]:
        """Run the three stages on pictures of one size."""
        areas = [SummedArea(image) for image in images]
        return self._finish(areas, self._refine(areas, self._propose(areas)))

    def _propose(self, areas: list[SummedArea]) -> Candidates:
        """First stage: every place in every size of the picture."""
        proposals = [Candidates.none()]
        for scale in _scales(min(areas[0].height, areas[0].width), self._settings):
            height, width = int(areas[0].height * scale + 1), int(areas[0].width * scale + 1)
            scores, shifts = self._networks.propose(np.stack([area.shrink(height, width) for area in areas]))
            cells = Candidates.of_map(scores, shifts, scale, self._settings.thresholds[0])
            proposals.append(cells.without_overlaps(0.5))
        return Candidates.joined(proposals).without_overlaps(0.7).shifted(extra=0.0).squared()

    def _refine(self, areas: list[SummedArea], candidates: Candidates) -> Candidates:
        """Second stage: look at each candidate in 24 x 24 pixels."""
        candidates, crops = candidates.cut_out(areas, 24)
        if not len(candidates):
            return candidates
        scores, shifts = self._networks.refine(crops)
        accepted = candidates.scored(scores, shifts)[scores > self._settings.thresholds[1]]
        return accepted.without_overlaps(0.7).shifted().squared()

    def _finish(self, areas: list[SummedArea], candidates: Candidates) -> list[Boxes]:
        """Third stage: look again in 48 x 48 pixels, and say where eyes, nose and mouth are."""
        candidates, crops = candidates.cut_out(areas, 48)
        if not len(candidates):
            return [Boxes.none()] * len(areas)
        scores, shifts, points = self._networks.finish(crops)
        sides = candidates.corners[:, 2:] - candidates.corners[:, :2] + 1
        five = points.reshape(-1, 2, 5).swapaxes(1, 2) * sides[:, None] + candidates.corners[:, None, :2] - 1
        good = np.flatnonzero(scores > self._settings.thresholds[2])
        moved = candidates.scored(scores, shifts)[good].shifted()
        separate = moved.not_nested(0.7)
        moved, five = moved[separate], five[good][separate]
        return [self._boxes_of(moved, five, index) for index in range(len(areas))]

    def _boxes_of(self, faces: Candidates, five: NDArray[np.float32], picture: int) -> Boxes:
        rows = np.flatnonzero((faces.picture == picture) & (faces.scores >= self._settings.minimum_score))
        areas = np.prod(faces.corners[rows, 2:] - faces.corners[rows, :2], axis=1)
        order = rows[np.argsort(areas)[::-1]]
        return Boxes(faces.corners[order], faces.scores[order], five[order])


def _ratio(image: NDArray[np.uint8], reduced: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(2,) how many pixels of a picture, across and down, one of the reduced picture stands for."""
    whole, small = (np.array(each.shape[1::-1], np.float32) for each in (image, reduced))
    return np.divide(whole, small, dtype=np.float32)


def _scales(shorter_side: int, settings: MtcnnSettings) -> list[float]:
    """Sizes of the picture pyramid, until it is smaller than one cell of the first network."""
    scale = CELL / settings.min_face_size
    side, scales = shorter_side * scale, []
    while side >= CELL:
        scales.append(scale)
        scale, side = scale * settings.factor, side * settings.factor
    return scales


def _batches(sizes: Sequence[tuple[int, int]]) -> list[Sequence[int]]:
    """Indices of pictures of one size, together as long as they stay small."""
    by_size: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, size in enumerate(sizes):
        by_size[size].append(index)
    batches: list[Sequence[int]] = []
    for (height, width), indices in by_size.items():
        count = max(1, _PIXELS_AT_ONCE // (height * width))
        batches += batched(indices, count)
    return batches


def _is_tight(boxes: Boxes, size: tuple[int, int]) -> bool:
    """No face, or one that fills the picture and is cut off by its edge: the networks then see it squeezed."""
    if not len(boxes):
        return True
    low, high = boxes.corners[:, :2], boxes.corners[:, 2:]
    beyond = np.any(low < 0, axis=1) | np.any(high > np.array(size[::-1]), axis=1)
    fills = np.max(high - low, axis=1) > min(size) / 2
    return bool(np.any(beyond & fills))


def _framed(image: NDArray[np.uint8], border: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The picture with its edge repeated around it, and how far its origin moved."""
    down, right = round(image.shape[0] * border), round(image.shape[1] * border)
    framed = cv2.copyMakeBorder(image, down, down, right, right, cv2.BORDER_REPLICATE)
    return np.asarray(framed, dtype=np.uint8), np.array([right, down], np.float32)
