"""Windows of consecutive frames beside the batches, for the stability loss."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.skeletons import Skeleton
from core.models.pose.network import PoseNetwork
from core.training.augmentation import Augmentation, Batch, batch
from core.training.losses import Loss
from core.training.recipe import StabilityTerm
from core.training.samples import CropSource, Sample
from core.training.stability_gate import Gate
from core.training.stability_loss import StabilityLoss
from core.training.validation import Inference

_LEAST: Final = 1e-3  # of the motion that a factor is made from: a window that moves as it should needs no push


class WindowLosses(NamedTuple):
    """What windows cost: the stability term, before its weight, and the main loss; scalars."""

    motion: Tensor
    accuracy: Tensor

    def total(self, weight: float) -> Tensor:
        """The main loss, and the term as `weight` times as large, whatever units the two have.

        The factor between them is of the values, not of the gradients, and nothing is remembered from step to step.
        """
        factor = self.accuracy.detach() / self.motion.detach().clamp(min=_LEAST)
        return self.accuracy + weight * factor * self.motion


class WindowedStability:
    """The stability loss with its windows and its gate.

    The network looks at a window as it will be used: in evaluation mode, so that neither dropout shakes the points nor
    twenty frames of one face move the statistics of batch norms. Gradients flow all the same. The main loss is taken on
    the same outputs, as the stability project did: the term itself is blind to a constant error, and the batches, in
    training mode, do not hold what batch norms do in evaluation mode. Without it the points drift off while the
    batches' loss stays low.

    Attributes
    ----------
    term
        Its part of the recipe.
    gate
        Whether it counts now. Its bar is set after the first epoch, relative to that epoch's mean loss.

    Raises
    ------
    NotEnoughData
        If no two consecutive frames of one clip are labelled by a human.
    """

    def __init__(self, term: StabilityTerm, source: CropSource) -> None:
        self.term = term
        self.gate = Gate(0.0, slack=term.slack)
        self._loss = StabilityLoss(term.target)
        human = [index for index, sample in enumerate(source.samples) if sample.pseudo is None]
        runs = windows([source.samples[index] for index in human], term.length)
        self._windows = [[human[index] for index in run] for run in runs]
        if not self._windows:
            raise NotEnoughData("training.no_consecutive_frames")

    def pick(
        self, source: CropSource, augmentation: Augmentation | None, skeleton: Skeleton, seeds: Sequence[int]
    ) -> list[Batch]:
        """The step's windows, each changed alike over all its frames; `seeds` decide which and how."""
        rng = np.random.default_rng(list(seeds))
        chosen = rng.integers(len(self._windows), size=self.term.windows)
        return [
            batch(source, self._windows[number], augmentation, skeleton, seeds, together=True)
            for number in chosen.tolist()
        ]

    def of(
        self, network: PoseNetwork, learner: nn.Module, shown: Sequence[Batch], runner: Inference, main: Loss
    ) -> WindowLosses:
        """The term and the main loss of some windows, scalars with gradients."""
        modes = [(module, module.training) for module in network.modules()]
        network.eval()
        try:
            outputs = runner.outputs(learner, torch.cat([window.images for window in shown]))
        finally:
            for module, mode in modes:
                module.training = mode
        points, present = (
            torch.cat(part) for part in zip(*((window.points, window.present) for window in shown), strict=True)
        )
        device = runner.device
        accuracy = main(outputs, network.codec.encode(points.to(device), present.to(device))).total
        return WindowLosses(self._motion(network.codec.decode(outputs).points, shown), accuracy)

    def _motion(self, located: Tensor, shown: Sequence[Batch]) -> Tensor:
        losses = []
        for points, window in zip(located.split([len(window) for window in shown]), shown, strict=True):
            truth = torch.where(window.present[..., None], window.points, torch.nan).to(points)
            losses.append(self._loss(window.to_picture(points), window.to_picture(truth)))
        return torch.stack(losses).mean()


def windows(samples: Sequence[Sample], length: int = 20) -> list[list[int]]:
    """Indices of samples that are consecutive frames of one clip.

    Every run of frames without a gap is cut into windows of `length`; the last of a run may be shorter, down to two
    frames. A frame that was removed breaks the run: a step across it is no displacement. A frame with several
    instances breaks it too, as nothing says which of them follows which.

    Raises
    ------
    BadInput
        If the length is under 2.
    """
    if length < 2:
        raise BadInput("training.window", length=length)
    by_frame: dict[tuple[str, int], list[int]] = {}
    for index, sample in enumerate(samples):
        if sample.frame is not None:
            by_frame.setdefault(sample.frame, []).append(index)
    runs: list[list[int]] = []
    before: tuple[str, int] | None = None
    for clip, number in sorted(frame for frame, indices in by_frame.items() if len(indices) == 1):
        if before != (clip, number - 1):
            runs.append([])
        runs[-1].append(by_frame[clip, number][0])
        before = (clip, number)
    cuts = (run[start : start + length] for run in runs for start in range(0, len(run), length))
    return [cut for cut in cuts if len(cut) > 1]
