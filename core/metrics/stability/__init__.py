"""Temporal stability of tracked points, as a vector. What no single figure sees is in `Stability` beside it.

A predictor that never moves, one that lags and one that is off by a constant each look perfect to some of these
figures (`tests/core/metrics/stability/test_ranking.py` states which): read none of them alone.
"""
