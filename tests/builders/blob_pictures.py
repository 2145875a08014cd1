"""Pictures whose points can be found again in their pixels."""

from __future__ import annotations

import numpy as np


def blobs(points: np.ndarray, size: tuple[int, int], sigma: float = 2.5) -> np.ndarray:
    """A black (H, W, 3) picture with a white Gaussian on each point."""
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    squares = [(x - px) ** 2 + (y - py) ** 2 for px, py in points]
    grey = np.sum([np.exp(-square / (2 * sigma**2)) for square in squares], axis=0)
    return np.repeat(np.round(230 * np.clip(grey, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)


def centroid(image: np.ndarray, near: np.ndarray, reach: int = 8) -> np.ndarray:
    """Where the blob near a place lies: the mean of the pixels about it, weighted by their brightness."""
    left, top = (int(value) for value in np.round(near) - reach)
    patch = image[top : top + 2 * reach + 1, left : left + 2 * reach + 1, 0].astype(float)
    patch = np.clip(patch - 0.08 * patch.max(), 0, None)
    x, y = np.arange(left, left + patch.shape[1]), np.arange(top, top + patch.shape[0])
    return np.array([(patch.sum(axis=0) * x).sum(), (patch.sum(axis=1) * y).sum()]) / patch.sum()
