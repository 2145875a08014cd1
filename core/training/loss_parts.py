"""What every loss gives, and means over what is labelled."""

from typing import NamedTuple

import torch
from torch import Tensor


class LossParts(NamedTuple):
    """A loss and what it is made of.

    Attributes
    ----------
    total
        Scalar tensor to call backward on: float32, or float64 where the outputs are. Without any weight it and its
        gradients are exactly 0.
    parts
        Name -> scalar tensor, detached; before their weights.
    """

    total: Tensor
    parts: dict[str, Tensor]


def one_part(name: str, value: Tensor) -> LossParts:
    """A loss of one part."""
    return LossParts(value, {name: value.detach()})


def at_least_float32(outputs: Tensor) -> Tensor:
    """Losses are taken in float32 whatever the network computed in; float64 stays, for checks of gradients."""
    return outputs if outputs.dtype == torch.float64 else outputs.float()


def masked(values: Tensor, mask: Tensor) -> Tensor:
    """`values` where the mask is above 0, else exactly 0: a target that is NaN there reaches neither sum nor gradient.

    `mask` broadcasts to `values`.
    """
    return torch.where(mask > 0, values, torch.zeros((), dtype=values.dtype, device=values.device))


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Sum of ``weight * values`` over the sum of the weights, both broadcast to one another; 0 without any weight."""
    weight = weight.to(values.dtype).expand_as(values)
    total = weight.sum()
    return (weight * masked(values, weight)).sum() / torch.where(total > 0, total, torch.ones_like(total))


def squared_error(outputs: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of squared differences; a target without weight may be NaN."""
    outputs = at_least_float32(outputs)
    return weighted_mean((outputs - masked(targets.to(outputs.dtype), weight)).square(), weight)
