"""One step: a batch through the network and back, in as many parts as memory asks for, and the weights changed once."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from core.foundation.errors import FacetError
from core.foundation.messages import Message, message
from core.models.devices import refuse_all_but_memory, release_memory
from core.models.pose.network import PoseNetwork
from core.training.augmentation import Batch
from core.training.losses import Loss
from core.training.pip_losses import task_codes
from core.training.ranks import Ranks
from core.training.stability_windows import WindowedStability
from core.training.validation import Inference


@dataclass
class Optimization:
    """Makes steps.

    Attributes
    ----------
    learner
        The network, or what joins it with those of other processes.
    clip
        Greatest norm of the gradient, 0 for no limit.
    part
        Samples that go through the network at a time; halved when memory runs out, and then kept. The gradient is that
        of the whole batch all the same (statistics of batch norms are those of the parts).
    tasks, coarse
        Whether some labels are PIPNet's pseudo-labels of a task, and whether of a coarse one.
    steadying
        The stability loss, or None.
    remark
        Called when the part is halved.
    """

    network: PoseNetwork
    learner: nn.Module
    optimiser: torch.optim.Optimizer
    loss: Loss
    runner: Inference
    ranks: Ranks
    clip: float
    part: int
    tasks: bool = False
    coarse: bool = False
    steadying: WindowedStability | None = None
    remark: Callable[[Message], None] = field(default=lambda _: None)

    def take(self, batch: Batch, windows: Sequence[Batch], seed: int, share: float) -> dict[str, float] | None:
        """Learn from one batch; with the same seed, the same happens.

        Parameters
        ----------
        batch
            This process's samples.
        windows
            Windows of consecutive frames for the stability loss; empty while it does not count.
        seed
            For what the network itself draws, such as dropout.
        share
            This process's part of the whole batch: 1 where it is alone.

        Returns
        -------
        dict
            Means over the batch: ``loss`` and each of its parts, before their weights; ``stability`` where it took
            part. None if loss or gradient were not finite; the weights are then as they were.

        Raises
        ------
        FacetError
            If there is no memory even for one sample, or the GPU is gone.
        """
        while True:
            try:
                torch.manual_seed(seed)
                self.optimiser.zero_grad(set_to_none=True)
                return self._change(self._gradients(batch, windows, share))
            except (RuntimeError, MemoryError) as problem:
                refuse_all_but_memory(problem)
                self._refuse_if_hopeless(problem)
            self.optimiser.zero_grad(set_to_none=True)
            release_memory()  # only now: while the exception was there, it held the tensors
            before, self.part = self.part, -(-self.part // 2)
            self.remark(message("trainings.part_halved", held=before, part=self.part))

    def _refuse_if_hopeless(self, problem: BaseException) -> None:
        if self.ranks.world > 1:
            raise FacetError("training.memory_ran_out", device=self.ranks.device) from problem
        if self.part == 1:
            raise FacetError("training.no_memory_to_learn", device=self.ranks.device) from problem

    def _gradients(self, batch: Batch, windows: Sequence[Batch], share: float) -> dict[str, float]:
        """Go back through everything; each part of the loss over this process's samples, times its share."""
        world = self.ranks.world  # gradients become the mean over the processes, where a sum of shares is wanted
        sums: dict[str, Tensor] = {}
        cuts = list(_cuts(len(batch), self.part))
        for rows in cuts:
            weight = share * (rows.stop - rows.start) / len(batch)
            with self._together(rows is cuts[-1] and not windows):
                parts = self._of(batch, rows)
                (parts.pop("total") * weight * world).backward()
            for name, value in parts.items():
                sums[name] = sums.get(name, torch.zeros_like(value)) + value * weight
        if windows and self.steadying is not None:
            with self._together(True):
                steadied = self.steadying.of(self.network, self.learner, windows, self.runner, self.loss)
                steadied.total(self.steadying.term.weight).backward()
            sums["stability"] = steadied.motion.detach() / world
        return dict(zip(sums, torch.stack(list(sums.values())).double().tolist(), strict=True))  # one wait for the GPU

    def _of(self, batch: Batch, rows: slice) -> dict[str, Tensor]:
        """The parts of the loss of some rows, and ``total`` to go back from."""
        device = self.runner.device
        points, present = batch.points[rows].to(device), batch.present[rows].to(device)
        outputs = self.runner.outputs(self.learner, batch.images[rows], coarse=self.coarse)
        targets = self.network.codec.encode(points, present)
        if self.tasks:
            targets["task"] = task_codes(batch.pseudo[rows]).to(device)
        lost = self.loss(outputs, targets)
        return {"total": lost.total, "loss": lost.total.detach(), **lost.parts}

    def _change(self, parts: dict[str, float]) -> dict[str, float] | None:
        parts = self.ranks.total(parts)
        parameters = [
            parameter
            for group in self.optimiser.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        norm = float(nn.utils.clip_grad_norm_(parameters, self.clip or math.inf)) if parameters else 0.0
        if self.ranks.any(not (math.isfinite(norm) and math.isfinite(parts["loss"]))):
            return None
        self.optimiser.step()
        return parts

    def _together(self, last: bool) -> AbstractContextManager[object]:
        """Gradients are exchanged with other processes at the last part only."""
        if isinstance(self.learner, DistributedDataParallel) and not last:
            return self.learner.no_sync()
        return nullcontext()


def _cuts(count: int, most: int) -> Iterator[slice]:
    """Nearly equal slices of at most `most`."""
    edges = np.linspace(0, count, -(-count // most) + 1).round().astype(int).tolist()
    return (slice(first, end) for first, end in pairwise(edges))


def seed_of(*numbers: int) -> int:
    """A seed for torch out of several whole numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
