import math

import numpy as np
import pytest

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.operating_points import eer, roc_auc
from core.metrics.people_bootstrap import PeopleBootstrap, student_ends
from core.metrics.ranked_scores import RankedScores
from core.metrics.verification import Pairing, rate_intervals
from tests.builders.people_effects import TrueFigures, effects_pairs


def drawn(data=0, people=30, faces=4, thresholds=None, **settings):
    scores, left, right = effects_pairs(np.random.default_rng(data), people, faces)
    pairing = Pairing.of(left, right)
    return scores, pairing, PeopleBootstrap.of(scores, pairing, thresholds, **settings)


@pytest.mark.parametrize("rate", ["fmr", "fnmr"])
def test_bands_are_the_jackknifes_interval_at_each_threshold(rate):
    at = np.linspace(-0.2, 1.2, 29)
    scores, pairing, found = drawn(thresholds=at, draws=4000)
    band = getattr(found, f"{rate}_band")
    for place, threshold in enumerate(at):
        expected = getattr(rate_intervals(scores, pairing, threshold), rate)
        assert band.two_sided[place] == expected.two_sided
        tolerance = 0.08 * (expected.high - expected.low) if expected.two_sided else 1e-12
        assert (band.low[place], band.high[place]) == pytest.approx((expected.low, expected.high), abs=tolerance)


def full_rates(scores, pairing, threshold, times):
    """(B,) FMR where pairs of two people count w_i w_j times, the plain way."""
    kind = ~pairing.same
    weight = times[:, pairing.left[kind]] * times[:, pairing.right[kind]] * pairing.share[kind]
    return (weight * (scores[kind] >= threshold)).sum(axis=1) / weight.sum(axis=1)


def test_to_first_order_it_is_the_bootstrap_of_both_people_of_a_pair():
    # Where people differ and not every two of them: then single pairs of people hardly spread.
    scores, left, right = effects_pairs(np.random.default_rng(3), 40, 4, effect=0.15, of_two=0)
    pairing = Pairing.of(left, right)
    found = PeopleBootstrap.of(scores, pairing, np.array([0.3, 0.45]), draws=1000, seed=8)
    times = np.random.default_rng(8).multinomial(40, np.full(40, 1 / 40), 1000)  # the same draws of people
    for column, threshold in enumerate((0.3, 0.45)):
        full = full_rates(scores, pairing, threshold, times)
        assert np.corrcoef(full, found.fmr[:, column])[0, 1] > 0.97
        assert found.fmr[:, column].std() == pytest.approx(full.std(), rel=0.12)


def test_single_pairs_of_people_count_twice_to_first_order_and_three_times_in_the_full_bootstrap():
    # Nobody differs from anybody: each pair is a coin, and the FMR's variance should be that of coins.
    rng = np.random.default_rng(5)
    first, second = np.triu_indices(40, 1)
    people = np.arange(40)
    scores = np.concatenate([(rng.random(len(first)) < 0.3) * 1.0, np.ones(40)])
    pairing = Pairing.of(np.concatenate([first, people]), np.concatenate([second, people]))
    found = PeopleBootstrap.of(scores, pairing, np.array([0.5]), draws=2000)
    rate = float(found.sums.fmr[0])
    coins = math.sqrt(rate * (1 - rate) / len(first))
    times = rng.multinomial(40, np.full(40, 1 / 40), 2000)
    assert found.fmr.std() == pytest.approx(math.sqrt(2) * coins, rel=0.15)
    assert full_rates(scores, pairing, 0.5, times).std() == pytest.approx(math.sqrt(3) * coins, rel=0.15)


def test_figures_of_the_grid_are_those_of_all_scores():
    scores, pairing, found = drawn(2)
    ranked = RankedScores.of(scores, pairing.same, pairing.weights())
    assert found.auc().value == pytest.approx(roc_auc(ranked), abs=2e-4)
    assert found.eer().value == pytest.approx(eer(ranked).rate, abs=2e-3)
    alike, unlike = scores[pairing.same], scores[~pairing.same]
    moments = [
        (np.average(part, weights=share), np.average(part**2, weights=share))
        for part, share in ((alike, pairing.share[pairing.same]), (unlike, pairing.share[~pairing.same]))
    ]
    spread = math.sqrt(sum(square - mean**2 for mean, square in moments) / 2)
    assert found.d_prime().value == pytest.approx((moments[0][0] - moments[1][0]) / spread)
    for interval in (one.interval for one in (found.auc(), found.eer(), found.d_prime(), found.fnmr_at_fmr(0.01))):
        assert interval.low < interval.value < interval.high
        assert interval.groups == 15
    exact, own = found.auc(roc_auc(ranked)).interval, found.auc().interval
    assert exact.value == roc_auc(ranked)
    assert exact.high - exact.low == pytest.approx(own.high - own.low, rel=0.01)


def test_figures_worked_out_by_hand():
    # Scores .2 .4 | .3 .6 of two people and of one, each of other people: AUC 3/4, EER 1/2.
    pairing = Pairing.of(np.array([0, 2, 4, 5]), np.array([1, 3, 4, 5]))
    found = PeopleBootstrap.of(np.array([0.2, 0.4, 0.3, 0.6]), pairing, np.array([0.2, 0.3, 0.35, 0.4, 0.6]), draws=10)
    assert found.sums.fmr.tolist() == [1, 0.5, 0.5, 0.5, 0]
    assert found.sums.fnmr.tolist() == [0, 0, 0.5, 0.5, 0.5]
    assert (found.auc().value, found.eer().value) == (0.75, 0.5)
    assert found.d_prime().value == pytest.approx(0.15 / math.sqrt((0.01 + 0.0225) / 2))
    assert found.accuracy(0.3).value == 0.75
    assert found.accuracy(0.6, different_per_same=3).value == pytest.approx(0.875)
    assert found.det_band(np.array([0, 0.5, 1])).value.tolist() == [0.5, 0, 0]
    assert found.det_band(np.array([0.25])).value.tolist() == [0.5]
    assert math.isnan(found.auc().interval.low)  # of two people nothing is known
    assert np.isnan(found.fmr_band.high).all()


def test_fnmr_at_an_fmr_that_the_false_matches_of_too_few_people_show_has_no_ends():
    *_, found = drawn(1, people=40)
    band = found.det_band(np.array([1e-7, 1e-5, 0.02, 0.04, 1]))
    assert band.two_sided.tolist() == [False, False, True, True, False]
    assert np.isnan(band.low).tolist() == [True, True, False, False, True]
    assert (band.low[2:4] < band.value[2:4]).all()
    assert (band.value[2:4] < band.high[2:4]).all()
    assert math.isnan(found.fnmr_at_fmr(1e-5).interval.low)
    assert found.fnmr_at_fmr(0.02, 0.3).value == 0.3


def test_people_who_are_never_confused_give_bounds_of_the_rates_and_no_interval_of_the_rest():
    first, second = np.triu_indices(60, 1)
    person = np.repeat(np.arange(20), 3)
    left, right = person[first], person[second]
    found = PeopleBootstrap.of(np.where(left == right, 0.9, 0.1), Pairing.of(left, right), np.array([0.5]))
    assert (found.auc().value, found.eer().value) == (1, 0)
    assert math.isnan(found.auc().interval.low)
    assert found.fnmr_band.high[0] == pytest.approx(1 - 0.05 ** (1 / 20))
    assert found.fmr_band.high[0] == pytest.approx(1 - 0.05 ** (1 / 10))
    assert (found.fnmr_band.low[0], bool(found.fnmr_band.two_sided[0])) == (0, False)


def test_a_kind_of_pair_that_is_missing_leaves_nothing_to_say():
    people = np.arange(9)
    found = PeopleBootstrap.of(np.linspace(0, 1, 9), Pairing.of(people, people), np.array([0.5]))
    assert math.isnan(found.fmr_band.value[0])
    assert math.isnan(found.eer().value)
    assert math.isnan(found.auc().value)
    assert math.isnan(found.d_prime().value)
    assert math.isnan(found.fnmr_at_fmr(0.01).value)
    assert found.fnmr_band.value[0] == pytest.approx(4 / 9)
    with pytest.raises(NotEnoughData, match="there are 9 and 0"):
        PeopleBootstrap.of(np.linspace(0, 1, 9), Pairing.of(people, people))


def test_all_scores_equal_give_no_interval():
    left, right = np.triu_indices(30)
    found = PeopleBootstrap.of(np.full(len(left), 0.5), Pairing.of(left, right))
    assert (found.auc().value, found.eer().value) == (0.5, 0.5)
    assert math.isnan(found.auc().interval.low)


def test_the_draws_are_seeded():
    first, again, other = (drawn(4, people=12, draws=50, seed=seed)[2] for seed in (1, 1, 2))
    assert first.fmr.tolist() == again.fmr.tolist()
    assert first.fmr.tolist() != other.fmr.tolist()


def test_students_interval_worked_out_by_hand():
    low, high = student_ends(0.5, 0.05, 11, 0.95)
    reach = 2.228138852 * 0.05 / 0.25
    assert (float(low), float(high)) == pytest.approx((1 / (1 + math.exp(reach)), 1 / (1 + math.exp(-reach))))
    assert student_ends(3.0, 0.1, 11, 0.95, logit=False)[1] == pytest.approx(3 + 0.2228138852)


def test_wrong_settings_are_refused():
    scores, pairing, found = drawn(0, people=8, draws=10)
    for settings in ({"draws": 0}, {"level": 1.0}):
        with pytest.raises(BadInput):
            PeopleBootstrap.of(scores, pairing, **settings)
    with pytest.raises(BadInput, match=r"0\.1234 is none of the thresholds"):
        found.accuracy(0.1234)
    with pytest.raises(BadInput, match="none of the thresholds"):
        found.accuracy(99)
    with pytest.raises(BadInput, match=r"fmr should be a rate in \[0, 1\], not 1.5"):
        found.det_band(np.array([0.1, 1.5]))


def covered(people, faces, runs, effect=0.05, of_two=0.05):
    """In how many of the runs each interval, where there is one, holds the truth."""
    true, rng, held = TrueFigures(effect, of_two), np.random.default_rng(1), {}
    for run in range(runs):
        scores, left, right = effects_pairs(rng, people, faces, effect, of_two)
        found = PeopleBootstrap.of(scores, Pairing.of(left, right), np.linspace(-0.2, 1.2, 71), draws=200, seed=run)
        truths = {
            "auc": (found.auc(), true.auc),
            "eer": (found.eer(), true.eer),
            "d_prime": (found.d_prime(), true.d_prime),
            "fnmr_at_fmr": (found.fnmr_at_fmr(0.05), true.fnmr_at(0.05)),
        }
        for name, (figure, truth) in truths.items():
            interval = figure.interval
            if not math.isnan(interval.low):
                held.setdefault(name, []).append(interval.low <= truth <= interval.high)
        for name, band, truth in (("fmr", found.fmr_band, true.fmr), ("fnmr", found.fnmr_band, true.fnmr)):
            at = slice(20, 46, 5)  # 0.2, 0.3 to 0.7
            inside = (band.low <= truth(band.at)) & (truth(band.at) <= band.high)
            held.setdefault(name, []).extend(inside[at].tolist())
    return {name: float(np.mean(those)) for name, those in held.items()}


def test_bands_hold_the_truth_about_nineteen_times_in_twenty():
    shares = covered(20, 4, 60)
    assert set(shares) == {"auc", "eer", "d_prime", "fnmr_at_fmr", "fmr", "fnmr"}
    assert min(shares.values()) >= 0.86  # three standard errors of 60 below 0.95


@pytest.mark.nightly
def test_intervals_of_forty_people_hold_the_truth_as_often_as_they_say():
    shares = covered(40, 4, 400)
    assert min(shares.values()) >= 0.93
    assert max(share for name, share in shares.items() if name != "fnmr") <= 0.98  # of the FNMR half are bounds


def test_float32_scores_are_compared_with_thresholds_as_numbers_and_integers_are_scores_too():
    # .1 of float32 lies above .1: at the threshold just above .1 all twelve are accepted.
    left, right = np.triu_indices(12)
    pairing, at = Pairing.of(left, right), np.array([0.1000000001, 0.5])
    tenths = np.full(len(left), 0.1, np.float32)
    assert float(tenths[0]) > at[0]
    found = PeopleBootstrap.of(tenths, pairing, at, draws=5)
    assert (found.sums.fmr.tolist(), found.fmr_seen[0].tolist()) == ([1, 0], [True, False])
    whole = PeopleBootstrap.of((left == right).astype(int), pairing, np.array([1.0]), draws=5)
    assert (whole.sums.fmr.tolist(), whole.sums.fnmr.tolist()) == ([0], [0])
