"""Pairs drawn anew: intervals as wide as those of independent pairs should be."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import d_prime, eer, roc_auc
from core.metrics.pair_bootstrap import PairBootstrap
from core.metrics.ranked_scores import RankedScores


def ranked(rng, pairs=400, apart=1.5):
    return RankedScores.of_kinds(rng.normal(apart, 1, pairs), rng.normal(0, 1, 3 * pairs))


def test_the_figures_themselves_are_those_of_all_pairs():
    pairs = ranked(np.random.default_rng(0))
    found = PairBootstrap.of(pairs, draws=10).figures
    assert found["auc"].value == pytest.approx(roc_auc(pairs), abs=2e-3)  # between thresholds of a grid
    assert found["eer"].value == pytest.approx(eer(pairs).rate, abs=5e-3)
    assert found["d_prime"].value == pytest.approx(d_prime(pairs), abs=5e-2)


def test_the_spread_of_the_auc_is_de_longs():
    """DeLong, DeLong & Clarke-Pearson 1988, written out: the spread of the shares that each score lies above."""
    pairs = ranked(np.random.default_rng(1))
    of_same = np.searchsorted(pairs.different, pairs.same) / len(pairs.different)
    of_different = 1 - np.searchsorted(pairs.same, pairs.different) / len(pairs.same)
    error = np.sqrt(of_same.var(ddof=1) / len(of_same) + of_different.var(ddof=1) / len(of_different))
    assert PairBootstrap.of(pairs).figures["auc"].drawn.std() == pytest.approx(error, rel=0.1)


def test_rates_at_a_threshold_are_binomial():
    pairs = ranked(np.random.default_rng(2))
    told = PairBootstrap.of(pairs, draws=10).rates(1.0)
    wrong = int((pairs.different >= 1.0).sum())
    exact = scipy.stats.binomtest(wrong, len(pairs.different)).proportion_ci()
    assert told["fmr"].value == wrong / len(pairs.different)
    assert (told["fmr"].low, told["fmr"].high) == (pytest.approx(exact.low), pytest.approx(exact.high))
    errors = wrong + int((pairs.same < 1.0).sum())
    exact = scipy.stats.binomtest(errors, 1600).proportion_ci()
    assert (told["accuracy"].low, told["accuracy"].high) == (
        pytest.approx(1 - exact.high),
        pytest.approx(1 - exact.low),
    )


def test_intervals_of_independent_pairs_hold_the_truth_as_often_as_they_say():
    true_auc = float(scipy.stats.norm.cdf(1.5 / np.sqrt(2)))
    true_eer = float(scipy.stats.norm.cdf(-0.75))
    held = np.zeros(2)
    for seed in range(150):
        found = PairBootstrap.of(ranked(np.random.default_rng(seed)), draws=150, seed=seed).figures
        for place, (name, truth) in enumerate((("auc", true_auc), ("eer", true_eer))):
            held[place] += found[name].interval.low <= truth <= found[name].interval.high
    assert (held / 150 > 0.9).all()
    assert (held / 150 < 0.99).all()


def test_scores_that_are_apart_have_no_interval_of_a_share():
    found = PairBootstrap.of(RankedScores.of_kinds(np.array([0.8, 0.9]), np.array([0.1, 0.2])), draws=20)
    assert found.figures["auc"].value == 1
    assert np.isnan(found.figures["auc"].interval.low)
    assert found.fnmr_at_fmr(0.01).value == 0


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(NotEnoughData, match="there are 2 and 0"):
        PairBootstrap.of(RankedScores.of_kinds(np.array([0.8, 0.9]), np.zeros(0)))
    with pytest.raises(BadInput):
        PairBootstrap.of(ranked(np.random.default_rng(0)), draws=0)
