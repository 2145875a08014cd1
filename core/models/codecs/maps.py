"""What all codecs with maps share: the grid of cells, Gaussians on it, the peak of a map and what lies around it.

Points pass between pixels and cells in the unit-length convention (UDP): pixel 0 is cell 0, pixel W - 1 is cell w - 1.
Both are then mirrored by reversing an axis, with no shift. Every function is tensor operations of fixed shapes, so
that an exporter can trace it. Absent values are chosen at the end with `torch.where`; before, nothing is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from core.errors import BadInput

FLAT: Final = 1e-6  # a map whose values differ by less than this share of its maximum has no peak


@dataclass(frozen=True)
class Grid:
    """The cells of a map: (w, h) of them over an input of (W, H) pixels.

    Raises
    ------
    BadInput
        If the stride does not divide the input, or leaves fewer than 2 cells on a side.
    """

    input_size: tuple[int, int]
    stride: int

    def __post_init__(self) -> None:
        width, height = self.input_size
        whole = isinstance(self.stride, int) and self.stride >= 1
        if not whole or width % self.stride or height % self.stride or min(self.input_size) // self.stride < 2:
            raise BadInput(
                f"the stride {self.stride!r} does not divide an input of {width} x {height} pixels into at least 2 x 2 "
                "cells; choose another stride or input size"
            )

    @property
    def width(self) -> int:
        """Cells in a row."""
        return self.input_size[0] // self.stride

    @property
    def height(self) -> int:
        """Rows of cells."""
        return self.input_size[1] // self.stride

    def pixels_per_cell(self, like: Tensor) -> Tensor:
        """(2,) float32 on the device of `like`: pixels of the input between neighbouring cells, in x and y."""
        (width, height), (w, h) = self.input_size, (self.width, self.height)
        steps = [(width - 1) / (w - 1), (height - 1) / (h - 1)]
        return torch.tensor(steps, dtype=torch.float32, device=like.device)

    def to_cells(self, points: Tensor, weight: Tensor) -> Tensor:
        """(N, K, 2) pixels -> cells, float32; (0, 0) where `weight` (N, K) bool is False."""
        return torch.where(weight[..., None], points.float() / self.pixels_per_cell(points), 0.0)


class Peaks(NamedTuple):
    """The maximum of each map: x and y (N, K) int64 in cells, its value (N, K) float32, finite, and whether it counts.

    A map counts if its maximum is finite, above 0 and above the rest of the map; else x, y and value are 0.
    """

    x: Tensor
    y: Tensor
    value: Tensor
    present: Tensor

    def cells(self) -> Tensor:
        """(N, K, 2) float32."""
        return torch.stack([self.x, self.y], dim=-1).float()


def find_peaks(maps: Tensor) -> Peaks:
    """The (first) maximum of each map (N, K, h, w) float32; a map with a NaN or an infinite maximum does not count."""
    flat = maps.flatten(2)
    value, index = flat.max(dim=-1)
    lowest = flat.amin(dim=-1)
    present = torch.isfinite(value) & (value > 0) & (value - lowest > FLAT * value)
    index = torch.where(present, index, 0)
    width = maps.shape[-1]
    return Peaks(index % width, index // width, torch.where(present, value, 0.0), present)


def patches(maps: Tensor, x: Tensor, y: Tensor, radius: int) -> tuple[Tensor, Tensor]:
    """The square of cells around each (x, y), one gather for all.

    Returns
    -------
    values
        (N, K, 2 radius + 1, 2 radius + 1) float32; 0 outside the map and where a value is not finite.
    inside
        Of the same shape, bool: the cell is on the map.
    """
    height, width = maps.shape[-2:]
    steps = torch.arange(-radius, radius + 1, device=maps.device)
    column, row = x[..., None] + steps, y[..., None] + steps
    index = row.clamp(0, height - 1)[..., :, None] * width + column.clamp(0, width - 1)[..., None, :]
    on_row, on_column = (row >= 0) & (row < height), (column >= 0) & (column < width)
    inside = on_row[..., :, None] & on_column[..., None, :]
    values = maps.flatten(2).gather(2, index.flatten(2)).view(index.shape)
    return torch.where(inside & torch.isfinite(values), values, 0.0), inside


def spread_around(values: Tensor, offset: Tensor, step: Tensor) -> Tensor:
    """(N, K) pixels: standard deviation of a patch around a point, the variance averaged over x and y.

    Parameters
    ----------
    values
        (N, K, P, P), of which what is below 0 counts as 0; normalised here.
    offset
        (N, K, 2) from the patch's middle cell to the point, in cells.
    step
        (2,) pixels for a cell.
    """
    weight = values.clamp(min=0)
    radius = values.shape[-1] // 2
    along = torch.arange(-radius, radius + 1, device=values.device, dtype=torch.float32)
    total = weight.sum(dim=(-1, -2)).clamp(min=torch.finfo(torch.float32).tiny)
    squares = (along - offset[..., None]) ** 2 * step[:, None] ** 2  # (N, K, 2, P)
    in_x = (weight.sum(dim=-2) * squares[..., 0, :]).sum(dim=-1)
    in_y = (weight.sum(dim=-1) * squares[..., 1, :]).sum(dim=-1)
    return torch.sqrt((in_x + in_y) / 2 / total)


def gaussians(centres: Tensor, width: int, height: int, sigma: float) -> Tensor:
    """(N, K, height, width) float32: exp(-d^2 / 2 sigma^2) of the distance to (N, K, 2) centres in cells.

    The product of a row and a column, so that only w + h exponentials are computed for each map.
    """
    x = torch.arange(width, device=centres.device, dtype=torch.float32) - centres[..., 0:1]
    y = torch.arange(height, device=centres.device, dtype=torch.float32) - centres[..., 1:2]
    across, down = (torch.exp(-(along**2) / (2 * sigma**2)) for along in (x, y))
    return down[..., :, None] * across[..., None, :]


def mirror_maps(maps: Tensor, order: Tensor) -> Tensor:
    """(N, K, h, w) maps of a mirrored input: columns reversed, the maps of a pair exchanged."""
    return maps.index_select(1, order).flip(-1)
