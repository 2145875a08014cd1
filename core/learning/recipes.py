"""What can be trained: recipes, and whether they fit into this machine's memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, MissingWeights
from core.foundation.messages import Message, message
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.models.pose import NETWORKS, NetworkConfig, NetworkSpec, configure
from core.models.weights import locate
from core.training.recipe import Recipe
from core.training.recipe_settings import with_settings
from core.training.recipes import RECIPES


@dataclass(frozen=True)
class RecipeChoice:
    """A recipe for people: its name, one sentence about it, its network, its settings as plain values.

    `weights` are what it may begin from: ``none``, ``default`` (the first of the published ones) and their names.
    """

    name: str
    about: str
    network: str
    settings: Mapping[str, object]
    weights: Sequence[str]


@dataclass(frozen=True)
class MemoryFit:
    """Whether a training fits into memory, and what to say of it; `needed` in bytes."""

    fits: bool
    needed: int
    message: Message


def recipe_choices() -> list[RecipeChoice]:
    """Every recipe."""
    return [
        RecipeChoice(recipe.name, recipe.about, recipe.network, recipe.as_json(), _weights(NETWORKS[recipe.network]))
        for recipe in RECIPES.values()
    ]


def _weights(network: NetworkSpec) -> Sequence[str]:
    return ("default", "none", *network.pretrained) if network.pretrained else ("none",)


def find_recipe(name: str, settings: Mapping[str, str]) -> Recipe:
    """The recipe of that name with some settings changed.

    Raises
    ------
    BadInput
        If there is no such recipe or setting, or a value is not one of its kind.
    """
    if name not in RECIPES:
        raise BadInput("recipes.none_called", name=name, choices=list(RECIPES))
    return with_settings(RECIPES[name], dict(settings))


def check_recipe(name: str, settings: Mapping[str, str], skeleton_name: str) -> Recipe:
    """As `find_recipe`, and the network is checked as far as that goes without building it.

    Raises
    ------
    BadInput
        As `find_recipe`; also if the input's size, the codec or an option does not suit the network.
    NotFound
        If there is no such skeleton.
    """
    recipe = find_recipe(name, settings)
    configure(
        recipe.network, skeleton_name, input_size=recipe.input_size, codec=recipe.codec, options=dict(recipe.options)
    )
    return recipe


def missing_weights(workspace: Workspace, recipe: Recipe) -> Message | None:
    """Why the weights that a recipe begins from cannot be used, and the ways out; None where they are here."""
    names = NETWORKS[recipe.network].pretrained
    name = recipe.pretrained if recipe.pretrained != "default" else next(iter(names), "none")
    if name == "none":
        return None
    try:
        locate(name, workspace.weights)
    except MissingWeights as problem:
        return message("recipes.weights_missing", reason=problem)
    return None


def what_fits(workspace: Workspace, name: str, settings: Mapping[str, str], skeleton_name: str) -> MemoryFit:
    """Say beforehand whether a training fits into the memory of where it will run, from a dry run of its network.

    Where it does not, the message names the largest batch that does.

    Raises
    ------
    BadInput
        As `find_recipe`; also if the network cannot be built so, or a GPU is set and none is there.
    NotFound
        If there is no such skeleton.
    """
    from core.models.devices import pick_device  # torch is loaded only when somebody asks
    from core.models.pose import memory

    recipe = find_recipe(name, settings)
    device = pick_device(workspace.settings.device)
    config = _config(recipe, skeleton_name)

    def estimate(batch: int) -> memory.MemoryEstimate:
        return memory.estimate_memory(
            config,
            batch,
            amp=recipe.amp == "on" or (recipe.amp == "auto" and device == "cuda"),
            checkpointing=recipe.checkpointing,
            optimiser=recipe.optimiser,
            ema=recipe.ema > 0,
        )

    needed, free = estimate(recipe.batch), memory.free_memory(device)
    where = "recipes.memory_of_gpu" if device == "cuda" else "recipes.memory_here"
    size = message(where, needed=needed.as_message(), free=free / 2**30)
    if needed.fits(free):
        return MemoryFit(True, needed.total, message("recipes.fits", size=size))
    remedy = _remedy(memory.largest_batch(free, estimate, recipe.batch), recipe)
    return MemoryFit(False, needed.total, message("recipes.does_not_fit", size=size, remedy=remedy))


def _config(recipe: Recipe, skeleton_name: str) -> NetworkConfig:
    """The network as for any labels: which points are neighbours does not change its size."""
    from core.training.preparation import config_for
    from core.training.samples import Sample

    points = find_skeleton(skeleton_name)
    turns = np.linspace(0, 2 * np.pi, len(points), endpoint=False)
    circle = Keypoints.of(np.stack([np.cos(turns), np.sin(turns)], axis=1))
    nobody = Sample(np.zeros((1, 1, 3), np.uint8), (-1.0, -1.0, 1.0, 1.0), circle, key=0, name="", group="")
    return config_for(recipe, points, [nobody])


def _remedy(smaller: int, recipe: Recipe) -> Message:
    if smaller:
        return message("recipes.smaller_batch_fits", batch=smaller)
    able = NETWORKS[recipe.network].checkpointing and not recipe.checkpointing
    return message("recipes.checkpointing_or_smaller" if able else "recipes.smaller_network")
