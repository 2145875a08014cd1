"""Means over what is labelled, by hand: what is not labelled reaches neither the sum nor the gradient."""

import pytest
import torch

from core.training.loss_parts import at_least_float32, masked, one_part, weighted_mean


def test_a_weighted_mean_by_hand():
    values, weight = torch.tensor([[1.0, 2.0], [3.0, 10.0]]), torch.tensor([[1.0, 3.0], [0.0, 0.0]])
    assert weighted_mean(values, weight).item() == pytest.approx((1 + 3 * 2) / 4)


def test_a_weight_is_spread_over_the_axes_that_it_lacks():
    """Two instances, three coordinates each: the second counts twice."""
    values = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert weighted_mean(values, torch.tensor([[1.0], [2.0]])).item() == pytest.approx((6 + 2 * 15) / 9)


def test_without_any_weight_the_mean_and_its_gradient_are_zero():
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    mean = weighted_mean(values, torch.zeros(2))
    mean.backward()
    assert mean.item() == 0
    assert values.grad.tolist() == [0, 0]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_what_weighs_nothing_reaches_neither_the_mean_nor_the_gradient(wrong):
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    mean = weighted_mean(masked(values * torch.tensor([1.0, wrong]), torch.tensor([1, 0])), torch.tensor([1.0, 0.0]))
    assert mean.item() == 1
    assert masked(torch.tensor([5.0, wrong]), torch.tensor([[1], [0]])).tolist()[1] == [0, 0]


def test_half_precision_is_widened_and_double_stays():
    assert at_least_float32(torch.ones(1, dtype=torch.bfloat16)).dtype == torch.float32
    assert at_least_float32(torch.ones(1, dtype=torch.float32)).dtype == torch.float32
    assert at_least_float32(torch.ones(1, dtype=torch.float64)).dtype == torch.float64


def test_a_loss_of_one_part_keeps_its_graph_in_the_total_only():
    value = torch.tensor(2.0, requires_grad=True) * 3
    loss = one_part("wing", value)
    assert loss.total.requires_grad
    assert not loss.parts["wing"].requires_grad
    assert (loss.total.item(), loss.parts["wing"].item()) == (6, 6)
