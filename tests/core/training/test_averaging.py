from __future__ import annotations

import pytest
import torch

from core.foundation.skeletons import FACE68
from core.models.pose import configure
from core.models.pose.network import build
from core.training.averaging import average_of, decay_for
from core.training.recipes import RECIPES


def test_the_average_is_the_moving_mean_of_weights_and_buffers() -> None:
    network = build(configure("hrnet-w18-small", FACE68, input_size=(64, 64)))
    average = average_of(network, 0.75)
    names = ("backbone.net.conv1.weight", "backbone.net.bn1.running_mean")
    expected: dict[str, torch.Tensor] = {}
    for step in range(4):
        for name in names:
            network.state_dict()[name].add_(step + 1.0)
            now = network.state_dict()[name].clone()
            expected[name] = now if step == 0 else 0.75 * expected[name] + 0.25 * now
        average.update_parameters(network)
    for name in names:
        assert torch.allclose(average.module.state_dict()[name], expected[name], atol=1e-6)


def test_a_short_run_averages_over_a_tenth_of_itself() -> None:
    recipe = RECIPES["resnet50-regression-softwing"]
    assert decay_for(recipe, 1_000_000) == recipe.ema
    assert decay_for(recipe, 200) == pytest.approx(0.95)
    assert decay_for(recipe, 3) == 0.0
