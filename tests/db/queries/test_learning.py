"""A list of left-out pictures names them by file or by path, never by position or by a part of a name."""

import numpy as np

from core.library.exclusions import listed_names
from db.queries.library import is_excluded


def _kept(paths, names):
    return [path for path in paths if not is_excluded(path, set(names))]


def test_excluded_pictures_are_left_out_by_name():
    paths = ["a/1.jpg", "b/1.jpg", "b/2.jpg", "3.jpg"]
    assert _kept(paths, ["b/1.jpg", "3.jpg"]) == ["a/1.jpg", "b/2.jpg"]
    assert _kept(paths, ["1.jpg"]) == ["b/2.jpg", "3.jpg"]  # in any folder
    assert _kept(paths, listed_names("bad.txt", b"./b\\2.jpg \n")) == ["a/1.jpg", "b/1.jpg", "3.jpg"]
    assert _kept(paths, []) == paths


def test_exclusion_does_not_follow_positions():
    names = [f"{i}.jpg" for i in range(20)]
    excluded = ["3.jpg", "17.jpg"]
    shuffled = [names[i] for i in np.random.default_rng(0).permutation(20)]
    for order in (names, shuffled, ["00.jpg", *shuffled]):
        assert set(_kept(order, excluded)) == set(order) - set(excluded)


def test_a_name_is_not_found_within_another():
    paths = ["11.jpg", "a1.jpg", "x/1.jpg.png", "1.JPG"]
    assert _kept(paths, ["1.jpg", "x"]) == paths
