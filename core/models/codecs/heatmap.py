"""The part that MSRA, DARK and UDP share: one map for each point, a peak in it, a refinement of the peak."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from core.foundation.errors import BadInput
from core.models.codecs.codec import Codec, DecodedPoints, full_precision, usable
from core.models.codecs.maps import Grid, Peaks, find_peaks, gaussians, mass_around, mirror_maps, spread_around

_SPREAD_REACH: Final = 2.5  # sigmas: the window of the spread holds 96 % of a target's mass


def check_number(name: str, value: object, least: float) -> float:
    """A setting as a float.

    Raises
    ------
    BadInput
        If it is not a finite number of at least `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < least:
        raise BadInput("codecs.least", name=name, least=least, value=value)
    return float(value)


@dataclass(eq=False)
class HeatmapCodec(Codec):
    """Output "heatmaps" (N, K, h, w): a Gaussian of height 1 around each point.

    Parameters
    ----------
    input_size
        (W, H) in pixels; the stride must divide it.
    stride
        Pixels of the input for a cell.
    sigma
        Of the Gaussian, in cells; at least 0.5. 2 is usual for 48 x 64 and 64 x 64 cells, 3 for 72 x 96.
    logits
        Whether the network gives logits of a softmax over the cells (trained with cross-entropy) rather than heights.
        Decoding then takes the softmax times the sum of a whole target, 2 pi sigma^2: a perfect map has its height
        back. Targets are the same.

    Raises
    ------
    BadInput
        If a setting does not fit.
    """

    stride: int = 4
    sigma: float = 2.0
    logits: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.logits, bool):
            raise BadInput("codecs.logits", value=self.logits)
        self.grid = Grid(self.input_size, self.stride)
        self.sigma = check_number("sigma", self.sigma, 0.5)

    def channels(self, count: int) -> dict[str, tuple[int, ...]]:
        return {"heatmaps": (count, self.grid.height, self.grid.width)}

    def encode(self, points: Tensor, present: Tensor) -> dict[str, Tensor]:
        """ "heatmaps" (N, K, h, w), 0 where the weight is, and "weight" (N, K), float32."""
        weight = usable(points, present, self.input_size)
        centres = self.centres(self.grid.to_cells(points, weight))
        maps = gaussians(centres, self.grid.width, self.grid.height, self.sigma)
        return {"heatmaps": maps * weight[..., None, None], "weight": weight.float()}

    def decode(self, outputs: dict[str, Tensor]) -> DecodedPoints:
        """The refined peaks; the spread is taken in a window of 2.5 sigmas on each side of the peak."""
        with full_precision(outputs["heatmaps"].device.type):
            maps = self._heights(outputs["heatmaps"].float())
            peaks = find_peaks(maps)
            points = peaks.cells() + self.offset(maps, peaks)
            step = self.grid.pixels_per_cell(maps)
            around = mass_around(maps, peaks, math.ceil(_SPREAD_REACH * self.sigma))
            return finish(points * step, spread_around(around, points, step), peaks.present, peaks.value)

    def mirror(self, outputs: dict[str, Tensor], order: Tensor) -> dict[str, Tensor]:
        """Columns reversed, maps of a pair exchanged."""
        return {"heatmaps": mirror_maps(outputs["heatmaps"], order)}

    def _heights(self, maps: Tensor) -> Tensor:
        if not self.logits:
            return maps
        mass = 2 * math.pi * self.sigma**2
        return (mass * maps.flatten(2).softmax(dim=-1)).view(maps.shape)

    def centres(self, cells: Tensor) -> Tensor:
        """Where the Gaussians go, given (N, K, 2) in cells: there."""
        return cells

    @abstractmethod
    def offset(self, maps: Tensor, peaks: Peaks) -> Tensor:
        """(N, K, 2) in cells, from the peak's cell to the point."""


def finish(points: Tensor, spread: Tensor, present: Tensor, value: Tensor) -> DecodedPoints:
    """Absent points made NaN, the maximum made a confidence."""
    nothing = torch.full_like(value, torch.nan)
    return DecodedPoints(
        torch.where(present[..., None], points, torch.nan),
        torch.where(present, value.clamp(0, 1), 0.0),
        torch.where(present, spread, nothing),
        nothing,
    )
