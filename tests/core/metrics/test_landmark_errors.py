import numpy as np
import pytest

from core.errors import BadInput
from core.metrics.landmarks import nme


def test_nme_worked_out_by_hand():
    # Points 0 and 1 are 10 apart; errors are 5 (3-4-5), 0 and 1: (5 + 0 + 1) / 3 / 10.
    truth = np.array([[[0, 0], [10, 0], [5, 5]]])
    predicted = np.array([[[3, 4], [10, 0], [5, 6]]])
    assert nme(predicted, truth, np.full((1, 3), 2), (0, 1)).tolist() == pytest.approx([0.2])


def test_nme_is_that_of_a_loop_over_labelled_points():
    rng = np.random.default_rng(0)
    truth, predicted = rng.uniform(0, 100, (20, 68, 2)), rng.uniform(0, 100, (20, 68, 2))
    visibility = rng.integers(0, 3, (20, 68))
    visibility[:, [36, 45]] = 1
    found = nme(predicted, truth, visibility, (36, 45))
    for i in range(20):
        errors = [np.hypot(*(predicted[i, k] - truth[i, k])) for k in range(68) if visibility[i, k]]
        assert found[i] == pytest.approx(np.mean(errors) / np.hypot(*(truth[i, 36] - truth[i, 45])))


def test_points_that_are_not_labelled_do_not_count():
    truth = np.array([[[0, 0], [10, 0], [np.nan, np.nan]]])
    predicted = np.array([[[1, 0], [10, 1], [999, 999]]])
    assert nme(predicted, truth, np.array([[2, 1, 0]]), (0, 1)).tolist() == pytest.approx([0.1])


def test_nme_is_nan_where_it_is_undefined():
    truth = np.zeros((4, 3, 2))
    truth[:, 1, 0] = [10, 10, 0, 10]
    predicted = truth.copy()
    predicted[3, 2] = np.nan
    visibility = np.array([[0, 0, 0], [2, 0, 2], [2, 2, 2], [2, 2, 2]])
    found = nme(predicted, truth, visibility, (0, 1))
    assert np.isnan(found).all()


def test_no_instance_gives_no_error():
    assert nme(np.zeros((0, 5, 2)), np.zeros((0, 5, 2)), np.zeros((0, 5)), (0, 1)).shape == (0,)


def test_integer_and_float32_pixels_are_computed_in_float64():
    truth = np.array([[[0, 0], [3, 0]]], np.float32)
    found = nme(np.array([[[1, 0], [3, 0]]], np.uint8), truth, np.ones((1, 2)), (0, 1))
    assert found.dtype == np.float64
    assert found[0] == pytest.approx(1 / 6)


def test_arguments_are_not_written_to():
    truth, visibility = np.full((1, 2, 2), np.nan), np.zeros((1, 2))
    predicted = np.ones((1, 2, 2))
    for array in (truth, predicted, visibility):
        array.flags.writeable = False
    nme(predicted, truth, visibility, (0, 1))
    assert np.isnan(truth).all()


@pytest.mark.parametrize(
    ("predicted", "truth", "visibility", "pair", "message"),
    [
        ((2, 5, 2), (2, 5, 3), (2, 5), (0, 1), r"truth should have the shape \(N, K, 2\), not \(2, 5, 3\)"),
        ((1, 5, 2), (2, 5, 2), (2, 5), (0, 1), r"predicted should have the shape \(2, 5, 2\) of truth"),
        ((2, 5, 2), (2, 5, 2), (2, 4), (0, 1), r"visibility should have the shape \(2, 5\), not \(2, 4\)"),
        ((2, 5, 2), (2, 5, 2), (2, 5), (0, 5), r"lie in \[0, 5\), not \(0, 5\)"),
    ],
)
def test_wrong_shapes_are_refused(predicted, truth, visibility, pair, message):
    with pytest.raises(BadInput, match=message):
        nme(np.zeros(predicted), np.zeros(truth), np.zeros(visibility), pair)
