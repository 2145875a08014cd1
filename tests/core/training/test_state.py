"""A run that was killed goes on and ends with the same bits; one whose recipe or labels changed begins afresh."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.foundation.arrays import Keypoints
from core.foundation.errors import Cancelled
from core.training.augmentation import Augmentation
from core.training.distributed import _write_job as write_job
from core.training.loop import TrainingOutcome, train
from core.training.preparation import TrainingData
from core.training.recipe import Recipe, StabilityTerm
from core.training.stability_gate import Gate
from core.training.state import fingerprint
from tests.builders.places import ROOT

Tiny = Callable[..., Recipe]
TIMES = ("seconds", "images_per_second")


def timeless(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key not in TIMES} for line in history]


@pytest.fixture
def full(tiny: Tiny) -> Recipe:
    """Everything that has a state: dropout, augmentation, the average, the gate, two threads that prepare batches.

    It is saved after each batch.
    """
    recipe = tiny(options={"dropout": 0.2}, epochs=3, batch=4, ema=0.9, minutes=0.0, workers=2)
    return replace(recipe, augmentation=Augmentation(), stability=StabilityTerm(length=3, bar=1e6))


@pytest.fixture(scope="module")
def whole() -> list[TrainingOutcome]:
    """What came of the full recipe without a stop, once a test has asked for it; how often it saves decides nothing."""
    return []


@pytest.fixture
def unbroken(
    whole: list[TrainingOutcome], full: Recipe, faces: TrainingData, tmp_path_factory: pytest.TempPathFactory
) -> TrainingOutcome:
    """That outcome."""
    if not whole:
        recipe = replace(full, minutes=60.0)
        whole.append(train(recipe, faces, tmp_path_factory.mktemp("whole"), device="cpu"))
    return whole[0]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    faces: TrainingData, full: Recipe, tmp_path: Path
) -> None:
    recipe = replace(full, epochs=2, minutes=60.0)
    one, same = (train(recipe, faces, tmp_path / name, device="cpu") for name in ("one", "same"))
    other = train(replace(recipe, seed=1), faces, tmp_path / "other", device="cpu")
    assert one.file.read_bytes() == same.file.read_bytes()
    assert one.sha256 == same.sha256 != other.sha256
    assert timeless(one.history) == timeless(same.history)


def test_a_run_that_was_killed_ends_with_the_same_bits(
    faces: TrainingData, full: Recipe, unbroken: TrainingOutcome, tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    paths = {"folder": str(folder), "weights_folder": None, "start_from": None}
    write_job(folder / "job", faces, recipe=full.as_json(), device="cpu", start_name="", **paths)
    code = "import torch, sys; torch.set_num_threads(1); from core.training.distributed import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, str(folder / "job")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as started:
        assert started.stdout is not None
        for line in started.stdout:
            if line.startswith('{"batch": [5,'):  # in the middle of the second epoch
                break
        started.send_signal(signal.SIGKILL)
        assert started.wait() == -signal.SIGKILL
    state = torch.load(folder / "state.pt", weights_only=True)
    assert 0 < state["progressed"]["epoch"] * 3 + state["progressed"]["batch"] < 9

    again = train(full, faces, folder, device="cpu")
    assert again.stopped == "done"
    assert timeless(again.history) == timeless(unbroken.history)
    assert again.file.read_bytes() == unbroken.file.read_bytes()
    assert (folder / "last.safetensors").read_bytes() == (unbroken.file.parent / "last.safetensors").read_bytes()


def test_a_cancelled_run_goes_on_from_the_very_batch(
    faces: TrainingData,
    full: Recipe,
    unbroken: TrainingOutcome,
    heard: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = replace(full, minutes=60.0)

    def cancel(done: int, total: int) -> None:
        if done == 4:
            raise Cancelled("runs.this_cancelled")

    with monkeypatch.context() as patch:
        patch.setattr(heard, "batch", cancel)
        with pytest.raises(Cancelled):
            train(recipe, faces, tmp_path / "run", device="cpu", listener=heard)
    again = train(recipe, faces, tmp_path / "run", device="cpu", listener=heard)
    assert heard.batches[0] == (5, 9)
    assert again.sha256 == unbroken.sha256
    assert timeless(again.history) == timeless(unbroken.history)


def test_a_run_that_is_over_is_not_run_again(faces: TrainingData, tiny: Tiny, heard: Any, tmp_path: Path) -> None:
    one = train(tiny(), faces, tmp_path, device="cpu")
    again = train(tiny(), faces, tmp_path, device="cpu", listener=heard)
    assert again == one
    assert heard.batches == []
    assert (tmp_path / "state.pt").stat().st_size < 50_000  # of a run that is over no weights are kept twice


def test_the_state_holds_no_code(faces: TrainingData, full: Recipe, heard: Any, tmp_path: Path) -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled("runs.this_cancelled")

    heard.batch = cancel
    with pytest.raises(Cancelled):
        train(full, faces, tmp_path, device="cpu", listener=heard)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert set(state) == {"network", "average", "optimiser", "gate", "progressed", "fingerprint", "format"}
    assert set(Gate(1.0).state_dict()) == set(state["gate"])
    assert state["average"]["n_averaged"] == 1
    assert "module.backbone.net.bn1.running_mean" in state["average"]


@pytest.mark.parametrize("change", ["recipe", "labels", "weights"])
def test_a_state_of_another_recipe_or_other_labels_is_refused(
    change: str, faces: TrainingData, tiny: Tiny, heard: Any, tmp_path: Path
) -> None:
    train(tiny(epochs=1), faces, tmp_path / "run", device="cpu")
    recipe, data, start = tiny(epochs=1), faces, None
    if change == "recipe":
        recipe = replace(recipe, rate=2e-3)
    elif change == "labels":
        moved = faces.train[0].keypoints.points + 1
        data = replace(faces, train=[replace(faces.train[0], keypoints=Keypoints.of(moved)), *faces.train[1:]])
    else:
        start = tmp_path / "parent.safetensors"
        start.write_bytes((tmp_path / "run" / "last.safetensors").read_bytes())
    trained = train(recipe, data, tmp_path / "run", device="cpu", listener=heard, start_from=start)
    assert heard.sentences[-1].endswith("have changed since the unfinished training; this one begins afresh")
    assert heard.batches == [(1, 2), (2, 2)]
    assert trained.epochs == 1


def test_what_decides_nothing_is_no_other_recipe(faces: TrainingData, tiny: Tiny) -> None:
    recipe = tiny()
    same = replace(recipe, minutes=9.0, sheets=3, workers=5, name="mine", about="Mine.")
    parts = (faces.train, faces.validation)
    assert fingerprint(recipe, "face68", parts) == fingerprint(same, "face68", parts)
    assert fingerprint(recipe, "face68", parts) != fingerprint(recipe, "face68", (faces.validation, faces.train))


@pytest.mark.parametrize("content", [b"", b"no state at all", pickle.dumps({"format": print})])
def test_a_damaged_state_is_told_and_replaced(
    content: bytes, faces: TrainingData, tiny: Tiny, heard: Any, tmp_path: Path
) -> None:
    (tmp_path / "state.pt").write_bytes(content)
    assert train(tiny(epochs=1), faces, tmp_path, device="cpu", listener=heard).stopped == "done"
    assert "is damaged" in heard.sentences[0]
