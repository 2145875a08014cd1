"""Every loss by hand, against a loop in numpy, by its gradient, and with nothing labelled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.foundation.errors import BadInput
from core.models.codecs import build_codec
from core.training.losses import POINT_LOSSES, build_loss, soft_wing, wing
from tests.builders.loss_cases import (
    CODEC_OF,
    NEIGHBOURS,
    POINTS,
    N,
    as_numpy,
    case,
    number,
    pip_by_hand,
    squared_by_hand,
    weighted,
)


def reference_points(outputs: dict, targets: dict, measure: Callable[[float], float], unit: float) -> float:
    values = []
    for n in range(N):
        for k in range(POINTS):
            if targets["weight"][n, k]:
                values += [measure(unit * float(e)) for e in outputs["points"][n, k] - targets["points"][n, k]]
    return float(np.mean(values))


def wing_by_hand(x: float) -> float:
    x = abs(x)
    return 10 * math.log(1 + x / 2) if x < 10 else x - (10 - 10 * math.log(6))


def soft_wing_by_hand(x: float) -> float:
    x = abs(x)
    return x if x < 2 else 20 * math.log(1 + x / 0.5) + 2 - 20 * math.log(5)


def reference_maps(outputs: dict, targets: dict, cell: Callable[[np.ndarray, np.ndarray], float]) -> float:
    values = [
        cell(outputs["heatmaps"][n, k], targets["heatmaps"][n, k])
        for n in range(N)
        for k in range(POINTS)
        if targets["weight"][n, k]
    ]
    return float(np.mean(values))


def entropy_by_hand(found: np.ndarray, wanted: np.ndarray) -> float:
    share = np.exp(found - found.max())
    share /= share.sum()
    return -float((wanted / wanted.sum() * np.log(share)).sum())


def combined_by_hand(outputs: dict, targets: dict) -> float:
    values = []
    for n in range(N):
        for k in range(POINTS):
            if not targets["weight"][n, k]:
                continue
            disc = targets["heatmaps"][n, k] > 0
            total = squared_by_hand(outputs["heatmaps"][n, k], targets["heatmaps"][n, k])
            for axis in range(2):
                error = outputs["offsets"][n, 2 * k + axis] - targets["offsets"][n, 2 * k + axis]
                total += float((error**2)[disc].sum()) / disc.size / 2
            values.append(total)
    return float(np.mean(values))


REFERENCES: dict[str, Callable[[dict, dict], float]] = {
    "mse": lambda o, t: reference_points(o, t, lambda x: x * x, 1.0),
    "l1": lambda o, t: reference_points(o, t, abs, 1.0),
    "wing": lambda o, t: reference_points(o, t, wing_by_hand, 255.0),
    "soft-wing": lambda o, t: reference_points(o, t, soft_wing_by_hand, 255.0),
    "heatmap-mse": lambda o, t: reference_maps(o, t, squared_by_hand),
    "heatmap-ce": lambda o, t: reference_maps(o, t, entropy_by_hand),
    "udp-combined": combined_by_hand,
    "pip": lambda o, t: weighted(pip_by_hand(o, t)),
}


@pytest.mark.parametrize("name", list(POINT_LOSSES))
@pytest.mark.parametrize("seed", [0, 1])
def test_a_loss_is_that_of_a_loop_over_points(name: str, seed: int) -> None:
    outputs, targets = case(name, seed, torch.float64)
    found = build_loss(name)(outputs, targets)
    assert number(found.total) == pytest.approx(REFERENCES[name](as_numpy(outputs), as_numpy(targets)), rel=1e-6)


@pytest.mark.parametrize("name", list(POINT_LOSSES))
def test_its_gradient_is_that_of_its_values(name: str) -> None:
    outputs, targets = case(name, 2, torch.float64)
    small = {
        key: value[:1, :, ::8, ::8] if value.ndim == 4 and value.shape[-1] > 8 else value[:1]
        for key, value in outputs.items()
    }
    cut = {
        key: value[:1, :, ::8, ::8] if value.ndim == 4 and value.shape[-1] > 8 else value[:1]
        for key, value in targets.items()
    }
    keys = [key for key in small if key not in ("cls2", "cls3")]
    inputs = [small[key].detach().clone().requires_grad_() for key in keys]
    loss = build_loss(name, **({"input_size": (40, 30)} if "wing" in name else {}))
    assert torch.autograd.gradcheck(lambda *tensors: loss(dict(zip(keys, tensors, strict=True)), cut).total, inputs)


@pytest.mark.parametrize("name", list(POINT_LOSSES))
def test_perfect_outputs_have_the_least_loss(name: str) -> None:
    _, targets = case(name, 3)
    outputs = {key: value.clone() for key, value in targets.items() if "weight" not in key}
    if name == "heatmap-ce":
        outputs["heatmaps"] = targets["heatmaps"].clamp(min=1e-30).log()
        shares = targets["heatmaps"].flatten(2) / targets["heatmaps"].flatten(2).sum(-1, keepdim=True).clamp(min=1e-9)
        entropy = torch.special.entr(shares).sum(-1)[targets["weight"] > 0].mean()
        assert number(build_loss(name)(outputs, targets).total) == pytest.approx(number(entropy), rel=1e-4)
    else:
        assert number(build_loss(name)(outputs, targets).total) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", list(POINT_LOSSES))
def test_absent_points_weigh_nothing_whatever_stands_in_their_place(name: str) -> None:
    outputs, targets = case(name, 4)
    absent = targets["weight"] == 0
    assert absent.any()
    clean = build_loss(name)(outputs, targets).total
    spoilt = {key: value.clone() for key, value in targets.items()}
    for key, value in spoilt.items():
        if "weight" not in key:
            each = value.shape[1] // POINTS if value.ndim == 4 else 1
            value[absent.repeat_interleave(each, dim=1)] = torch.nan
    dirty = build_loss(name)(outputs, spoilt).total
    assert number(dirty) == number(clean)
    dirty.backward()
    for key, value in outputs.items():
        if value.grad is not None:
            assert value.grad.isfinite().all()
            each = value.shape[1] // POINTS if value.ndim == 4 else 1
            assert not value.grad[absent.repeat_interleave(each, dim=1)].any(), key


@pytest.mark.parametrize("name", list(POINT_LOSSES))
def test_nothing_labelled_is_a_loss_of_zero_with_zero_gradients(name: str) -> None:
    outputs, targets = case(name)
    codec = build_codec(CODEC_OF[name], (128, 128), {"neighbours": NEIGHBOURS} if name == "pip" else {})
    targets = codec.encode(torch.full((N, POINTS, 2), torch.nan), torch.zeros(N, POINTS, dtype=torch.bool))
    found = build_loss(name)(outputs, targets)
    found.total.backward()
    assert number(found.total) == 0
    assert all(number(value) == 0 for value in found.parts.values())
    grads = [value.grad for value in outputs.values() if value.grad is not None]
    assert grads
    assert not any(grad.any() for grad in grads)


@pytest.mark.parametrize("name", list(POINT_LOSSES))
def test_half_precision_outputs_are_compared_in_float32(name: str) -> None:
    outputs, targets = case(name)
    half = {key: value.detach().bfloat16().requires_grad_() for key, value in outputs.items()}
    rounded = {key: value.detach().float() for key, value in half.items()}
    found = build_loss(name)(half, targets).total
    assert found.dtype == torch.float32
    assert number(found) == number(build_loss(name)(rounded, targets).total)


def test_wing_by_hand() -> None:
    errors = torch.tensor([0.0, 2.0, -2.0, 10.0, 30.0, -30.0], dtype=torch.float64)
    # 10 ln 2; from w on |x| - 10 + 10 ln 6
    expected = [0, 6.931471805599453, 6.931471805599453, 17.91759469228055, 37.91759469228055, 37.91759469228055]
    np.testing.assert_allclose(wing(errors).numpy(), expected, rtol=1e-12)
    edge = wing(torch.tensor([10 - 1e-9, 10 + 1e-9], dtype=torch.float64))
    assert abs(float(edge[0] - edge[1])) < 1e-8  # continuous


def test_soft_wing_by_hand() -> None:
    errors = torch.tensor([0.0, 1.5, -1.5, 2.0, 10.0, -10.0], dtype=torch.float64)
    # 2 + 20 ln(21 / 5) at 10
    expected = [0, 1.5, 1.5, 2.0, 2 + 20 * math.log(4.2), 2 + 20 * math.log(4.2)]
    np.testing.assert_allclose(soft_wing(errors).numpy(), expected, rtol=1e-12)


def test_wing_pulls_harder_at_small_errors_and_soft_wing_does_not() -> None:
    small = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    assert float(torch.autograd.grad(wing(small), small)[0]) == pytest.approx(10 / 2.1)
    assert float(torch.autograd.grad(soft_wing(small), small)[0]) == 1


def test_the_unit_of_points_is_the_pixel_of_the_input() -> None:
    outputs = {"points": torch.tensor([[[0.5, 0.5]]], dtype=torch.float64)}
    targets = {"points": torch.tensor([[[0.4, 0.7]]], dtype=torch.float64), "weight": torch.ones(1, 1)}
    found = build_loss("l1", input_size=(101, 51))(outputs, targets)
    assert number(found.total) == pytest.approx((10 + 10) / 2)
    assert number(build_loss("mse")(outputs, targets).total) == pytest.approx((0.01 + 0.04) / 2)
    assert number(build_loss("wing", input_size=[101, 51])(outputs, targets).total) == pytest.approx(
        (10 * math.log(6) + 10 * math.log(6)) / 2
    )


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("huber", {}, "no loss is called 'huber'"),
        ("mse", {"width": 3}, "the loss mse has no setting 'width'; it has none"),
        ("wing", {"widht": 3}, "the loss wing has no setting 'widht'; it has width, curvature"),
        ("pip", {"foo": 1}, "the loss pip has no setting 'foo'; it has cls, offsets, neighbours"),
        ("wing", {"width": "far"}, "the loss setting width is a number, not 'far'"),
        ("wing", {"width": 0}, "width"),
        ("soft-wing", {"curvature": -1}, "curvature"),
        ("udp-combined", {"offsets": 0}, "offsets"),
        ("pip", {"cls": -1}, "cls"),
        ("pip", {"neighbours": math.nan}, "neighbours"),
    ],
)
def test_wrong_names_and_settings_are_refused(name: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        build_loss(name, **settings)


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
