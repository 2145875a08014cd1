"""How a training tells where it is. Imports no torch, so that services can have their own listener."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Listener:
    """Told by the loop while it works; this one is deaf.

    `batch` and `epoch` may raise `Cancelled`: the loop then writes its best and last weights and its
    state, and passes the error on with what it has as ``error.trained``.
    """

    def reading(self, done: int, total: int) -> None:
        """So many samples of a part have been read; comes before the first batch, and may raise `Cancelled` too."""

    def epoch(self, figures: Mapping[str, Any]) -> None:
        """One epoch is over; `figures` is the line that went into ``curves.jsonl``."""

    def batch(self, done: int, total: int) -> None:
        """So many batches of all epochs are done."""

    def pictures(self, kind: str, images: Sequence[NDArray[np.uint8]]) -> None:
        """Sheets were drawn: `kind` is ``heatmaps`` or ``examples``, each image (H, W, 3) uint8 RGB."""

    def said(self, sentence: str) -> None:
        """Something that a person should know: a halved batch, a fresh start, an early stop."""
