"""From the cell of a map's maximum to the point between the cells.

All start from the log of the map, which for a Gaussian is a parabola, whose top is the point:

- `fit_offset` lays a parabola through the cells around the maximum by weighted least squares. A cell's weight is the
  square of its value, since noise of the size e on the value v is noise of e / v on its log (Guo, "A simple algorithm
  for fitting a Gaussian function", IEEE Signal Processing Magazine 2011). Only cells on the map take part and nothing
  is blurred, so a Gaussian cut off by the border gives the same top as a whole one.
- `blur_offset` blurs, takes the log and makes one Newton step with differences (DARK: Zhang et al.,
  "Distribution-Aware Coordinate Representation for Human Pose Estimation", CVPR 2020). Near the border a blur mixes in
  the nothing outside: with the published settings points in the outermost cells move by up to a cell. Use
  `fit_offset` there.

On noisy Gaussians both err alike (the blur's kernel has about the Gaussian's width, which is the matched filter).
Products and systems are in float64: they are small, and matrix products in TF32 would cost the sub-pixel part.
Where the parabola has no top within a cell of the maximum, the offset is 0: the maximum itself is the answer.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from core.models.codecs.maps import Peaks, Window

_LEAST: Final = 1e-3  # of the maximum: below it a value says nothing about the top (the published clip)
_PRIOR: Final = 0.01  # weight of the expected curvature against that of all cells of the patch
_SINGULAR: Final = 1e-5  # of a diagonal: what is left of it below this is rounding
_LEVEL: Final = 1e-10  # a determinant of second derivatives below it is no top
_NEAR: Final = tuple((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1))
_MOMENTS: Final = tuple((total - q, q) for total in range(5) for q in range(total + 1))  # powers of x and y
_POWERS: Final = _MOMENTS[:6]  # those of the parabola's terms


def fit_offset(cut: Window, peaks: Peaks, sigma: float) -> Tensor:
    """(N, K, 2) offsets in cells from each peak, by a weighted parabola through the log of the cells around it.

    The curvature is drawn a little towards that of a round Gaussian of `sigma` cells, the target: this decides where
    few cells remain, at a corner, and changes nothing where the map is the target.
    """
    share = cut.values / peaks.value.clamp(min=torch.finfo(torch.float32).tiny)[..., None, None]
    share = torch.where(share > _LEAST, share, 0.0).flatten(2).double()  # False for NaN
    weight = share * share
    terms = _terms(cut.values)
    moments = dict(zip(_MOMENTS, (weight @ terms).unbind(-1), strict=True))
    right = (weight * torch.log(share.clamp(min=_LEAST))) @ terms[:, : len(_POWERS)]
    drawn = _PRIOR * moments[0, 0]
    rows = []  # of the normal equations, with their right side
    for i, (p, q) in enumerate(_POWERS):
        row = [moments[p + r, q + s] for r, s in _POWERS]
        side = right[..., i]
        if p + q == 2:
            row[i] = row[i] + drawn
            side = side if p == q else side - drawn / (2 * sigma**2)
        rows.append(torch.stack([*row, side]))
    solved, unique = _solve(rows)
    _, in_x, in_y, in_xx, in_xy, in_yy = solved.unbind(0)
    from_peak = cut.middle() - peaks.cells()
    return _near(_top(in_x, in_y, 2 * in_xx, in_xy, 2 * in_yy) + from_peak, unique)


def _terms(values: Tensor) -> Tensor:
    """(P Q, 15) float64: powers of x and y at the cells of (..., P, Q) windows, counted from the middle."""
    rows, columns = (
        torch.arange(size, device=values.device, dtype=torch.float64) - (size - 1) / 2 for size in values.shape[-2:]
    )
    y, x = (axis.flatten() for axis in torch.meshgrid(rows, columns, indexing="ij"))
    return torch.stack([x**p * y**q for p, q in _MOMENTS], dim=-1)


def blur_offset(values: Tensor, peak: Tensor, kernel: int, reach: int) -> Tensor:
    """(N, K, 2) offsets in cells by DARK's Newton step, for windows that have the peak in their middle.

    Parameters
    ----------
    values
        (N, K, P, P), P = 2 (kernel // 2 + reach) + 1.
    peak
        (N, K), the maximum of each map.
    kernel
        Odd width of the Gaussian blur in cells; its sigma is the one OpenCV takes for that width.
    reach
        Half the stencil of the second differences: 2 as in DARK, 1 as in UDP.
    """
    sigma = 0.3 * ((kernel - 1) * 0.5 - 1) + 0.8
    along = torch.arange(kernel, device=values.device, dtype=torch.float64) - kernel // 2
    taps = torch.exp(-(along**2) / (2 * sigma**2))
    taps = taps / taps.sum()
    far = 2 * reach
    shifted = torch.stack([functional.pad(taps, (i, far - i)) for i in range(far + 1)])
    needed = sorted({*_NEAR, (reach, 0), (-reach, 0), (0, reach), (0, -reach)})  # x and y about the peak
    kernels = torch.stack([shifted[reach + y, :, None] * shifted[reach + x, None, :] for x, y in needed])
    flat = values.flatten(2).flatten(0, 1).double()
    blurred = (kernels.flatten(1) @ flat.T).unflatten(1, peak.shape)  # place by place, each in one piece of memory
    log = torch.log(torch.maximum(blurred, (_LEAST * peak.double()).clamp(min=_LEAST**2)))
    return _newton(dict(zip(needed, log.unbind(0), strict=True)), reach)


def _newton(log: dict[tuple[int, int], Tensor], reach: int) -> Tensor:
    in_x = (log[1, 0] - log[-1, 0]) / 2
    in_y = (log[0, 1] - log[0, -1]) / 2
    in_xx = (log[reach, 0] - 2 * log[0, 0] + log[-reach, 0]) / reach**2
    in_yy = (log[0, reach] - 2 * log[0, 0] + log[0, -reach]) / reach**2
    in_xy = (log[1, 1] + log[-1, -1] - log[-1, 1] - log[1, -1]) / 4
    return _near(_top(in_x, in_y, in_xx, in_xy, in_yy), torch.ones_like(in_x, dtype=torch.bool))


def _solve(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Gauss and Jordan on M rows (M + 1, ...) of symmetric positive systems; a column goes with each step.

    Returns (M, ...) and whether that is the only solution, (...) bool; nonsense where it is not.
    """
    unique = torch.ones_like(rows[0][0], dtype=torch.bool)
    first = [row[i] for i, row in enumerate(rows)]
    for i in range(len(rows)):
        pivot = rows[i][0]
        regular = pivot > _SINGULAR * first[i]
        unique = unique & regular
        scaled = rows[i][1:] / torch.where(regular, pivot, 1.0)
        rows = [scaled if j == i else row[1:] - row[0] * scaled for j, row in enumerate(rows)]
    return torch.cat(rows), unique


def _top(in_x: Tensor, in_y: Tensor, in_xx: Tensor, in_xy: Tensor, in_yy: Tensor) -> Tensor:
    """Where a parabola's gradient is 0: (..., 2); NaN where that is no maximum."""
    determinant = in_xx * in_yy - in_xy**2
    is_top = (determinant > _LEVEL) & (in_xx < 0) & (in_yy < 0)
    safe = torch.where(is_top, determinant, 1.0)
    top = torch.stack([(in_xy * in_y - in_yy * in_x) / safe, (in_xy * in_x - in_xx * in_y) / safe], dim=-1)
    return torch.where(is_top[..., None], top, torch.nan)


def _near(offset: Tensor, solvable: Tensor) -> Tensor:
    """The offset as float32; 0 where it is not solvable, NaN, or over a cell long in x or y."""
    near = solvable & (offset.abs() <= 1).all(dim=-1)  # False for NaN
    return torch.where(near[..., None], offset, 0.0).float()
