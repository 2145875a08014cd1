"""Changes of pixels that move nothing: colour, grey, blur and a covered rectangle, by torchvision's functions.

Their numbers are drawn here from the sample's own generator: the library's random classes draw from torch's global
one, which threads share.
"""

import math
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as pixelwise

_HUE: Final = 0.1  # of the colour setting, in turns of the colour circle
_BLUR: Final = (0.002, 0.015)  # sigma as a share of the longer side
_OCCLUDED: Final = (0.1, 0.4)  # a covered rectangle's sides as a share of the crop's


def paint(
    image: Tensor, rng: np.random.Generator, *, colour: float, grey: float, blur: float, occlusion: float
) -> Tensor:
    """Change (3, H, W) uint8: colour, grey, blur, then one covered rectangle; gives the same shape and dtype.

    `colour` is an extent from 0 to 1, the others are chances.
    """
    image = _tint(image, colour, rng.uniform(-1, 1, 4).tolist())
    if rng.uniform() < grey:
        image = pixelwise.rgb_to_grayscale(image, num_output_channels=3)
    if rng.uniform() < blur:
        image = _blur(image, rng.uniform(*_BLUR) * max(image.shape[-2:]))
    if rng.uniform() < occlusion:
        image = _cover(image, rng)
    return image


def _tint(image: Tensor, colour: float, draws: list[float]) -> Tensor:
    if not colour:
        return image
    brightness, contrast, saturation = (1 + colour * draw for draw in draws[:3])
    image = pixelwise.adjust_brightness(image, brightness)
    image = pixelwise.adjust_contrast(image, contrast)
    image = pixelwise.adjust_saturation(image, saturation)
    return pixelwise.adjust_hue(image, _HUE * colour * draws[3])


def _blur(image: Tensor, sigma: float) -> Tensor:
    sigma = max(sigma, 0.1)
    # The kernel is symmetric, so its side is odd; the reflected border cannot be wider than the image.
    side = min(2 * math.ceil(3 * sigma) + 1, (min(image.shape[-2:]) - 1) // 2 * 2 + 1)
    return pixelwise.gaussian_blur(image, [side, side], [sigma, sigma])


def _cover(image: Tensor, rng: np.random.Generator) -> Tensor:
    height, width = image.shape[-2:]
    tall, wide = (max(1, round(rng.uniform(*_OCCLUDED) * side)) for side in (height, width))
    top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    colour = torch.from_numpy(rng.integers(0, 256, (3, 1, 1), dtype=np.uint8))
    return pixelwise.erase(image, top, left, tall, wide, colour.expand(3, tall, wide))
