"""The loop: it learns, keeps the best, stops when it should, and says what went wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput
from core.foundation.skeletons import FACE68
from core.models.pose.checkpoint import load_checkpoint
from core.training.loop import train
from core.training.preparation import TrainingData
from core.training.recipe import Recipe
from core.training.samples import CropSource
from core.training.validation import Inference, figures, locate_points
from tests.builders.pose_networks import facts_of

Tiny = Callable[..., Recipe]


@pytest.mark.parametrize(
    ("name", "steps", "times", "changed"),
    [
        # Small crops leave the last batch norm of the baseline one cell of each sample: its statistics over four values
        # are not those of evaluation, and the error stops falling sooner than the loss.
        pytest.param(
            "quick-baseline",
            120,
            3,
            {"rate": 0.02, "optimiser": "sgd", "options": {"dropout": 0.0}, "ema": 0.0},
            marks=pytest.mark.nightly,
        ),
        pytest.param("quick-pipnet", 25, 10, {"codec_settings": {"stride": 16}}, marks=pytest.mark.nightly),
        ("quick-hrnet", 80, 10, {"rate": 3e-3}),
    ],
)
def test_a_network_learns_four_samples_by_heart(
    name: str, steps: int, times: int, changed: dict, faces: TrainingData, tiny: Tiny, tmp_path: Path
) -> None:
    four = list(faces.train[::3])
    data = TrainingData(FACE68, four * steps, four)
    size = (128, 72) if name == "quick-baseline" else (64, 64)
    recipe = tiny(name, **{"batch": 4, "epochs": 1, "ema": 0.9, "input_size": size, **changed})
    untrained = train(replace(recipe, rate=0.0), replace(data, train=four), tmp_path / "untrained", device="cpu")
    trained = train(recipe, data, tmp_path / "run", device="cpu")
    assert trained.best["validation_nme"] < untrained.best["validation_nme"] / times
    assert trained.stopped == "done"


def test_the_best_epoch_is_kept_and_everything_is_written(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path
) -> None:
    trained = train(tiny(epochs=3), faces, tmp_path, device="cpu", listener=heard)
    lines = [json.loads(line) for line in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert lines == json.loads(json.dumps(trained.history)) == json.loads(json.dumps(heard.epochs))
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert trained.best == min(trained.history, key=lambda line: line["validation_nme"])
    assert facts_of(trained.file)["epoch"] == str(trained.best["epoch"])
    assert heard.batches == [(done, 6) for done in range(1, 7)]
    assert trained.epochs == 3
    assert load_checkpoint(tmp_path / "last.safetensors").config == trained.config

    network = load_checkpoint(trained.file)
    source = CropSource(faces.validation, trained.config.input_size)
    found = locate_points(network, network.codec, source, FACE68, Inference("cpu"))
    again = figures(found, source.samples, FACE68)["validation_nme"]
    assert again == pytest.approx(trained.best["validation_nme"], abs=1e-9)


def test_training_leaves_the_callers_random_numbers_alone(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(tiny(epochs=1), faces, tmp_path, device="cpu")
    assert torch.equal(torch.rand(3), expected)


def test_it_stops_once_it_no_longer_gets_better(faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path) -> None:
    trained = train(tiny(epochs=9, rate=0.0, patience=2), faces, tmp_path, device="cpu", listener=heard)
    assert (trained.stopped, trained.epochs, trained.best["epoch"]) == ("early", 3, 1)
    assert heard.sentences == ["stopped after epoch 3: no better validation NME for 2 epochs"]


def test_without_validation_samples_the_last_epoch_is_the_best(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path
) -> None:
    trained = train(tiny(), replace(faces, validation=()), tmp_path, device="cpu", listener=heard)
    assert trained.best["epoch"] == 2
    assert math.isnan(trained.best["validation_nme"])
    assert json.loads((tmp_path / "curves.jsonl").read_text().splitlines()[0])["validation_nme"] is None
    assert "no samples to validate on" in heard.sentences[0]


@pytest.mark.nightly
def test_some_absent_points_and_samples_are_learned_around(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    points = faces.train[0].keypoints.points.copy()
    points[10:] = np.nan
    samples = [replace(faces.train[0], keypoints=Keypoints.of(points)), *faces.train[1:]]
    samples[1] = replace(samples[1], keypoints=Keypoints.of(np.full((68, 2), np.nan)))
    for name in ("quick-hrnet", "quick-pipnet"):
        trained = train(tiny(name, epochs=1, batch=2), replace(faces, train=samples), tmp_path / name, device="cpu")
        assert math.isfinite(trained.history[0]["train_loss"])


def test_a_training_begins_from_earlier_weights(faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path) -> None:
    recipe = tiny("quick-resnet18", epochs=1)
    parent = train(recipe, faces, tmp_path / "parent", device="cpu")
    still = replace(recipe, rate=0.0, ema=0.0)
    child = train(still, faces, tmp_path / "child", device="cpu", listener=heard, start_from=parent.file)
    one, other = (load_checkpoint(file).state_dict() for file in (parent.file, child.file))
    assert all(torch.equal(one[name], other[name]) for name in one if "running" not in name and "tracked" not in name)
    assert heard.sentences[0].startswith("begins from best.safetensors: ")
    named = {"start_from": parent.file, "start_name": "quick-resnet18-1"}
    train(still, faces, tmp_path / "other", device="cpu", listener=heard, **named)
    assert heard.sentences[-1].startswith("begins from quick-resnet18-1: ")
    with pytest.raises(BadInput, match=r"^quick-resnet18-1 holds a resnet18-regression, but"):
        train(tiny(), faces, tmp_path / "hrnet", device="cpu", **named)
