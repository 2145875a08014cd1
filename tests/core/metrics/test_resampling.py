"""What a paired difference says: in words, by hand, and how often chance alone names a winner."""

import numpy as np
import pytest

from core.metrics.intervals import FEWEST_GROUPS, Interval, paired, verdict


@pytest.mark.parametrize(
    ("low", "high", "upward", "said"),
    [
        (-2.0, -0.5, False, "better"),
        (-2.0, -0.5, True, "worse"),
        (0.5, 2.0, True, "better"),
        (0.5, 2.0, False, "worse"),
        (-0.5, 2.0, False, "no clear difference"),
        (0.0, 2.0, True, "no clear difference"),
        (0.0, 0.0, False, "no clear difference"),
    ],
)
def test_a_winner_is_named_only_where_zero_is_outside(low, high, upward, said):
    assert verdict(Interval((low + high) / 2, low, high, groups=FEWEST_GROUPS), upward=upward) == said


@pytest.mark.parametrize("groups", range(1, FEWEST_GROUPS))
def test_few_groups_name_no_winner_however_clear_they_look(groups):
    difference = paired(np.full(groups, 5.0), np.zeros(groups), np.arange(groups))
    assert difference.value == -5.0
    assert verdict(difference, upward=False) == "too few groups to tell"


def test_what_is_undefined_has_no_verdict():
    assert verdict(paired(np.zeros(0), np.zeros(0), np.zeros(0)), upward=True) == "undefined"
    assert verdict(Interval(np.nan, np.nan, np.nan, groups=9), upward=True) == "undefined"


@pytest.mark.parametrize(("groups", "share"), [(3, 0.25), (5, 0.17), (6, 0.15), (10, 0.10)])
def test_zero_is_shut_out_for_equal_models_as_often_as_is_said(groups, share):
    rng = np.random.default_rng(groups)
    place, count, winners, shut_out = np.arange(groups), 500, 0, 0
    for seed in range(count):
        one = rng.normal(size=groups)
        difference = paired(one, one + rng.normal(size=groups), place, draws=400, seed=seed)
        shut_out += not difference.low <= 0 <= difference.high
        winners += verdict(difference, upward=True) in ("better", "worse")
    assert shut_out / count == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / count))
    assert winners == (shut_out if groups >= FEWEST_GROUPS else 0)
