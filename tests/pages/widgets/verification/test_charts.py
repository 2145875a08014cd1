"""The curves of the Verification page, from six pairs scored by hand and from forty people."""

import numpy as np
import pytest
from scipy.stats import norm

from core.verification import evaluate_pairs
from pages.widgets.verification.charts import det_chart, rates_chart, roc_chart
from tests.builders.hand_scored_faces import hand_scored, scored
from tests.builders.people_effects import effects_pairs


@pytest.fixture(scope="module")
def report():
    return evaluate_pairs(hand_scored())


def test_the_curve_begins_at_the_first_false_match_and_the_slider_stands_on_it(report):
    *_, curve, here = roc_chart(report, 1 / 3, 0.0).data
    assert curve.x[0] == curve.x.min() == pytest.approx(1 / 3)
    assert (curve.x[-1], curve.y[-1]) == (1, 1)
    assert (here.x[0], here.y[0], here.name) == (pytest.approx(1 / 3), 1, "here")


def test_without_a_false_match_the_mark_is_at_the_edge_and_says_so(report):
    figure = roc_chart(report, 0.0, 0.5)
    *_, curve, here = figure.data
    assert (here.x[0], here.y[0]) == (curve.x[0], 0.5)
    assert here.name == "here: no false match seen"
    assert figure.layout.showlegend
    assert figure.layout.yaxis.range[0] < 0.5


def test_where_the_slider_leaves_a_rate_undefined_there_is_no_mark(report):
    assert [trace.name for trace in roc_chart(report, None, None).data if trace.name] == ["ROC"]


@pytest.fixture(scope="module")
def many():
    """Of forty people with three faces each."""
    scores, left, right = effects_pairs(np.random.default_rng(0), 40, 3)
    return evaluate_pairs(scored(scores.astype(np.float32), left, right))


def test_normal_scores_are_nearly_a_line_on_normal_axes(many):
    low, high, curve, here = det_chart(many, 0.05, 0.1).data
    assert (here.x[0], here.y[0]) == (pytest.approx(norm.ppf(0.05)), pytest.approx(norm.ppf(0.1)))
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    inside = (np.abs(x) < 2.5) & (np.abs(y) < 2.5)
    assert inside.sum() > 50
    line = np.polyval(np.polyfit(x[inside], y[inside], 1), x[inside])
    assert np.abs(line - y[inside]).max() < 0.4
    assert len(low.x) == len(high.x) > 0
    assert (np.asarray(low.y) <= np.asarray(high.y)).all()


def test_both_rates_lie_inside_their_bands(many):
    drawn = rates_chart(many, 0.5).data
    for low, high, curve in (drawn[:3], drawn[3:]):
        places = np.isin(curve.x, low.x)
        assert (np.asarray(low.y) <= np.asarray(curve.y)[places] + 1e-12).all()
        assert (np.asarray(curve.y)[places] <= np.asarray(high.y) + 1e-12).all()
    assert [curve.name for curve in (drawn[2], drawn[5])] == ["FMR", "FNMR"]


def test_of_too_few_people_there_is_no_band(report):
    low, high, *_ = det_chart(report, None, None).data
    assert len(low.x) == len(high.x) == 0
