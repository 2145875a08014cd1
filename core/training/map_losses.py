"""Losses that compare maps: heatmaps alone, or with offsets."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from core.foundation.errors import BadInput
from core.training.loss_parts import LossParts, at_least_float32, masked, one_part, weighted_mean


class HeatmapError:
    """Mean squared error over all cells of the maps of present points."""

    def __call__(self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> LossParts:
        """Outputs and targets: "heatmaps" (N, K, h, w); targets also "weight" (N, K)."""
        return one_part("heatmaps", _squared(outputs, targets, "heatmaps"))


class HeatmapCrossEntropy:
    """Cross-entropy between the target map, divided by its sum, and a softmax over the cells of the output.

    The least possible value is the target's own entropy, not 0. The output is then a logit: it fits the target's
    logarithm up to a constant, so the codec has to be told by its setting ``logits``.
    """

    def __call__(self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> LossParts:
        """As `HeatmapError`; a target map whose sum is 0 counts for nothing."""
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
        heat = _squared(outputs, targets, "heatmaps")
        offsets = self._offsets(outputs, targets)
        return LossParts(heat + self.offsets * offsets, {"heatmaps": heat.detach(), "offsets": offsets.detach()})

    @staticmethod
    def _offsets(outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
        found = at_least_float32(outputs["offsets"])
        disc = (targets["heatmaps"] > 0).to(found.dtype).repeat_interleave(2, dim=1)
        weight = targets["weight"].repeat_interleave(2, dim=1)[..., None, None]
        error = found - masked(targets["offsets"].to(found.dtype), disc * weight)
        return weighted_mean(disc * error.square(), weight)


def _squared(outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor], name: str) -> Tensor:
    found = at_least_float32(outputs[name])
    weight = targets["weight"][..., None, None]
    return weighted_mean((found - masked(targets[name].to(found.dtype), weight)).square(), weight)
