import numpy as np

from core.clustering.sums import means_of, summed


def test_rows_are_added_by_their_groups():
    rows = np.array([[1, 2], [10, 20], [100, 200]], np.float32)
    assert summed(rows, np.array([1, 0, 1]), 3).tolist() == [[10, 20], [101, 202], [0, 0]]


def test_it_is_numpys_own_sum():
    rng = np.random.default_rng(0)
    rows, groups = rng.normal(size=(200, 5)).astype(np.float32), rng.integers(0, 9, 200)
    expected = np.zeros((9, 5))
    np.add.at(expected, groups, rows.astype(np.float64))
    found = summed(rows, groups, 9)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_of_nothing_it_is_nothing():
    assert summed(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 2).tolist() == [[0] * 4] * 2
    assert summed(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 0).shape == (0, 4)


def test_means_are_of_the_chosen_rows_alone():
    rows = np.array([[1, 2], [10, 20], [3, 6], [50, 50]], np.float32)
    found = means_of(rows, np.array([2, 1, 0]), np.array([1, 0, 1]))
    assert (found.dtype, found.tolist()) == (np.float32, [[10, 20], [2, 4]])
