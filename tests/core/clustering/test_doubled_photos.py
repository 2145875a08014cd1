"""What photos cost that a cluster holds twice, by hand: which face stays, and when they tell people apart."""

from __future__ import annotations

import numpy as np
import pytest

from core.clustering.doubled_photos import grouped_with_photos


def _units(angles):
    angles = np.radians(angles)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _grouped(angles, photos, *, sizes=None, decided=()):
    """Everything joins unless a photo tells it apart: then the even units and the odd ones."""
    asked = []

    def join(tags):
        asked.append([held.tolist() for held in tags])
        return np.arange(len(angles)) % 2 if any(len(held) for held in tags) else np.zeros(len(angles), np.int64)

    counts = np.ones(len(angles), np.int64) if sizes is None else np.asarray(sizes)
    sums = _units(angles) * counts[:, None]
    shown = [np.array(held, np.int64) for held in photos]
    human = np.isin(np.arange(len(angles)), decided)
    return grouped_with_photos(join, sums, counts, shown, human).tolist(), len(asked)


def test_where_no_photo_is_held_twice_everything_stays():
    assert _grouped([0, 10, 20], [[1], [2], [3]]) == ([0, 0, 0], 1)


def test_of_two_faces_of_one_photo_the_one_most_like_the_others_stays():
    assert _grouped([0, 10, 12, 60], [[1], [2], [3], [1]]) == ([0, 0, 0, 1], 1)
    assert _grouped([60, 10, 12, 0], [[1], [2], [3], [1]]) == ([0, 1, 1, 1], 1)


@pytest.mark.parametrize(("sizes", "decided"), [([3, 1, 1], ()), ([1, 1, 1], (0,))])
def test_a_group_and_a_person_whom_a_human_has_decided_about_stay(sizes, decided):
    assert _grouped([60, 10, 12], [[1], [1], [2]], sizes=sizes, decided=decided) == ([0, 1, 0], 1)


def test_where_a_whole_group_would_have_to_leave_the_photo_tells_people_apart():
    assert _grouped([0, 10, 12], [[1], [1], [2]], sizes=[3, 2, 1]) == ([0, 1, 0], 2)


def test_several_photos_tell_people_apart_unless_their_faces_are_as_alike_as_the_others():
    assert _grouped([0, 60, 2, 62], [[1], [1], [2], [2]]) == ([0, 1, 0, 1], 2)
    clusters, rounds = _grouped([0, 1, 30, 31, 15], [[1], [1], [2], [2], [3]])
    assert rounds == 1
    assert sorted(np.bincount(clusters).tolist()) == [1, 1, 3]
