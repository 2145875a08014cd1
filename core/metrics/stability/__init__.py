"""Temporal stability of tracked points, as a vector. What no single figure sees is in `Stability` beside it.

A predictor that never moves, one that lags and one that is off by a constant each look perfect to some of these
figures (`tests/core/metrics/stability/test_ranking.py` states which): read none of them alone.
"""

from core.metrics.stability.deviation import dev, indicator, length_ratio
from core.metrics.stability.running import running_indicator
from core.metrics.stability.tracks import Units, as_breaks, as_tracks, displacements
from core.metrics.stability.vector import FIGURES, Stability, stability

__all__ = [
    "FIGURES",
    "Stability",
    "Units",
    "as_breaks",
    "as_tracks",
    "dev",
    "displacements",
    "indicator",
    "length_ratio",
    "running_indicator",
    "stability",
]
