"""Self-training: rounds with the right tasks, nothing filtered, fresh weights every time, what each round bought."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, Cancelled, NotEnoughData
from core.models.pose.checkpoint import load_checkpoint
from core.training import loop
from core.training.preparation import TrainingData, fresh_network
from core.training.recipe import Recipe
from core.training.self_training import PLANS, pseudo_labels, self_train

Tiny = Callable[..., Recipe]


@pytest.fixture
def some(faces: TrainingData) -> TrainingData:
    """Four labelled samples, three whose labels are not shown."""
    blank = Keypoints.of(np.full((68, 2), np.nan))
    hidden = [replace(one, keypoints=blank, key=one.key + 5000) for one in faces.train[6:9]]
    return replace(faces, train=faces.train[:4], validation=faces.validation[:2], unlabelled=hidden)


@pytest.fixture
def pip(tiny: Tiny) -> Recipe:
    """PIPNet on 4 × 4 cells, for one epoch a round."""
    return tiny("quick-pipnet", network="pipnet-mobilenet", epochs=1, batch=4, codec_settings={"stride": 16})


def test_the_plans_are_the_published_ones() -> None:
    assert PLANS == {"curriculum": ("cls3", "cls2", "std", "std", "std"), "plain": ("std", "std", "std")}


@pytest.mark.nightly
def test_a_curriculum_has_its_rounds_and_starts_each_afresh(
    some: TrainingData, pip: Recipe, heard: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[dict[str, torch.Tensor]] = []
    given: list[object] = []

    def watched(*arguments: Any) -> Any:
        network = fresh_network(*arguments)
        begun.append({name: value.clone() for name, value in network.state_dict().items()})
        given.append(arguments[3])
        return network

    monkeypatch.setattr(loop, "fresh_network", watched)
    result = self_train(pip, some, tmp_path, plan="curriculum", device="cpu", listener=heard)
    assert [one.task for one in result.rounds] == ["", "cls3", "cls2", "std", "std", "std"]
    assert [one.pseudo_labels for one in result.rounds] == [0, 3, 3, 3, 3, 3]  # none filtered

    assert given == [None] * 6
    for number in range(1, 6):
        before = load_checkpoint(Path(result.rounds[number - 1].file)).state_dict()
        assert all(torch.equal(begun[number][name], value) for name, value in begun[0].items())
        assert not torch.equal(begun[number]["head.maps.cls.weight"], before["head.maps.cls.weight"])

    assert result.trained.sha256 == result.rounds[-1].sha256
    _rounds_are_written(result.rounds, tmp_path, heard)


def _rounds_are_written(rounds: Any, folder: Path, heard: Any) -> None:
    lines = [json.loads(line) for line in (folder / "rounds.jsonl").read_text().splitlines()]
    for line, one, before in zip(lines, rounds, [rounds[0], *rounds[:-1]], strict=True):
        assert line["validation_nme"] == one.validation_nme
        assert line["change"] == pytest.approx(one.validation_nme - before.validation_nme)
    curves = [json.loads(line) for line in (folder / "curves.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in curves] == [1, 2, 3, 4, 5, 6]
    assert [line["round"] for line in curves] == [0, 1, 2, 3, 4, 5]
    coarse = [{name for name in ("cls2", "cls3") if line["parts"].get(name, 0) > 0} for line in curves]
    assert coarse == [set(), {"cls3"}, {"cls2"}, set(), set(), set()]
    assert [done for done, _ in heard.batches] == sorted(done for done, _ in heard.batches)
    assert heard.batches[-1] == (6000, 6000)


@pytest.mark.nightly
def test_rounds_that_are_over_are_not_run_again(
    some: TrainingData, pip: Recipe, heard: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(done: int, total: int) -> None:
        if done >= 2000:
            raise Cancelled("runs.this_cancelled")

    whole = self_train(pip, some, tmp_path / "whole", plan="plain", device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr(heard, "batch", cancel)
        with pytest.raises(Cancelled) as stopped:
            self_train(pip, some, tmp_path / "run", plan="plain", device="cpu", listener=heard)
    assert stopped.value.trained.file.parent.name == "round-1"
    again = self_train(pip, some, tmp_path / "run", plan="plain", device="cpu", listener=heard)
    assert heard.batches[0][0] > 2000
    assert [one.sha256 for one in again.rounds] == [one.sha256 for one in whole.rounds]


@pytest.mark.nightly
def test_two_processes_share_a_round_with_coarse_pseudo_labels(
    some: TrainingData, pip: Recipe, heard: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setitem(PLANS, "plain", ("cls3",))
    result = self_train(pip, some, tmp_path, plan="plain", processes=2, device="cpu", listener=heard)
    assert [one.task for one in result.rounds] == ["", "cls3"]
    first, second = (
        [json.loads(line) for line in (tmp_path / f"round-{n}" / "curves.jsonl").read_text().splitlines()]
        for n in (0, 1)
    )
    for line in (*first, *second):
        assert len(line["weights"]) == 2
        assert len(set(line["weights"])) == 1
    assert second[0]["parts"]["cls3"] > 0


def test_pseudo_labels_are_what_the_network_finds(some: TrainingData, pip: Recipe, tmp_path: Path, heard: Any) -> None:
    trained = loop.train(pip, some, tmp_path, device="cpu")
    bad = replace(some.unlabelled[0], picture=tmp_path / "gone.jpg", name="gone.jpg")
    data = replace(some, unlabelled=[bad, *some.unlabelled])
    found = pseudo_labels(trained.file, data, pip, "cls2", "cpu", heard)
    assert [one.pseudo for one in found] == ["cls2"] * 3
    assert [one.key for one in found] == [one.key for one in some.unlabelled]
    assert all(np.isfinite(one.keypoints.points).all() for one in found)
    assert heard.sentences[0].startswith("1 unlabelled samples cannot be read; the first: gone.jpg")


def test_other_networks_learn_by_plain_self_training(some: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    recipe = tiny(epochs=1, batch=4)
    with pytest.raises(BadInput, match="coarse maps, and hrnet-w18-small has none; choose the plan plain"):
        self_train(recipe, some, tmp_path, plan="curriculum", device="cpu")
    regression = tiny("quick-resnet18", epochs=1, batch=4)
    assert len(self_train(regression, some, tmp_path, plan="plain", device="cpu").rounds) == 4


def test_what_cannot_be_done_is_said_before_anything_is_trained(
    some: TrainingData, pip: Recipe, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="one of curriculum, plain, not 'clever'"):
        self_train(pip, some, tmp_path, plan="clever", device="cpu")
    with pytest.raises(NotEnoughData, match="needs unlabelled pictures"):
        self_train(pip, replace(some, unlabelled=()), tmp_path, device="cpu")
    with pytest.raises(BadInput, match="divides by 4"):
        self_train(replace(pip, input_size=(96, 96)), some, tmp_path, device="cpu")
    with pytest.raises(NotEnoughData, match="no labelled sample"):
        self_train(pip, replace(some, train=()), tmp_path, device="cpu")
    assert not (tmp_path / "round-0").exists()
