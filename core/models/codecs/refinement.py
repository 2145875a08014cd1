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
Where the parabola has no top within a cell of the maximum, the offset is 0: the maximum itself is the answer.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

_LEAST: Final = 1e-3  # of the maximum: below it a value says nothing about the top (the published clip)
_PRIOR: Final = 0.01  # weight of the expected curvature against that of all cells of the patch
_SINGULAR: Final = 1e-5  # of a diagonal: what is left of it below this is rounding
_POWERS: Final = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))  # of x and y, in the parabola's terms


def fit_offset(values: Tensor, inside: Tensor, peak: Tensor, sigma: float) -> Tensor:
    """(N, K, 2) offsets in cells from the middle of (N, K, P, P) patches, by a weighted parabola through the log.

    `inside` says which cells are on the map, `peak` (N, K) is each patch's maximum, above 0 where it counts. The
    curvature is drawn a little towards that of a round Gaussian of `sigma` cells, the target: this decides where few
    cells remain, at a corner, and changes nothing where the map is the target.
    """
    share = values / peak.clamp(min=torch.finfo(torch.float32).tiny)[..., None, None]
    weight = torch.where(inside & (share > _LEAST), share, 0.0) ** 2
    radius = values.shape[-1] // 2
    along = torch.arange(-radius, radius + 1, device=values.device, dtype=torch.float32)
    left = _moments(weight, along, 4)
    right = _moments(weight * torch.log(share.clamp(_LEAST, 1.0)), along, 2)
    drawn = _PRIOR * left[0, 0]
    rows = []  # of the normal equations, with their right side
    for i, (p, q) in enumerate(_POWERS):
        row = [left[p + r, q + s] for r, s in _POWERS]
        side = right[p, q]
        if p + q == 2:
            row[i] = row[i] + drawn
            side = side if p == q else side - drawn / (2 * sigma**2)
        rows.append(torch.stack([*row, side]))
    solved, unique = _solve(rows)
    _, in_x, in_y, in_xx, in_xy, in_yy = solved.unbind(0)
    return _top(in_x, in_y, 2 * in_xx, in_xy, 2 * in_yy) * unique[..., None]


def blur_offset(values: Tensor, peak: Tensor, kernel: int, reach: int) -> Tensor:
    """(N, K, 2) offsets in cells by DARK's Newton step, for patches whose cells are all on the map.

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
    along = torch.arange(kernel, device=values.device, dtype=torch.float32) - kernel // 2
    taps = torch.exp(-(along**2) / (2 * sigma**2))
    taps = taps / taps.sum()
    size = 2 * reach + 1
    rows = torch.stack([values[..., i : i + size] * taps[i] for i in range(kernel)]).sum(dim=0)
    blurred = torch.stack([rows[..., i : i + size, :] * taps[i] for i in range(kernel)]).sum(dim=0)
    log = torch.log(torch.maximum(blurred, (_LEAST * peak).clamp(min=_LEAST**2)[..., None, None]))
    return _newton(log, reach)


def _newton(log: Tensor, reach: int) -> Tensor:
    m = reach  # the middle
    in_x = (log[..., m, m + 1] - log[..., m, m - 1]) / 2
    in_y = (log[..., m + 1, m] - log[..., m - 1, m]) / 2
    twice = 2 * log[..., m, m]
    in_xx = (log[..., m, m + reach] - twice + log[..., m, m - reach]) / reach**2
    in_yy = (log[..., m + reach, m] - twice + log[..., m - reach, m]) / reach**2
    falling = log[..., m + 1, m + 1] + log[..., m - 1, m - 1]
    rising = log[..., m + 1, m - 1] + log[..., m - 1, m + 1]
    return _top(in_x, in_y, in_xx, (falling - rising) / 4, in_yy)


def _moments(weight: Tensor, along: Tensor, degree: int) -> dict[tuple[int, int], Tensor]:
    """The sum of weight * x^p * y^q over each patch, for all p + q <= degree. No matrix product: TF32 must not touch
    it."""
    found = {}
    for p in range(degree + 1):
        column = (weight * along**p).sum(dim=-1)
        for q in range(degree + 1 - p):
            found[p, q] = (column * along**q).sum(dim=-1)
    return found


def _solve(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Gauss and Jordan on M rows (M + 1, ...) of symmetric positive systems.

    Returns (M, ...) and whether that is the only solution, (...) bool; nonsense where it is not.
    """
    size = len(rows)
    unique = torch.ones_like(rows[0][0], dtype=torch.bool)
    first = [rows[i][i] for i in range(size)]
    for i in range(size):
        pivot = rows[i][i]
        regular = pivot > _SINGULAR * first[i]
        unique = unique & regular
        scaled = rows[i] / torch.where(regular, pivot, 1.0)
        rows = [scaled if j == i else row - row[i] * scaled for j, row in enumerate(rows)]
    return torch.stack([row[size] for row in rows]), unique


def _top(in_x: Tensor, in_y: Tensor, in_xx: Tensor, in_xy: Tensor, in_yy: Tensor) -> Tensor:
    """Where a parabola's gradient is 0: (..., 2); 0 where that is no maximum or lies over a cell away."""
    determinant = in_xx * in_yy - in_xy**2
    is_top = (determinant > 1e-10) & (in_xx < 0) & (in_yy < 0)
    safe = torch.where(is_top, determinant, 1.0)
    offset = torch.stack([(in_xy * in_y - in_yy * in_x) / safe, (in_xy * in_x - in_xx * in_y) / safe], dim=-1)
    near = is_top & (offset.abs() <= 1).all(dim=-1)  # False for NaN
    return torch.where(near[..., None], offset, 0.0)
