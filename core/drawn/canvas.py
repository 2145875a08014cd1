"""A small painter: soft, anti-aliased polygons on a supersampled float picture.

Coordinates are pixels of the finished picture, the centre of its top-left pixel being (0, 0); the canvas maps them to
its own finer grid, so what is painted and what is recorded as truth come from the same numbers.
"""

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.foundation.arrays import Floats

Raster = NDArray[np.float32]
Colour = tuple[float, float, float]

_SUBPIXEL_BITS = 4


class Canvas:
    """Layers blended onto one RGB picture.

    Attributes
    ----------
    rgb
        (height x oversample, width x oversample, 3) float32, 0 to 255.
    """

    def __init__(self, width: int, height: int, oversample: int = 2) -> None:
        self.width, self.height, self.oversample = width, height, oversample
        self.rgb: Raster = np.zeros((height * oversample, width * oversample, 3), np.float32)

    def fill(
        self,
        points: ArrayLike,
        colour: Colour,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        within: ArrayLike | None = None,
    ) -> None:
        """Blend a polygon in.

        Parameters
        ----------
        points
            (N, 2) corners in pixels of the finished picture.
        colour
            Red, green, blue, 0 to 255.
        alpha
            Opacity, 0 to 1.
        soft
            Standard deviation in pixels of the Gaussian that softens the edge.
        within
            A second polygon outside of which nothing is painted.
        """
        polygon = np.asarray(points, np.float64)
        region = self._region(polygon, soft)
        if region is None:
            return
        mask = self._mask(polygon, soft, region)
        if within is not None:
            mask *= self._mask(np.asarray(within, np.float64), 0.0, region)
        mask *= alpha
        left, top, right, bottom = region
        target = self.rgb[top:bottom, left:right]
        # target + mask * (colour - target); broadcasting one mask over three channels would take twice as long
        change = np.full_like(target, colour)
        change -= target
        change *= cv2.merge((mask, mask, mask))
        target += change

    def stroke(
        self,
        points: ArrayLike,
        widths: ArrayLike,
        colour: Colour,
        *,
        alpha: float = 1.0,
        soft: float = 0.0,
        within: ArrayLike | None = None,
    ) -> None:
        """Paint a line along (N, 2) points whose full width in pixels is one number or (N,) numbers."""
        self.fill(ribbon(points, widths), colour, alpha=alpha, soft=soft, within=within)

    def soften(self, sigma: float) -> None:
        """Blur everything painted so far: what lies behind the people is out of focus (sigma in pixels)."""
        # A blur this wide holds no detail that a quarter of the pixels could not carry.
        height, width = self.rgb.shape[:2]
        small = cv2.resize(self.rgb, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), max(0.3, sigma * self.oversample / 4))
        self.rgb = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)

    def develop(self) -> Raster:
        """Average down to the finished size: (height, width, 3) float32."""
        size = (self.width, self.height)
        return np.asarray(cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA), np.float32)

    def _region(self, polygon: Floats, soft: float) -> tuple[int, int, int, int] | None:
        margin = 3 * soft + 1
        low = np.floor((polygon.min(axis=0) - margin + 0.5) * self.oversample).astype(int)
        high = np.ceil((polygon.max(axis=0) + margin + 0.5) * self.oversample).astype(int)
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), self.rgb.shape[1]), min(int(high[1]), self.rgb.shape[0])
        return (left, top, right, bottom) if right > left and bottom > top else None

    def _mask(self, polygon: Floats, soft: float, region: tuple[int, int, int, int]) -> Raster:
        left, top, right, bottom = region
        sigma = soft * self.oversample
        # A wide blur is computed on a coarser grid: nearly the same shading in a fraction of the time.
        step = max(1, int(sigma / 2))
        pad = int(np.ceil(3 * sigma / step)) + 1
        columns, rows = -(-(right - left) // step), -(-(bottom - top) // step)
        fine = (polygon + 0.5) * self.oversample - (left, top)
        corners = np.round((fine / step - 0.5 + pad) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
        mask = np.zeros((rows + 2 * pad, columns + 2 * pad), np.uint8)
        cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        blurred: Raster = mask * np.float32(1 / 255)
        if sigma > 0:
            blurred = np.asarray(cv2.GaussianBlur(blurred, (0, 0), sigma / step), np.float32)
        inner = blurred[pad : pad + rows, pad : pad + columns]
        if step > 1:
            size = (columns * step, rows * step)
            inner = np.asarray(cv2.resize(inner, size, interpolation=cv2.INTER_LINEAR), np.float32)
        return inner[: bottom - top, : right - left]


def ribbon(points: ArrayLike, widths: ArrayLike) -> Floats:
    """The outline of a line of varying width: (N, 2) points and one or (N,) full widths give (2N, 2) corners."""
    line = np.asarray(points, np.float64)
    along = np.empty_like(line)  # np.gradient, which spends most of its time on what it is asked for
    along[1:-1] = (line[2:] - line[:-2]) / 2
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) * np.broadcast_to(widths, len(line))[:, None] / 2
    return np.concatenate([line + across, (line - across)[::-1]])


def ellipse(centre: ArrayLike, radii: ArrayLike, count: int = 40, turn: float = 0.0) -> Floats:
    """(count, 2) corners of an ellipse; `turn` in degrees, clockwise as seen in the picture."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.asarray(radii, np.float64)
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return np.asarray(centre, np.float64) + around @ np.array([[cos, sin], [-sin, cos]])


def spline(points: ArrayLike, count: int = 60, *, closed: bool = True) -> Floats:
    """A Catmull-Rom curve through (N, 2) or (N, 3) points, sampled at `count` places."""
    knots = np.asarray(points, np.float64)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
        spans = len(knots)
    else:
        padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
        spans = len(knots) - 1
    at = np.linspace(0, spans, count, endpoint=not closed)
    i = np.minimum(at.astype(int), spans - 1)
    t = (at - i)[:, None]
    a, b, c, d = padded[i], padded[i + 1], padded[i + 2], padded[i + 3]
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of the second colour in the first."""
    r, g, b = ((1 - share) * x + share * y for x, y in zip(first, second, strict=True))
    return r, g, b


def tone(colour: Colour, factor: float) -> Colour:
    """Lighter (factor above 1, towards white) or darker (below 1)."""
    return mix(colour, (255, 255, 255), 1 - 1 / factor) if factor > 1 else mix((0, 0, 0), colour, factor)
