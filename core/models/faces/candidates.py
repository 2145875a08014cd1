"""Candidate boxes between the stages of MTCNN, and the box arithmetic of facenet-pytorch's cascade."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from core.foundation.arrays import Ints
from core.models.faces.area import SummedArea

CELL = 12  # pixels of a picture that one output of the first network sees
STRIDE = 2


@dataclass(frozen=True)
class Candidates:
    """Boxes that may hold a face, in one or several pictures of one size.

    Attributes
    ----------
    picture
        (N,) int64, index of the picture.
    corners
        (N, 4) float32, pixels.
    scores
        (N,) float32.
    shifts
        (N, 4) float32, how far the network would move each edge, in sides of the box.
    """

    picture: Ints
    corners: NDArray[np.float32]
    scores: NDArray[np.float32]
    shifts: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.corners)

    def __getitem__(self, which: NDArray) -> Candidates:
        return Candidates(self.picture[which], self.corners[which], self.scores[which], self.shifts[which])

    @classmethod
    def none(cls) -> Candidates:
        four = np.zeros((0, 4), np.float32)
        return cls(np.zeros(0, np.int64), four, np.zeros(0, np.float32), four)

    @classmethod
    def joined(cls, parts: list[Candidates]) -> Candidates:
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    @classmethod
    def of_map(
        cls, scores: NDArray[np.float32], shifts: NDArray[np.float32], scale: float, threshold: float
    ) -> Candidates:
        """The cells of the first network's output, (B, H, W) and (B, H, W, 4), that reach the threshold."""
        picture, row, column = np.nonzero(scores >= threshold)
        cell = np.stack([column, row], axis=1).astype(np.float32) * STRIDE
        corners = np.concatenate([np.floor((cell + 1) / scale), np.floor((cell + CELL) / scale)], axis=1)
        return cls(picture, corners.astype(np.float32), scores[picture, row, column], shifts[picture, row, column])

    def scored(self, scores: NDArray[np.float32], shifts: NDArray[np.float32]) -> Candidates:
        """The same boxes with the next network's opinion."""
        return replace(self, scores=scores, shifts=shifts)

    def without_overlaps(self, limit: float) -> Candidates:
        """Best first, without boxes that overlap a better one of the same picture by more than `limit` (IoU)."""
        indices = batched_nms(*map(torch.from_numpy, (self.corners, self.scores, self.picture)), limit)
        return self[indices.numpy()]

    def not_nested(self, limit: float) -> Ints:
        """Indices, best first, without boxes that share more than `limit` of the smaller with a better one."""
        order = np.argsort(self.scores)[::-1]
        areas = np.prod(self.corners[:, 2:] - self.corners[:, :2] + 1, axis=1)
        indices = []
        while len(order):
            best, rest = order[0], order[1:]
            indices.append(best)
            low = np.maximum(self.corners[best, :2], self.corners[rest, :2])
            high = np.minimum(self.corners[best, 2:], self.corners[rest, 2:])
            shared = np.prod(np.maximum(high - low + 1, 0), axis=1)
            apart = shared / np.minimum(areas[best], areas[rest]) <= limit
            order = rest[apart | (self.picture[rest] != self.picture[best])]
        return np.array(indices, np.int64)

    def shifted(self, extra: float = 1.0) -> Candidates:
        """Moved by `shifts`; the later stages count a side as one pixel (`extra`) longer than the corners are apart."""
        sides = self.corners[:, 2:] - self.corners[:, :2] + np.float32(extra)
        return replace(self, corners=self.corners + self.shifts * np.tile(sides, 2))

    def squared(self) -> Candidates:
        """Grown to squares around the same middle."""
        sides = self.corners[:, 2:] - self.corners[:, :2]
        longest = sides.max(axis=1, keepdims=True)
        low = self.corners[:, :2] + sides * np.float32(0.5) - longest * np.float32(0.5)
        return replace(self, corners=np.concatenate([low, low + longest], axis=1))

    def cut_out(self, areas: list[SummedArea], side: int) -> tuple[Candidates, NDArray[np.float32]]:
        """Those that lie in the picture, and their (N, side, side, 3) float32 pixels."""
        spans = np.trunc(self.corners).astype(np.int64)
        spans[:, :2] = np.maximum(spans[:, :2], 1) - 1  # the library counts the first pixel as 1
        spans[:, 2:] = np.minimum(spans[:, 2:], (areas[0].width, areas[0].height))
        inside = np.flatnonzero(np.all(spans[:, 2:] > spans[:, :2], axis=1))
        candidates, spans = self[inside], spans[inside]
        crops = np.empty((len(candidates), side, side, 3), np.float32)
        for index in np.unique(candidates.picture):
            of_picture = candidates.picture == index
            crops[of_picture] = areas[index].crops(spans[of_picture], side)
        return candidates, crops
