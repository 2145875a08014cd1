from __future__ import annotations

import numpy as np

from core.foundation.arrays import Keypoints
from core.foundation.skeletons import Skeleton
from core.training.augmentation import Augmentation, Batch
from core.training.samples import CropSource, Sample
from tests.builders.blob_pictures import blobs

PAIRED = Skeleton("paired", "face", ("left_eye", "right_eye", "nose", "chin"), (), ((0, 1),), {})
POINTS = np.array([[62.3, 50.9], [110.6, 47.2], [90.0, 96.4], [70.5, 120.75]], np.float32)
BOX = (40.0, 30.0, 130.0, 140.0)
OFF = Augmentation(rotation=0, scale=0, shift=0, mirror=0, colour=0, blur=0, grey=0, occlusion=0)
PIXELS = {"colour": 0.5, "blur": 1.0, "grey": 1.0, "occlusion": 1.0}


def source_of(
    points: np.ndarray = POINTS,
    count: int = 1,
    output: tuple[int, int] = (128, 128),
    augmentation: Augmentation | None = None,
) -> CropSource:
    picture = blobs(points, (180, 170))
    margin = (augmentation or Augmentation()).margin(output)
    samples = [Sample(picture, BOX, Keypoints.of(points), 10 + i, f"{i}.png", "g") for i in range(count)]
    return CropSource(samples, output, margin=margin)


def pixels(made: Batch, index: int = 0) -> np.ndarray:
    return np.round(made.images[index].permute(1, 2, 0).numpy() * 255)
