"""What is made small: one function for each name a recipe may give.

A loss takes outputs of a network and targets of its codec, dictionaries with the same names, and gives `LossParts`.
``targets["weight"]`` is (N, K): what a point counts for; 0 for an absent one, which then weighs nothing, whatever
stands in its place. Every mean is over what counts, so an instance with few labels is not worth less per point.

================ ===================== ==============================================================
name             outputs               source
================ ===================== ==============================================================
``mse``          points                squared error of each coordinate
``l1``           points                absolute error of each coordinate
``wing``         points                Feng et al., CVPR 2018 (arXiv 1711.06753), equation 5
``soft-wing``    points                Lin et al., IEEE TIP 2021 (arXiv 1909.04311)
``heatmap-mse``  heatmaps              Tompson et al., NeurIPS 2014
``heatmap-ce``   heatmaps              cross-entropy of a softmax over the map's cells
``udp-combined`` heatmaps, offsets     Huang et al., CVPR 2020 (arXiv 1911.07524)
``pip``          cls, x, y, nb_x, nb_y Jin et al., IJCV 2021 (arXiv 2003.03771), with its self-training tasks
================ ===================== ==============================================================
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import Any, Final

import torch
from torch import Tensor

from core.foundation.errors import BadInput
from core.foundation.messages import or_none
from core.training.loss_parts import LossParts, at_least_float32, masked, one_part, squared_error, weighted_mean
from core.training.pip_losses import PipLoss

Loss = Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], LossParts]


class PointLoss:
    """A function of each coordinate's error, averaged over the coordinates of present points.

    Parameters
    ----------
    name
        ``mse``, ``l1``, ``wing`` or ``soft-wing``.
    measure
        (N, K, 2) errors -> the same shape, at least 0.
    input_size
        (W, H): normalised outputs become pixels first, times W - 1 and H - 1. None: as they are.
    """

    def __init__(
        self, name: str, measure: Callable[[Tensor], Tensor], input_size: tuple[int, int] | None = None
    ) -> None:
        self.name, self.measure = name, measure
        self.unit = (1.0, 1.0) if input_size is None else (input_size[0] - 1.0, input_size[1] - 1.0)

    def __call__(self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> LossParts:
        """Outputs and targets: "points" (N, K, 2); targets also "weight" (N, K)."""
        points = at_least_float32(outputs["points"])
        weight = targets["weight"]
        truth = masked(targets["points"].to(points.dtype), weight[..., None])
        error = (points - truth) * points.new_tensor(self.unit)
        return one_part(self.name, weighted_mean(self.measure(error), weight[..., None]))


def wing(error: Tensor, width: float = 10.0, curvature: float = 2.0) -> Tensor:
    """Feng et al.'s wing: w ln(1 + |x| / e) under |x| = w, |x| - w + w ln(1 + w / e) from there on.

    The gradient near zero is w / e, five times that of L1 at the paper's w = 10 and e = 2 (pixels): small errors go on
    to matter.
    """
    size = error.abs()
    constant = width - width * math.log1p(width / curvature)
    return torch.where(size < width, width * torch.log1p(size / curvature), size - constant)


def soft_wing(error: Tensor, inner: float = 2.0, outer: float = 20.0, curvature: float = 0.5) -> Tensor:
    """Lin et al.'s soft wing: |x| under |x| = w1, then w2 ln(1 + |x| / e) + B with B such that both meet at w1.

    Like L1 under w1 = 2 pixels, so noise in the labels is not amplified as by `wing`; beyond it grows by the logarithm.
    """
    size = error.abs()
    constant = inner - outer * math.log1p(inner / curvature)
    return torch.where(size < inner, size, outer * torch.log1p(size / curvature) + constant)


def heatmap_error(outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> LossParts:
    """Mean squared error over all cells of the maps of present points: "heatmaps" (N, K, h, w) of both."""
    return one_part("heatmaps", _height_error(outputs, targets))


def heatmap_cross_entropy(outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> LossParts:
    """Cross-entropy between the target map, divided by its sum, and a softmax over the cells of the output.

    The least possible value is the target's own entropy, not 0. The output is then a logit: it fits the target's
    logarithm up to a constant, so the codec has to be told by its setting ``logits``. A target map whose sum is 0
    counts for nothing.
    """
    logits = at_least_float32(outputs["heatmaps"]).flatten(2)
    weight = targets["weight"]
    wanted = masked(targets["heatmaps"].to(logits.dtype).flatten(2), weight[..., None])
    mass = wanted.sum(dim=-1)
    weight = weight * (mass > 0)
    share = wanted / torch.where(mass > 0, mass, torch.ones_like(mass))[..., None]
    entropy = -(share * logits.log_softmax(dim=-1)).sum(dim=-1)
    return one_part("heatmaps", weighted_mean(entropy, weight))


class UdpCombined:
    """Squared errors of the disc's map and, inside the disc only, of the offsets to the point.

    Both are divided by the number of all cells, as in the source, so the offsets do not drown the small disc.

    Parameters
    ----------
    offsets
        Weight of the offsets' part; the map's is 1.
    """

    def __init__(self, offsets: float = 1.0) -> None:
        if not offsets > 0:
            raise BadInput("losses.above_zero", name="offsets", value=offsets)
        self.offsets = offsets

    def __call__(self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> LossParts:
        """ "heatmaps" (N, K, h, w) and "offsets" (N, 2K, h, w) of both; targets also "weight" (N, K)."""
        heat = _height_error(outputs, targets)
        ways = at_least_float32(outputs["offsets"])
        disc = (targets["heatmaps"] > 0).to(ways.dtype).repeat_interleave(2, dim=1)
        weight = targets["weight"].repeat_interleave(2, dim=1)[..., None, None]
        error = ways - masked(targets["offsets"].to(ways.dtype), disc * weight)
        offsets = weighted_mean(disc * error.square(), weight)
        return LossParts(heat + self.offsets * offsets, {"heatmaps": heat.detach(), "offsets": offsets.detach()})


def _height_error(outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
    return squared_error(outputs["heatmaps"], targets["heatmaps"], targets["weight"][..., None, None])


def _wing(input_size: tuple[int, int] = (256, 256), width: float = 10.0, curvature: float = 2.0) -> Loss:
    _positive(width=width, curvature=curvature)
    return PointLoss("wing", lambda error: wing(error, width, curvature), input_size)


def _soft_wing(
    input_size: tuple[int, int] = (256, 256), inner: float = 2.0, outer: float = 20.0, curvature: float = 0.5
) -> Loss:
    _positive(inner=inner, outer=outer, curvature=curvature)
    return PointLoss("soft-wing", lambda error: soft_wing(error, inner, outer, curvature), input_size)


def _positive(**settings: float) -> None:
    for name, value in settings.items():
        if not 0 < value < math.inf:
            raise BadInput("losses.above_zero", name=name, value=value)


POINT_LOSSES: Final[Mapping[str, Callable[..., Loss]]] = {
    "mse": partial(PointLoss, "mse", torch.square),
    "l1": partial(PointLoss, "l1", torch.abs),
    "wing": _wing,
    "soft-wing": _soft_wing,
    "heatmap-mse": lambda: heatmap_error,
    "heatmap-ce": lambda: heatmap_cross_entropy,
    "udp-combined": UdpCombined,
    "pip": PipLoss,
}


def build_loss(name: str, **settings: Any) -> Loss:
    """The loss of that name.

    Parameters
    ----------
    name
        A key of `POINT_LOSSES`.
    settings
        ``input_size`` for the four that compare points: (W, H) of the network's input. With it their unit is its
        pixel; ``wing`` and ``soft-wing``, whose numbers are pixels, take 256 x 256 without it, ``mse`` and ``l1`` the
        outputs' own unit. Further ``width`` and ``curvature`` (wing), ``inner``, ``outer`` and ``curvature``
        (soft-wing), ``offsets`` (udp-combined), ``cls``, ``offsets`` and ``neighbours`` (pip): weights of the parts.

    Raises
    ------
    BadInput
        If there is no such loss or setting (the sentence names those there are), or a setting is not above 0.
    """
    if name not in POINT_LOSSES:
        raise BadInput("losses.none_called", name=name, choices=list(POINT_LOSSES))
    kind = POINT_LOSSES[name]
    names = [key for key in signature(kind).parameters if key != "input_size"]
    for key, value in settings.items():
        if key not in signature(kind).parameters:
            raise BadInput("losses.no_setting", loss=name, setting=key, choices=or_none(names))
        if key in names and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadInput("losses.no_number", setting=key, value=value)
    return kind(**settings)
