"""Whether one encoder verifies faces better than another: differences on the same pairs, by drawing people anew.

Both are scored on the same pairs and judged on the same draws of people (`core.metrics.people_bootstrap`): what makes a
person hard for both cancels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput
from core.metrics.people_bootstrap import DRAWS, DrawnFigure, PeopleBootstrap
from core.metrics.people_sums import threshold_grid
from core.metrics.resampling import Interval, verdict
from core.metrics.verification import LEVEL, Pairing

FMRS: Final = (1e-2, 1e-3, 1e-4)


@dataclass(frozen=True)
class EncoderDifference:
    """One figure of two encoders.

    Attributes
    ----------
    first, second
        Its value for each.
    difference
        The second's less the first's; without ends where too few people made the errors that it depends on.
    verdict
        What that says of the second: as `core.metrics.resampling.verdict`.
    """

    first: float
    second: float
    difference: Interval
    verdict: str


def compare_encoders(
    first: NDArray,
    second: NDArray,
    pairing: Pairing,
    thresholds: tuple[float, float],
    *,
    fmrs: Sequence[float] = FMRS,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> dict[str, EncoderDifference]:
    """Accuracy, AUC, EER, d' and the FNMR at each FMR of two encoders: every person and every two people the same.

    Parameters
    ----------
    first, second
        (M,) float scores that each gives to the same pairs.
    thresholds
        Each encoder's own, at which the accuracy is that of all pairs: chosen elsewhere, or the best here.
    fmrs
        Those that FNMRs are compared at (``fnmr_at_fmr_0.01``).

    Returns
    -------
    comparisons
        By ``accuracy``, ``auc``, ``eer``, ``d_prime`` and ``fnmr_at_fmr_...``.

    Raises
    ------
    BadInput
        If shapes disagree or settings make no sense.
    NotEnoughData
        If a kind of pair is missing.
    """
    before, after = (np.asarray(scores) for scores in (first, second))
    if before.shape != after.shape:
        raise BadInput("metrics.same_shape", first=before.shape, second=after.shape)
    drawn = []
    for scores, threshold in zip((before, after), thresholds, strict=True):
        grid = np.union1d(threshold_grid(scores, pairing.same), [threshold])
        drawn.append(PeopleBootstrap.of(scores, pairing, grid, draws=draws, level=level, seed=seed))
    one, other = (_figures(each, at, fmrs) for each, at in zip(drawn, thresholds, strict=True))
    return {name: _compared(one[name], other[name], upward=name in _UPWARD) for name in one}


_UPWARD: Final = frozenset({"accuracy", "auc", "d_prime"})


def _figures(drawn: PeopleBootstrap, threshold: float, fmrs: Sequence[float]) -> dict[str, DrawnFigure]:
    at_fmrs = {f"fnmr_at_fmr_{fmr:g}": drawn.fnmr_at_fmr(fmr) for fmr in fmrs}
    figures = {"auc": drawn.auc(), "eer": drawn.eer(), "d_prime": drawn.d_prime()}
    return {"accuracy": drawn.accuracy(threshold), **figures, **at_fmrs}


def _compared(first: DrawnFigure, second: DrawnFigure, *, upward: bool) -> EncoderDifference:
    difference = second.less(first)
    return EncoderDifference(first.value, second.value, difference, verdict(difference, upward=upward))
