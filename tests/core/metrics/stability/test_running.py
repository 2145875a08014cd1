"""The indicator of the frames up to each: by hand, against `indicator` of the windows, and where there is none."""

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.metrics.stability.deviation import indicator
from core.metrics.stability.running import running_indicator


def moving(frames=40, points=68, seed=0):
    """A truth that plays and a prediction that plays more, (T, K, 2) each."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, 100, (1, points, 2)) + np.cumsum(rng.normal(0, 0.5, (frames, points, 2)), axis=0)
    return truth + rng.normal(0, 0.5, truth.shape), truth


def test_each_value_is_the_indicator_of_the_twenty_frames_that_end_there():
    tracks, truth = moving()
    found = running_indicator(tracks, truth)
    assert np.isnan(found[:4]).all()
    for frame in range(4, 40):
        first = max(0, frame - 19)
        window = slice(first, frame + 1)
        assert found[frame] == pytest.approx(indicator(tracks[window], truth[window]), rel=1e-12)


def test_it_is_the_quotient_worked_out_by_hand():
    # Four points; in each frame the first two step 1 apart in x and y in turns, the prediction's 3.
    truth = np.tile([[0.0, 0.0], [10.0, 10.0], [0.0, 10.0], [10.0, 0.0]], (7, 1, 1))
    tracks = truth.copy()
    truth[1::2, 0] += 1
    tracks[1::2, 0] += 3
    # each pair: d - mean = (3/4, -1/4, -1/4, -1/4) steps of every size, so the quotient is that of the steps
    # (the units are those of the truth for both)
    np.testing.assert_allclose(running_indicator(tracks, truth)[4:], 3.0, rtol=1e-4)
    np.testing.assert_allclose(running_indicator(truth, truth)[4:], 1.0, rtol=1e-12)


def test_a_window_goes_over_no_break_and_over_no_frame_that_either_lacks():
    tracks, truth = moving(36)
    tracks[20] = np.nan
    truth[27] = np.nan
    found = running_indicator(tracks, truth, [8])
    defined = np.flatnonzero(np.isfinite(found))
    assert defined.tolist() == [*range(4, 8), *range(12, 20), 25, 26, *range(32, 36)]
    assert found[19] == pytest.approx(indicator(tracks[8:20], truth[8:20]))
    assert found[26] == pytest.approx(indicator(tracks[21:27], truth[21:27]))


def test_other_lengths_of_the_window_may_be_asked_for():
    tracks, truth = moving(10)
    found = running_indicator(tracks, truth, window=3, fewest=2)
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(indicator(tracks[:2], truth[:2]))
    assert found[9] == pytest.approx(indicator(tracks[7:], truth[7:]))
    with pytest.raises(BadInput, match="makes no sense"):
        running_indicator(tracks, truth, fewest=1)


def test_without_frames_truth_or_length_there_is_none():
    tracks, truth = moving(6)
    assert running_indicator(np.zeros((0, 68, 2)), np.zeros((0, 68, 2))).shape == (0,)
    assert np.isnan(running_indicator(tracks, np.full_like(truth, np.nan))).all()
    assert np.isnan(running_indicator(tracks[:4], truth[:4])).all()
    with pytest.raises(BadInput, match="the truth should have the shape"):
        running_indicator(tracks, truth[:5])
