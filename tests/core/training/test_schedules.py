from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from core.foundation.skeletons import FACE68
from core.models.pose import configure
from core.models.pose.network import build
from core.training.recipes import RECIPES
from core.training.schedules import average_of, decay_for, parameter_groups, rate_factor


def test_the_rate_warms_up_and_falls() -> None:
    cosine = replace(RECIPES["quick-resnet18"], epochs=10, warmup=1.0)
    factors = [rate_factor(cosine, step, 4) for step in range(40)]
    assert factors[:4] == [0.2, 0.4, 0.6, 0.8]
    assert factors[4] == 1.0
    assert factors[22] == pytest.approx(0.5 * (1 + math.cos(math.pi * 18 / 36)))
    assert factors[39] == pytest.approx(0.5 * (1 + math.cos(math.pi * 35 / 36)))
    steps = replace(RECIPES["pipnet-r18"])
    assert [rate_factor(steps, epoch * 7, 7) for epoch in (0, 29, 30, 49, 50)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert rate_factor(replace(cosine, schedule="constant"), 39, 4) == 1.0


def test_the_cosine_is_torchs() -> None:
    recipe = replace(RECIPES["quick-resnet18"], epochs=5, warmup=0.0, rate=0.3)
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    peer = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=15)
    for step in range(15):
        assert recipe.rate * rate_factor(recipe, step, 3) == pytest.approx(peer.get_last_lr()[0])
        optimiser.step()
        peer.step()


def test_rates_fall_by_layer_and_norms_do_not_decay() -> None:
    recipe = RECIPES["vitpose-s"]
    network = build(configure("vitpose-s", FACE68, input_size=(64, 64)))
    found = {}
    for group in parameter_groups(recipe, network):
        for parameter in group["params"]:
            found[id(parameter)] = (group["base"], group["weight_decay"])
    by_name = {name: found[id(parameter)] for name, parameter in network.named_parameters()}
    rate, fall = recipe.rate, recipe.layer_decay
    layer = "backbone.net.encoder.layer.{}.attention.output.dense.weight"
    assert by_name[layer.format(11)][0] == pytest.approx(rate * fall)
    assert by_name[layer.format(0)][0] == pytest.approx(rate * fall**12)
    assert by_name["backbone.net.embeddings.position_embeddings"][0] == pytest.approx(rate * fall**13)
    assert by_name["head.maps.heatmaps.weight"] == (rate, recipe.weight_decay)
    assert by_name["head.maps.heatmaps.bias"] == (rate, 0.0)
    assert by_name["backbone.net.layernorm.weight"] == (rate, 0.0)


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
