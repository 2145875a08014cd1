"""How fast each parameter learns at each step, and the moving average of the weights, which a training keeps.

Rates are a function of the step alone, so a resumed run needs no state of them.
"""

import math
import re
from typing import Any, Final

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.models.pose.network import PoseNetwork
from core.training.recipe import Recipe

_LAYER: Final = re.compile(r"\blayers?\.(\d+)\.")
_MOMENTUM: Final = 0.9
_HORIZON: Final = 0.1  # of a run: an average over more of it would still remember the random weights of the start


def rate_factor(recipe: Recipe, step: int, steps_an_epoch: int) -> float:
    """What the recipe's rate is multiplied by at `step` (from 0).

    Linear warm-up, so that the first step already learns; then as the recipe's schedule says. A cosine ends at zero
    with the last step (Loshchilov and Hutter, SGDR, 2017, without restarts).
    """
    warm = round(recipe.warmup * steps_an_epoch)
    if step < warm:
        return (step + 1) / (warm + 1)
    if recipe.schedule == "steps":
        passed = sum(step >= milestone * steps_an_epoch for milestone in recipe.milestones)
        return float(recipe.decay**passed)
    if recipe.schedule == "cosine":
        total = max(1, recipe.epochs * steps_an_epoch - warm)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / total)))
    return 1.0


def optimiser_of(recipe: Recipe, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over every parameter of the network; each group remembers its own ``base`` rate."""
    groups = parameter_groups(recipe, network)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=recipe.rate, momentum=_MOMENTUM, nesterov=True)
    kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
    return kind(groups, lr=recipe.rate)


def parameter_groups(recipe: Recipe, network: nn.Module) -> list[dict[str, Any]]:
    """Groups of equal rate and weight decay, in the order in which the network names its parameters.

    What is one-dimensional (biases, norms) does not decay. With a layer decay d, layer i of L in the backbone (1 to L,
    what comes before the first is 0) learns at d ** (L + 1 - i), and the head and the last norm at the full rate (Clark
    et al., ELECTRA, 2020; as ViTPose is fine-tuned).
    """
    named = list(network.named_parameters())
    depth = 1 + max((_layer(name, 0) for name, _ in named), default=0)
    groups: dict[tuple[float, float], dict[str, Any]] = {}
    for name, parameter in named:
        factor = recipe.layer_decay ** (depth - _layer(name, depth))
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        group = groups.setdefault((factor, decay), {"params": [], "base": recipe.rate * factor, "weight_decay": decay})
        group["params"].append(parameter)
    return list(groups.values())


def _layer(name: str, depth: int) -> int:
    """0 for the embedding, 1 to L for a transformer's layers, `depth` for whatever comes after them."""
    if not name.startswith("backbone."):
        return depth
    if ".embeddings." in name:
        return 0
    match = _LAYER.search(name)
    return int(match.group(1)) + 1 if match else depth


def set_rate(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Give each group its own base rate times `factor`."""
    for group in optimiser.param_groups:
        group["lr"] = group["base"] * factor


def decay_for(recipe: Recipe, steps: int) -> float:
    """The recipe's decay, but for a run of `steps` at most 1 - 1 / (a tenth of the steps)."""
    return max(0.0, min(recipe.ema, 1 - 1 / max(1.0, _HORIZON * steps)))


def average_of(network: PoseNetwork, decay: float) -> AveragedModel:
    """An average that begins as a copy at its first update; buffers (statistics of batch norms) are averaged too."""
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
