"""Cutting an instance out of a picture, and the way back for its points.

One affine map serves pixels and points, so they cannot part. It follows the unit-length convention of UDP (Huang et
al., "The Devil is in the Details: Delving into Unbiased Data Processing for Human Pose Estimation", CVPR 2020): a size
is a distance between pixel centres, so a crop of the size ``s`` lands on pixels 0 to W - 1 of an output of W pixels,
and a mirrored picture needs no shift (x becomes W - 1 - x).

>>> crop = Crop.around((120.0, 80.0, 300.0, 290.0), output=(192, 256))
>>> crop.cut(np.zeros((480, 640, 3), np.uint8)).shape
(256, 192, 3)
>>> crop.to_picture(crop.to_crop(np.array([[150.0, 100.0]]))).round(6).tolist()
[[150.0, 100.0]]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.foundation.arrays import Floats, Indices, is_picture
from core.foundation.errors import BadInput

FINEST: Final = 1.5  # a region is kept with at most so many pixels per pixel of a crop


@dataclass(frozen=True)
class Crop:
    """A rectangle of a picture, perhaps turned and mirrored, that becomes an image of a fixed size.

    Attributes
    ----------
    centre
        x and y in pixels of the picture; it lands on ((W - 1) / 2, (H - 1) / 2).
    size
        Width and height in pixels of the picture, between the centres of the outermost pixels.
    output
        (W, H) of the image, at least 2 each.
    rotation
        Degrees by which the rectangle is turned in the picture, clockwise as seen on the screen.
    mirrored
        Whether the image is mirrored left-right after the cut.

    Raises
    ------
    BadInput
        If a number is not finite, a size is not above 0 or the output has fewer than 2 pixels on a side.
    """

    centre: tuple[float, float]
    size: tuple[float, float]
    output: tuple[int, int]
    rotation: float = 0.0
    mirrored: bool = False

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (*self.centre, *self.size, self.rotation))):
            raise BadInput("crops.not_finite", centre=self.centre, size=self.size)
        if min(self.size) <= 0:
            raise BadInput("crops.no_size", size=self.size)
        if min(self.output) < 2:
            raise BadInput("crops.output", width=self.output[0], height=self.output[1])

    @classmethod
    def around(cls, box: Sequence[float] | NDArray, output: tuple[int, int], padding: float = 1.25) -> Crop:
        """The upright crop around a box, with square pixels.

        Parameters
        ----------
        box
            Left, top, right, bottom in pixels of the picture; may reach over its edge.
        output
            (W, H) of the image.
        padding
            What the box is multiplied by, about its centre, before its shorter side grows to the output's shape.

        Raises
        ------
        BadInput
            If the box is not four finite numbers with right > left and bottom > top, or as `Crop` says.
        """
        corners = np.asarray(box, np.float64)
        if corners.shape != (4,) or not np.isfinite(corners).all() or (corners[2:] <= corners[:2]).any():
            raise BadInput("crops.box", box=box)
        left, top, right, bottom = corners.tolist()
        if min(output) < 2:
            raise BadInput("crops.output", width=output[0], height=output[1])
        scale = padding * max((right - left) / (output[0] - 1), (bottom - top) / (output[1] - 1))
        size = (scale * (output[0] - 1), scale * (output[1] - 1))
        return cls(((left + right) / 2, (top + bottom) / 2), size, output)

    def matrix(self) -> Floats:
        """(2, 3) float64: what takes (x, y, 1) of the picture to the crop, mirroring included."""
        scale = (np.array(self.output, np.float64) - 1) / np.array(self.size, np.float64)
        angle = math.radians(self.rotation)
        cosine, sine = math.cos(angle), math.sin(angle)
        turned = scale[:, None] * np.array([[cosine, sine], [-sine, cosine]])  # back by the frame's own turn
        middle = (np.array(self.output, np.float64) - 1) / 2
        whole = np.column_stack([turned, middle - turned @ np.array(self.centre, np.float64)])
        if self.mirrored:
            whole[0] *= -1
            whole[0, 2] += self.output[0] - 1
        return whole

    def cut(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The pixels: (H, W, 3) uint8 out of an (h, w, 3) uint8 picture, bilinear, black outside the picture.

        Bilinear reads four pixels whatever the scale, so a crop much larger than its output would alias: its part of
        the picture is averaged down first (`PictureRegion`).

        Raises
        ------
        BadInput
            If the picture is not (h, w, 3) uint8 or has no pixels.
        """
        if not is_picture(image):
            raise BadInput("arrays.picture", shape=image.shape, dtype=image.dtype)
        width, height = self.output
        corners = self.to_picture([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]])
        region = PictureRegion.of(image, corners.min(axis=0), corners.max(axis=0), self.finest())
        return np.zeros((height, width, 3), np.uint8) if region is None else region.cut(self)

    def finest(self) -> float:
        """The scale, at most 1, at which a picture still has `FINEST` pixels for each pixel of the crop."""
        return min(1.0, FINEST * max((self.output[i] - 1) / self.size[i] for i in range(2)))

    def to_crop(self, points: ArrayLike) -> Floats:
        """(..., 2) points of the picture -> the same shape in pixels of the crop, float64; NaN stays NaN."""
        matrix = self.matrix()
        return _points(points) @ matrix[:, :2].T + matrix[:, 2]

    def to_picture(self, points: ArrayLike) -> Floats:
        """(..., 2) points of the crop -> the same shape in pixels of the picture, float64; NaN stays NaN."""
        matrix = self.matrix()
        return (_points(points) - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T

    def picture_scale(self) -> float:
        """Pixels of the picture for one pixel of the crop: the geometric mean of both axes."""
        return math.sqrt(self.size[0] / (self.output[0] - 1) * self.size[1] / (self.output[1] - 1))


class PictureRegion(NamedTuple):
    """A part of a picture, averaged down where the picture is far finer than the crops that are cut from it.

    Attributes
    ----------
    pixels
        (h, w, 3) uint8.
    matrix
        (3, 3) float64, from the picture to these pixels.
    """

    pixels: NDArray[np.uint8]
    matrix: Floats

    @classmethod
    def of(cls, image: NDArray[np.uint8], low: ArrayLike, high: ArrayLike, scale: float) -> PictureRegion | None:
        """What lies between two corners (x, y), in pixels of the picture, at a scale of at most 1; None for nothing.

        One pixel more comes along at each side, so that interpolation finds the picture there and not its end.
        """
        height, width = image.shape[:2]
        first, last = np.asarray(low, np.float64) - 1 / scale, np.asarray(high, np.float64) + 1 / scale
        left, right = _span(first[0], last[0], width)
        top, bottom = _span(first[1], last[1], height)
        if right <= left or bottom <= top:
            return None
        part = image[top:bottom, left:right]
        size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
        if size != (right - left, bottom - top):
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        x, y = size[0] / (right - left), size[1] / (bottom - top)
        # areas were averaged, so the corners of the pixels stay where they are, not their centres
        matrix = np.array([[x, 0, (0.5 - left) * x - 0.5], [0, y, (0.5 - top) * y - 0.5], [0, 0, 1.0]], np.float64)
        return cls(part, matrix)

    def cut(self, crop: Crop) -> NDArray[np.uint8]:
        """(H, W, 3) uint8: a crop out of this part, interpolated once; black beyond it."""
        matrix = np.vstack([crop.matrix(), (0, 0, 1)]) @ np.linalg.inv(self.matrix)
        return np.asarray(cv2.warpAffine(self.pixels, matrix[:2], crop.output, flags=cv2.INTER_LINEAR), np.uint8)


def _span(low: float, high: float, length: int) -> tuple[int, int]:
    """First and end pixel of a side: whole pixels, none beyond the picture."""
    first, end = math.floor(low), math.ceil(high) + 1
    return min(max(first, 0), length), max(min(end, length), 0)


def _points(points: ArrayLike) -> Floats:
    xy = np.asarray(points, np.float64)
    if xy.ndim < 1 or xy.shape[-1] != 2:
        raise BadInput("arrays.shape", name="points", shape="(..., 2)", found=xy.shape)
    return xy


def mirror_order(count: int, flip_pairs: Sequence[tuple[int, int]]) -> Indices:
    """Where each point's row comes from once a picture is mirrored: ``mirrored_points = points[order]``.

    Parameters
    ----------
    count
        K, the number of points.
    flip_pairs
        Index pairs that change places; every other point stays.

    Returns
    -------
    (K,) intp, an involution: ``order[order[k]] == k``.

    Raises
    ------
    BadInput
        If an index is not below K, or occurs twice.
    """
    named = [index for pair in flip_pairs for index in pair]
    outside = [index for index in named if not 0 <= index < count]
    if outside:
        raise BadInput("crops.flip_outside", point=outside[0], last=count - 1)
    twice = [index for index in sorted(set(named)) if named.count(index) > 1]
    if twice:
        raise BadInput("crops.flip_twice", point=twice[0])
    order = np.arange(count, dtype=np.intp)
    for first, second in flip_pairs:
        order[first], order[second] = second, first
    return order
