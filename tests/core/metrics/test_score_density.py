import math
from itertools import pairwise

import numpy as np
import pytest
from KDEpy.bw_selection import improved_sheather_jones
from numpy.polynomial.hermite_e import hermeval
from scipy.optimize import brentq
from scipy.stats import gaussian_kde

from core.foundation.errors import BadInput
from core.metrics.ranked_scores import RankedScores
from core.metrics.score_density import BANDWIDTHS, density, histogram
from tests.builders.scored_pairs import SAME, SCORES, pairs

NONE = np.zeros(0)


def one_class(scores, weights=None):
    return RankedScores.of(scores, np.ones(len(scores), bool), weights)


@pytest.mark.parametrize("count", [30, 20_000])
@pytest.mark.parametrize("rule", ["scott", "silverman"])
def test_density_is_scipys_kernel_estimate(count, rule):
    scores, same = pairs(2, count=count, ties=False)
    found = density(RankedScores.of(scores, same), points=64, rule=rule)
    assert found.x.shape == (64,)
    assert (found.same_rule, found.different_rule) == (rule, rule)
    for part, mine, width in (
        (scores[same], found.same, found.same_bandwidth),
        (scores[~same], found.different, found.different_bandwidth),
    ):
        peer = gaussian_kde(part, rule)
        np.testing.assert_allclose(mine, peer(found.x), atol=1e-4 * mine.max(), rtol=0)
        assert width == pytest.approx(math.sqrt(peer.covariance[0, 0]))
        assert np.trapezoid(mine, found.x) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("count", [400, 20_000])
def test_a_weighed_density_is_scipys(count):
    scores, same = pairs(2, count=count)
    weights = np.random.default_rng(0).uniform(0.1, 3, len(scores))
    found = density(RankedScores.of(scores, same, weights))
    for part, mine, width in (
        (same, found.same, found.same_bandwidth),
        (~same, found.different, found.different_bandwidth),
    ):
        peer = gaussian_kde(scores[part], weights=weights[part])
        np.testing.assert_allclose(mine, peer(found.x), atol=1e-4 * mine.max(), rtol=0)
        assert width == pytest.approx(math.sqrt(peer.covariance[0, 0]))


def test_scores_of_float32_are_smoothed_as_they_are():
    scores, same = pairs(3, count=20_000, ties=False)
    single = scores.astype(np.float32)
    found, double = (density(RankedScores.of(given, same)) for given in (single, single.astype(float)))
    assert found.same == pytest.approx(double.same, abs=1e-5 * double.same.max())


def test_the_grid_changes_a_density_by_less_than_is_stated():
    # Two clumps a hundred times as narrow as their distance: the kernel is narrow beside the range, the grid is fine.
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(0, 0.01, 3000), rng.normal(1, 0.002, 3000)])
    found = density(one_class(scores), points=2000, rule="isj")
    peer = gaussian_kde(scores, found.same_bandwidth / scores.std(ddof=1))
    assert np.abs(found.same - peer(found.x)).max() < 1e-4 * found.same.max()


def test_what_no_grid_could_hold_is_added_up():
    # The far score weighs nothing, so it widens no kernel: a grid would need a billion places.
    scores = np.append(np.random.default_rng(0).normal(size=3000), 1e7)
    weights = np.append(np.ones(3000), 1e-13)
    found = density(one_class(scores, weights), points=100)
    width = scores[:-1].std() * 3000**-0.2
    assert found.same_bandwidth == pytest.approx(width, rel=0.01)
    assert found.same[0] == pytest.approx(gaussian_kde(scores[:-1])(found.x[:1])[0], rel=0.05)


def test_density_of_two_scores_worked_out_by_hand():
    # Scores 0 and 2: standard deviation sqrt 2, bandwidth sqrt 2 x 2 ** -.2; at a score two kernels add up.
    found = density(one_class(np.array([0.0, 2.0])), points=3)
    width = math.sqrt(2) * 2**-0.2
    assert (found.same_bandwidth, found.different_bandwidth) == (pytest.approx(width), None)
    assert (found.same_rule, found.different_rule) == ("scott", None)
    assert found.x.tolist() == pytest.approx([-3 * width, 1, 2 + 3 * width])
    assert found.same[1] == pytest.approx(math.exp(-0.5 / width**2) / (width * math.sqrt(2 * math.pi)))
    wider = density(one_class(np.array([0.0, 2.0])), points=3, rule="silverman")
    assert wider.same_bandwidth == pytest.approx(width * (4 / 3) ** 0.2)


def norm_of_derivative(scores, order, time):
    """||f^(order)||^2 of scores smoothed with variance `time`, over all their pairs."""
    apart = (scores[:, None] - scores) / math.sqrt(2 * time)
    kernel = np.exp(-(apart**2) / 2) / math.sqrt(2 * math.pi) * hermeval(apart, [0] * (2 * order) + [1])
    return (-1) ** order * kernel.mean() / math.sqrt(2 * time) ** (2 * order + 1)


def sheather_jones_over_pairs(scores):
    """The fixed point of Botev et al. (2010), equation 34, on the whole line and with no grid."""

    def beyond(time):
        norm, count = norm_of_derivative(scores, 7, time), len(scores)
        for order in range(6, 1, -1):
            odd = math.prod(range(1, 2 * order, 2)) / math.sqrt(2 * math.pi)
            at = (2 * (1 + 0.5 ** (order + 0.5)) / 3 * odd / (count * norm)) ** (2 / (3 + 2 * order))
            norm = norm_of_derivative(scores, order, at)
        return time - (2 * count * math.sqrt(math.pi) * norm) ** -0.4

    steps = np.ptp(scores) ** 2 * 2.0 ** np.arange(-16, 0)
    before, after = next(pair for pair in pairwise(steps) if beyond(pair[0]) < 0 < beyond(pair[1]))
    return math.sqrt(brentq(beyond, before, after))


@pytest.mark.parametrize("seed", range(3))
def test_improved_sheather_jones_is_its_equation_over_all_pairs(seed):
    rng = np.random.default_rng(seed)
    scores = np.concatenate([rng.normal(0, 1, 150), rng.normal(6, 0.5, 100)])
    found = density(one_class(scores), rule="isj")
    assert found.same_rule == "isj"
    assert found.same_bandwidth == pytest.approx(sheather_jones_over_pairs(scores), rel=1e-3)


def test_improved_sheather_jones_is_kdepys():
    # KDEpy multiplies by the range of the scores, not of its grid, which is twice that where scores are far apart.
    scores = np.random.default_rng(0).normal([0, 9], [1, 2], (2000, 2)).ravel()
    weights = np.random.default_rng(1).uniform(0.9, 1.1, len(scores))
    peer = improved_sheather_jones(100 * scores[:, None]) * 2 / 100
    assert density(one_class(scores), rule="isj").same_bandwidth == pytest.approx(peer, rel=2e-3)
    peer = improved_sheather_jones(100 * scores[:, None], weights) * 2 / 100
    assert density(one_class(scores, weights), rule="isj").same_bandwidth == pytest.approx(peer, rel=5e-3)


def test_improved_sheather_jones_keeps_apart_what_scott_blurs():
    scores = np.random.default_rng(0).normal([0, 20], 1, (1000, 2)).ravel()
    narrow, wide = (density(one_class(scores), rule=rule).same_bandwidth for rule in ("isj", "scott"))
    best = 1.06 * 1000**-0.2  # of one of the two
    assert narrow == pytest.approx(best, rel=0.25)
    assert wide > 5 * best


@pytest.mark.parametrize("decimals", [2, 3])
def test_rounded_scores_are_not_smoothed_into_their_steps(decimals):
    scores = np.random.default_rng(0).normal(0.5, 0.1, 100_000).round(decimals)
    found = density(one_class(scores), rule="isj")
    assert (found.same_rule, found.same_bandwidth) == ("isj", pytest.approx(1.06 * 0.1 * 100_000**-0.2, rel=0.05))


def test_where_improved_sheather_jones_has_no_answer_silverman_has():
    scores = np.random.default_rng(0).normal(0.5, 0.1, 100_000).round(1)  # ten steps
    found, other = (density(one_class(scores), rule=rule) for rule in ("isj", "silverman"))
    assert (found.same_rule, found.same_bandwidth) == ("silverman", other.same_bandwidth)


def test_weights_that_are_numbers_of_pairs_repeat_them():
    scores, _ = pairs(4, count=60)
    often = np.random.default_rng(0).integers(1, 5, 60)
    for rule in BANDWIDTHS:
        found, repeated = (
            density(one_class(*given), rule=rule) for given in ((scores, often), (scores.repeat(often),))
        )
        assert found.same_bandwidth == pytest.approx(repeated.same_bandwidth)
        assert found.same == pytest.approx(repeated.same)


@pytest.mark.parametrize("rule", BANDWIDTHS)
@pytest.mark.parametrize("different", [[], [0.2], [0.2, 0.2, 0.2]])
def test_density_without_two_distinct_scores_is_none(different, rule):
    scores = np.array([0.5, 0.7, *different])
    found = density(RankedScores.of(scores, np.arange(len(scores)) < 2), rule=rule)
    assert (found.different, found.different_bandwidth, found.different_rule) == (None, None, None)
    assert np.isfinite(found.same).all()


def test_density_is_none_where_nothing_but_one_score_weighs_anything():
    found = density(one_class(np.array([0.2, 0.9]), np.array([1.0, 1e-30])))
    assert (found.same, found.same_bandwidth) == (None, None)


def test_density_of_no_pairs_is_empty():
    found = density(RankedScores(NONE, NONE))
    assert (len(found.x), found.same, found.different) == (0, None, None)


def test_histogram_counts_both_classes_in_the_same_bins():
    found = histogram(RankedScores.of(SCORES, SAME), 4)
    assert found.edges.tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert found.same.tolist() == [0, 0, 1, 2]
    assert found.same.sum() + found.different.sum() == 6
    assert found.same_share.tolist() == pytest.approx([0, 0, 1 / 3, 2 / 3])
    weighed = histogram(RankedScores.of(SCORES, SAME, np.array([1.0, 2, 1, 1, 1, 1])), 4)  # .9 counts twice
    assert weighed.same_share.tolist() == pytest.approx([0, 0, 1 / 4, 3 / 4])
    assert weighed.same.tolist() == found.same.tolist()
    assert histogram(RankedScores(NONE, NONE), 3).same.tolist() == [0, 0, 0]


def test_histogram_is_numpys():
    scores, same = pairs(5, count=2000)
    weights = np.random.default_rng(0).uniform(0.5, 2, 2000)
    found = histogram(RankedScores.of(scores, same, weights), 20)
    for kind, counts, shares in ((same, found.same, found.same_share), (~same, found.different, found.different_share)):
        ends = (scores.min(), scores.max())
        assert counts.tolist() == np.histogram(scores[kind], 20, ends)[0].tolist()
        expected = np.histogram(scores[kind], 20, ends, weights=weights[kind])[0] / weights[kind].sum()
        assert shares == pytest.approx(expected)


def test_what_makes_no_density_or_histogram_is_refused():
    with pytest.raises(BadInput, match="points should be 2 or more, not 1"):
        density(RankedScores.of(SCORES, SAME), 1)
    with pytest.raises(BadInput, match="no bandwidth is called 'wide'; choose one of scott, silverman, isj"):
        density(RankedScores.of(SCORES, SAME), rule="wide")
    with pytest.raises(BadInput, match="bins should be 1 or more, not 0"):
        histogram(RankedScores.of(SCORES, SAME), 0)
