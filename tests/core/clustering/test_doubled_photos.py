"""What photos cost that a cluster holds twice, by hand: which face stays, and when they tell people apart."""

import numpy as np
import pytest

from core.clustering.doubled_photos import DoubledPhotos, without_doubles


def _units(angles):
    angles = np.radians(angles)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _stay(angles, photos, *, sizes=None, decided=()):
    """The clusters that are left of one that holds every unit."""
    count = len(angles)
    sizes = np.ones(count, np.int64) if sizes is None else np.asarray(sizes)
    holders = np.repeat(np.arange(count), [len(held) for held in photos])
    shown, human = np.concatenate(photos).astype(np.int64), np.isin(np.arange(count), decided)
    units = np.repeat(np.arange(count), sizes)
    faces, heard = _units(angles)[units].astype(np.float32), np.ones(len(units), bool)
    clusters = without_doubles(np.zeros(count, np.int64), (holders, shown), faces, units, human, heard)
    return np.unique(clusters, return_inverse=True)[1].tolist()


class Growing:
    """Units that are joined one pair after another."""

    def __init__(self, angles, photos, *, sizes=None, decided=()):
        self.means, count = _units(angles), len(angles)
        self.sizes = np.ones(count, np.int64) if sizes is None else np.asarray(sizes)
        self.photos, self.parts = [np.array(held, np.int64) for held in photos], [[unit] for unit in range(count)]
        human = np.isin(np.arange(count), decided)
        self.rule = DoubledPhotos(self.photos, self.means, self.sizes, human)

    def telling(self, a, b):
        units = np.array(self.parts[a] + self.parts[b])
        total = (self.means[units] * self.sizes[units][:, None]).sum(axis=0)

        def units_of(photo):
            return np.array([unit for unit in units if photo in self.photos[unit]])

        return self.rule.telling(a, b, units_of, total, self.sizes[units].sum())

    def join(self, a, b):
        assert self.telling(a, b) == []
        self.rule.join(a, b)
        self.parts[a] += self.parts[b]


def test_where_no_photo_is_held_twice_everything_stays():
    assert _stay([0, 10, 20], [[1], [2], [3]]) == [0, 0, 0]
    assert _stay([0, 10], [[], []]) == [0, 0]


def test_of_two_faces_of_one_photo_the_one_most_like_the_others_stays():
    assert _stay([0, 10, 12, 60], [[1], [2], [3], [1]]) == [0, 0, 0, 1]
    assert _stay([60, 10, 12, 0], [[1], [2], [3], [1]]) == [1, 0, 0, 0]


def test_of_three_faces_of_one_photo_one_stays():
    assert _stay([60, 10, 40, 12], [[1], [1], [1], [2]]) == [1, 0, 2, 0]


@pytest.mark.parametrize(("sizes", "decided"), [([3, 1, 1], ()), ([1, 1, 1], (0,))])
def test_a_group_and_a_person_whom_a_human_has_decided_about_stay(sizes, decided):
    assert _stay([60, 10, 12], [[1], [1], [2]], sizes=sizes, decided=decided) == [0, 1, 0]
    assert Growing([60, 10, 12], [[1], [1], [2]], sizes=sizes, decided=decided).telling(0, 1) == []


def test_a_unit_that_is_seen_in_several_photos_leaves_once():
    assert _stay([0, 1, 2, 60], [[1], [2], [3], [1, 2]]) == [0, 0, 0, 1]


def test_clusters_without_a_common_photo_are_told_apart_by_none():
    assert Growing([0, 10], [[1], [2]]).telling(0, 1) == []
    assert Growing([0, 10], [[], [2]]).telling(0, 1) == []


def test_the_only_photo_that_two_share_shows_one_person_twice():
    assert Growing([0, 60], [[1], [1]]).telling(0, 1) == []


def test_where_a_whole_group_would_have_to_leave_the_photo_tells_people_apart():
    assert Growing([0, 10], [[1], [1]], sizes=[3, 2]).telling(0, 1) == [1]


def test_several_photos_tell_people_apart_unless_their_faces_are_as_alike_as_the_others():
    two = Growing([0, 60, 2, 62], [[1], [1], [2], [2]])
    two.join(0, 2)
    two.join(1, 3)
    assert two.telling(0, 1) == [1, 2]

    one = Growing([0, 30, 15, 1, 31], [[1], [2], [3], [1], [2]])
    one.join(0, 3)
    one.join(1, 4)
    one.join(0, 2)
    assert one.telling(0, 1) == []


def test_a_photo_that_was_held_twice_before_counts():
    growing = Growing([0, 10, 40, 120], [[1], [1], [2], [2]])
    growing.join(0, 1)
    growing.join(0, 2)
    assert growing.telling(0, 3) == [2]
