"""What the network that looks for people says: its anchors, and what stands in its outputs."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Indices
from core.foundation.geometry import iou

SIDE: Final = 224  # of the square that the network looks at
_STRIDES: Final = (8, 16, 32, 32, 32)
_PER_CELL: Final = 2
_PAIRS: Final = 6  # of an anchor: middle and sides of a box, then four points


@dataclass(frozen=True)
class Detections:
    """People in one square, the surest first, in pixels of the square (its first pixel covers 0 to 1).

    Attributes
    ----------
    boxes
        (N, 4) left, top, right, bottom: of the head and shoulders, as the network was taught.
    points
        (N, 4, 2): middle of the hips, top of the whole body, middle of the shoulders, top of the upper body.
    scores
        (N,) in [0, 1].
    """

    boxes: Floats
    points: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)


def anchors() -> Floats:
    """(2254, 2) the middles of the anchors in pixels of the square: row by row, two for each cell of each layer."""
    layers = []
    for stride in _STRIDES:
        along = (np.arange(SIDE // stride) + 0.5) * stride
        down, across = np.meshgrid(along, along, indexing="ij")
        layers.append(np.repeat(np.stack([across.ravel(), down.ravel()], axis=1), _PER_CELL, axis=0))
    return _by_stride(layers)


def _by_stride(layers: list[Floats]) -> Floats:
    """Layers of one stride share their cells: all anchors of a cell stand together."""
    merged: list[Floats] = []
    for stride in dict.fromkeys(_STRIDES):
        same = [layer for layer, own in zip(layers, _STRIDES, strict=True) if own == stride]
        cells = [layer.reshape(-1, _PER_CELL, 2) for layer in same]
        merged.append(np.concatenate(cells, axis=1).reshape(-1, 2))
    return np.concatenate(merged)


def read_detections(numbers: NDArray, logits: NDArray, least: float) -> Detections:
    """What reaches a score, the surest first.

    Parameters
    ----------
    numbers
        2254 x 12 of them: each point relative to its anchor, in pixels of the square.
    logits
        2254 of them.
    least
        Score from which an anchor counts.
    """
    scores = 1 / (1 + np.exp(-np.clip(np.asarray(logits, np.float64), -100, 100)))
    rows = np.flatnonzero(scores >= least)
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    places = np.asarray(numbers, np.float64).reshape(-1, _PAIRS, 2)[rows]
    places[:, [0, 2, 3, 4, 5]] += anchors()[rows][:, None]
    middles, sides = places[:, 0], places[:, 1]
    boxes = np.concatenate([middles - sides / 2, middles + sides / 2], axis=1)
    return Detections(boxes, places[:, 2:], scores[rows])


def weighted(found: Detections, limit: float) -> Detections:
    """One for each group of those that overlap the surest of it by more than `limit` (IoU): their mean by score."""
    left: Indices = np.arange(len(found))
    boxes, points, scores = [], [], []
    while len(left):
        best = left[0]
        near = iou(found.boxes[best], found.boxes[left])[0] > limit
        near[0] = True  # a box without area overlaps nothing, itself neither
        group, left = left[near], left[~near]
        weights = found.scores[group] / found.scores[group].sum()
        boxes.append(weights @ found.boxes[group])
        points.append(np.tensordot(weights, found.points[group], axes=1))
        scores.append(found.scores[best])
    if not boxes:
        return found
    return Detections(np.stack(boxes), np.stack(points), np.array(scores))
