"""What can be trained: recipes, and whether they fit into this machine's memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from core.errors import BadInput
from core.training.recipes import RECIPES, Recipe, with_settings
from core.workspace import Workspace


@dataclass(frozen=True)
class Choice:
    """A recipe for people: its name, one sentence about it, its network, and its settings as plain values."""

    name: str
    about: str
    network: str
    settings: Mapping[str, object]


@dataclass(frozen=True)
class Fits:
    """Whether a training fits into memory, as one sentence; `needed` and `free` in bytes."""

    fits: bool
    needed: int
    free: int
    device: str
    sentence: str


def choices() -> list[Choice]:
    """Every recipe."""
    return [Choice(one.name, one.about, one.network, one.as_json()) for one in RECIPES.values()]


def chosen(name: str, settings: Mapping[str, str]) -> Recipe:
    """The recipe of that name with some settings changed.

    Raises
    ------
    BadInput
        If there is no such recipe or setting, or a value is not one of its kind.
    """
    if name not in RECIPES:
        raise BadInput(f"there is no recipe called {name!r}; there are {', '.join(RECIPES)}")
    return with_settings(RECIPES[name], dict(settings))


def what_fits(workspace: Workspace, name: str, settings: Mapping[str, str], skeleton_name: str) -> Fits:
    """Say beforehand whether a training fits into the memory of where it will run, from a dry run of its network."""
    from core.models.devices import pick_device  # torch is loaded only when somebody asks
    from core.training.dry_run import dry_run

    device = pick_device(workspace.settings.device)
    needed = dry_run(chosen(name, settings), skeleton_name)
    free = _free(device)
    size = f"about {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free on the {_named(device)}"
    if needed <= free:
        return Fits(True, needed, free, device, f"It needs {size}.")
    return Fits(
        False, needed, free, device,
        f"It needs {size}: it will not fit. A smaller batch, checkpointing or a smaller network does.",
    )  # fmt: skip


def _free(device: str) -> int:
    if device == "cpu":
        return int(psutil.virtual_memory().available)
    import torch

    return int(torch.cuda.mem_get_info()[0])


def _named(device: str) -> str:
    return "GPU" if device == "cuda" else "machine (it has no GPU)"
