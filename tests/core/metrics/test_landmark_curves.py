import math

import numpy as np
import pytest
from scipy.integrate import quad

from core.foundation.errors import BadInput
from core.foundation.skeletons import SKELETONS
from core.metrics.landmark_curves import ced, group_means, point_means, region_means

SPREAD = np.random.default_rng(0).gamma(4, 0.012, 500)


def test_auc_and_failure_rate_worked_out_by_hand():
    # 1 - e / 0.08 is 1, 0.5, 0 and 0; 0.08 itself is no failure; NaN does not count.
    found = np.array([0, 0.04, 0.08, np.inf, np.nan])
    assert ced(found, 0.08).auc == pytest.approx(1.5 / 4)
    assert ced(found, 0.08).failure_rate == pytest.approx(1 / 4)
    assert ced(np.array([0.01, 0.2, np.inf]), 0.08).failure_rate == pytest.approx(2 / 3)


@pytest.mark.parametrize("limit", [0.07, 0.08, 0.1])
def test_auc_is_the_numerical_integral_of_the_curve(limit):
    # A trapezoid on a fine grid converges to it; that is what the published codes do, more coarsely.
    grid = np.linspace(0, limit, 200_001)
    share = np.searchsorted(np.sort(SPREAD), grid, side="right") / len(SPREAD)
    assert ced(SPREAD, limit).auc == pytest.approx(np.trapezoid(share, grid) / limit, abs=1e-6)


def test_auc_of_a_known_distribution_is_its_integral():
    # Evenly spaced quantiles of an exponential stand for it.
    errors = -0.05 * np.log1p(-(np.arange(20_000) + 0.5) / 20_000)
    area, _ = quad(lambda e: 1 - math.exp(-e / 0.05), 0, 0.08)
    assert ced(errors, 0.08).auc == pytest.approx(area / 0.08, abs=1e-5)
    assert ced(errors, 0.08).failure_rate == pytest.approx(math.exp(-0.08 / 0.05), abs=1e-4)


def test_the_area_under_the_steps_is_exactly_the_auc():
    errors = np.concatenate([SPREAD, [0, 0, 0.08, 0.08, np.inf, np.nan]])
    curve = ced(errors, 0.08)
    area = (curve.share[:-1] * np.diff(curve.error)).sum() / 0.08
    assert area == pytest.approx(curve.auc, rel=1e-12)
    assert curve.share[-1] == pytest.approx(1 - curve.failure_rate)
    assert (curve.error[0], curve.error[-1]) == (0, 0.08)
    assert (np.diff(curve.error) > 0).all()
    assert (np.diff(curve.share) >= 0).all()


def test_the_corners_worked_out_by_hand():
    curve = ced(np.array([0.02, 0.02, 0.05, 0.3]), 0.1)
    assert curve.error.tolist() == [0, 0.02, 0.05, 0.1]
    assert curve.share.tolist() == [0, 0.5, 0.75, 0.75]


def test_when_all_fail_the_curve_is_flat_at_zero():
    curve = ced(np.array([0.5, np.inf]), 0.1)
    assert curve.error.tolist() == [0, 0.1]
    assert curve.share.tolist() == [0, 0]
    assert (curve.auc, curve.failure_rate) == (0, 1)


@pytest.mark.parametrize("errors", [np.zeros(0), np.full(3, np.nan)])
def test_no_defined_error_gives_no_figure(errors):
    curve = ced(errors, 0.08)
    assert math.isnan(curve.auc)
    assert math.isnan(curve.failure_rate)
    assert len(curve.error) == 0


def test_a_senseless_limit_or_error_is_refused():
    for limit in (0, -1, np.nan, np.inf):
        with pytest.raises(BadInput, match="limit should be above 0"):
            ced(SPREAD, limit)
    with pytest.raises(BadInput, match=r"an error should be 0 or more, not -0\.1"):
        ced(np.array([0.1, -0.1]), 0.08)
    with pytest.raises(BadInput, match=r"errors should have the shape \(N,\), not \(2, 2\)"):
        ced(np.zeros((2, 2)), 0.08)


def test_means_of_points_leave_out_what_is_undefined():
    each = np.array([[1, np.nan, 3, np.nan], [2, 4, np.inf, np.nan]])
    np.testing.assert_array_equal(point_means(each), [1.5, 4, np.inf, np.nan])
    assert np.isnan(point_means(np.zeros((0, 3)))).all()


def test_means_of_regions_run_over_all_their_points():
    skeleton = SKELETONS["face68"]
    each = np.random.default_rng(2).uniform(0, 1, (20, 68))
    each[np.random.default_rng(3).random(each.shape) < 0.3] = np.nan
    each[:, list(skeleton.regions["jaw"])] = np.nan
    found = region_means(each, skeleton)
    assert list(found) == list(skeleton.regions)
    assert math.isnan(found.pop("jaw"))
    for name, mean in found.items():
        assert mean == pytest.approx(np.nanmean(each[:, list(skeleton.regions[name])]))
    with pytest.raises(BadInput, match="body24 has 24 points, but point_errors has 68"):
        region_means(each, SKELETONS["body24"])


def test_means_of_groups_are_keyed_by_their_names():
    found = group_means(np.array([1, 3, np.nan, np.nan]), np.array(["b", "b", "b", "a"]))
    assert found["b"] == 2
    assert math.isnan(found["a"])
    assert group_means(np.array([[1.0, 2.0], [3.0, np.nan]]), np.array([7, 7])) == {"7": 2}
    assert group_means(np.zeros(0), np.zeros(0)) == {}
    with pytest.raises(BadInput, match=r"groups should have the shape \(2,\) of errors, not \(3,\)"):
        group_means(np.zeros(2), np.zeros(3))


def test_a_flat_list_of_point_errors_is_refused():
    with pytest.raises(BadInput, match=r"point_errors should have the shape \(N, K\), not \(4,\)"):
        point_means(np.zeros(4))
