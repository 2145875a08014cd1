"""Tracks as people: by hand, who has the say, and few faces for many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.people.tied_tracks import STANDING, overshadowed, tied_tracks

FREE = -1


def tie(together, tracks, *, photos=None, human=(), alone=(), fresh=100):
    count = len(together)
    rows = np.arange(count)
    shown = rows if photos is None else np.array(photos)
    return tied_tracks(
        np.array(together, np.int64),
        np.array(tracks, np.int64),
        shown,
        np.isin(rows, human),
        np.isin(rows, alone),
        fresh,
    ).tolist()


@pytest.mark.parametrize(
    ("together", "more", "expected"),
    [
        ([FREE, FREE, FREE, FREE], {}, [100, 100, FREE, FREE]),
        ([7, FREE, FREE, FREE], {"human": [0]}, [7, 7, FREE, FREE]),
        ([7, FREE, FREE, FREE], {}, [7, 7, FREE, FREE]),
    ],
)
def test_free_faces_go_with_whom_the_track_is_or_with_one_another(together, more, expected):
    assert tie(together, [5, 5, 6, FREE], **more) == expected


def test_a_humans_word_of_one_face_counts_more_than_a_machines_of_many():
    assert tie([7, 7, 8, FREE], [5] * 4, human=[2]) == [7, 7, 8, 8]
    assert tie([7, 7, 8, FREE], [5] * 4) == [7, 7, 8, 7]
    assert tie([8, 7, FREE], [5] * 3) == [8, 7, 7], "the lower one of two that are equal"


def test_a_track_in_which_humans_have_seen_two_people_ties_nobody():
    assert tie([7, 8, FREE, FREE], [5] * 4, human=[0, 1]) == [7, 8, FREE, FREE]


def test_a_face_that_is_said_not_to_be_somebody_goes_by_itself_and_most_of_a_track_takes_the_rest_along():
    assert tie([FREE, FREE, FREE], [5] * 3, alone=[1]) == [100, FREE, 100]
    assert tie([8, FREE, FREE], [5] * 3, human=[0], alone=[0]) == [8, 100, 100]
    assert tie([8, 8, FREE], [5] * 3, human=[0, 1], alone=[0, 1]) == [8, 8, 8]


def test_two_faces_of_one_photo_remain_two_people():
    assert tie([7, FREE, FREE], [5, 5, FREE], photos=[0, 1, 1], human=[0]) == [7, 7, FREE]
    assert tie([7, 7, FREE], [FREE, 5, 5], photos=[1, 0, 1]) == [7, 7, FREE], "the photo shows that person already"
    assert tie([FREE, FREE, FREE], [5] * 3, photos=[0, 0, 1]) == [100, FREE, 100]


def test_few_good_faces_stand_for_a_track_and_those_of_humans_beside_them():
    standing = np.array([0.1, 0.9, 0.5, 0.8, 0.7, 0.6, 0.4, 0.2, 0.95])
    none = np.zeros(9, bool)
    seven, five = np.full(9, 7), np.full(9, 5)
    assert np.flatnonzero(overshadowed(seven, five, standing, none, none)).tolist() == [0, 2, 6, 7]
    human, silent = np.isin(np.arange(9), [0]), np.isin(np.arange(9), [8])
    assert np.flatnonzero(overshadowed(seven, five, standing, silent, human)).tolist() == [6, 7]
    assert not overshadowed(np.full(9, FREE), five, standing, none, none).any(), "who is free speaks for himself"
    assert not overshadowed(seven, np.full(9, FREE), standing, none, none).any()
    assert not overshadowed(*(np.zeros(0, np.int64),) * 2, np.zeros(0), *(np.zeros(0, bool),) * 2).any()


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 60))
def test_nobody_who_was_placed_moves_and_each_track_keeps_its_best(seed, count):
    rng = np.random.default_rng(seed)
    together, tracks = rng.integers(-1, 3, count), rng.integers(-1, 4, count)
    photos, human, alone = rng.integers(0, 30, count), rng.random(count) < 0.2, rng.random(count) < 0.2
    found = tied_tracks(together, tracks, photos, human & (together >= 0), alone, 10)
    placed = together >= 0
    assert (found[placed] == together[placed]).all()
    assert (found[alone & ~placed] == FREE).all()
    for value in np.unique(found[found >= 0]):
        mine = found == value
        assert len(np.unique(photos[mine & ~placed])) == (mine & ~placed).sum()
        assert not np.isin(photos[mine & ~placed], photos[mine & placed]).any()
    standing, silent = rng.random(count), rng.random(count) < 0.3
    hidden = overshadowed(found, tracks, standing, silent, human)
    assert not (hidden & (silent | human)).any()
    for track in range(4):
        for value in np.unique(found[found >= 0]):
            rows = (tracks == track) & (found == value) & ~silent & ~human
            assert (rows & ~hidden).sum() == min(rows.sum(), STANDING)
            if (rows & hidden).any():
                assert standing[rows & ~hidden].min() >= standing[rows & hidden].max()
