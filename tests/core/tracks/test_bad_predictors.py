"""Each bad predictor is wrong in its one way and keeps the form of a track."""

import numpy as np
import pytest

from core.tracks.bad_predictors import PREDICTORS, face_size
from tests.builders.moving_faces import moving_face

TRUTH = moving_face(40)


def test_the_size_of_a_face_is_the_longer_side_of_its_box_in_the_median_frame():
    box = np.array([[[0.0, 0], [30, 10]], [[0, 0], [20, 40]], [[5, 5], [np.nan, np.nan]]])
    box[2] = np.nan
    assert face_size(box) == 35
    assert face_size(box[2:]) == 0


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_predictor_keeps_shape_and_absence_and_leaves_the_truth_alone(name):
    truth = TRUTH.copy()
    truth[10:12, :5] = np.nan
    before = truth.copy()
    found = PREDICTORS[name](truth, np.random.default_rng(0))
    assert found.shape == truth.shape
    assert np.array_equal(truth, before, equal_nan=True)
    if name not in ("dropped", "held") and not name.startswith("lagged"):
        assert np.array_equal(np.isnan(found), np.isnan(truth))
    for length in (0, 1):
        assert PREDICTORS[name](truth[:length], np.random.default_rng(0)).shape == (length, 68, 2)
