"""Points and doubt for pictures with boxes, out of a trained network.

Every box becomes a crop of the network's input; crops of all pictures go through the network together, in batches. The
flip test looks at the mirrored crop too and takes the mean without any shift: of the maps where there are maps (Huang
et al., UDP, CVPR 2020), else of the points.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.errors import BadInput, BadWeights, FacetError, NotFound
from core.foundation.skeletons import Skeleton, find_skeleton
from core.media.crops import Crop, mirror_order
from core.models.codecs import DecodedPoints
from core.models.devices import pick_device, refuse_all_but_memory, release_memory
from core.models.pose import spec_of
from core.models.pose.checkpoint import load_checkpoint
from core.models.pose.network import PoseNetwork
from core.models.weights import sha256_of

_LOG: Final = logging.getLogger(__name__)


class PoseEstimator:
    """A landmarker with doubt, see `core.models.faces.interfaces.Landmarker`.

    Attributes
    ----------
    name, weights_sha256, settings
        Identity of its predictions.
    batch
        Crops at a time; halved when memory runs out, and then kept.

    Parameters
    ----------
    network
        Moved to `device` and put into evaluation mode.
    skeleton_used
        Names the flip pairs.
    device
        "cpu" or "cuda". On a GPU the backbone computes in bfloat16, the last layer and the decoding in float32.
    flip_test
        Look at every crop mirrored too: twice the time, and a doubt of its own.
    padding
        What a box is multiplied by before it is cut out.

    Raises
    ------
    BadInput
        If the network locates the points of another skeleton, or the batch is below 1.
    """

    def __init__(
        self,
        network: PoseNetwork,
        name: str,
        weights_sha256: str,
        skeleton_used: Skeleton,
        *,
        device: str = "cpu",
        flip_test: bool = False,
        batch: int = 16,
        padding: float = 1.25,
    ) -> None:
        if (network.config.skeleton, network.config.points) != (skeleton_used.name, len(skeleton_used)):
            raise BadInput(
                "weights.other_skeleton", file=name, skeleton=network.config.skeleton, wanted=skeleton_used.name
            )
        if batch < 1:
            raise BadInput("networks.batch", batch=batch)
        self.name = name
        self.weights_sha256 = weights_sha256
        self.settings: dict[str, object] = {
            "flip_test": flip_test,
            "padding": padding,
            "precision": "bfloat16" if device.startswith("cuda") else "float32",
        }
        self.batch = batch
        self._network = network.eval().to(device)
        if spec_of(network.config.network).channels_last:
            self._network = self._network.to(memory_format=torch.channels_last)
        self._device = torch.device(device)
        self._flip_test = flip_test
        self._padding = padding
        self._order = torch.from_numpy(mirror_order(len(skeleton_used), skeleton_used.flip_pairs)).to(device)

    @classmethod
    def load(
        cls, path: Path, name: str, *, device: str = "auto", flip_test: bool = False, batch: int = 16
    ) -> PoseEstimator:
        """Open a checkpoint; `device` is "auto", "cpu" or "cuda".

        Raises
        ------
        MissingWeights, BadWeights
            As `core.models.pose.checkpoint.load_checkpoint`, or if nothing is known of its skeleton.
        BadInput
            If the device is not there.
        """
        chosen = pick_device(device)
        network = load_checkpoint(path)
        try:
            used = find_skeleton(network.config.skeleton)
        except NotFound as problem:
            raise BadWeights("weights.unusable", file=path.name, reason=problem) from problem
        return cls(network, name, sha256_of(path), used, device=chosen, flip_test=flip_test, batch=batch)

    def estimate(
        self,
        images: Sequence[NDArray[np.uint8]],
        corners: Sequence[NDArray],
        sources: Sequence[Sequence[str]] | None = None,  # noqa: ARG002  (it has learned from boxes as they are stored)
    ) -> list[list[tuple[Keypoints, Uncertainty]]]:
        """Points and doubt of every instance of every picture.

        Parameters
        ----------
        images
            (H, W, 3) uint8 RGB; sizes may differ.
        corners
            For each picture (N, 4): left, top, right, bottom in pixels; N may be 0.

        Returns
        -------
        list
            For each picture its N instances in order: points in pixels of the picture (absent where nothing was
            found), and the doubt in the same pixels.

        Raises
        ------
        BadInput
            If a box has no area or is not finite, or there are not as many lists of boxes as pictures.
        FacetError
            If there is no memory even for one crop, or the GPU failed.
        """
        if len(images) != len(corners):
            raise BadInput("networks.boxes", count=len(images), found=len(corners))
        size = self._network.config.input_size
        crops = [
            (number, Crop.around(box, size, self._padding))
            for number, boxes in enumerate(corners)
            for box in np.asarray(boxes, np.float64).reshape(-1, 4)
        ]
        results: list[list[tuple[Keypoints, Uncertainty]]] = [[] for _ in images]
        done = 0
        while done < len(crops):
            part = crops[done : done + self.batch]
            located = self._attempt(np.stack([crop.cut(images[number]) for number, crop in part]))
            if located is None:
                continue  # again with the smaller batch
            for row, (number, crop) in enumerate(part):
                results[number].append(_in_picture(crop, *(values[row] for values in located)))
            done += len(part)
        return results

    def locate(self, image: NDArray[np.uint8], corners: NDArray) -> list[Keypoints]:
        """Points of every instance of one (H, W, 3) uint8 RGB picture; raises as `estimate`."""
        return [points for points, _ in self.estimate([image], [corners])[0]]

    def _attempt(self, pixels: NDArray[np.uint8]) -> list[NDArray] | None:
        """What was found in (N, H, W, 3) uint8 crops; None if memory ran out, and the batch is smaller now."""
        try:
            return self._find(pixels)
        except (RuntimeError, MemoryError) as problem:
            refuse_all_but_memory(problem)
            if len(pixels) == 1:
                raise FacetError("networks.no_memory", device=self._device.type, name=self.name) from problem
        release_memory()  # only now: while the exception was there, it held the tensors
        self.batch = len(pixels) // 2
        _LOG.warning("memory ran out with %d crops at a time; %s goes on with %d", len(pixels), self.name, self.batch)
        return None

    @torch.inference_mode()
    def _find(self, pixels: NDArray[np.uint8]) -> list[NDArray]:
        """Points (N, K, 2), confidence, spread, neighbours and flip (N, K), in pixels of the crops; NaN if unknown."""
        images = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2).float() / 255.0  # channels stay last
        outputs = self._outputs(images)
        plain = self._network.codec.decode(outputs)
        flip = torch.full_like(plain.spread, torch.nan)
        if self._flip_test:
            mirrored = self._network.codec.mirror(self._outputs(images.flip(3)), self._order)
            other = self._network.codec.decode(mirrored)
            flip = torch.linalg.vector_norm(plain.points - other.points, dim=2)
            plain = self._mean(outputs, mirrored, plain, other)
        return [value.float().cpu().numpy() for value in (*plain, flip)]

    def _outputs(self, images: Tensor) -> dict[str, Tensor]:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            outputs = self._network(images)
        return {name: value.float() for name, value in outputs.items()}

    def _mean(
        self, plain: dict[str, Tensor], mirrored: dict[str, Tensor], first: DecodedPoints, second: DecodedPoints
    ) -> DecodedPoints:
        if "heatmaps" in plain:
            return self._network.codec.decode({name: (value + mirrored[name]) / 2 for name, value in plain.items()})
        pairs = zip(first, second, strict=True)
        # a point that one of them lacks is the other's
        return DecodedPoints(*(torch.stack(pair).nanmean(0) for pair in pairs))


def _in_picture(crop: Crop, points: NDArray, confidence: NDArray, *doubts: NDArray) -> tuple[Keypoints, Uncertainty]:
    scale = crop.picture_scale()
    located = Keypoints.of(crop.to_picture(points), confidence=confidence)
    return located, Uncertainty(*((doubt * scale).astype(np.float32) for doubt in doubts))
