from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from core.models.codecs import build_codec
from core.training.losses import build_loss
from tests.builders.loss_cases import case, number


def test_heatmaps_by_hand() -> None:
    outputs = {"heatmaps": torch.tensor([[[[0.0, 1.0], [0.0, 0.0]], [[9.0, 9.0], [9.0, 9.0]]]])}
    targets = {
        "heatmaps": torch.tensor([[[[1.0, 1.0], [0.0, 0.0]], [[0.0] * 2] * 2]]),
        "weight": torch.tensor([[1, 0]]),
    }
    assert number(build_loss("heatmap-mse")(outputs, targets).total) == pytest.approx(1 / 4)
    total = 3 + math.e
    expected = -(math.log(1 / total) + math.log(math.e / total)) / 2
    assert number(build_loss("heatmap-ce")(outputs, targets).total) == pytest.approx(expected, rel=1e-6)


def test_a_target_map_without_mass_counts_for_nothing_in_the_cross_entropy() -> None:
    outputs = {"heatmaps": torch.randn(1, 2, 4, 4, requires_grad=True)}
    maps = torch.zeros(1, 2, 4, 4)
    maps[0, 0, 1, 1] = 1
    found = build_loss("heatmap-ce")(outputs, {"heatmaps": maps, "weight": torch.ones(1, 2)})
    alone = -number(outputs["heatmaps"][0, 0].flatten().log_softmax(0)[5])
    assert number(found.total) == pytest.approx(alone, rel=1e-6)


def test_what_the_cross_entropy_fits_decodes_to_the_points() -> None:
    codec = build_codec("udp", (64, 64), {"logits": True})
    points = torch.tensor([[[20.3, 31.8], [5.1, 60.2]]])
    targets = codec.encode(points, torch.ones(1, 2, dtype=torch.bool))
    maps = torch.zeros(targets["heatmaps"].shape, requires_grad=True)
    optimiser = torch.optim.LBFGS([maps], max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        total = build_loss("heatmap-ce")({"heatmaps": maps}, targets).total
        total.backward()
        return total

    optimiser.step(closure)
    found = codec.decode({"heatmaps": maps.detach() - 7}).points  # a constant makes no difference
    torch.testing.assert_close(found, points, atol=0.05, rtol=0)


def test_udp_offsets_count_only_inside_the_disc() -> None:
    outputs, targets = case("udp-combined")
    total = build_loss("udp-combined")(outputs, targets).total
    disc = (targets["heatmaps"] > 0).repeat_interleave(2, dim=1)
    changed = outputs | {"offsets": torch.where(disc, outputs["offsets"], 1e6)}
    assert number(build_loss("udp-combined")(changed, targets).total) == pytest.approx(number(total), rel=1e-6)
    heavier = build_loss("udp-combined", offsets=3)(outputs, targets)
    expected = number(heavier.parts["heatmaps"] + 3 * heavier.parts["offsets"])
    assert number(heavier.total) == pytest.approx(expected)
