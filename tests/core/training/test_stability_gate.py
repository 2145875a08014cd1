from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from core.foundation.errors import BadInput
from core.training.stability_gate import Gate


def test_the_gate_opens_under_the_bar_and_closes_over_the_slack() -> None:
    gate = Gate(bar=1.0, smoothing=0.0)
    assert [gate.step(loss) for loss in (1.5, 1.0, 0.99, 1.1, 1.2, 1.21, 1.1, 0.9)] == [
        False,
        False,
        True,
        True,
        True,
        False,
        False,
        True,
    ]
    assert gate.switches == 3


def test_a_loss_about_the_bar_does_not_flap() -> None:
    losses = 1 + 0.15 * np.random.default_rng(0).normal(size=2000)
    bare = int(np.abs(np.diff(losses < 1)).sum())
    gate = Gate(bar=1.0)
    for loss in losses:
        gate.step(float(loss))
    assert bare > 500
    assert gate.switches == 1
    assert gate.open


def test_the_smoothed_loss_is_the_exponential_mean() -> None:
    gate = Gate(bar=0.0, smoothing=0.75)
    for loss in (4.0, 8.0, float("nan"), float("inf"), 0.0):
        gate.step(loss)
    assert gate.smoothed == pytest.approx(0.75 * (0.75 * 4 + 0.25 * 8))
    assert not gate.open


def test_the_gate_closes_when_accuracy_suffers_and_opens_once_it_is_back() -> None:
    gate = Gate(bar=1.0, tolerance=0.02)
    gate.validated(0.01)  # before it was open: no matter
    gate.step(0.5)
    assert [gate.validated(nme) for nme in (0.050, 0.048, 0.0489, 0.0490)] == [True, True, True, False]
    assert not gate.step(0.5)  # the main loss alone does not open it again
    assert not gate.validated(0.0485)
    assert not gate.step(0.5)
    gate.validated(0.048)
    assert gate.step(0.5)
    assert gate.validated(0.060)  # the best is counted anew since it opened
    assert gate.validated(float("nan"))


def test_a_gate_goes_on_from_its_state() -> None:
    rng = np.random.default_rng(0)
    losses, scores = 1 + 0.4 * rng.normal(size=200), 0.05 + 0.002 * rng.normal(size=200)
    whole, first = Gate(bar=1.0), Gate(bar=1.0)
    for place in range(200):
        if place == 90:
            state = json.loads(json.dumps(first.state_dict()))
            first = Gate(bar=9.0)
            first.load_state_dict(state)
        for gate in (whole, first):
            gate.step(float(losses[place]))
            gate.validated(float(scores[place]))
        assert first.state_dict() == whole.state_dict()
    assert whole.switches > 2


def test_the_state_of_a_new_gate_can_be_saved_by_torch(tmp_path) -> None:
    torch.save(Gate(1.0).state_dict(), tmp_path / "gate.pt")
    gate = Gate(2.0)
    gate.load_state_dict(torch.load(tmp_path / "gate.pt", weights_only=True))
    assert gate.state_dict() == Gate(1.0).state_dict()
    with pytest.raises(BadInput, match="lacks"):
        gate.load_state_dict({})


@pytest.mark.parametrize("wrong", [{"bar": -1}, {"bar": 1, "slack": 0.9}, {"bar": 1, "smoothing": 1.0}])
def test_impossible_gates_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="a gate needs"):
        Gate(**wrong)
