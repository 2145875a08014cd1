"""How every figure ranks bad predictors of a motion that is known, and what it therefore cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from core.metrics.stability.vector import stability
from core.tracks.bad_predictors import PREDICTORS, face_size
from tests.builders.moving_faces import moving_face

TRUTH = moving_face(600)


@pytest.fixture(scope="module")
def table():
    """The vector of each predictor."""
    return {name: stability(make(TRUTH, np.random.default_rng(7)), TRUTH).values for name, make in PREDICTORS.items()}


def column(table, figure):
    return {name: values[figure] for name, values in table.items()}


def test_accuracy_sees_bias_and_freezing_but_hardly_a_lag(table):
    nme = column(table, "nme_pct")
    assert nme["exact"] == nme["dropped"] == 0
    assert nme["held"] < nme["lagged by 1"] < nme["lagged by 3"] < nme["frozen"]
    assert nme["averaged"] < nme["noisy"] < nme["biased"]
    assert nme["halved"] == pytest.approx(nme["frozen"] / 2, rel=0.01)


def test_the_ratio_sees_noise_and_freezing_but_neither_lag_nor_bias(table):
    for axis in "xy":
        found = column(table, f"motion_ratio_{axis}")
        assert found["exact"] == 1
        assert found["dropped"] == pytest.approx(1, abs=0.02)
        assert found["biased"] == pytest.approx(1, abs=1e-6)
        assert found["lagged by 1"] == pytest.approx(1, abs=0.03)
        assert found["lagged by 3"] == pytest.approx(1, abs=0.03)
        assert found["halved"] == pytest.approx(0.5, abs=0.001)
        assert found["frozen"] < 0.001
        assert 1 < found["one-euro"] < found["averaged"] < found["noisy"]
        assert found["noisy"] > 4


def test_a_mean_of_ratios_is_as_large_as_the_truth_is_still():
    """The reason why the indicator is a ratio of means: one frame at rest is enough to make the other anything."""
    resting = moving_face(600, rests=True)
    noise = np.random.default_rng(7).normal(0, 1.5, resting.shape)
    values = stability(resting + noise, resting).values
    for axis in "xy":
        assert values[f"motion_ratio_mean_of_ratios_{axis}"] > 1.5 * values[f"motion_ratio_{axis}"]
        assert stability(resting, resting).values[f"motion_ratio_mean_of_ratios_{axis}"] == 1


def test_only_the_delay_tells_a_lag(table):
    for figure in ("delay_frames", "delay_robust_frames"):
        found = column(table, figure)
        assert found["exact"] == found["dropped"] == 0
        assert found["lagged by 1"] == pytest.approx(1, abs=0.05)
        assert found["lagged by 3"] == pytest.approx(3, abs=0.3)
        assert found["held"] == pytest.approx(0.5, abs=0.05)
        assert abs(found["noisy"]) < 0.2
        assert abs(found["averaged"]) < 0.2
        assert found["one-euro"] > 2
    for figure in ("non_smooth_1_pct", "non_smooth_2_pct", "median_dev_x_pct", "robust_dev_y_pct"):
        found = column(table, figure)
        assert found["lagged by 3"] == pytest.approx(found["exact"], rel=0.05)


def test_a_constant_bias_is_nothing_to_whatever_compares_frames(table):
    found = table["biased"]
    for figure in ("nmf", "nmf_robust", "accel_error_px"):
        assert found[figure] == pytest.approx(0, abs=1e-6)
    for figure in ("non_smooth_1_pct", "median_dev_x_pct", "length_ratio_x", "displacement_std_x_px"):
        assert found[figure] == pytest.approx(table["exact"][figure], rel=1e-9)
    assert found["sta_error_pct"] > 3


def test_smoothness_alone_prefers_a_frozen_face(table):
    for figure in ("non_smooth_1_pct", "non_smooth_2_pct", "median_dev_x_pct", "length_ratio_spread_x_pct"):
        found = column(table, figure)
        assert found["frozen"] == pytest.approx(0, abs=1e-9)
        assert found["frozen"] <= found["exact"]
        assert found["one-euro"] < found["averaged"] < found["noisy"]


def test_flicker_prefers_one_euro_to_averaging_and_a_frozen_face_to_noise(table):
    found = column(table, "nmf")
    for name in ("exact", "dropped", "biased"):
        assert found[name] == pytest.approx(0, abs=1e-6)
    assert found["lagged by 1"] < found["averaged"] < found["noisy"]
    assert found["one-euro"] < found["noisy"]
    assert found["frozen"] < found["noisy"]


def test_acceleration_of_noise_is_what_theory_says(table):
    """Second differences of noise have the variance 6; the mean length in two dimensions is Rayleigh's."""
    sigma = 0.0075 * face_size(TRUTH)
    found = column(table, "accel_error_px")
    assert found["noisy"] == pytest.approx(sigma * np.sqrt(6) * np.sqrt(np.pi / 2), rel=0.02)
    assert found["averaged"] < found["noisy"] / 4
    assert found["frozen"] < found["noisy"] / 4


def test_the_nonsmoothness_of_noise_is_what_theory_says(table):
    """Against the middle of the neighbours, noise has the variance 3/2 a coordinate."""
    found = table["noisy"]["non_smooth_1_pct"]
    assert found == pytest.approx(100 * 0.0075 * np.sqrt(3), rel=0.03)


def test_no_single_figure_ranks_all_of_them_rightly(table):
    """Each bad predictor is as good as exact, or better, to one figure at least; the vector tells all of them."""
    blind = {"biased": "nmf", "frozen": "non_smooth_2_pct", "lagged by 3": "median_dev_x_pct", "held": "nme_pct"}
    for name, figure in blind.items():
        slack = 1.05 * table["exact"][figure] + (0.5 if figure == "nme_pct" else 1e-6)
        assert table[name][figure] <= slack
    seen = {"biased": "nme_pct", "frozen": "motion_ratio_x", "lagged by 3": "delay_frames", "held": "accel_error_px"}
    for name, figure in seen.items():
        assert abs(table[name][figure] - table["exact"][figure]) > 0.2


def test_a_cut_counts_until_it_is_said():
    """From the middle on the face is a third larger, and elsewhere."""
    clip, cut = TRUTH.copy(), len(TRUTH) // 2
    clip[cut:] = clip[cut:] * (4 / 3) + face_size(TRUTH) / 2
    said, unsaid = stability(clip, clip, [cut]), stability(clip, clip)
    assert said.pairs == unsaid.pairs - 1
    assert unsaid.values["displacement_kurtosis_x"] > 20
    assert said.values["displacement_kurtosis_x"] < 5
    assert np.nanmax(unsaid.curve[:, 0]) > 10 * np.nanmax(said.curve[:, 0])
    assert unsaid.values["mean_dev_x_pct"] > 1.05 * said.values["mean_dev_x_pct"]
    assert unsaid.values["non_smooth_1_pct"] > 1.1 * said.values["non_smooth_1_pct"]
    assert said.values["median_dev_x_pct"] == pytest.approx(stability(TRUTH).values["median_dev_x_pct"], rel=0.02)
