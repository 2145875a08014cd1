"""Huang, Zhu, Guo and Huang, "The Devil is in the Details: Delving into Unbiased Data Processing for Human Pose
Estimation", CVPR 2020: both targets, in the unit-length convention that pixels and cells share here.

The bias that UDP takes away is one of the whole pipeline, from the picture to the map and back: `core.media.crops.Crop`
and `core.models.codecs.maps.Grid` keep the same convention, and the tests go all the way round.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from core.foundation.errors import BadInput
from core.models.codecs.codec import Codec, DecodedPoints, full_precision, usable
from core.models.codecs.dark import DarkCodec, fit_radius
from core.models.codecs.heatmap import HeatmapCodec, check_number, finish
from core.models.codecs.maps import Grid, Peaks, Window, find_peaks, mass_around, mirror_maps, spread_around, window
from core.models.codecs.refinement import fit_offset

_FAR: Final = 1.5  # radii: an offset longer than this is no vote


@dataclass(eq=False)
class UdpCodec(HeatmapCodec):
    """Gaussian maps; the peak refined by the weighted fit, which is exact at the border as well.

    Parameters
    ----------
    input_size, stride, sigma, logits
        As `HeatmapCodec`.
    refinement
        "fit", or "blur" for the published decoder (DARK with differences over one cell) away from the border. On
        noisy maps they err alike.
    """

    name = "udp"

    refinement: str = "fit"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.refinement not in ("fit", "blur"):
            raise BadInput("codecs.refinement", value=self.refinement)
        self._blur = _UdpBlur(self.input_size, self.stride, self.sigma)

    def offset(self, maps: Tensor, peaks: Peaks) -> Tensor:
        if self.refinement == "blur":
            return self._blur.offset(maps, peaks)
        return fit_offset(window(maps, peaks.x, peaks.y, fit_radius(self.sigma)), peaks, self.sigma)


class _UdpBlur(DarkCodec):
    reach = 1


@dataclass(eq=False)
class UdpCombinedCodec(Codec):
    """A disc around each point, and in every cell the way to it.

    Outputs: "heatmaps" (N, K, h, w), 1 within the radius and 0 elsewhere; "offsets" (N, 2K, h, w), from the cell to
    the point in radii, x of point 0, y of point 0, x of point 1 and so on. A loss on the offsets counts only where the
    target map is 1; the targets go on to two radii and are 0 beyond.

    Decoding blurs the map to find the disc (a plateau has no peak of its own), then takes the mean of the votes of its
    cells, each weighted by how far its value is above half the maximum. Perfect maps vote as one, at the border too.

    Parameters
    ----------
    input_size, stride
        As `HeatmapCodec`.
    radius
        Of the disc, as a share of the map's larger side; the disc is never smaller than one cell.
    """

    name = "udp-combined"
    stride: int = 4
    radius: float = 0.0546875  # 3.5 cells of 64, the authors' best

    def __post_init__(self) -> None:
        self.grid = Grid(self.input_size, self.stride)
        self.radius = check_number("radius", self.radius, 0.0)
        self.cells = max(1.0, self.radius * max(self.grid.width, self.grid.height))

    def channels(self, count: int) -> dict[str, tuple[int, ...]]:
        height, width = self.grid.height, self.grid.width
        return {"heatmaps": (count, height, width), "offsets": (2 * count, height, width)}

    def encode(self, points: Tensor, present: Tensor) -> dict[str, Tensor]:
        """ "heatmaps", "offsets" and "weight" (N, K), float32."""
        weight = usable(points, present, self.input_size)
        centres = self.grid.to_cells(points, weight)
        across = centres[..., 0:1] - torch.arange(self.grid.width, device=points.device)
        down = centres[..., 1:2] - torch.arange(self.grid.height, device=points.device)
        squares = across[..., None, :] ** 2 + down[..., :, None] ** 2
        disc = (squares <= self.cells**2) & weight[..., None, None]
        near = (squares <= (2 * self.cells) ** 2) & weight[..., None, None]
        ways = torch.stack(torch.broadcast_tensors(across[..., None, :], down[..., :, None]), dim=2) / self.cells
        offsets = torch.where(near[:, :, None], ways, 0.0).flatten(1, 2)
        return {"heatmaps": disc.float(), "offsets": offsets, "weight": weight.float()}

    def decode(self, outputs: dict[str, Tensor]) -> DecodedPoints:
        """The mean of the disc's votes; the spread is that of the disc, taken within two radii."""
        with full_precision(outputs["heatmaps"].device.type):
            maps, offsets = outputs["heatmaps"].float(), outputs["offsets"].float()
            top = find_peaks(maps)
            middle = find_peaks(self._blurred(maps))
            reach = math.ceil(2 * self.cells)
            around = mass_around(maps, middle, reach)
            ways = [window(offsets[:, axis::2], middle.x, middle.y, reach).values * self.cells for axis in (0, 1)]
            points = self._vote(around, ways, top.value, middle)
            step = self.grid.pixels_per_cell(maps)
            return finish(points * step, spread_around(around, points, step), top.present, top.value)

    def mirror(self, outputs: dict[str, Tensor], order: Tensor) -> dict[str, Tensor]:
        """Columns reversed, maps of a pair exchanged, ways in x turned round."""
        ways = [mirror_maps(outputs["offsets"][:, axis::2], order) for axis in (0, 1)]
        offsets = torch.stack([-ways[0], ways[1]], dim=2).flatten(1, 2)
        return {"heatmaps": mirror_maps(outputs["heatmaps"], order), "offsets": offsets}

    def _vote(self, around: Window, ways: list[Tensor], peak: Tensor, middle: Peaks) -> Tensor:
        """(N, K, 2) cells: the mean vote; the middle itself without voters."""
        near = ways[0] ** 2 + ways[1] ** 2 <= (_FAR * self.cells) ** 2  # False for NaN
        weight = torch.where(near, (around.values - peak[..., None, None] / 2).clamp(min=0), 0.0)
        total = weight.sum(dim=(-1, -2))
        votes = (ways[0] + around.columns()[..., None, :], ways[1] + around.rows()[..., :, None])
        sums = [torch.where(near, weight * vote, 0.0).sum(dim=(-1, -2)) for vote in votes]
        mean = torch.stack(sums, dim=-1) / torch.where(total > 0, total, 1.0)[..., None]
        return torch.where((total > 0)[..., None], mean, middle.cells())

    def _blurred(self, maps: Tensor) -> Tensor:
        sigma = self.cells / 2
        reach = math.ceil(2 * sigma)
        along = torch.arange(-reach, reach + 1, device=maps.device, dtype=torch.float32)
        taps = torch.exp(-(along**2) / (2 * sigma**2))
        finite = torch.where(torch.isfinite(maps), maps, 0.0).clamp(min=0).flatten(0, 1)[:, None]
        rows = functional.conv2d(finite, (taps / taps.sum())[None, None, None], padding=(0, reach))
        blurred = functional.conv2d(rows, (taps / taps.sum())[None, None, :, None], padding=(reach, 0))
        return blurred.view(maps.shape)
