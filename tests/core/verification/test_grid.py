"""What thresholds of a grid accept is what comparing every pair says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from core.metrics.ranked_scores import RankedScores
from core.verification import GridCounts


@pytest.mark.parametrize("weighed", [False, True])
def test_every_place_of_the_grid_is_what_scikit_learn_counts(weighed):
    rng = np.random.default_rng(0)
    same = rng.random(300) < 0.4
    scores = np.where(same, rng.normal(0.6, 0.1, 300), rng.normal(0.3, 0.1, 300)).astype(np.float32)
    weights = rng.uniform(0.5, 2, 300) if weighed else None
    grid = GridCounts.of(RankedScores.of(scores, same, weights), 1.0)
    thresholds = grid.first + grid.step * np.arange(len(grid.fmr))
    assert thresholds[0] < scores.min()
    assert thresholds[-1] > scores.max()
    for place in (0, 1000, 3333, 5000, len(thresholds) - 1):
        accepted = scores.astype(np.float64) >= thresholds[place]
        tn, fp, fn, tp = reference.confusion_matrix(same, accepted, labels=[False, True], sample_weight=weights).ravel()
        assert grid.fmr[place] == pytest.approx(fp / (fp + tn))
        assert grid.fnmr[place] == pytest.approx(fn / (fn + tp))
        assert (grid.same_accepted[place], grid.different_accepted[place]) == (
            (accepted & same).sum(),
            (accepted & ~same).sum(),
        )


def test_between_two_places_it_is_exact_too():
    grid = GridCounts.of(RankedScores.of(np.array([0.50001, 0.50003, 0.2]), np.array([True, False, False])), 1.0)
    assert grid.at(0.50002) == (0.5, 1, 0, 1)
    assert grid.at(0.50001) == (0.5, 0, 1, 1)
    assert (grid.same, grid.different) == (1, 2)
