import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics import people_sums
from core.metrics.people_sums import PeopleSums, threshold_grid
from core.metrics.verification import Pairing
from tests.builders.scored_pairs import people_pairs


def test_sums_of_people_worked_out_by_hand():
    # People 0 and 1 with two own pairs and one, three pairs of both, one of 0 and 2.
    left, right = np.array([0, 0, 1, 0, 0, 1, 0]), np.array([0, 0, 1, 1, 1, 0, 2])
    scores = np.array([0.9, 0.4, 0.7, 0.2, 0.6, 0.5, 0.8])
    once = PeopleSums.of(scores, Pairing.of(left, right), np.array([0.5, 0.75]), each_once=True)
    assert once.same.tolist() == [2, 1, 0]
    assert once.rejected.tolist() == [[1, 1], [0, 1], [0, 0]]
    assert once.different.tolist() == [4, 3, 1]
    assert once.accepted.tolist() == [[3, 1], [2, 0], [1, 1]]
    assert (once.fmr.tolist(), once.fnmr.tolist()) == ([3 / 4, 1 / 4], [pytest.approx(1 / 3), pytest.approx(2 / 3)])
    weighed = PeopleSums.of(scores, Pairing.of(left, right), np.array([0.5, 0.75]))
    assert weighed.same.tolist() == [1, 1, 0]
    assert weighed.accepted[:, 0].tolist() == [pytest.approx(2 / 3 + 1), pytest.approx(2 / 3), 1]
    assert weighed.fmr.tolist() == [pytest.approx(5 / 6), 0.5]
    assert weighed.moments[0, 0].tolist() == pytest.approx([1, 0.65, (0.81 + 0.16) / 2])


@pytest.mark.parametrize("each_once", [True, False])
def test_rates_are_those_of_the_pairs_one_by_one(each_once, monkeypatch):
    monkeypatch.setattr(people_sums, "_AT_ONCE", 101)
    scores, same, left, right = people_pairs(3, people=12, count=900)
    pairing, at = Pairing.of(left, right), np.array([-0.1, 0.2, 0.35, 0.5, 0.9])
    weights = np.ones(900) if each_once else pairing.weights()
    found = PeopleSums.of(scores, pairing, at, each_once=each_once)
    for column, threshold in enumerate(at):
        accepted = scores >= threshold
        fmr = np.average(accepted[~same], weights=weights[~same])
        assert found.fmr[column] == pytest.approx(fmr)
        assert found.fnmr[column] == pytest.approx(np.average(~accepted[same], weights=weights[same]))


def test_a_score_at_a_threshold_is_accepted():
    pairing = Pairing.of(np.array([0, 0]), np.array([0, 1]))
    found = PeopleSums.of(np.array([0.5, 0.5]), pairing, np.array([0.5, np.nextafter(0.5, 1)]))
    assert (found.fmr.tolist(), found.fnmr.tolist()) == ([1, 0], [0, 1])


def test_rates_of_nothing_and_of_everything_are_0_and_1_and_not_nearly():
    scores, _, left, right = people_pairs(2, people=30, count=5000)
    found = PeopleSums.of(scores, Pairing.of(left, right), np.array([-9.0, 9.0]))
    assert (found.fmr.tolist(), found.fnmr.tolist()) == ([1, 0], [0, 1])


def test_no_pairs_of_a_kind_have_no_rate():
    people = np.arange(3)
    found = PeopleSums.of(np.array([0.1, 0.2, 0.3]), Pairing.of(people, people), np.array([0.2]))
    assert np.isnan(found.fmr).all()
    assert found.fnmr.tolist() == [pytest.approx(1 / 3)]


def test_the_grid_reaches_both_ends_and_falls_closest_where_errors_are_few():
    scores, same, _, _ = people_pairs(5, count=5000)
    grid = threshold_grid(scores, same)
    assert (np.diff(grid) > 0).all()
    assert (grid[0], grid[-1]) == (scores.min(), np.nextafter(scores.max(), np.inf))
    assert len(grid) <= people_sums.GRID + 2
    highest = np.sort(scores[~same])[::-1]
    assert np.isin(highest[:2], grid).all()
    assert len(threshold_grid(np.array([0.5, 0.5]), np.array([True, False]))) == 2


def test_what_makes_no_sense_is_refused():
    pairing = Pairing.of(np.array([0, 0]), np.array([0, 1]))
    for thresholds in ([], [0.5, 0.4], [[0.5]]):
        with pytest.raises(BadInput, match="thresholds should be one rising row"):
            PeopleSums.of(np.array([0.5, 0.1]), pairing, np.array(thresholds))
    with pytest.raises(BadInput, match="1 of 2 scores are not finite"):
        PeopleSums.of(np.array([0.5, np.nan]), pairing, np.array([0.5]))
    with pytest.raises(NotEnoughData, match="there are 2 and 0"):
        threshold_grid(np.array([0.5, 0.1]), np.array([True, True]))


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e3, 1e3), unique=True),
    arrays(np.float64, st.integers(0, 60), elements=st.floats(-1e3, 1e3)),
)
def test_places_among_thresholds_are_those_of_looking_each_up(thresholds, values):
    at = np.sort(thresholds)
    values = np.concatenate([values, at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)])
    assert people_sums._places(at)(values).tolist() == np.searchsorted(at, values, side="right").tolist()
