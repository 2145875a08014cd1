"""The moving average of the weights, which is what a training keeps and measures."""

from __future__ import annotations

from typing import Final

from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.models.pose.network import PoseNetwork
from core.training.recipe import Recipe

_HORIZON: Final = 0.1  # of a run: an average over more of it would still remember the random weights of the start


def decay_for(recipe: Recipe, steps: int) -> float:
    """The recipe's decay, but for a run of `steps` at most 1 - 1 / (a tenth of the steps)."""
    return max(0.0, min(recipe.ema, 1 - 1 / max(1.0, _HORIZON * steps)))


def average_of(network: PoseNetwork, decay: float) -> AveragedModel:
    """An average that begins as a copy at its first update; buffers (statistics of batch norms) are averaged too."""
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
