"""What a recipe will take of memory, said before it is trained."""

from __future__ import annotations

import torch

from core.foundation.skeletons import find_skeleton
from core.models.pose import NETWORKS, configure
from core.models.pose.memory import estimate_memory
from core.training.recipe import Recipe


def dry_run(recipe: Recipe, skeleton_name: str, device: str | None = None) -> int:
    """Bytes that a step of the recipe holds at its peak: see `core.models.pose.memory.estimate_memory`.

    Pictures that are kept in memory (`Recipe.memory_gib`, of the machine and not of a GPU) are not in it. A window of
    the stability loss goes through the network after the batch, so the larger of the two counts.

    Parameters
    ----------
    device
        "cpu" or "cuda", which decides about bfloat16; None: a GPU where there is one.

    Raises
    ------
    NotFound, BadInput
        If there is no such skeleton, or the recipe's parts do not fit together.
    """
    named = find_skeleton(skeleton_name)
    settings = dict(recipe.codec_settings)
    if (recipe.codec or NETWORKS[recipe.network].codecs[0]) == "pip":
        near = min(recipe.neighbours, len(named) - 1)  # which they are does not matter, how many does
        settings["neighbours"] = [[(k + 1 + i) % len(named) for i in range(near)] for k in range(len(named))]
    config = configure(
        recipe.network,
        named,
        input_size=recipe.input_size,
        codec=recipe.codec,
        codec_settings=settings,
        options=recipe.options,
    )
    term = recipe.stability
    crops = max(recipe.batch, term.length * term.windows if term is not None else 0)
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    amp = recipe.amp == "on" or (recipe.amp == "auto" and chosen == "cuda")
    return estimate_memory(config, crops, amp, recipe.checkpointing, optimiser=recipe.optimiser).total
