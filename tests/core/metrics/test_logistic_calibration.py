import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from core.foundation.errors import NotEnoughData
from core.metrics import logistic_calibration as module
from core.metrics.calibration import calibration_loss, cllr
from core.metrics.logistic_calibration import logistic_calibration
from core.metrics.ranked_scores import RankedScores
from tests.builders.scored_pairs import pairs

APART = RankedScores.of_kinds(np.array([0.7, 0.8, 0.9]), np.array([0.1, 0.2, 0.3]))


def drawn(seed, weighed=False, **options):
    scores, same = pairs(seed, **options)
    weights = np.random.default_rng(seed).uniform(0.2, 2, len(scores)) if weighed else None
    return RankedScores.of(scores, same, weights)


def table(ranked):
    """Scores, kinds and weights of which either kind's sum to a half."""
    sides = ((ranked.same, ranked.same_sums), (ranked.different, ranked.different_sums))
    weights = [np.ones(len(scores)) if sums is None else np.diff(sums) for scores, sums in sides]
    halves = np.concatenate([weight / weight.sum() / 2 for weight in weights])
    number = 4 / sum((np.square(weight).sum() / weight.sum() ** 2) for weight in weights)
    return (
        np.concatenate([side for side, _ in sides]),
        np.repeat([True, False], [len(w) for w in weights]),
        halves,
        number,
    )


def best_by_search(ranked):
    """Firth's penalised likelihood of both kinds at equal weight, written out and searched without derivatives."""
    scores, truth, weight, number = table(ranked)
    centre, unit = scores.mean(), scores.std()
    design = np.stack([np.ones(len(scores)), (scores - centre) / unit], axis=1)

    def cost(line):
        llr = design @ line
        doubt = 1 / (2 + np.exp(llr) + np.exp(-llr))
        information = number * (design.T * (weight * doubt)) @ design
        likelihood = -number * weight @ np.log1p(np.exp(np.where(truth, -llr, llr)))
        return -(likelihood + 0.5 * math.log(np.linalg.det(information)))

    found = minimize(cost, [0, 1], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000}).x
    return found[1] / unit, found[0] - found[1] * centre / unit


@pytest.mark.parametrize("weighed", [False, True])
def test_line_is_scikit_learns_logistic_regression_at_equal_priors(weighed):
    ranked = drawn(0, weighed)
    scores, truth, weight, _ = table(ranked)
    peer = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=500)
    peer.fit(scores[:, None], truth, sample_weight=weight * len(scores))
    found = logistic_calibration(ranked, penalised=False)
    assert (found.slope, found.offset) == pytest.approx((peer.coef_[0, 0], peer.intercept_[0]), rel=1e-6)


@pytest.mark.parametrize("ranked", [APART, drawn(1, count=30), drawn(2, weighed=True, count=60), drawn(3)])
def test_penalised_line_is_the_one_that_a_search_finds(ranked):
    found = logistic_calibration(ranked)
    assert (found.slope, found.offset) == pytest.approx(best_by_search(ranked), rel=1e-5)


def test_one_pair_of_each_kind_worked_out_by_hand():
    # By symmetry LLR 0 in the middle, and of p ** 1.5 (1 - p) ** .5 the greatest is at p = 3/4: odds of 3.
    found = logistic_calibration(RankedScores.of_kinds(np.array([0.8]), np.array([0.2])))
    assert found.llrs(np.array([0.2, 0.5, 0.8])).tolist() == pytest.approx([-math.log(3), 0, math.log(3)], abs=1e-6)


def test_no_line_costs_less():
    ranked = drawn(5)
    found = logistic_calibration(ranked, penalised=False)
    least = cllr(found.llrs(ranked.same), found.llrs(ranked.different))
    for slope, offset in ((1.01, 0), (0.99, 0), (1, 0.01), (1, -0.01)):
        llrs = [slope * found.llrs(side) + offset for side in (ranked.same, ranked.different)]
        assert cllr(*llrs) > least


def test_the_penalty_is_lost_among_many_pairs():
    ranked = drawn(6, count=100_000, ties=False)
    found, bare = logistic_calibration(ranked), logistic_calibration(ranked, penalised=False)
    assert found.slope == pytest.approx(bare.slope, rel=1e-4)
    assert calibration_loss(ranked, found) == pytest.approx(calibration_loss(ranked, bare), abs=1e-8)


def test_kinds_that_lie_apart_have_a_finite_line_only_with_the_penalty():
    found = logistic_calibration(APART)
    assert 0 < found.slope < 100
    assert found.llrs(np.array([0.5])) == pytest.approx(0, abs=1e-6)
    touching = RankedScores.of_kinds(np.array([0.5, 0.6]), np.array([0.4, 0.5]))
    for ranked in (APART, touching):
        with pytest.raises(NotEnoughData, match="no straight line of the log-likelihood ratio is the best"):
            logistic_calibration(ranked, penalised=False)


@pytest.mark.parametrize("penalised", [False, True])
def test_scores_that_mean_nothing_give_llrs_of_0(penalised):
    backwards = RankedScores.of_kinds(np.array([0.1, 0.2]), np.array([0.3, 0.4, 0.5]))
    rather = RankedScores.of_kinds(np.array([0.1, 0.3]), np.array([0.2, 0.4, 0.5]))
    equal = RankedScores.of_kinds(np.array([0.5, 0.5]), np.array([0.5]))
    for ranked in (backwards, rather, equal):
        found = logistic_calibration(ranked, penalised=penalised)
        assert (found.slope, found.offset) == (0, 0)


@pytest.mark.parametrize("penalised", [False, True])
@pytest.mark.parametrize("unit", [1e-6, 1.0])
def test_a_score_far_off_leaves_digits_for_the_others(penalised, unit):
    rng = np.random.default_rng(0)
    same, different = unit * rng.normal(1, 1, 40), unit * rng.normal(0, 1, 50)
    far, farther = (
        logistic_calibration(RankedScores.of_kinds(np.append(same, end), different), penalised=penalised)
        for end in (60 * unit, 1e6)  # no doubt is left about either
    )
    assert (far.slope, far.offset) == pytest.approx((farther.slope, farther.offset), rel=1e-6)


def test_a_fit_ends_where_rounding_leaves_nothing_better(monkeypatch):
    seen = []

    def at(_, line):
        seen.append(line)
        return len(seen), np.ones(2), np.eye(2)

    monkeypatch.setattr(module._Line, "at", at)
    logistic_calibration(APART)
    assert len(seen) < 200


def test_both_kinds_are_needed():
    with pytest.raises(NotEnoughData, match="pairs of one person and pairs of two people"):
        logistic_calibration(RankedScores(np.zeros(0), np.array([0.5])))


@pytest.mark.parametrize("weighed", [False, True])
def test_what_is_fitted_in_parts_is_what_is_fitted_at_once(weighed, monkeypatch):
    ranked = drawn(7, weighed, count=3000, ties=False)
    whole = logistic_calibration(ranked)
    monkeypatch.setattr(module, "_AT_ONCE", 100)
    monkeypatch.setattr(module, "_FIRST", 50)
    found = logistic_calibration(ranked)
    assert (found.slope, found.offset) == pytest.approx((whole.slope, whole.offset), rel=1e-9)


some = st.lists(st.integers(-20, 20), min_size=1, max_size=20)


@settings(max_examples=30)
@given(some, some, st.floats(0.01, 100), st.floats(-5, 5))
def test_the_unit_of_scores_means_nothing(same, different, unit, zero):
    same, different = np.array(same, float), np.array(different, float)
    found = logistic_calibration(RankedScores.of_kinds(same, different))
    moved = logistic_calibration(RankedScores.of_kinds(unit * same + zero, unit * different + zero))
    at = np.array([-20.0, 0, 20])
    assert moved.llrs(unit * at + zero) == pytest.approx(found.llrs(at), rel=1e-4, abs=1e-4)


@settings(max_examples=40)
@given(some, some, st.integers(0, 2**32 - 1))
def test_numbers_of_pairs_repeat_them(same, different, seed):
    rng = np.random.default_rng(seed)
    same, different = np.array(same, float), np.array(different, float)
    often = [rng.integers(1, 4, len(side)) for side in (same, different)]
    found = logistic_calibration(RankedScores.of_kinds(same, different, *often))
    repeated = logistic_calibration(RankedScores.of_kinds(same.repeat(often[0]), different.repeat(often[1])))
    at = np.array([-20.0, 0, 20])
    assert found.llrs(at) == pytest.approx(repeated.llrs(at), rel=1e-4, abs=1e-4)
