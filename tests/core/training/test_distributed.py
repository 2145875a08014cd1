from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.foundation.errors import BadInput, Cancelled
from core.foundation.skeletons import FACE68
from core.models.pose import configure
from core.models.pose.checkpoint import save_checkpoint
from core.models.pose.network import build
from core.training.distributed import launch
from core.training.preparation import TrainingData
from core.training.recipe import Recipe

Tiny = Callable[..., Recipe]


@pytest.mark.nightly
def test_two_processes_learn_together_and_end_with_equal_weights(
    faces: TrainingData, tiny: Tiny, heard: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    recipe = tiny(epochs=3, batch=4, rate=3e-3)
    trained = launch(recipe, faces, tmp_path, processes=2, device="cpu", listener=heard)
    assert trained.stopped == "done"
    losses = [line["train_loss"] for line in trained.history]
    assert losses[-1] < losses[0]
    for line in trained.history:
        assert len(line["weights"]) == 2
        assert len(set(line["weights"])) == 1
    assert heard.batches == [(done, 9) for done in range(1, 10)]
    assert [line["epoch"] for line in heard.epochs] == [1, 2, 3]


@pytest.mark.nightly
def test_an_error_in_the_processes_is_the_callers(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    from core.foundation.errors import NotEnoughData

    with pytest.raises(NotEnoughData, match="2 samples cannot be shared by 3 processes"):
        launch(tiny(), replace(faces, train=faces.train[:2]), tmp_path, processes=3, device="cpu")


@pytest.mark.nightly
def test_processes_know_the_name_of_what_they_begin_from(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "f.safetensors", build(configure("resnet18-regression", FACE68, input_size=(64, 64))))
    with pytest.raises(BadInput, match=r"^walker-1 holds a resnet18-regression, but the recipe trains a hrnet"):
        launch(
            tiny("quick-hrnet"),
            faces,
            tmp_path / "run",
            processes=1,
            device="cpu",
            start_from=tmp_path / "f.safetensors",
            start_name="walker-1",
        )


@pytest.mark.nightly
def test_processes_can_be_cancelled(
    faces: TrainingData, tiny: Tiny, heard: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(figures: Mapping[str, Any]) -> None:
        raise Cancelled("runs.this_cancelled")

    monkeypatch.setattr(heard, "epoch", cancel)
    with pytest.raises(Cancelled) as stopped:
        launch(tiny(epochs=500), faces, tmp_path, processes=1, device="cpu", listener=heard)
    assert stopped.value.trained.stopped == "cancelled"
    assert stopped.value.trained.file.is_file()
