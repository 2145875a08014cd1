"""Temporal stability of tracked points, as a vector. What no single figure sees is in `Stability` beside it.

A predictor that never moves, one that lags and one that is off by a constant each look perfect to some of these
figures (`tests/core/metrics/stability/test_ranking.py` states which): read none of them alone.

"The project" is the study of landmark stability on 300-VW that three of the metrics come from, in its numbering:
1 displacements assumed normal (`normality`), 2 their deviations and 3 length ratios (`deviation`), and an indicator.
"""
