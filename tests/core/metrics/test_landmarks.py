import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import root_mean_squared_error

from core.foundation.errors import BadInput
from core.foundation.skeletons import SKELETONS
from core.metrics.landmarks import applicable, errors, point_errors, units
from tests.builders.landmark_figures import nme, rmse, squared_sums


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
    ("predicted", "truth", "visibility", "message"),
    [
        ((2, 5, 2), (2, 5, 3), (2, 5), r"truth should have the shape \(N, K, 2\), not \(2, 5, 3\)"),
        ((1, 5, 2), (2, 5, 2), (2, 5), r"predicted should have the shape \(2, 5, 2\) of truth"),
        ((2, 5, 2), (2, 5, 2), (2, 4), r"visibility should have the shape \(2, 5\), not \(2, 4\)"),
    ],
)
def test_wrong_shapes_are_refused(predicted, truth, visibility, message):
    with pytest.raises(BadInput, match=message):
        errors(np.zeros(predicted), np.zeros(truth), np.zeros(visibility))


def face(rng, count=1):
    return rng.uniform(0, 100, (count, 68, 2)), np.full((count, 68), 2)


def test_the_four_units_worked_out_by_hand():
    truth = np.zeros((1, 68, 2))
    truth[0, 36], truth[0, 45] = (10, 20), (40, 60)  # 3-4-5: 50 apart
    truth[0, 36:42, 1] = 20  # the right eye at x = 10 / 6, y = 20; the left eye at x = 40 / 6, y = 32
    truth[0, 42:48, 1] = [20, 20, 20, 60, 36, 36]
    box = np.array([[5, 10, 35, 50]])
    seen, skeleton = np.full((1, 68), 1), SKELETONS["face68"]
    found = {name: units(name, truth, seen, box, skeleton)[0] for name in applicable(skeleton)}
    assert found["inter-ocular"] == pytest.approx(50)
    assert found["inter-pupil"] == pytest.approx(np.hypot(30 / 6, 32 - 20))  # 13
    assert found["box"] == pytest.approx(np.sqrt(30 * 40))
    assert found["diagonal"] == pytest.approx(50)


def test_units_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    truth, seen = face(rng, 8)
    boxes = np.concatenate([rng.uniform(0, 10, (8, 2)), rng.uniform(20, 90, (8, 2))], axis=1)
    for name in applicable(SKELETONS["face68"]):
        found = units(name, truth, seen, boxes, SKELETONS["face68"])
        for i in range(8):
            left, top, right, bottom = boxes[i]
            eyes = [sum(truth[i, k] for k in range(first, first + 6)) / 6 for first in (36, 42)]
            expected = {
                "inter-ocular": math.dist(truth[i, 36], truth[i, 45]),
                "inter-pupil": math.dist(*eyes),
                "box": math.sqrt((right - left) * (bottom - top)),
                "diagonal": math.dist((left, top), (right, bottom)),
            }[name]
            assert found[i] == pytest.approx(expected, rel=1e-12)


def test_a_unit_is_nan_where_it_is_undefined():
    rng = np.random.default_rng(2)
    truth, seen = face(rng, 3)
    skeleton = SKELETONS["face68"]
    boxes = np.array([[10, 10, 10, 40], [30, 10, 10, 40], [0, 0, np.nan, 40]], float)
    assert np.isnan(units("box", truth, seen, boxes, skeleton)).all()
    assert np.isnan(units("diagonal", truth, seen, boxes, skeleton)).tolist() == [False, True, True]
    seen[0, 36] = 0
    truth[1, 45] = truth[1, 36]
    truth[2, 42:48] = truth[2, 36:42]
    assert np.isnan(units("inter-ocular", truth, seen, boxes, skeleton)).tolist() == [True, True, False]
    # A whole eye is needed: the mean of five points of six lies elsewhere.
    assert np.isnan(units("inter-pupil", truth, seen, boxes, skeleton)).tolist() == [True, False, True]


def test_a_normaliser_that_the_skeleton_does_not_have_is_refused_by_name():
    body = SKELETONS["body24"]
    truth, seen, boxes = np.zeros((1, 24, 2)), np.ones((1, 24)), np.zeros((1, 4))
    assert applicable(body) == ("torso", "box", "diagonal")
    assert applicable(SKELETONS["face68"]) == ("inter-ocular", "inter-pupil", "box", "diagonal")
    with pytest.raises(BadInput, match="body24 has no inter-pupil distance; choose one of torso, box"):
        units("inter-pupil", truth, seen, boxes, body)
    with pytest.raises(BadInput, match="no normaliser is called 'eyes'; choose one of inter-ocular"):
        units("eyes", truth, seen, boxes, body)
    with pytest.raises(BadInput, match="face68 has 68 points, but truth has 24"):
        units("box", truth, seen, boxes, SKELETONS["face68"])
    with pytest.raises(BadInput, match=r"boxes should have the shape \(1, 4\), not \(4,\)"):
        units("box", truth, seen, boxes[0], body)


def test_point_errors_tell_undefined_from_failed():
    truth = np.array([[[0, 0], [10, 0], [np.nan, 5], [7, 7]]] * 2, float)
    predicted = np.array([[[3, 4], [np.nan, 0], [1, 1], [0, 0]]] * 2, float)
    visibility = np.array([[2, 1, 2, 0]] * 2)
    found = point_errors(predicted, truth, visibility, np.array([10.0, 0.0]))
    np.testing.assert_array_equal(found[0], [0.5, np.inf, np.nan, np.nan])
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(point_errors(predicted, truth, visibility)[0], [5, np.inf, np.nan, np.nan])


def test_errors_in_the_inter_ocular_unit_are_the_nme():
    rng = np.random.default_rng(3)
    truth, seen = face(rng, 30)
    predicted = truth + rng.normal(0, 3, truth.shape)
    seen[rng.random(seen.shape) < 0.2] = 0
    unit = units("inter-ocular", truth, seen, np.zeros((30, 4)), SKELETONS["face68"])
    found = errors(predicted, truth, seen, unit)
    assert 0 < np.isnan(found).sum() < 30
    np.testing.assert_array_equal(found, nme(predicted, truth, seen, (36, 45)))


def test_a_missing_prediction_is_infinite_but_a_missing_unit_is_undefined():
    truth, seen = face(np.random.default_rng(4), 3)
    predicted = truth.copy()
    predicted[0, 5] = np.nan
    seen[1] = 0
    found = errors(predicted, truth, seen, np.array([50.0, 50.0, np.nan]))
    np.testing.assert_array_equal(found, [np.inf, np.nan, np.nan])


def test_rmse_runs_over_coordinates_and_not_over_points():
    # Errors (3, 4) and (0, 0): sqrt((9 + 16 + 0 + 0) / 4) = 2.5; over points it would be sqrt(25 / 2).
    truth = np.zeros((1, 2, 2))
    assert rmse(np.array([[[3, 4], [0, 0]]]), truth, np.ones((1, 2))) == pytest.approx(2.5)


def test_rmse_is_that_of_scikit_learn_on_the_competitions_48_columns():
    rng = np.random.default_rng(6)
    truth, predicted = rng.uniform(0, 1080, (2, 50, 24, 2))
    expected = root_mean_squared_error(truth.reshape(-1), predicted.reshape(-1))
    assert rmse(predicted, truth, np.full((50, 24), 2)) == pytest.approx(expected, rel=1e-12)


def test_rmse_leaves_out_what_is_not_labelled_and_fails_on_what_is_missing():
    truth = np.zeros((2, 2, 2))
    predicted = np.array([[[3, 4], [99, 99]], [[0, 0], [0, 0]]], float)
    visibility = np.array([[2, 0], [1, 1]])
    assert rmse(predicted, truth, visibility) == pytest.approx(np.sqrt(25 / 6))
    sums, counts = squared_sums(predicted, truth, visibility)
    assert (sums.tolist(), counts.tolist()) == ([pytest.approx(25), 0], [2, 4])
    predicted[1, 0, 0] = np.nan
    assert rmse(predicted, truth, visibility) == np.inf
    assert math.isnan(rmse(predicted, truth, np.zeros((2, 2))))
    assert math.isnan(rmse(np.zeros((0, 2, 2)), np.zeros((0, 2, 2)), np.zeros((0, 2))))


def test_a_unit_of_another_length_is_refused():
    truth, seen = face(np.random.default_rng(7), 2)
    with pytest.raises(BadInput, match=r"unit should have the shape \(2,\), not \(3,\)"):
        errors(truth, truth, seen, np.ones(3))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(-500, 500), st.floats(0.1, 10))
def test_the_nme_does_not_change_with_place_scale_or_the_order_of_points_and_instances(seed, shift, scale):
    rng = np.random.default_rng(seed)
    truth, visibility = rng.uniform(0, 100, (5, 9, 2)), rng.integers(0, 3, (5, 9))
    predicted = truth + rng.normal(0, 3, truth.shape)
    value = nme(predicted, truth, visibility, (0, 4))
    np.testing.assert_allclose(nme(predicted * scale + shift, truth * scale + shift, visibility, (0, 4)), value)
    order, instances = rng.permutation(9), rng.permutation(5)
    pair = (int(np.flatnonzero(order == 0)[0]), int(np.flatnonzero(order == 4)[0]))
    np.testing.assert_allclose(nme(predicted[:, order], truth[:, order], visibility[:, order], pair), value)
    np.testing.assert_array_equal(
        nme(predicted[instances], truth[instances], visibility[instances], (0, 4)), value[instances]
    )
