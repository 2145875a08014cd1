from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.foundation.errors import BadInput
from core.models.pose import NETWORKS
from core.training.losses import POINT_LOSSES
from core.training.pip_losses import TASKS
from core.training.recipe import CHOICES, Recipe, StabilityTerm, from_json
from core.training.recipes import RECIPES
from core.training.self_training import PLANS
from core.training.stability_loss import TARGETS

QUICK = RECIPES["quick-resnet18"]


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


def test_the_published_schedule_of_pipnet() -> None:
    recipe: Recipe = RECIPES["pipnet-r18"]
    assert (recipe.optimiser, recipe.rate, recipe.batch, recipe.epochs) == ("adam", 1e-4, 16, 60)
    assert (recipe.schedule, recipe.milestones, recipe.decay, recipe.neighbours) == ("steps", (30, 50), 0.1, 10)
