import math

import numpy as np
import pytest

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.encoder_comparison import compare_encoders
from core.metrics.people_bootstrap import PeopleBootstrap
from core.metrics.people_sums import threshold_grid
from core.metrics.resampling import TOO_FEW_GROUPS
from core.metrics.verification import Pairing
from tests.builders.people_effects import DIFFERENT, NOISE, SAME, effects_pairs

BOTH = (0.5, 0.5)


def two_encoders(seed, people=30, faces=4, noise=0.05, gain=0.0):
    """Scores of two encoders that share what makes pairs hard; the second lifts pairs of one person by `gain`."""
    rng = np.random.default_rng(seed)
    scores, left, right = effects_pairs(rng, people, faces)
    first, second = (scores + rng.normal(0, noise, len(scores)) for _ in range(2))
    return first, second + gain * (left == right), Pairing.of(left, right)


def test_an_encoder_that_is_better_is_said_to_be():
    first, second, pairing = two_encoders(0, gain=0.1)
    found = compare_encoders(first, second, pairing, BOTH, fmrs=[0.01])
    assert list(found) == ["accuracy", "auc", "eer", "d_prime", "fnmr_at_fmr_0.01"]
    assert {one.verdict for one in found.values()} == {"better"}
    assert found["auc"].difference.low > 0 > found["eer"].difference.high
    back = compare_encoders(second, first, pairing, BOTH, fmrs=[0.01])
    assert {one.verdict for one in back.values()} == {"worse"}
    assert back["auc"].difference.value == pytest.approx(-found["auc"].difference.value)


def test_what_is_hard_for_both_cancels():
    first, second, pairing = two_encoders(1)
    found = compare_encoders(first, second, pairing, BOTH, fmrs=[0.05])
    for name in ("accuracy", "auc", "d_prime"):
        ends = []
        for scores in (first, second):
            grid = np.union1d(threshold_grid(scores, pairing.same), [0.5])
            alone = PeopleBootstrap.of(scores, pairing, grid)
            figure = {"accuracy": alone.accuracy(0.5), "auc": alone.auc(), "d_prime": alone.d_prime()}[name]
            ends.append(figure.interval)
        difference = found[name].difference
        assert difference.value == pytest.approx(ends[1].value - ends[0].value)
        widths = [one.high - one.low for one in ends]
        assert difference.high - difference.low < 0.6 * math.hypot(*widths)


def test_an_encoder_against_itself_has_no_difference():
    first, _, pairing = two_encoders(2)
    found = compare_encoders(first, first, pairing, BOTH)
    assert {one.difference.value for one in found.values()} == {0}
    assert not {one.verdict for one in found.values()} & {"better", "worse"}


def test_accuracy_is_of_each_encoders_own_threshold_worked_out_by_hand():
    pairing = Pairing.of(np.array([0, 2, 4, 5]), np.array([1, 3, 4, 5]))
    found = compare_encoders(
        np.array([0.2, 0.4, 0.3, 0.6]), np.array([2.0, 4, 5, 6]), pairing, (0.35, 4.5), fmrs=[0.5], draws=5
    )
    assert (found["accuracy"].first, found["accuracy"].second) == (0.5, 1)
    assert (found["auc"].first, found["auc"].second) == (0.75, 1)
    assert found["accuracy"].verdict == TOO_FEW_GROUPS


def test_equal_encoders_are_told_apart_one_time_in_twenty():
    wrong = {"accuracy": 0, "auc": 0, "d_prime": 0, "fnmr_at_fmr_0.05": 0}
    for seed in range(60):
        first, second, pairing = two_encoders(seed, people=20, noise=0.1)
        found = compare_encoders(first, second, pairing, BOTH, fmrs=[0.05], draws=200)
        for name in wrong:
            wrong[name] += found[name].verdict in ("better", "worse")
    assert max(wrong.values()) <= 8  # of three expected, three standard deviations more


def test_what_cannot_be_compared_is_refused():
    first, second, pairing = two_encoders(3, people=8)
    with pytest.raises(BadInput, match="same shape"):
        compare_encoders(first, second[:5], pairing, BOTH)
    with pytest.raises(BadInput, match="not finite"):
        compare_encoders(first, np.where(np.arange(len(second)) == 3, np.nan, second), pairing, BOTH)
    same = pairing.same
    with pytest.raises(NotEnoughData, match="and 0"):
        compare_encoders(first[same], second[same], Pairing.of(pairing.left[same], pairing.right[same]), BOTH)


def test_the_two_kinds_of_the_builder_lie_where_they_should():
    scores, left, right = effects_pairs(np.random.default_rng(0), 200, 2, effect=0, of_two=0)
    same = left == right
    assert (scores[same].mean(), scores[~same].mean()) == (
        pytest.approx(SAME, abs=0.03),
        pytest.approx(DIFFERENT, abs=0.01),
    )
    assert scores[~same].std() == pytest.approx(NOISE, rel=0.02)
