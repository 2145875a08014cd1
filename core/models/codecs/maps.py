"""What all codecs with maps share: the grid of cells, Gaussians on it, the peak of a map and what lies around it.

Points pass between pixels and cells in the unit-length convention (UDP): pixel 0 is cell 0, pixel W - 1 is cell w - 1.
Both are then mirrored by reversing an axis, with no shift. While an exporter traces (`torch.compiler.is_compiling`),
every function is tensor operations of fixed shapes. Absent values are chosen at the end with `torch.where`; before,
nothing is NaN.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from core.foundation.errors import BadInput

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
            raise BadInput("codecs.stride", stride=self.stride, width=width, height=height)

    @property
    def width(self) -> int:
        return self.input_size[0] // self.stride

    @property
    def height(self) -> int:
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
    """The (first) maximum of each map (N, K, h, w) float32; a map with a NaN or an infinite maximum does not count.

    The maximum of bands of a few rows comes first and its place is looked for in one band only: maxima are found
    several times faster than their places. For the same reason a map counts as flat when its bands have one maximum and
    the first of them is level, without a look at all its cells.
    """
    width = maps.shape[-1]
    bands = maps.unflatten(2, (-1, _band(maps.shape[-2], width))).flatten(3)
    tops = bands.amax(dim=-1)
    band = tops.argmax(dim=-1)
    highest = _at(bands, band)
    value = tops.amax(dim=-1)
    inner = _first(highest == value[..., None])
    lowest = torch.minimum(tops.amin(dim=-1), highest.amin(dim=-1))
    present = torch.isfinite(value) & (value > 0) & (value - lowest > FLAT * value)
    index = torch.where(present, band * bands.shape[-1] + inner, 0)
    return Peaks(index % width, index // width, torch.where(present, value, 0.0), present)


def _band(height: int, width: int) -> int:
    """Rows of a band: the least divisor of the height that gives a band 96 cells, at which maxima are quick."""
    return next(rows for rows in range(1, height + 1) if height % rows == 0 and (rows * width >= 96 or rows == height))


def _at(rows: Tensor, index: Tensor) -> Tensor:
    """(N, K, L): the row `index` (N, K) of (N, K, M, L)."""
    if torch.compiler.is_compiling() or not rows.numel():
        return rows.gather(2, index[..., None, None].expand(-1, -1, 1, rows.shape[-1])).squeeze(2)
    first = torch.arange(index.numel(), device=rows.device) * rows.shape[2]
    return rows.flatten(0, 2).index_select(0, first + index.flatten()).view(*index.shape, -1)


def _first(true: Tensor) -> Tensor:
    """(N, K) int64: the first True of (N, K, L) bool; the last place where there is none. Quicker than `argmax`."""
    length = true.shape[-1]
    left = torch.arange(length, 0, -1, device=true.device, dtype=torch.float32)
    return length - torch.where(true, left, 1.0).amax(dim=-1).long()


class Window(NamedTuple):
    """A rectangle of cells of each map, moved so that it lies on the map.

    Attributes
    ----------
    values
        (N, K, P, Q) float32.
    left, top
        (N, K) int64: the cell of the map that is its first.
    """

    values: Tensor
    left: Tensor
    top: Tensor

    def columns(self) -> Tensor:
        """(N, K, Q) float32: x of its cells on the map."""
        return (self.left[..., None] + torch.arange(self.values.shape[-1], device=self.left.device)).float()

    def rows(self) -> Tensor:
        """(N, K, P) float32: y of its cells on the map."""
        return (self.top[..., None] + torch.arange(self.values.shape[-2], device=self.left.device)).float()

    def middle(self) -> Tensor:
        """(N, K, 2) float32: its middle on the map."""
        half = torch.tensor(self.values.shape[:1:-1], dtype=torch.float32, device=self.left.device) / 2 - 0.5
        return torch.stack([self.left, self.top], dim=-1) + half


def window(maps: Tensor, x: Tensor, y: Tensor, radius: int) -> Window:
    """`radius` cells on each side of (x, y), or as near to that as the map allows; never wider than the map."""
    height, width = maps.shape[-2:]
    rows, columns = min(2 * radius + 1, height), min(2 * radius + 1, width)
    left, top = (x - radius).clamp(0, width - columns), (y - radius).clamp(0, height - rows)
    first = (top * width + left)[..., None] + torch.arange(rows, device=maps.device) * width  # of each row
    if torch.compiler.is_compiling() or not maps.numel():
        index = (first[..., None] + torch.arange(columns, device=maps.device)).flatten(2)
        return Window(maps.flatten(2).gather(2, index).unflatten(2, (rows, columns)), left, top)
    of_map = torch.arange(maps.shape[0] * maps.shape[1], device=maps.device).view(left.shape)[..., None]
    runs = maps.reshape(-1).unfold(0, columns, 1)  # a view; whole rows are copied, twice as quick as cell by cell
    values = runs.index_select(0, (of_map * (height * width) + first).flatten())
    return Window(values.view(*left.shape, rows, columns), left, top)


def mass_around(maps: Tensor, peaks: Peaks, radius: int) -> Window:
    """The window about each peak; values are 0 more than `radius` cells away, below 0 and where they are no numbers."""
    cut = window(maps, peaks.x, peaks.y, radius)
    near_x = ((cut.columns() - peaks.x[..., None]).abs() <= radius).float()
    near_y = ((cut.rows() - peaks.y[..., None]).abs() <= radius).float()
    values = cut.values.clamp(min=0).nan_to_num(nan=0.0, posinf=0.0)  # many times quicker than one `where`
    return cut._replace(values=values * (near_y[..., :, None] * near_x[..., None, :]))


def spread_around(cut: Window, points: Tensor, step: Tensor) -> Tensor:
    """(N, K) pixels: standard deviation of a window's values around a point, the variance averaged over x and y.

    Parameters
    ----------
    cut
        Of `mass_around`; normalised here.
    points
        (N, K, 2), in cells of the map.
    step
        (2,) pixels for a cell.
    """
    in_columns, in_rows = cut.values.sum(dim=-2), cut.values.sum(dim=-1)
    total = in_rows.sum(dim=-1).clamp(min=torch.finfo(torch.float32).tiny)
    in_x = (in_columns * (cut.columns() - points[..., 0:1]) ** 2).sum(dim=-1) * step[0] ** 2
    in_y = (in_rows * (cut.rows() - points[..., 1:2]) ** 2).sum(dim=-1) * step[1] ** 2
    return torch.sqrt((in_x + in_y) / 2 / total)


def centroid(cut: Window) -> Tensor:
    """(N, K, 2) in cells of the map: the mean place of the values of `mass_around`."""
    weight = cut.values
    total = weight.sum(dim=(-1, -2)).clamp(min=torch.finfo(torch.float32).tiny)
    x = (weight.sum(dim=-2) * cut.columns()).sum(dim=-1) / total
    y = (weight.sum(dim=-1) * cut.rows()).sum(dim=-1) / total
    return torch.stack([x, y], dim=-1)


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
