"""The stability loss on predictors of every vice, its gradients, its windows and its gate."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from core.foundation.errors import BadInput
from core.metrics.stability.deviation import indicator
from core.training.stability_loss import TARGETS, StabilityLoss

FRAMES, POINTS = 20, 68


def face(frames: int = FRAMES, seed: int = 0) -> np.ndarray:
    """(T, 68, 2): a face of 100 pixels that sways, with a mouth that opens and closes."""
    rng = np.random.default_rng(seed)
    shape = rng.uniform(60, 160, (POINTS, 2))
    shape[[36, 45, 27, 33]] = [[70, 90], [150, 90], [110, 95], [110, 130]]
    time = np.arange(frames)[:, None, None]
    sway = np.concatenate([6 * np.sin(time / 4), 3 * np.cos(time / 5)], axis=2)
    mouth = np.zeros((1, POINTS, 2))
    mouth[:, 48:] = (3, 5)
    return shape + sway + mouth * np.sin(time / 2)


def noisy(truth: np.ndarray, sigma: float, seed: int = 1) -> np.ndarray:
    return truth + sigma * np.random.default_rng(seed).normal(size=truth.shape)


def value(predicted: np.ndarray, truth: np.ndarray, target: str = "true-motion", **settings: float) -> float:
    loss = StabilityLoss(target, **settings)
    return float(loss(torch.from_numpy(predicted), torch.from_numpy(truth)))


def frozen(truth: np.ndarray) -> np.ndarray:
    return np.broadcast_to(truth[:1], truth.shape).copy()


def lagged(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """A truth and a predictor that is some frames late."""
    whole = face(FRAMES + frames)
    return whole[: len(whole) - frames], whole[frames:]


def test_true_motion_has_zero_residual_jitter_wherever_it_is() -> None:
    truth = face()
    assert value(truth, truth) == pytest.approx(0, abs=1e-12)
    assert value(truth + 5, truth) == pytest.approx(0, abs=1e-9)  # a constant error is no jitter; the main loss has it


def test_residual_jitter_by_hand() -> None:
    truth = np.zeros((3, POINTS, 2))
    truth[:, 36, 0], truth[:, 45, 0] = 10, 50  # the unit in x: 40 pixels
    truth[:, 27, 1], truth[:, 33, 1] = 10, 30  # in y: 20
    predicted = truth.copy()
    predicted[1] += (4, 0)  # the error moves by 4 / 40, and back
    predicted[2] += (4, 2)  # then by 2 / 20
    assert value(predicted, truth, epsilon=1e-9) == pytest.approx(0.1, rel=1e-6)
    one = truth.copy()
    one[1:, 3] += (4, 0)  # a single point of 68, once
    assert value(one, truth, epsilon=1e-9) == pytest.approx(0.1 / np.sqrt(POINTS) / 2, rel=1e-6)


def test_residual_jitter_is_that_of_a_loop() -> None:
    truth = face()
    truth[4, 10] = truth[9, :5] = np.nan
    predicted = noisy(np.nan_to_num(truth), 1.5)
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
    nose = np.linalg.norm(truth[:, 27] - truth[:, 33], axis=1)
    pairs = []
    for t in range(1, FRAMES):
        squares = []
        for k in range(POINTS):
            moved = (predicted[t, k] - truth[t, k]) - (predicted[t - 1, k] - truth[t - 1, k])
            if np.isfinite(moved).all():
                squares.append((moved[0] / eyes[t]) ** 2 + (moved[1] / nose[t]) ** 2)
        pairs.append(np.sqrt(np.mean(squares) + 1e-6) - 1e-3)
    assert value(predicted, truth) == pytest.approx(np.mean(pairs), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_true_motion_ranks_predictors_rightly(seed: int) -> None:
    truth = face(seed=seed)
    jitter = [value(noisy(truth, sigma), truth) for sigma in (0.1, 0.5, 1.5, 4.0)]
    assert jitter == sorted(jitter)
    assert value(frozen(truth), truth) > 0
    assert value(noisy(truth, 0.1), truth) < value(frozen(truth), truth)
    halved = truth[:1] + (truth - truth[:1]) / 2
    assert 0 < value(halved, truth) < value(frozen(truth), truth)


def test_true_motion_sees_delay_more_of_it_the_worse() -> None:
    delays = [value(*lagged(frames)) for frames in (1, 2, 3)]
    assert 0 < delays[0] < delays[1] < delays[2]


def test_stillness_can_be_gamed_and_true_motion_cannot() -> None:
    truth = face()
    assert value(frozen(truth), truth, "stillness") == 0
    assert value(truth, truth, "stillness") > 0.01
    assert value(frozen(truth), truth) > value(truth, truth)


def test_the_indicator_is_one_for_the_truth_and_its_faults_are_known() -> None:
    truth = face()
    assert value(truth, truth, "indicator") == pytest.approx(0, abs=1e-9)
    assert value(frozen(truth), truth, "indicator") > 0.8
    jitter = [value(noisy(truth, sigma), truth, "indicator") for sigma in (0.5, 1.5, 4.0)]
    assert jitter == sorted(jitter)
    late, true = lagged(3)
    assert value(late, true, "indicator") < 0.05  # blind to delay
    assert value(late, true, "true-motion") > 0.03
    shaking = truth + np.where(np.arange(FRAMES) % 2, 8, 0)[:, None, None]
    assert value(shaking, truth, "indicator") == pytest.approx(0, abs=1e-9)  # and to what all points share


@pytest.mark.parametrize("gap", [False, True])
def test_the_indicator_is_the_metric(gap: bool) -> None:
    truth = face()
    if gap:
        truth[3, 60:] = truth[7] = np.nan
    predicted = noisy(np.nan_to_num(truth), 2.0)
    loss = StabilityLoss("indicator", epsilon=1e-7)
    found = float(loss(torch.from_numpy(predicted), torch.from_numpy(truth)))
    known = abs(indicator(predicted, truth) - 1)
    assert found == pytest.approx(known, rel=5e-4)  # the metric has an epsilon of its own


@pytest.mark.parametrize("target", TARGETS)
def test_gradients_are_those_of_the_values(target: str) -> None:
    truth = torch.from_numpy(face(6))
    truth[2, 5] = torch.nan
    predicted = torch.from_numpy(noisy(face(6), 1.0))
    keep = torch.arange(POINTS) < 8

    def of(some: Tensor) -> Tensor:
        whole = predicted.clone()
        whole[:, keep] = some
        return StabilityLoss(target)(whole, truth)

    assert torch.autograd.gradcheck(of, predicted[:, keep].clone().requires_grad_())


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("still_truth", [True, False])
def test_gradients_are_finite_where_nothing_moves(target: str, still_truth: bool) -> None:
    truth = torch.from_numpy(frozen(face()) if still_truth else face()).float()
    predicted = torch.from_numpy(frozen(face())).float().requires_grad_()
    loss = StabilityLoss(target)(predicted, truth)
    loss.backward()
    assert predicted.grad is not None
    assert loss.isfinite()
    assert predicted.grad.isfinite().all()
    if still_truth:
        assert float(loss.detach()) == pytest.approx(0, abs=1e-6)
        assert predicted.grad.abs().max() < 1e-3


@pytest.mark.parametrize("target", TARGETS)
def test_descending_it_lowers_jitter_and_only_stillness_forgets_the_motion(target: str) -> None:
    truth = torch.from_numpy(face())
    start = torch.from_numpy(noisy(face(), 1.0))
    predicted = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([predicted], lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        StabilityLoss(target)(predicted, truth).backward()
        optimiser.step()
    jitter = StabilityLoss()(predicted.detach(), truth)
    assert StabilityLoss(target)(predicted.detach(), truth) < StabilityLoss(target)(start, truth)
    moved = float(predicted.detach().diff(dim=0).norm() / truth.diff(dim=0).norm())
    if target == "true-motion":
        assert jitter < 0.2 * StabilityLoss()(start, truth)
        assert moved == pytest.approx(1, abs=0.05)
    if target == "stillness":
        assert moved < 0.8


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("frames", [0, 1])
def test_a_window_without_a_pair_is_zero_with_zero_gradients(target: str, frames: int) -> None:
    predicted = torch.randn(frames, POINTS, 2, requires_grad=True)
    found = StabilityLoss(target)(predicted, torch.randn(frames, POINTS, 2))
    found.backward()
    assert float(found.detach()) == 0
    assert predicted.grad is not None
    assert not predicted.grad.any()


@pytest.mark.parametrize("target", TARGETS)
def test_a_window_without_labels_is_zero_with_zero_gradients(target: str) -> None:
    predicted = torch.randn(5, POINTS, 2, requires_grad=True)
    found = StabilityLoss(target)(predicted, torch.full((5, POINTS, 2), torch.nan))
    found.backward()
    assert float(found.detach()) == 0
    assert not predicted.grad.any()


def test_other_skeletons_have_a_unit_of_their_own() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 100, (1, 5, 2)) + np.arange(8)[:, None, None]
    sides = np.ptp(truth[0], axis=0)
    predicted = truth + np.array([0, 3.0])[np.arange(8) % 2][:, None, None] * (1, 0)
    assert value(predicted, truth, epsilon=1e-9) == pytest.approx(3 / np.sqrt(sides.prod()), rel=1e-6)


def test_wrong_targets_and_shapes_are_refused() -> None:
    with pytest.raises(BadInput, match="calm"):
        StabilityLoss("calm")
    with pytest.raises(BadInput, match="epsilon"):
        StabilityLoss(epsilon=0)
    with pytest.raises(BadInput, match="one shape"):
        StabilityLoss()(torch.zeros(3, 5, 2), torch.zeros(3, 4, 2))
