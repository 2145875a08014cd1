"""Xiao, Wu and Wei, "Simple Baselines for Human Pose Estimation and Tracking", ECCV 2018.

The Gaussian sits on the nearest cell and the decoder moves a quarter cell towards the higher neighbour. Rounding loses
the place in the cell: on perfect maps of stride 4 the mean error is 1.5 pixels (the mean distance in a square of 4 from
its middle, 0.3826 x 4). It is here to compare with. The grid is the unit-length one of the other codecs, so that a flip
test needs no shift either.
"""

import torch
from torch import Tensor

from core.models.codecs.heatmap import HeatmapCodec
from core.models.codecs.maps import Peaks


class MsraCodec(HeatmapCodec):
    """Rounded centres, quarter shift."""

    name = "msra"

    def centres(self, cells: Tensor) -> Tensor:
        """The nearest cells."""
        last = torch.tensor([self.grid.width - 1, self.grid.height - 1], device=cells.device, dtype=cells.dtype)
        return torch.minimum(torch.floor(cells + 0.5).clamp(min=0), last)

    def offset(self, maps: Tensor, peaks: Peaks) -> Tensor:
        """A quarter cell towards the higher neighbour; 0 between equals and where one lies outside the map."""
        height, width = maps.shape[-2:]
        index = peaks.y * width + peaks.x
        in_x = _towards_higher(maps, index, 1, (peaks.x > 0) & (peaks.x < width - 1))
        in_y = _towards_higher(maps, index, width, (peaks.y > 0) & (peaks.y < height - 1))
        return 0.25 * torch.stack([in_x, in_y], dim=-1)


def _towards_higher(maps: Tensor, index: Tensor, step: int, inside: Tensor) -> Tensor:
    """(N, K) float32: -1, 0 or 1, which of the cells `step` before and after `index` is the higher; 0 if not inside."""
    flat = maps.flatten(2)
    before, after = (
        flat.gather(2, torch.where(inside, index + way, index)[..., None]).squeeze(2) for way in (-step, step)
    )
    return (after > before).float() - (after < before).float()
