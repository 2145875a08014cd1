"""Changing samples so that a network sees more than its labels: geometry on image and points together, then pixels.

The geometry is a `Crop`: one affine map in the convention of UDP takes pixels and points alike, so they cannot part,
and no label is clipped or rounded. What changes pixels alone comes from torchvision, with every number drawn here.

Each sample's numbers come from (recipe seed, epoch, index): neither the batch nor the thread it is made on matters.
Importing this module loads no torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Box
from core.foundation.errors import BadInput
from core.foundation.skeletons import Skeleton
from core.media.crops import Crop, mirror_order
from core.training.samples import CropSource

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """How far samples are changed; 0 turns a change off.

    Attributes
    ----------
    rotation
        Degrees to either side, uniform.
    scale
        The crop is between 1 / (1 + scale) and 1 + scale times the plain one, uniform in the logarithm.
    shift
        Share of the crop's width and height by which its centre moves to either side, uniform.
    mirror, blur, grey, occlusion
        Probability of each: mirrored left-right, Gaussian blur with sigma 0.2 to 1.5 % of the longer side, grey, one
        rectangle of 10 to 40 % of each side in one colour. A covered point stays present: it is occluded, not absent.
    colour
        Brightness, contrast and saturation are between 1 - colour and 1 + colour times the original, hue turns by up
        to a tenth of it; uniform.

    Raises
    ------
    BadInput
        If a probability or a share is not in [0, 1], or an extent is negative.
    """

    rotation: float = 30.0
    scale: float = 0.25
    shift: float = 0.1
    mirror: float = 0.5
    colour: float = 0.4
    blur: float = 0.2
    grey: float = 0.1
    occlusion: float = 0.3

    def __post_init__(self) -> None:
        for name in ("mirror", "colour", "blur", "grey", "occlusion", "shift"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadInput("training.augmentation", name=name, value=getattr(self, name))
        if not 0 <= self.rotation <= 180:
            raise BadInput("training.rotation", value=self.rotation)
        if not 0 <= self.scale < math.inf:
            raise BadInput("training.scale", value=self.scale)

    def margin(self, output: tuple[int, int]) -> float:
        """How many times the plain crop covers every crop that can be drawn (`CropSource`'s margin)."""
        ratio = max(output) / min(output)
        angle = math.radians(min(self.rotation, math.degrees(math.atan(ratio))))
        turned = math.cos(angle) + ratio * math.sin(angle)  # the side that grows most: the shorter one
        return (1 + self.scale) * turned + 2 * self.shift

    def draw(self, box: Box, output: tuple[int, int], rng: np.random.Generator, padding: float = 1.25) -> Crop:
        """A crop near the plain one. Five numbers are drawn whatever the settings."""
        plain = Crop.around(box, output, padding)
        turn, zoom, right, down = rng.uniform(-1, 1, 4).tolist()
        factor = (1 + self.scale) ** zoom
        (x, y), (width, height) = plain.centre, plain.size
        return Crop(
            centre=(x + right * self.shift * width, y + down * self.shift * height),
            size=(width * factor, height * factor),
            output=output,
            rotation=turn * self.rotation,
            mirrored=bool(rng.uniform() < self.mirror),
        )

    def paint(self, image: Tensor, rng: np.random.Generator) -> Tensor:
        """Change the pixels of (3, H, W) uint8 where they are (`core.training.pixel_changes`)."""
        from core.training.pixel_changes import paint

        return paint(image, rng, colour=self.colour, grey=self.grey, blur=self.blur, occlusion=self.occlusion)


@dataclass(frozen=True, eq=False)
class Batch:
    """Samples as a network wants them.

    Attributes
    ----------
    images
        (N, 3, H, W) float32, RGB in [0, 1].
    points
        (N, K, 2) float32 in pixels of the crop, in the skeleton's order (left and right exchanged where mirrored);
        NaN where not labelled. A point outside the crop is not present but keeps its true place.
    present
        (N, K) bool.
    pseudo
        N tasks of pseudo-labels; None for a human's label.
    crops
        N crops, the way back to the pictures.
    order
        (K,) int64: the mirror order of the points.
    """

    images: Tensor
    points: Tensor
    present: Tensor
    pseudo: tuple[str | None, ...]
    crops: tuple[Crop, ...]
    order: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def to_picture(self, points: Tensor) -> Tensor:
        """(N, K, 2) points of the crops -> pixels of the pictures, in the picture's order; differentiable."""
        import torch

        matrices = np.stack([crop.matrix() for crop in self.crops])
        back = torch.from_numpy(np.linalg.inv(matrices[:, :, :2])).to(points)
        corner = torch.from_numpy(matrices[:, None, :, 2]).to(points)
        placed = (points - corner) @ back.transpose(1, 2)
        mirrored = torch.tensor([crop.mirrored for crop in self.crops], device=points.device)
        return torch.where(mirrored[:, None, None], placed[:, self.order.to(points.device)], placed)


def batch(
    source: CropSource,
    indices: Sequence[int],
    augmentation: Augmentation | None,
    skeleton: Skeleton,
    rng: Sequence[int] = (),
    *,
    together: bool = False,
) -> Batch:
    """Samples of a source, changed at random or, without an augmentation, as they are.

    Parameters
    ----------
    source
        The crops.
    indices
        Which samples, in this order.
    augmentation
        None for validation: the plain crops.
    skeleton
        Which points change places in a mirrored crop.
    rng
        Whole numbers from 0: the recipe's seed and the epoch. With the index they seed each sample's own generator.
    together
        Change all samples alike (by the first one's numbers), each about its own box: for windows of a clip.

    Raises
    ------
    BadInput
        If there are no indices, or a sample has not the skeleton's number of points.
    """
    import torch

    if not len(indices):
        raise BadInput("training.no_sample")
    order = mirror_order(len(skeleton), skeleton.flip_pairs)
    images, points, present, crops = [], [], [], []
    for index in indices:
        sample = source.samples[index]
        if len(sample.keypoints) != len(skeleton):
            raise BadInput(
                "training.sample_points",
                of=sample.name,
                count=len(sample.keypoints),
                skeleton=skeleton.name,
                wanted=len(skeleton),
            )
        own = np.random.default_rng([*rng, indices[0] if together else index])
        crop = (
            source.crop(index)
            if augmentation is None
            else augmentation.draw(sample.box, source.output, own, source.padding)
        )
        taken = source.take(index, crop)
        rows = order if crop.mirrored else slice(None)
        images.append(_pixels(taken.image, augmentation, own))
        points.append(taken.points[rows])
        present.append(taken.present[rows])
        crops.append(crop)
    return Batch(
        images=torch.stack(images).float().div_(255),
        points=torch.from_numpy(np.stack(points)),
        present=torch.from_numpy(np.stack(present)),
        pseudo=tuple(source.samples[index].pseudo for index in indices),
        crops=tuple(crops),
        order=torch.from_numpy(order.astype(np.int64)),
    )


def _pixels(image: NDArray[np.uint8], augmentation: Augmentation | None, rng: np.random.Generator) -> Tensor:
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
    return tensor if augmentation is None else augmentation.paint(tensor, rng)
