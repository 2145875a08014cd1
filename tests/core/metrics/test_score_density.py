import math

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from core.foundation.errors import BadInput
from core.metrics.score_density import density, histogram
from tests.builders.scored_pairs import SAME, SCORES, pairs


@pytest.mark.parametrize("count", [30, 20_000])
def test_density_is_scipys_kernel_estimate(count):
    scores, same = pairs(2, count=count, ties=False)
    found = density(scores, same, points=64)
    assert found.x.shape == (64,)
    for part, mine, width in (
        (scores[same], found.same, found.same_bandwidth),
        (scores[~same], found.different, found.different_bandwidth),
    ):
        peer = gaussian_kde(part)
        np.testing.assert_allclose(mine, peer(found.x), atol=1e-3 * mine.max())
        assert width == pytest.approx(math.sqrt(peer.covariance[0, 0]))
        assert np.trapezoid(mine, found.x) == pytest.approx(1, abs=0.01)


def test_a_weighed_density_is_scipys():
    scores, same = pairs(2)
    weights = np.random.default_rng(0).uniform(0.1, 3, len(scores))
    found = density(scores, same, weights=weights)
    for part, mine, width in ((same, found.same, found.same_bandwidth), (~same, found.different, None)):
        peer = gaussian_kde(scores[part], weights=weights[part])
        np.testing.assert_allclose(mine, peer(found.x), atol=1e-3 * mine.max())
        assert width is None or width == pytest.approx(math.sqrt(peer.covariance[0, 0]))


def test_density_of_two_scores_worked_out_by_hand():
    # Scores 0 and 2: standard deviation sqrt 2, bandwidth sqrt 2 x 2 ** -.2; at a score two kernels add up.
    found = density(np.array([0.0, 2.0]), np.array([True, True]), points=3)
    width = math.sqrt(2) * 2**-0.2
    assert (found.same_bandwidth, found.different_bandwidth) == (pytest.approx(width), None)
    assert found.x.tolist() == pytest.approx([-3 * width, 1, 2 + 3 * width])
    assert found.same[1] == pytest.approx(math.exp(-0.5 / width**2) / (width * math.sqrt(2 * math.pi)))


@pytest.mark.parametrize("different", [[], [0.2], [0.2, 0.2, 0.2]])
def test_density_without_two_distinct_scores_is_none(different):
    scores = np.array([0.5, 0.7, *different])
    found = density(scores, np.arange(len(scores)) < 2)
    assert found.different is None
    assert found.different_bandwidth is None
    assert np.isfinite(found.same).all()


def test_density_of_no_pairs_is_empty():
    found = density(np.zeros(0), np.zeros(0, bool))
    assert (len(found.x), found.same, found.different) == (0, None, None)


def test_histogram_counts_both_classes_in_the_same_bins():
    found = histogram(SCORES, SAME, 4)
    assert found.edges.tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert found.same.tolist() == [0, 0, 1, 2]
    assert found.same.sum() + found.different.sum() == 6
    assert found.same_share.tolist() == pytest.approx([0, 0, 1 / 3, 2 / 3])
    weighed = histogram(SCORES, SAME, 4, np.array([1, 2, 1, 1, 1, 1]))  # .9 counts twice
    assert weighed.same_share.tolist() == pytest.approx([0, 0, 1 / 4, 3 / 4])
    assert weighed.same.tolist() == found.same.tolist()
    assert histogram(np.zeros(0), np.zeros(0, bool), 3).same.tolist() == [0, 0, 0]


def test_too_few_points_or_bins_are_refused():
    with pytest.raises(BadInput, match="points should be 2 or more, not 1"):
        density(SCORES, SAME, 1)
    with pytest.raises(BadInput, match="bins should be 1 or more, not 0"):
        histogram(SCORES, SAME, 0)
