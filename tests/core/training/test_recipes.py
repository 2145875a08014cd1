"""Recipes: all can be built, each setting can be changed from text, and mistakes name the key and the choices."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from core.foundation.errors import BadInput
from core.foundation.skeletons import BODY24, FACE68
from core.models.pose import NETWORKS
from core.training.augmentation import Augmentation
from core.training.dry_run import dry_run
from core.training.losses import POINT_LOSSES
from core.training.pip_losses import TASKS
from core.training.preparation import config_for
from core.training.recipe import CHOICES
from core.training.recipes import RECIPES, Recipe, StabilityTerm, from_json, settings_of, with_settings
from core.training.self_training import PLANS
from core.training.stability_loss import TARGETS

QUICK = RECIPES["quick-resnet18"]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_describes_a_network_for_faces_and_bodies(name: str, faces: object) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    assert recipe.about.endswith(".")
    for skeleton, train in ((FACE68, faces.train), (BODY24, ())):
        if recipe.loss == "pip" and not train:
            continue  # its neighbours come from labels
        config = config_for(recipe, skeleton, train)
        assert config.network == recipe.network
        assert config.points == len(skeleton)


def test_a_recipe_goes_through_json_and_back() -> None:
    for recipe in RECIPES.values():
        assert from_json(json.loads(json.dumps(recipe.as_json()))) == recipe
    odd = replace(QUICK, augmentation=None, stability=StabilityTerm(weight=0.5), milestones=(3, 5), input_size=(64, 96))
    assert from_json(odd.as_json()) == odd


def test_json_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(BadInput, match="no setting 'speed'"):
        from_json(QUICK.as_json() | {"speed": 3})
    with pytest.raises(BadInput, match="this is no recipe"):
        from_json({"name": "x"})


def test_the_choices_are_those_of_the_registries() -> None:
    assert set(CHOICES["loss"]) == set(POINT_LOSSES)
    assert set(CHOICES["stability.target"]) == set(TARGETS)
    assert CHOICES["network"] == tuple(NETWORKS)
    assert {task for plan in PLANS.values() for task in plan} == set(TASKS)
    assert set(CHOICES["self_training"]) == {"none", *PLANS}


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("epochs", "7", 7),
        ("rate", "3e-4", 3e-4),
        ("checkpointing", "yes", True),
        ("checkpointing", "off", False),
        ("input_size", "96x64", (96, 64)),
        ("input_size", "none", None),
        ("milestones", "30, 50", (30, 50)),
        ("milestones", "", ()),
        ("codec", "none", None),
        ("loss", "wing", "wing"),
        ("augmentation", "none", None),
        ("augmentation", "default", Augmentation()),
        ("augmentation.rotation", "20", Augmentation(rotation=20.0)),
        ("stability", "indicator", StabilityTerm(target="indicator")),
        ("stability.weight", "0.5", StabilityTerm(weight=0.5)),
        ("stability", "none", None),
        ("options.dropout", "0.2", {"dropout": 0.2}),
        ("codec_settings.refinement", "fit", {"refinement": "fit"}),
    ],
)
def test_a_setting_is_read_from_text(key: str, text: str, value: object) -> None:
    assert getattr(with_settings(QUICK, {key: text}), key.partition(".")[0]) == value


def test_every_key_that_is_told_can_be_set_to_its_own_value() -> None:
    recipe = replace(QUICK, stability=StabilityTerm())
    for key, value in settings_of(recipe).items():
        if isinstance(value, dict):
            continue  # these have keys of their own
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        assert with_settings(recipe, {key: text}) == recipe, key


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("speed", "3", "no setting 'speed'; there are .*epochs"),
        ("name", "x", "no setting 'name'"),
        ("augmentation.speed", "3", "no setting 'augmentation.speed'; there are .*augmentation.rotation"),
        ("rate.low", "3", "no setting 'rate.low'"),
        ("epochs", "many", "epochs is a whole number, not 'many'"),
        ("epochs", "2.5", "epochs is a whole number"),
        ("epochs", "0", "epochs is a number, from 1"),
        ("rate", "fast", "rate is a number, not 'fast'"),
        ("rate", "-1", "rate is a number, 0 or more"),
        ("rate", "nan", "rate is a number, 0 or more"),
        ("rate", "inf", "rate is a number"),
        ("ema", "1", "ema is a number, from 0 to 0.99999"),
        ("loss", "best", "loss is one of mse, l1"),
        ("network", "alexnet", "network is one of baseline-cnn"),
        ("optimiser", "lion", "optimiser is one of adam, adamw, sgd"),
        ("amp", "maybe", "amp is one of auto, on, off"),
        ("checkpointing", "perhaps", "checkpointing is yes or no"),
        ("input_size", "96", "input_size is 2 whole numbers, width x height"),
        ("stability", "calm", "stability is one of none, true-motion"),
        ("stability.target", "calm", "stability.target is one of true-motion"),
        ("augmentation", "much", "augmentation is one of none, default"),
        ("augmentation.mirror", "2", "mirror should be between 0 and 1"),
        ("options", "x", "set one as options.NAME"),
        ("pretrained", "coco", "pretrained is one of none, default, imagenet-resnet18"),
    ],
)
def test_a_mistake_names_the_key_and_the_choices(key: str, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        with_settings(QUICK, {key: text})


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


def test_the_published_schedule_of_pipnet() -> None:
    recipe: Recipe = RECIPES["pipnet-r18"]
    assert (recipe.optimiser, recipe.rate, recipe.batch, recipe.epochs) == ("adam", 1e-4, 16, 60)
    assert (recipe.schedule, recipe.milestones, recipe.decay, recipe.neighbours) == ("steps", (30, 50), 0.1, 10)


def test_asking_for_recipes_loads_no_torch() -> None:
    code = "import sys, core.training.recipes, core.training.listening; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["quick-pipnet", "quick-hrnet", "vitpose-s", "baseline-stable"])
def test_a_dry_run_says_more_for_a_larger_batch(name: str) -> None:
    small, large = (dry_run(replace(RECIPES[name], batch=batch), "face68", "cpu") for batch in (32, 64))
    assert 2**20 < small < large < 2**40


def test_a_window_of_the_stability_loss_counts_where_it_is_larger_than_the_batch() -> None:
    few = replace(RECIPES["quick-stable"], batch=2)
    assert dry_run(few, "face68", "cpu") == dry_run(replace(few, batch=20), "face68", "cpu")
    assert dry_run(few, "face68", "cpu") > dry_run(replace(few, stability=None), "face68", "cpu")
