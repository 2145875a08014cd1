"""A correction fades over its neighbours, and whatever it should not touch stays bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal.windows import hann

from core.foundation.errors import BadInput
from core.tracks.ripple import faded_by, weights
from tests.builders.places import SHARED

PLACES = st.floats(-4000, 4000, allow_nan=False, width=32)


@st.composite
def edits(draw):
    """(tracks, at, corrected, width, fixed, breaks) of up to 15 frames and 4 points, some of them absent."""
    frames, points = draw(st.integers(1, 15)), draw(st.integers(1, 4))
    tracks = draw(arrays(np.float64, (frames, points, 2), elements=PLACES))
    tracks[draw(arrays(bool, (frames, points)))] = np.nan
    at, width = draw(st.integers(0, frames - 1)), draw(st.integers(0, 20))
    corrected = np.where(
        draw(arrays(bool, (points, 1))), draw(arrays(np.float64, (points, 2), elements=PLACES)), tracks[at]
    )
    rarely = st.sampled_from([False] * 5 + [True])
    return (
        tracks,
        at,
        corrected,
        width,
        draw(arrays(bool, frames, elements=rarely)),
        draw(arrays(bool, frames - 1, elements=rarely)),
    )


def ripple(tracks, at, corrected, width, fixed=None, breaks=None):
    """(T, K, 2) as a correction of one frame makes the others, each by its weight (`core.motion.rippling`)."""
    weight = weights(len(tracks), at, width, fixed, breaks)
    moved = np.array(tracks)
    for t in np.flatnonzero(weight):
        moved[t] = corrected if t == at else faded_by(tracks[t], tracks[at], corrected, weight[t])
    return moved


def by_the_words(at, width, fixed, breaks, t):
    """The weight of one frame, by looking at all frames on the way to it."""
    if t == at:
        return 1.0
    step = 1 if t > at else -1
    way = range(at + step, t + step, step)
    ahead = range(at + step, len(fixed) if step > 0 else -1, step)
    nearest = next((abs(other - at) for other in ahead if fixed[other]), width)
    reach, distance = min(width, nearest), abs(t - at)
    if distance >= reach or any(breaks[min(other, other - step)] for other in way):
        return 0.0
    return (1 + np.cos(np.pi * distance / reach)) / 2


def test_weights_by_hand():
    assert weights(9, 4, 4) == pytest.approx(
        [0, 0.5 - 0.5**1.5, 0.5, 0.5 + 0.5**1.5, 1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5, 0]
    )
    assert weights(5, 2, 1).tolist() == weights(5, 2, 0).tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("width", [2, 3, 10, 31])
def test_the_fade_is_a_hann_window(width):
    assert weights(2 * width + 1, width, width) == pytest.approx(hann(2 * width + 1))


def test_a_fixed_frame_ends_the_fade_on_its_side_alone_and_smoothly():
    fixed = np.zeros(11, bool)
    fixed[[7, 9]] = True
    found = weights(11, 5, 5, fixed)
    assert found[5:].tolist() == pytest.approx([1, 0.5, 0, 0, 0, 0])
    assert found[:6] == pytest.approx(weights(11, 5, 5)[:6])


def test_a_cut_ends_the_fade_where_it_is():
    breaks = np.zeros(10, bool)
    breaks[6] = True  # between 6 and 7
    assert weights(11, 5, 5, None, breaks).tolist() == pytest.approx([*weights(11, 5, 5)[:7], 0, 0, 0, 0])
    assert weights(11, 7, 5, None, breaks)[:8].tolist() == [0, 0, 0, 0, 0, 0, 0, 1]


def test_a_ripple_by_hand():
    tracks = np.zeros((5, 2, 2))
    tracks[:, :, 0] = np.arange(5)[:, None] * 10
    corrected = tracks[2] + [[4, -8], [0, 0]]
    found = ripple(tracks, 2, corrected, 2)
    assert found[:, 0].tolist() == [[0, 0], [12, -4], [24, -8], [32, -4], [40, 0]]
    assert found[:, 1].tobytes() == tracks[:, 1].tobytes()


@given(edits())
def test_weights_are_those_that_the_words_say(edit):
    tracks, at, _, width, fixed, breaks = edit
    found = weights(len(tracks), at, width, fixed, breaks)
    assert found == pytest.approx([by_the_words(at, width, fixed, breaks, t) for t in range(len(tracks))])


@given(edits())
def test_a_ripple_leaves_untouched_what_it_should_bit_by_bit(edit):
    tracks, at, corrected, width, fixed, breaks = edit
    before = tracks.copy()
    found = ripple(tracks, at, corrected, width, fixed, breaks)
    assert tracks.tobytes() == before.tobytes()
    assert found[at].tobytes() == corrected.tobytes()
    others = np.arange(len(tracks)) != at
    stays = others & (fixed | (weights(len(tracks), at, width, fixed, breaks) == 0))
    assert found[stays].tobytes() == tracks[stays].tobytes()
    moved = (np.isfinite(tracks[at]) & np.isfinite(corrected)).all(axis=1) & (tracks[at] != corrected).any(axis=1)
    assert found[others][:, ~moved].tobytes() == tracks[others][:, ~moved].tobytes()
    assert np.array_equal(np.isnan(found[others]), np.isnan(tracks[others]))


@given(edits(), edits())
def test_ripples_of_different_points_commute_bit_by_bit(edit, other):
    """Two people who correct different points, wherever each does it, get the same in either order."""
    tracks, at, corrected, width, fixed, breaks = edit
    at_other, width_other = other[1] % len(tracks), other[3]
    first, second = np.concatenate([tracks, tracks], axis=1), corrected + 3.0
    count = tracks.shape[1]

    def one(track):
        return ripple(track, at, np.concatenate([corrected, track[at, count:]]), width, fixed, breaks)

    def two(track):
        return ripple(track, at_other, np.concatenate([track[at_other, :count], second]), width_other, fixed, breaks)

    assert two(one(first)).tobytes() == one(two(first)).tobytes()


@given(edits())
def test_a_ripple_taken_back_is_near_what_was(edit):
    tracks, at, corrected, width, fixed, breaks = edit
    found = ripple(ripple(tracks, at, corrected, width, fixed, breaks), at, tracks[at], width, fixed, breaks)
    assert found == pytest.approx(tracks, abs=1e-6, nan_ok=True)


def test_where_there_is_nothing_to_fade_over():
    assert ripple(np.zeros((1, 1, 2)), 0, np.ones((1, 2)), 5).tolist() == [[[1, 1]]]
    assert ripple(np.zeros((3, 0, 2)), 1, np.zeros((0, 2)), 5).shape == (3, 0, 2)
    absent = np.full((3, 1, 2), np.nan)
    assert np.isnan(ripple(absent, 1, np.ones((1, 2)), 5)[[0, 2]]).all()  # placed anew: there is no movement to pass on


@pytest.mark.parametrize(
    "arguments", [(3, 3, 1), (3, -1, 1), (3, 0, -1), (3, 0, 1, np.zeros(2, bool)), (3, 0, 1, None, np.zeros(2))]
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(BadInput):
        weights(*arguments)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
def test_one_correction_mends_most_of_an_error_that_comes_and_goes_in_a_real_track():
    """548 with the mouth 12 pixels off at its worst, less on both sides: by hand that are 19 frames."""
    truth = np.load(SHARED / "tracks68" / "300vw_s1_548.npy").astype(float)
    off, tracks = np.maximum(0, 1 - np.abs(np.arange(len(truth)) - 700) / 10), truth.copy()
    tracks[:, 48:68, 1] += 12 * off[:, None]
    mended = ripple(tracks, 700, truth[700], 10)
    assert np.abs(mended - truth).sum() < 0.15 * np.abs(tracks - truth).sum()
    others = off == 0
    assert mended[others].tobytes() == truth[others].tobytes()
    assert mended[:, :48].tobytes() == truth[:, :48].tobytes()
