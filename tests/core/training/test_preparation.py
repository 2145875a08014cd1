from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, MissingWeights, NotEnoughData
from core.foundation.skeletons import BODY24, COCO17, FACE68
from core.models.pose import configure
from core.models.pose.checkpoint import load_checkpoint, save_checkpoint
from core.models.pose.network import build
from core.training.loop import train
from core.training.preparation import TrainingData, config_for
from core.training.recipe import Recipe, StabilityTerm
from core.training.recipes import RECIPES
from core.training.samples import Sample


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_describes_a_network_for_faces_and_bodies(name: str, faces: object) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    assert recipe.about.endswith(".")
    for points, samples in ((FACE68, faces.train), (BODY24, ())):
        if recipe.loss == "pip" and not samples:
            continue  # its neighbours come from labels
        config = config_for(recipe, points, samples)
        assert config.network == recipe.network
        assert config.points == len(points)


@pytest.mark.parametrize(
    ("name", "loss", "choices"),
    [
        ("quick-resnet18", "pip", "mse or l1 or wing or soft-wing"),
        ("quick-resnet18", "heatmap-mse", "mse or l1 or wing or soft-wing"),
        ("quick-hrnet", "soft-wing", "heatmap-mse or heatmap-ce"),
        ("quick-pipnet", "l1", "pip"),
    ],
)
def test_a_loss_that_needs_other_outputs_is_refused_with_the_choices(name: str, loss: str, choices: str) -> None:
    with pytest.raises(BadInput, match=f"the loss {loss} does not suit .* set the loss to {choices}$"):
        config_for(replace(RECIPES[name], loss=loss), FACE68, ())


Tiny = Callable[..., Recipe]
PIXELS = np.zeros((40, 40, 3), np.uint8)


def sample(points: np.ndarray, box: tuple[float, ...] = (0, 0, 30, 40), picture: object = PIXELS) -> Sample:
    return Sample(picture, box, Keypoints.of(points), key=1, name="one.png", group="a")


def test_checkpointing_gives_the_same_loss(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    data = TrainingData(FACE68, faces.train[:2], faces.validation[:1])
    recipe = tiny("vitpose-s", epochs=1, batch=2)
    plain, again = (
        train(replace(recipe, checkpointing=flag), data, tmp_path / str(flag), device="cpu") for flag in (False, True)
    )
    assert again.config.options["checkpointing"] is True
    assert again.history[0]["train_loss"] == pytest.approx(plain.history[0]["train_loss"], rel=1e-6)


def test_a_network_that_cannot_recompute_says_which_can(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"hrnet-w18-small cannot recompute .* choose vitpose-s"):
        train(tiny(checkpointing=True), faces, tmp_path, device="cpu")


def test_the_stability_loss_wants_frames(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    still = replace(faces, train=[replace(one, frame=None) for one in faces.train])
    with pytest.raises(NotEnoughData, match=r"no two of one clip are labelled; label a clip, or choose stability=none"):
        train(tiny(stability=StabilityTerm()), still, tmp_path, device="cpu")


@pytest.mark.parametrize(("count", "said"), [(0, "no labelled sample"), (1, "only one labelled sample")])
def test_zero_or_one_sample_is_not_enough(
    count: int, said: str, faces: TrainingData, tiny: Tiny, tmp_path: Path
) -> None:
    with pytest.raises(NotEnoughData, match=f"there is {said} to learn from"):
        train(tiny(), replace(faces, train=faces.train[:count]), tmp_path, device="cpu")


def test_points_that_are_all_absent_teach_nothing(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    nothing = Keypoints.of(np.full((68, 2), np.nan))
    blank = replace(faces, train=[replace(one, keypoints=nothing) for one in faces.train])
    with pytest.raises(NotEnoughData, match="all points of all 12 samples are absent"):
        train(tiny(), blank, tmp_path, device="cpu")


def test_samples_of_another_skeleton_are_refused(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"clip-1/0.jpg has 68 points, but body24 has 24"):
        train(tiny(), replace(faces, skeleton=BODY24), tmp_path, device="cpu")


def test_pictures_that_cannot_be_read_are_told(faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    samples = [replace(faces.train[0], picture=bad, name="bad.jpg"), *faces.train[1:]]
    train(tiny(epochs=1), replace(faces, train=samples), tmp_path / "run", device="cpu", listener=heard)
    assert heard.sentences[0].startswith("1 of 16 samples cannot be used; the first: bad.jpg")
    with pytest.raises(NotEnoughData, match=r"only 1 can be read.*bad.jpg"):
        train(tiny(), replace(faces, train=samples[:2]), tmp_path / "two", device="cpu")


def test_weights_of_other_points_or_networks_are_refused(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "body.safetensors", build(configure("resnet18-regression", BODY24, input_size=(64, 64))))
    recipe = tiny("quick-resnet18")
    with pytest.raises(BadInput, match=r"body.safetensors locates the points of body24, none of which face68 has"):
        train(recipe, faces, tmp_path / "run", device="cpu", start_from=tmp_path / "body.safetensors")
    with pytest.raises(BadInput, match=r"holds a resnet18-regression, but the recipe trains a hrnet-w18-small"):
        train(tiny(), faces, tmp_path / "run", device="cpu", start_from=tmp_path / "body.safetensors")


def test_coco_weights_give_their_rows_to_24_points(tiny: Tiny, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    samples = [sample(rng.uniform(0, 39, (24, 2)), picture=PIXELS.copy()) for _ in range(2)]
    parent = build(configure("resnet18-regression", COCO17, input_size=(64, 64)))
    save_checkpoint(tmp_path / "coco.safetensors", parent)
    recipe = tiny("quick-resnet18", epochs=1, rate=0.0, ema=0.0)
    child = train(
        recipe, TrainingData(BODY24, samples), tmp_path / "run", device="cpu", start_from=tmp_path / "coco.safetensors"
    )
    rows = load_checkpoint(child.file).state_dict()["head.points.weight"].reshape(24, 2, -1)
    assert torch.equal(rows[:17], parent.state_dict()["head.points.weight"].reshape(17, 2, -1))


def test_missing_published_weights_say_how_to_do_without(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    recipe = tiny("quick-resnet18", pretrained="default")
    with pytest.raises(MissingWeights, match=r"or begin from random weights with pretrained=none"):
        train(recipe, faces, tmp_path / "run", device="cpu", weights_folder=tmp_path / "weights")
