"""How displacements are judged to be normal: as scipy does it, and where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.metrics.stability.normality import MAD_TO_STD, Normality, normality
from core.metrics.stability.vector import stability
from tests.builders.moving_faces import gappy, moving_face

UNTESTED = ("kurtosis", "p")


def test_displacements_are_judged_as_scipy_judges_them():
    tracks, _ = gappy()
    moved = np.diff(tracks, axis=0)[..., 1].ravel()
    moved = moved[np.isfinite(moved)]
    found = stability(tracks)
    assert found.normality_test_y == "D'Agostino-Pearson"
    for name, value in {
        "displacement_mean_y_px": moved.mean(),
        "displacement_std_y_px": moved.std(),
        "displacement_median_y_px": np.median(moved),
        "displacement_trimmed_mean_y_px": stats.trim_mean(moved, 0.1),
        "displacement_robust_std_y_px": stats.median_abs_deviation(moved, scale="normal"),
        "displacement_kurtosis_y": stats.kurtosis(moved),
        "displacement_normality_p_y": stats.normaltest(moved).pvalue,
    }.items():
        assert found.values[name] == pytest.approx(value), name


def test_few_displacements_are_judged_by_shapiro_and_wilk():
    tracks = np.random.default_rng(0).normal(size=(4, 3, 2)) * 10
    moved = np.diff(tracks, axis=0)[..., 0].ravel()
    found = stability(tracks)
    assert found.normality_test_x == "Shapiro-Wilk"
    assert found.values["displacement_normality_p_x"] == pytest.approx(stats.shapiro(moved).pvalue)


def test_normal_noise_passes_the_test_and_a_few_jumps_do_not():
    rng = np.random.default_rng(3)
    face = moving_face(1)
    steps = rng.normal(0, 1, (400, 68, 2))
    wandering = face + np.cumsum(steps, axis=0)
    calm = stability(wandering).values
    assert calm["displacement_normality_p_x"] > 0.01
    assert abs(calm["displacement_kurtosis_x"]) < 0.2
    assert calm["displacement_robust_std_x_px"] == pytest.approx(calm["displacement_std_x_px"], rel=0.03)
    steps[::100] *= 30
    wild = stability(face + np.cumsum(steps, axis=0)).values
    assert wild["displacement_normality_p_x"] < 1e-6
    assert wild["displacement_kurtosis_x"] > 50
    assert wild["displacement_std_x_px"] > 2
    assert wild["displacement_robust_std_x_px"] == pytest.approx(1, rel=0.05)


def test_the_factor_makes_the_mad_of_normal_values_their_standard_deviation():
    assert pytest.approx(1 / stats.norm.ppf(0.75), rel=1e-12) == MAD_TO_STD


def test_figures_of_five_values_by_hand():
    found = normality(np.array([[1.0, 2.0, np.nan], [3.0, 4.0, 15.0]]))
    assert (found.mean, found.median) == (5, 3)
    assert found.std == pytest.approx(np.sqrt((16 + 9 + 4 + 1 + 100) / 5))
    assert found.robust_std == pytest.approx(MAD_TO_STD * 1)  # distances from 3: 2, 1, 0, 1, 12
    assert found.trimmed_mean == 5  # a tenth of five values is none
    assert found.test == "Shapiro-Wilk"


def test_the_moments_are_tested_from_twenty_values_on():
    values = np.random.default_rng(0).normal(size=20)
    assert normality(values[:19]).p == stats.shapiro(values[:19]).pvalue
    assert (normality(values).test, normality(values).p) == ("D'Agostino-Pearson", stats.normaltest(values).pvalue)


@pytest.mark.parametrize("values", [[2.0], [2.0, 4.0], [1.0] * 30, [1e6, 1e6 + 1e-6, 1e6]])
def test_too_few_values_or_equal_ones_have_a_mean_but_are_not_tested(values):
    found = normality(np.array(values))
    assert found.mean == pytest.approx(np.mean(values))
    assert found.test == "none"
    assert np.isnan([getattr(found, name) for name in UNTESTED]).all()


@pytest.mark.parametrize("values", [np.zeros(0), np.full((3, 2), np.nan)])
def test_of_no_value_nothing_is_said(values):
    found = normality(values)
    assert isinstance(found, Normality)
    assert found.test == "none"
    assert np.isnan([value for value in vars(found).values() if value != "none"]).all()
