"""Points between key frames: these stay, a turning head keeps its size, nothing is made up where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.interpolate import interp1d
from scipy.spatial import procrustes

from core.foundation.errors import BadInput
from core.tracks.interpolation import INTERPOLATIONS, linear, shape_preserving
from tests.builders.moving_faces import moving_face, square
from tests.builders.places import SHARED

PLACES = st.floats(-4000, 4000, allow_nan=False, width=32)
ALL = pytest.mark.parametrize("way", INTERPOLATIONS.values(), ids=INTERPOLATIONS.keys())


@st.composite
def keyed(draw, least_points=1):
    """A track of key frames with gaps between them and absent points, which frames they are, and cuts."""
    frames, points = draw(st.integers(1, 12)), draw(st.integers(least_points, 5))
    tracks = draw(arrays(np.float64, (frames, points, 2), elements=PLACES))
    tracks[draw(arrays(bool, (frames, points)))] = np.nan
    cuts = draw(arrays(bool, frames - 1, elements=st.sampled_from([False, False, False, True])))
    return tracks, draw(arrays(bool, frames)), cuts


def similarity(angle, scale, shift):
    factor = scale * np.exp(1j * angle)
    return lambda xy: (xy @ np.array([[factor.real, factor.imag], [-factor.imag, factor.real]])) + shift


def half_way(way, first, last):
    tracks = np.stack([first, np.full_like(first, np.nan), last])
    return way(tracks, np.array([True, False, True]))[1]


def test_linear_by_hand():
    tracks = np.zeros((5, 1, 2))
    tracks[1], tracks[4] = (10, 20), (16, 17)
    found = linear(tracks, np.array([False, True, False, False, True]))
    assert found[1:, 0].tolist() == [[10, 20], [12, 19], [14, 18], [16, 17]]
    assert np.isnan(found[0]).all()  # nothing before the first key frame


def test_linear_is_scipys():
    tracks, keys = moving_face(40), np.zeros(40, bool)
    keys[[3, 10, 11, 30]] = True
    found = linear(tracks, keys)
    reference = interp1d(np.flatnonzero(keys), tracks[keys], axis=0)(np.arange(3, 31))
    assert found[3:31] == pytest.approx(reference)
    assert np.isnan(found[:3]).all()
    assert np.isnan(found[31:]).all()


def test_a_quarter_turn_at_twice_the_size_is_an_eighth_at_the_root_of_two():
    """By hand: (±1, 0), (0, ±1) become (0, ±2), (∓2, 0); half of that is 45 degrees and a scale of 2^(1/2)."""
    first = square((1, 0), (0, 1), (-1, 0), (0, -1))
    last = square((6, 2), (4, 0), (6, -2), (8, 0))
    half = half_way(shape_preserving, first, last)
    assert half == pytest.approx(np.array([[4, 1], [2, 1], [2, -1], [4, -1]]))
    assert half_way(linear, first, last)[0] == pytest.approx([3.5, 1])  # the shape is smaller there than at both ends


@pytest.mark.parametrize(("turn", "shorter"), [(170, 85), (-170, -85), (190, -85)])
def test_the_turn_goes_the_shorter_way(turn, shorter):
    first = square((3, 0), (-1, 1), (-2, -1))
    half = half_way(shape_preserving, first, similarity(np.radians(turn), 1, 0)(first))
    assert half == pytest.approx(similarity(np.radians(shorter), 1, 0)(first))


def test_the_rest_is_linear():
    """One point of a large shape goes out and one comes in as much: hardly a similarity, so it is nearly a line."""
    first = square((-1000, 0), (1000, 0), (0, 10), (0, -10), (0, 1000), (0, -1000))
    last = first + square((0, 0), (0, 0), (4, 0), (4, 0), (-4, 0), (-4, 0))
    assert half_way(shape_preserving, first, last) == pytest.approx((first + last) / 2, abs=1e-3)


def test_what_a_similarity_leaves_is_what_scipys_procrustes_leaves():
    first, last = moving_face(2, 0.3)
    _, _, disparity = procrustes(first, last)
    a, b = ((shape - shape.mean(axis=0)) @ [1, 1j] for shape in (first, last))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    # of unit size the rest has the squared norm |a|^2 + |b|^2 - 2 |<a, b>|; scipy also scales, and has 1 - <a, b>^2
    turned_back = b * np.exp(-1j * np.angle(np.vdot(a, b)))
    assert np.linalg.norm(turned_back - a) ** 2 == pytest.approx(2 - 2 * np.sqrt(1 - disparity))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
def test_on_a_real_track_the_shape_preserving_way_is_as_near_as_the_straight_one():
    tracks = np.load(SHARED / "tracks68" / "300vw_s1_548.npy").astype(np.float64)
    keys = np.arange(len(tracks)) % 10 == 0
    errors = {
        name: np.nanmean(np.linalg.norm(way(tracks, keys) - tracks, axis=2)) for name, way in INTERPOLATIONS.items()
    }
    # the crop that these points lie in jumps by some pixels from frame to frame, which no interpolation can know
    assert errors["interpolate"] <= 1.01 * errors["linear"] < 5.0


@ALL
@given(keyed())
def test_key_frames_are_bit_equal_and_only_what_lies_between_two_is_filled(way, given_track):
    tracks, keys, cuts = given_track
    before = tracks.copy()
    found = way(tracks, keys, cuts)
    assert tracks.tobytes() == before.tobytes()
    assert found[keys].tobytes() == tracks[keys].tobytes()
    at = np.flatnonzero(keys)
    for t in np.flatnonzero(~keys):
        first, last = at[at < t][-1:], at[at > t][:1]
        between = len(first) and len(last) and not cuts[first[0] : last[0]].any()
        known = np.isfinite(tracks[[*first, *last]]).all(axis=(0, 2)) & bool(between)
        assert np.isfinite(found[t]).all(axis=1).tolist() == known.tolist()


@ALL
@given(keyed())
def test_what_is_no_key_frame_does_not_matter(way, given_track):
    tracks, keys, cuts = given_track
    others = np.where(keys[:, None, None], tracks, 12345.0)
    assert way(others, keys, cuts).tobytes() == way(tracks, keys, cuts).tobytes()


@ALL
@given(keyed())
def test_backwards_it_is_the_same(way, given_track):
    tracks, keys, cuts = given_track
    there = way(tracks, keys, cuts)
    back = way(tracks[::-1], keys[::-1], cuts[::-1])[::-1]
    assert back == pytest.approx(there, abs=1e-6, nan_ok=True)


def test_it_turns_grows_and_moves_with_the_shape():
    """Equivariance: interpolated and then moved is moved and then interpolated."""

    @given(
        st.integers(0, 2**32 - 1), st.floats(-np.pi, np.pi), st.floats(0.1, 10), arrays(np.float64, 2, elements=PLACES)
    )
    def holds(seed, angle, scale, shift):
        rng, keys = np.random.default_rng(seed), np.array([True, False, False, True, False, True])
        tracks, move = rng.normal(size=(6, 7, 2)) * 100, similarity(angle, scale, shift)
        for way in INTERPOLATIONS.values():
            assert way(move(tracks), keys) == pytest.approx(move(way(tracks, keys)), abs=1e-5, nan_ok=True)

    holds()


def test_a_motion_that_is_a_similarity_is_met_exactly():
    @given(st.floats(-3.1, 3.1), st.floats(0.2, 5), st.integers(2, 20))
    def holds(angle, scale, frames):
        shape, share = moving_face(1)[0] - 300, np.arange(frames + 1) / frames
        shape -= shape.mean(axis=0)
        tracks = np.stack([similarity(w * angle, scale**w, w * np.array([50, -20]))(shape) for w in share])
        keys = np.isin(np.arange(frames + 1), [0, frames])
        assert shape_preserving(tracks, keys) == pytest.approx(tracks, abs=1e-6)

    holds()


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (square((1, 2)), square((5, 8))),
        (square((1, 2), (1, 2)), square((5, 8), (9, 9))),
        (square((1, 0), (0, 1), (-1, 0), (0, -1)), square((1, 0), (0, -1), (-1, 0), (0, 1))),  # a mirror: any turn fits
    ],
    ids=["one point", "no extent", "no turn is the best"],
)
def test_without_a_known_turn_it_is_linear(first, last):
    assert half_way(shape_preserving, first, last) == pytest.approx((first + last) / 2)


@ALL
def test_where_there_is_nothing(way):
    assert way(np.zeros((0, 3, 2)), np.zeros(0, bool)).shape == (0, 3, 2)
    assert way(np.zeros((3, 0, 2)), np.ones(3, bool)).shape == (3, 0, 2)
    assert np.isnan(way(np.zeros((3, 2, 2)), np.zeros(3, bool))).all()


@pytest.mark.parametrize(
    ("tracks", "keys", "breaks"),
    [
        (np.zeros((3, 2)), np.zeros(3, bool), None),
        (np.zeros((3, 2, 2)), np.zeros(2, bool), None),
        (np.zeros((3, 2, 2)), np.zeros(3, int), None),
        (np.zeros((3, 2, 2)), np.zeros(3, bool), np.zeros(3, bool)),
    ],
)
def test_wrong_arrays_are_refused(tracks, keys, breaks):
    with pytest.raises(BadInput):
        linear(tracks, keys, breaks)
