"""The arrays that pass between models, metrics, formats and services.

Legend
------
- N: number of instances (faces or people)
- K: number of points in a skeleton
- D: length of an embedding

Coordinates are pixels of the *upright* picture (EXIF orientation applied), x to the right, y down. The centre of
the top-left pixel is (0, 0), as in OpenCV and dlib, so the picture covers [-0.5, width - 0.5].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Indices = NDArray[np.intp]
Box = tuple[float, float, float, float]  # left, top, right, bottom

ABSENT: Final = 0  # not labelled: x and y mean nothing
HIDDEN: Final = 1  # labelled, but covered by something
VISIBLE: Final = 2  # labelled and seen
BOX_SOURCES: Final = ("detector", "file", "drawn", "points", "picture")  # where a box comes from: `db.tables.BoxSource`
_COLUMNS: Final = 4
_UNIT_TOLERANCE: Final = 1e-3


@dataclass(frozen=True)
class Keypoints:
    """The points of one instance.

    Attributes
    ----------
    points
        (K, 2) float32, x and y in pixels; NaN where the point is absent.
    visibility
        (K,) uint8: 0 absent, 1 occluded, 2 visible (as in COCO).
    confidence
        (K,) float32 in [0, 1]; 1 for a human's point, NaN where a model gives none.

    Raises
    ------
    BadInput
        If shapes disagree, a visibility is not 0, 1 or 2, or a present point is not finite.
    """

    points: NDArray[np.float32]
    visibility: NDArray[np.uint8]
    confidence: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.points)
        if self.points.shape != (count, 2):
            raise BadInput("arrays.shape", name="points", shape="(K, 2)", found=self.points.shape)
        for name in ("visibility", "confidence"):
            shape = getattr(self, name).shape
            if shape != (count,):
                raise BadInput("arrays.length", name=name, count=count, found=shape)
        if not np.isin(self.visibility, (ABSENT, HIDDEN, VISIBLE)).all():
            raise BadInput("arrays.visibility", found=sorted(set(self.visibility.tolist())))
        if not np.isfinite(self.points[self.visibility > ABSENT]).all():
            raise BadInput("arrays.point_not_finite")

    @classmethod
    def of(cls, points: NDArray, visibility: NDArray | None = None, confidence: NDArray | None = None) -> Keypoints:
        """Coerce plain arrays (K, 2), (K,), (K,); points that are NaN are absent, others visible, confidence is 1.

        Raises `BadInput` as the class does.
        """
        xy = np.array(points, dtype=np.float32)
        if xy.shape[1:] != (2,):
            raise BadInput("arrays.shape", name="points", shape="(K, 2)", found=xy.shape)
        if visibility is None:
            visibility = np.where(np.isfinite(xy).all(axis=1), VISIBLE, ABSENT)
        if confidence is None:
            confidence = np.ones(len(xy))
        given = np.asarray(visibility)
        seen = given.astype(np.uint8)
        if not np.array_equal(seen, given):  # 257 would become 1
            raise BadInput("arrays.visibility", found=sorted(set(given.ravel().tolist())))
        if seen.shape == (len(xy),):
            xy[seen == ABSENT] = np.nan
        return cls(xy, seen, np.array(confidence, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.points)

    def without(self, rows: Bools, others: Keypoints | None = None) -> Keypoints:
        """The same points but for those of (K,) `rows`: these are absent, or as they are in `others`."""
        points, visibility, confidence = self.points.copy(), self.visibility.copy(), self.confidence.copy()
        points[rows], visibility[rows], confidence[rows] = np.nan, ABSENT, np.nan
        if others is not None:
            points[rows], visibility[rows] = others.points[rows], others.visibility[rows]
            confidence[rows] = others.confidence[rows]
        return Keypoints(points, visibility, confidence)

    def to_bytes(self) -> bytes:
        """Pack as K rows of little-endian float32 (x, y, visibility, confidence): 16 bytes a point."""
        table = np.empty((len(self), _COLUMNS), dtype="<f4")
        table[:, :2] = self.points
        table[:, 2] = self.visibility
        table[:, 3] = self.confidence
        return table.tobytes()

    def only(self, chosen: Bools) -> Keypoints:
        """The points of the (K,) bool `chosen`; the others are absent."""
        seen = np.where(chosen, self.visibility, ABSENT)
        return Keypoints.of(self.points, seen, np.where(seen == ABSENT, 1, self.confidence))

    def taking(self, others: Keypoints, chosen: Bools) -> Keypoints:
        """The points, of which those of the (K,) bool `chosen` are as in others."""
        return Keypoints(
            np.where(chosen[:, None], others.points, self.points),
            np.where(chosen, others.visibility, self.visibility),
            np.where(chosen, others.confidence, self.confidence),
        )

    @staticmethod
    def any_in(blob: bytes) -> bool:
        """Whether any point of what `to_bytes` made is present, without unpacking it."""
        return bool((np.frombuffer(blob, dtype="<f4")[2::_COLUMNS] > ABSENT).any())

    @staticmethod
    def same_places(one: bytes, other: bytes) -> bool:
        """Whether in two of what `to_bytes` made each point lies where it lies in the other, and is seen alike."""
        first, second = (np.frombuffer(blob, dtype="<f4").reshape(-1, _COLUMNS)[:, :3] for blob in (one, other))
        return bool(np.array_equal(first, second, equal_nan=True))

    @classmethod
    def from_bytes(cls, blob: bytes) -> Keypoints:
        """Unpack what `to_bytes` made; BadInput for bytes of another length or of no such points."""
        if len(blob) % (_COLUMNS * 4):
            raise BadInput("arrays.keypoint_blob", count=len(blob))
        table = np.frombuffer(blob, dtype="<f4").reshape(-1, _COLUMNS)
        return cls(table[:, :2].copy(), table[:, 2].astype(np.uint8), table[:, 3].copy())

    @staticmethod
    def unpack_all(
        blobs: Sequence[bytes], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
        """Unpack N blobs of `count` points each, many times quicker than one by one.

        Returns
        -------
        points, visibility, confidence
            (N, K, 2) float32, (N, K) uint8, (N, K) float32, as the attributes of each.

        Raises
        ------
        BadInput
            As for one, or if a blob holds another number of points.
        """
        table = _joined(blobs, count, _COLUMNS)
        points, seen, confidence = table[..., :2].copy(), table[..., 2].astype(np.uint8), table[..., 3].copy()
        if (seen > VISIBLE).any():
            raise BadInput("arrays.visibility", found=sorted(set(seen.ravel().tolist())))
        if not np.isfinite(points[seen > ABSENT]).all():
            raise BadInput("arrays.point_not_finite")
        return points, seen, confidence


def _joined(blobs: Sequence[bytes], count: int, columns: int) -> NDArray[np.float32]:
    """(N, count, columns) float32, read-only."""
    size = count * columns * 4
    for blob in blobs:
        if len(blob) != size:
            raise BadInput("arrays.stored_points", count=count, size=size, found=len(blob))
    return np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), count, columns)


@dataclass(frozen=True)
class Boxes:
    """Detected faces or people of one picture.

    Attributes
    ----------
    corners
        (N, 4) float32: left, top, right, bottom in pixels. May reach over the picture's edge.
    scores
        (N,) float32 in [0, 1].
    five_points
        (N, 5, 2) float32: left eye, right eye (as seen in the picture), nose, left and right mouth corner.

    Raises
    ------
    BadInput
        If the shapes disagree.
    """

    corners: NDArray[np.float32]
    scores: NDArray[np.float32]
    five_points: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.corners)
        for name, shape in (("corners", (count, 4)), ("scores", (count,)), ("five_points", (count, 5, 2))):
            found = getattr(self, name).shape
            if found != shape:
                raise BadInput("arrays.shape", name=name, shape=shape, found=found)

    def __len__(self) -> int:
        return len(self.corners)

    @classmethod
    def none(cls) -> Boxes:
        """No instance found."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


@dataclass(frozen=True)
class Uncertainty:
    """How unsure a model is of each point of one instance, in pixels of the picture; NaN where it cannot say.

    Attributes
    ----------
    spread
        (K,) float32: standard deviation of the heatmap around the point, averaged over x and y.
    neighbours
        (K,) float32: RMS distance of several predictions of the point from their mean: its own and its neighbours'
        (PIPNet), or two models' (dlib-mesh).
    flip
        (K,) float32: distance between the point and the one found in the mirrored picture.

    Raises
    ------
    BadInput
        If the shapes disagree.
    """

    spread: NDArray[np.float32]
    neighbours: NDArray[np.float32]
    flip: NDArray[np.float32]

    def __post_init__(self) -> None:
        shapes = {self.spread.shape, self.neighbours.shape, self.flip.shape}
        if len(shapes) > 1 or self.spread.ndim != 1:
            raise BadInput("arrays.doubt_shapes", shapes=sorted(shapes))

    @classmethod
    def unknown(cls, count: int) -> Uncertainty:
        """Of a model that states none, about `count` points."""
        return cls(*(np.full(count, np.nan, np.float32) for _ in range(3)))

    @property
    def stated(self) -> bool:
        """Whether it says anything of any point."""
        return bool(np.isfinite([self.spread, self.neighbours, self.flip]).any())

    def without(self, rows: Bools) -> Uncertainty:
        """The same, but nothing stated of the points of (K,) `rows`."""
        return Uncertainty(
            *(np.where(rows, np.float32(np.nan), kind) for kind in (self.spread, self.neighbours, self.flip))
        )

    def __len__(self) -> int:
        return len(self.spread)

    def to_bytes(self) -> bytes:
        """Pack as K rows of little-endian float32 (spread, neighbours, flip): 12 bytes a point."""
        return np.stack([self.spread, self.neighbours, self.flip], axis=1).astype("<f4").tobytes()

    @classmethod
    def from_bytes(cls, blob: bytes) -> Uncertainty:
        """Unpack what `to_bytes` made; BadInput for bytes of another length or of no such points."""
        if len(blob) % 12:
            raise BadInput("arrays.doubt_blob", count=len(blob))
        spread, neighbours, flip = np.frombuffer(blob, dtype="<f4").reshape(-1, 3).T.copy()
        return cls(spread, neighbours, flip)

    @staticmethod
    def unpack_all(blobs: Sequence[bytes], count: int) -> NDArray[np.float32]:
        """(N, K, 3) float32 spread, neighbours and flip of N blobs of `count` points each.

        Raises
        ------
        BadInput
            If a blob holds another number of points.
        """
        return _joined(blobs, count, 3)


def integers(written: str) -> Ints:
    """(N,) of numbers with commas between them, as whole columns are read from the store."""
    return np.fromstring(written, np.int64, sep=",")


def is_picture(array: NDArray) -> bool:
    """Whether an array is a picture: (H, W, 3) uint8 with at least one pixel."""
    return array.shape[2:] == (3,) and array.dtype == np.uint8 and array.size > 0


def are_unit(vectors: NDArray) -> Bools:
    """(N,) bool which of N vectors (N, D) have the length 1, to a thousandth: none with NaN, and none of zeros."""
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return np.asarray(np.abs(length - 1) <= _UNIT_TOLERANCE)


def finite_or_none(value: float) -> float | None:
    """A figure as JSON can hold it: None where it is no finite number."""
    return float(value) if np.isfinite(value) else None
