"""PIPNet's five losses (Jin, Liao and Shao, IJCV 2021), and the tasks of its self-training with curriculum.

A pseudo-label is trusted only as far as its round's task goes: ``cls3`` asks for the cell among 2 x 2, ``cls2`` among
4 x 4, ``std`` for the cell among 8 x 8 and the offsets (at 256 pixels and stride 32). A batch mixes samples of all
tasks: each mean goes over the samples of its task alone.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from core.foundation.errors import BadInput
from core.models.codecs.pip import COARSE_CELLS
from core.training.loss_parts import LossParts, at_least_float32, masked, squared_error, weighted_mean

TASKS: Final = ("std", "cls2", "cls3")  # the code of a task in targets["task"] is its place here


def task_codes(pseudo: Sequence[str | None]) -> Tensor:
    """(N,) int64 for ``targets["task"]``; a human's label, None, is ``std``.

    Raises
    ------
    BadInput
        If there is no such task.
    """
    unknown = [task for task in pseudo if task is not None and task not in TASKS]
    if unknown:
        raise BadInput("losses.no_task", task=unknown[0], choices=list(TASKS))
    return torch.tensor([TASKS.index(task or "std") for task in pseudo], dtype=torch.int64)


class PipLoss:
    """Squared error on the whole score map, absolute errors of the four offsets in the true cell only.

    Parameters
    ----------
    cls, offsets, neighbours
        Weights of the score maps (of every task), of "x" and "y", and of "nb_x" and "nb_y". The source: 10, 1, 1.

    Raises
    ------
    BadInput
        If a weight is below 0 or not finite.
    """

    def __init__(self, cls: float = 10.0, offsets: float = 1.0, neighbours: float = 1.0) -> None:
        for name, value in (("cls", cls), ("offsets", offsets), ("neighbours", neighbours)):
            if not 0 <= value < math.inf:
                raise BadInput("losses.not_negative", name=name, value=value)
        self.weights = {"cls": cls, "x": offsets, "y": offsets, "nb_x": neighbours, "nb_y": neighbours}
        self.weights |= dict.fromkeys(COARSE_CELLS, cls)

    def __call__(self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> LossParts:
        """The weighted sum of the parts.

        Parameters
        ----------
        outputs
            "cls", "x", "y" (N, K, h, w), "nb_x", "nb_y" (N, K B, h, w); where a sample's task is coarse also "cls2"
            (N, K, h / 2, w / 2) or "cls3" (N, K, h / 4, w / 4).
        targets
            The same five as the codec encodes them, "weight" (N, K), "nb_weight" (N, K B) and, for self-training,
            "task" (N,) int64 (`task_codes`); without it all are ``std``.

        Raises
        ------
        BadInput
            If a task's score map is not among the outputs.
        """
        weight = targets["weight"]
        task = targets.get("task")
        full = weight if task is None else weight * (task == 0)[:, None]
        nb_full = targets["nb_weight"] if task is None else targets["nb_weight"] * (task == 0)[:, None]
        scores = masked(targets["cls"], weight[..., None, None])
        cell = scores.flatten(2).argmax(dim=-1)
        parts = {"cls": squared_error(outputs["cls"], scores, full[..., None, None])}
        for name in ("x", "y"):
            parts[name] = _at_cell(outputs[name], targets[name], cell, full)
        each = targets["nb_weight"].shape[1] // max(weight.shape[1], 1)
        for name in ("nb_x", "nb_y"):
            parts[name] = _at_cell(outputs[name], targets[name], cell.repeat_interleave(each, dim=1), nb_full)
        if task is not None:
            parts |= self._coarse(outputs, scores, weight, task)
        total = torch.stack([self.weights[name] * value for name, value in parts.items()]).sum()
        return LossParts(total, {name: value.detach() for name, value in parts.items()})

    @staticmethod
    def _coarse(outputs: Mapping[str, Tensor], scores: Tensor, weight: Tensor, task: Tensor) -> dict[str, Tensor]:
        """The parts of the coarse tasks; a coarse cell holds the point if one of its finer cells does."""
        parts: dict[str, Tensor] = {}
        for name, factor in COARSE_CELLS.items():
            chosen = task == TASKS.index(name)
            if name in outputs:
                pooled = functional.max_pool2d(scores, factor)
                parts[name] = squared_error(outputs[name], pooled, (weight * chosen[:, None])[..., None, None])
            elif bool(chosen.any()):
                raise BadInput("losses.no_output", task=name)
        return parts


def _at_cell(outputs: Tensor, targets: Tensor, cell: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute error of (N, C, h, w) maps at one cell each, (N, C), flat."""
    outputs = at_least_float32(outputs)
    targets = masked(targets.to(outputs.dtype), weight[..., None, None])
    output, target = (maps.flatten(2).gather(2, cell[..., None])[..., 0] for maps in (outputs, targets))
    return weighted_mean((output - target).abs(), weight)
