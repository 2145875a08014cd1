"""Zhang, Zhu, Dai, Ye and Zhu, "Distribution-Aware Coordinate Representation for Human Pose Estimation", CVPR 2020.

The Gaussian sits on the point itself, between the cells; the decoder blurs, takes the log and makes a Newton step with
second differences over two cells. Where blur and differences would reach over the border, the published method pads
with zeros and errs by up to a cell; here those peaks are refined by `fit_offset`, which needs nothing outside.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from core.foundation.errors import BadInput
from core.models.codecs.heatmap import HeatmapCodec, check_number
from core.models.codecs.maps import Peaks, Window, window
from core.models.codecs.refinement import blur_offset, fit_offset


def fit_radius(sigma: float) -> int:
    """Cells on each side that the fit takes: 1.5 sigmas, which errs on noise as the blur does."""
    return max(2, round(1.5 * sigma))


@dataclass(eq=False)
class DarkCodec(HeatmapCodec):
    """Centres between the cells, DARK's refinement.

    Parameters
    ----------
    input_size, stride, sigma, logits
        As `HeatmapCodec`.
    kernel
        Odd width of the blur in cells; None for 11 at a sigma of 2, 17 at 3.

    Raises
    ------
    BadInput
        If it is not an odd whole number of at least 3.
    """

    name = "dark"
    reach = 2  # cells, of the second differences

    kernel: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        # The published widths are 11 cells for a sigma of 2 and 17 for 3; the others lie on their line.
        width = max(3, 2 * round(3 * self.sigma) - 1) if self.kernel is None else check_number("kernel", self.kernel, 3)
        if width % 2 != 1:
            raise BadInput("codecs.kernel", value=self.kernel)
        self.kernel = int(width)

    def offset(self, maps: Tensor, peaks: Peaks) -> Tensor:
        """DARK's Newton step; the fit where the blur would reach over the border."""
        assert self.kernel is not None
        around = self.kernel // 2 + self.reach
        fit = partial(window, maps, peaks.x, peaks.y, fit_radius(self.sigma))
        if min(maps.shape[-2:]) < 2 * around + 1:
            return fit_offset(fit(), peaks, self.sigma)
        cut = window(maps, peaks.x, peaks.y, around)
        whole = (cut.left == peaks.x - around) & (cut.top == peaks.y - around)
        offset = blur_offset(cut.values, peaks.value, self.kernel, self.reach)
        if torch.compiler.is_compiling():  # both for all: shapes are fixed
            return torch.where(whole[..., None], offset, fit_offset(fit(), peaks, self.sigma))
        if not whole.all():
            cut_off = ~whole
            few = Window(*(values[cut_off][:, None] for values in fit()))
            offset[cut_off] = fit_offset(few, Peaks(*(values[cut_off][:, None] for values in peaks)), self.sigma)[:, 0]
        return offset
