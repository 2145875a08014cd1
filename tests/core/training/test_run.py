from __future__ import annotations

import errno
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from core.foundation.errors import Cancelled, FacetError
from core.models.pose.checkpoint import load_checkpoint
from core.models.pose.network import build
from core.training.loop import train
from core.training.preparation import TrainingData
from core.training.recipe import Recipe, StabilityTerm
from core.training.validation import Inference
from tests.builders.pose_networks import facts_of

Tiny = Callable[..., Recipe]


def test_only_the_head_learns_while_the_backbone_is_frozen(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    recipe = tiny("quick-resnet18", freeze=1, epochs=1, ema=0.0)
    frozen = load_checkpoint(train(recipe, faces, tmp_path / "frozen", device="cpu").file).state_dict()
    free = load_checkpoint(train(replace(recipe, freeze=0), faces, tmp_path / "free", device="cpu").file).state_dict()
    torch.manual_seed(recipe.seed)
    fresh = build(load_checkpoint(tmp_path / "frozen" / "best.safetensors").config).state_dict()
    for name, value in fresh.items():
        assert torch.equal(frozen[name], value) == name.startswith("backbone."), name  # statistics of norms too
    assert not torch.equal(free["backbone.conv1.weight"], fresh["backbone.conv1.weight"])


def test_bfloat16_learns_on_a_cpu_when_the_recipe_asks(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    plain = train(tiny(epochs=1), faces, tmp_path / "plain", device="cpu")
    half = train(tiny(epochs=1, amp="on"), faces, tmp_path / "half", device="cpu")
    assert half.history[0]["train_loss"] != plain.history[0]["train_loss"]
    assert half.history[0]["train_loss"] == pytest.approx(plain.history[0]["train_loss"], rel=0.05)
    assert {value.dtype for value in load_checkpoint(half.file).parameters()} == {torch.float32}


def test_the_stability_loss_counts_once_the_main_loss_is_low(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    term = StabilityTerm(bar=1e6, length=4)  # under the bar from the second epoch on
    trained = train(tiny(epochs=3, stability=term), faces, tmp_path, device="cpu")
    assert ["stability" in line["parts"] for line in trained.history] == [False, True, True]
    never = train(tiny(epochs=2, stability=replace(term, bar=0.0)), faces, tmp_path / "never", device="cpu")
    assert not any("stability" in line["parts"] for line in never.history)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_best(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoil(monkeypatch, at=4)
    trained = train(tiny(epochs=5, clip=0.5), faces, tmp_path, device="cpu", listener=heard)
    assert (trained.stopped, trained.epochs) == ("nan", 1)
    assert heard.sentences[0] == (
        "the loss was no longer a number in epoch 2, batch 2 of 2: stopped there, and the best weights before it "
        "(epoch 1) are kept; a lower rate or a lower clip (now 0.5) may help"
    )
    assert all(bool(value.isfinite().all()) for value in load_checkpoint(trained.file).state_dict().values())
    assert facts_of(trained.file)["epoch"] == "1"


@pytest.mark.parametrize(
    ("at", "advice"),
    [
        (1, "it was so from the start: look at the pictures and labels, and at the weights that it begins from"),
        (2, "a lower rate or clipped gradients (clip=1) may help"),
    ],
)
def test_a_first_loss_that_is_no_number_keeps_the_weights_before_it_but_calls_none_the_best(
    at: int,
    advice: str,
    faces: TrainingData,
    tiny: Tiny,
    heard: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _spoil(monkeypatch, at=at)
    trained = train(tiny(clip=0.0), faces, tmp_path, device="cpu", listener=heard)
    assert (trained.stopped, trained.epochs) == ("nan", 0)
    assert heard.sentences == [
        f"the loss was no longer a number in epoch 1, batch {at} of 2: stopped there, before an epoch was over, so "
        f"there are no best weights to keep; {advice}"
    ]
    assert math.isfinite(trained.best["validation_nme"])


def _spoil(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """The output of learning step number `at` is NaN."""
    outputs, count = Inference.outputs, [0]

    def spoiled(self: Inference, network: nn.Module, images: torch.Tensor, **options: bool) -> dict[str, torch.Tensor]:
        found = outputs(self, network, images, **options)
        count[0] += torch.is_grad_enabled()
        return {name: value * math.nan for name, value in found.items()} if count[0] == at else found

    monkeypatch.setattr(Inference, "outputs", spoiled)


def test_a_full_disk_is_a_sentence_and_the_best_stays(
    faces: TrainingData, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = torch.save
    count = [0]

    def full(content: object, file: object) -> None:
        count[0] += 1
        if count[0] == 2:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        saved(content, file)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FacetError, match=r"no space left.*make room and start the training again"):
        train(tiny(), faces, tmp_path, device="cpu")
    assert load_checkpoint(tmp_path / "best.safetensors").config.points == 68
    assert not list(tmp_path.glob("*.part"))
    assert train(tiny(), faces, tmp_path, device="cpu").epochs == 2  # and it goes on once there is room


def test_a_gpu_that_disappears_is_a_sentence_and_the_state_stays(
    faces: TrainingData, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs, count = Inference.outputs, [0]

    def lost(self: Inference, network: nn.Module, images: torch.Tensor, **options: bool) -> dict[str, torch.Tensor]:
        count[0] += torch.is_grad_enabled()
        if count[0] == 4:
            raise RuntimeError("CUDA error: unspecified launch failure")
        return outputs(self, network, images, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Inference, "outputs", lost)
        with pytest.raises(FacetError, match="GPU"):
            train(tiny(), faces, tmp_path, device="cpu")
    assert train(tiny(), faces, tmp_path, device="cpu").epochs == 2


@pytest.mark.parametrize("when", ["first batch", "second epoch", "epoch"])
def test_a_cancelled_run_keeps_its_best(
    when: str, faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(*told: object) -> None:
        if when == "epoch" or told[0] == {"first batch": 1, "second epoch": 3}[when]:
            raise Cancelled("training.stopped")

    monkeypatch.setattr(heard, "epoch" if when == "epoch" else "batch", cancel)
    with pytest.raises(Cancelled, match="was stopped") as stopped:
        train(tiny(), faces, tmp_path, device="cpu", listener=heard)
    kept = stopped.value.trained
    assert kept.stopped == "cancelled"
    assert kept.epochs == (0 if when == "first batch" else 1)
    assert math.isfinite(kept.best["validation_nme"])
    assert load_checkpoint(kept.file).config.points == 68
    assert (tmp_path / "state.pt").is_file()
