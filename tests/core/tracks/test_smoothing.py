"""Smoothing over time: Hz, not frames; nothing across a gap; the delay that is told is the delay there is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import savgol_filter

from core.foundation.errors import BadInput
from core.tracks.smoothing import DEFAULTS, SMOOTHERS, delay, none, one_euro, savitzky_golay, smooth


def wandering(frames=60, points=3, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, points, 2)).cumsum(axis=0) * 3


def scalar_one_euro(values, rate, min_cutoff, beta, derivative_cutoff):
    """The filter as the paper words it, one number after the other."""

    def alpha(cutoff):
        tau = 1 / (2 * np.pi * cutoff)
        return 1 / (1 + tau * rate)

    out, speed = [values[0]], 0.0
    for value in values[1:]:
        share = alpha(derivative_cutoff)
        speed = share * (value - out[-1]) * rate + (1 - share) * speed
        share = alpha(min_cutoff + beta * abs(speed))
        out.append(share * value + (1 - share) * out[-1])
    return np.array(out)


def test_one_euro_by_hand():
    """1 Hz at 2 pi frames a second and no beta: r = 1, so each step goes half of the way."""
    found = one_euro(np.array([0.0, 8, 8, 8])[:, None, None].repeat(2, axis=2), 2 * np.pi, min_cutoff_hz=1, beta=0)
    assert found[:, 0, 0] == pytest.approx([0, 4, 6, 7])


@pytest.mark.parametrize("rate", [15.0, 30.0, 120.0])
def test_one_euro_equals_a_loop_over_numbers(rate):
    tracks = wandering()
    found = one_euro(tracks, rate, min_cutoff_hz=1.5, beta=0.03, derivative_cutoff_hz=0.8)
    for point in range(3):
        for axis in range(2):
            assert found[:, point, axis] == pytest.approx(scalar_one_euro(tracks[:, point, axis], rate, 1.5, 0.03, 0.8))


def test_one_euro_counts_in_hertz():
    """A step settles after the same time, whatever the frame rate; with cut-offs a frame it would not."""
    for rate in (60, 240):
        step = np.ones((2 * rate, 1, 2))
        step[0] = 0
        after = one_euro(step, rate, min_cutoff_hz=1.0, beta=0)[round(rate / (2 * np.pi)), 0, 0]
        assert after == pytest.approx(1 - np.exp(-1), abs=0.02)  # one time constant


def test_savitzky_golay_is_scipys_and_keeps_what_is_a_polynomial():
    tracks = wandering()
    assert savitzky_golay(tracks, window=7, order=3) == pytest.approx(savgol_filter(tracks, 7, 3, axis=0))
    parabola = (np.arange(30.0) ** 2)[:, None, None].repeat(2, axis=2)
    assert savitzky_golay(parabola) == pytest.approx(parabola)


@pytest.mark.parametrize("name", SMOOTHERS)
def test_nothing_is_smoothed_across_a_gap_or_a_break(name):
    tracks = wandering(40)
    tracks[15, 0] = np.nan
    breaks = np.zeros(39, bool)
    breaks[24] = True
    found = smooth(tracks, name, breaks=breaks)
    assert np.array_equal(np.isnan(found), np.isnan(tracks))
    whole = [(slice(0, 15), 0), (slice(16, 25), 0), (slice(25, 40), 0), (slice(0, 25), 1), (slice(25, 40), 2)]
    for frames, point in whole:
        alone = smooth(tracks[frames, point : point + 1], name)
        assert found[frames, point] == pytest.approx(alone[:, 0])


def test_a_run_shorter_than_the_window_is_fitted_with_what_there_is():
    tracks = wandering(5)
    assert savitzky_golay(tracks, window=9, order=2) == pytest.approx(savgol_filter(tracks, 5, 2, axis=0))
    assert savitzky_golay(wandering(4), window=9, order=2) == pytest.approx(savgol_filter(wandering(4), 3, 2, axis=0))
    assert savitzky_golay(wandering(2)).tolist() == wandering(2).tolist()


@pytest.mark.parametrize("name", SMOOTHERS)
def test_smoothing_takes_nothing_one_frame_and_absent_frames(name):
    for tracks in (np.zeros((0, 4, 2)), np.ones((1, 4, 2)), np.full((6, 4, 2), np.nan)):
        assert np.array_equal(smooth(tracks, name), tracks, equal_nan=True)


def test_none_gives_a_copy():
    tracks = wandering()
    found = none(tracks)
    assert found.tolist() == tracks.tolist()
    assert found is not tracks


def test_noise_comes_out_weaker():
    tracks = np.random.default_rng(0).normal(size=(400, 5, 2))
    assert one_euro(tracks, 30, beta=0).std() < 0.4 * tracks.std()
    assert savitzky_golay(tracks).std() < 0.6 * tracks.std()


@pytest.mark.parametrize("rate", [15.0, 25.0, 60.0])
def test_the_delay_of_one_euro_is_that_of_its_transfer_function(rate):
    """H(z) = a / (1 - (1 - a) / z) at 0.5 Hz, when no beta makes it depend on the signal."""
    turn = 2 * np.pi / rate
    a = turn / (turn + 1)
    response = a / (1 - (1 - a) * np.exp(-1j * np.pi / rate))
    found = delay("one-euro", {"min_cutoff_hz": 1.0, "beta": 0.0}, frames_per_second=rate)
    assert found.frames == pytest.approx(-np.angle(response) / (np.pi / rate), rel=1e-6)
    assert found.gain == pytest.approx(abs(response), rel=1e-6)
    assert found.lookahead == 0


def test_beta_buys_less_delay_and_savitzky_golay_pays_in_frames_ahead():
    assert (
        0 < delay("one-euro", {"beta": 0.5}).frames < delay("one-euro").frames < delay("one-euro", {"beta": 0}).frames
    )
    assert (delay("savitzky-golay", {"window": 15}).frames, delay("savitzky-golay", {"window": 15}).lookahead) == (0, 7)
    assert delay("savitzky-golay").lookahead == 4
    found = delay("none")
    assert (found.frames, found.lookahead) == (0, 0)
    assert found.gain == pytest.approx(1)
    assert delay("one-euro", frames_per_second=1.0).frames > 0


def test_the_settings_of_each_are_plain_numbers():
    assert DEFAULTS == {
        "none": {},
        "one-euro": {"min_cutoff_hz": 1.0, "beta": 0.05, "derivative_cutoff_hz": 1.0},
        "savitzky-golay": {"window": 9, "order": 2},
    }


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("kalman", {}, "no smoother is called 'kalman'; there are none, one-euro, savitzky-golay"),
        ("one-euro", {"cutoff": 1}, "has no setting 'cutoff'; it has min_cutoff_hz, beta, derivative_cutoff_hz"),
        ("one-euro", {"beta": "1"}, "beta should be a number"),
        ("one-euro", {"beta": True}, "beta should be a number"),
        ("one-euro", {"beta": -1}, "beta should be 0 or more, not -1"),
        ("one-euro", {"min_cutoff_hz": 0}, "min_cutoff_hz should be a number above 0, not 0"),
        ("one-euro", {"min_cutoff_hz": float("nan")}, "min_cutoff_hz should be a number above 0"),
        ("savitzky-golay", {"window": 8}, "window should be an odd number from 3 on, not 8"),
        ("savitzky-golay", {"window": 5, "order": 5}, "order should be from 0 to 4, not 5"),
        ("none", {"window": 5}, "it has none"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name, settings, said):
    with pytest.raises(BadInput, match=said):
        smooth(wandering(), name, settings)


def test_shapes_that_do_not_fit_are_refused():
    for shape in ((5, 4), (5, 4, 3)):
        with pytest.raises(BadInput, match="shape"):
            smooth(np.zeros(shape), "none")
    for breaks in (np.zeros(5, bool), np.zeros(4, int)):
        with pytest.raises(BadInput, match="4 flags"):
            smooth(np.zeros((5, 4, 2)), "none", breaks=breaks)
    with pytest.raises(BadInput, match="frames_per_second"):
        smooth(np.zeros((5, 4, 2)), "one-euro", frames_per_second=0)
