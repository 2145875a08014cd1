"""How a training tells where it is. Imports no torch, so that services can have their own listener."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import Cancelled, FacetError
from core.foundation.messages import Message
from core.foundation.progress import DEAF, Progress

if TYPE_CHECKING:
    from core.training.loop import TrainingOutcome


class TrainingCancelled(Cancelled):
    """A person stopped a training: `trained` is its best by then."""

    def __init__(self, stopped: FacetError, trained: TrainingOutcome) -> None:
        super().__init__(stopped.code, of=stopped.of, **stopped.fields)
        self.trained = trained


class Listener:
    """Told by the loop while it works; this one is deaf.

    `batch` and `epoch` may raise `Cancelled`: the loop then writes its best and last weights and its state, and raises
    `TrainingCancelled`. `progress` is told which pictures are in hand, by the keys of their samples.
    """

    progress: Progress = DEAF

    def reading(self, done: int, total: int) -> None:
        """So many samples of a part have been read; comes before the first batch, and may raise `Cancelled` too."""

    def epoch(self, figures: Mapping[str, Any]) -> None:
        """One epoch is over; `figures` is the line that went into ``curves.jsonl``."""

    def batch(self, done: int, total: int) -> None:
        """So many batches of all epochs are done."""

    def picture(self, kind: str, sheet: NDArray[np.uint8]) -> None:
        """A sheet was drawn: `kind` is ``heatmaps`` or ``examples``, (H, W, 3) uint8 RGB."""

    def remark(self, message: Message) -> None:
        """Something that a person should know: a halved batch, a fresh start, an early stop."""
