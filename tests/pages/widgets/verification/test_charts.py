"""The charts of the Verification page, from six pairs scored by hand."""

import numpy as np
import pytest

from core.verification import evaluate_pairs
from pages.widgets.verification.charts import DIFFERENT, SAME, roc_chart, score_chart
from tests.builders.hand_scored_faces import hand_scored


@pytest.fixture(scope="module")
def report():
    return evaluate_pairs(hand_scored())


def bars(figure):
    return {trace.name: trace for trace in figure.data if trace.type == "bar"}


def test_both_histograms_have_the_area_one_and_count_their_pairs(report):
    drawn = bars(score_chart(report, 0.5, logarithmic=False))
    assert {name: bar.marker.color for name, bar in drawn.items()} == {
        "Different people": DIFFERENT,
        "Same person": SAME,
    }
    for bar in drawn.values():
        assert np.sum(np.asarray(bar.y) * bar.width) == pytest.approx(1)
        assert np.sum(bar.customdata) == 3
    same = drawn["Same person"]
    filled = [x for x, count in zip(same.x, same.customdata, strict=True) if count]
    assert filled == pytest.approx([0.6, 0.8, 0.9], abs=same.width)


def test_the_threshold_and_the_best_one_are_marked(report):
    lines = score_chart(report, 0.5, logarithmic=False).layout.shapes
    assert [line.x0 for line in lines] == [report.best.threshold, 0.5]


def test_a_logarithmic_axis_shows_a_thousandth_of_the_highest_bar(report):
    plain, logarithmic = (score_chart(report, 0.5, logarithmic=wanted) for wanted in (False, True))
    highest = max(max(bar.y) for bar in bars(plain).values())
    assert plain.layout.yaxis.type is None
    assert logarithmic.layout.yaxis.type == "log"
    low, high = 10 ** np.array(logarithmic.layout.yaxis.range)
    assert low == pytest.approx(highest / 1000)
    assert high > highest


def test_the_curve_begins_at_the_first_false_match_and_the_slider_stands_on_it(report):
    curve, here = roc_chart(report, 1 / 3, 0.0).data
    assert curve.x[0] == curve.x.min() == pytest.approx(1 / 3)
    assert (curve.x[-1], curve.y[-1]) == (1, 1)
    assert (here.x[0], here.y[0], here.name) == (pytest.approx(1 / 3), 1, "here")


def test_without_a_false_match_the_mark_is_at_the_edge_and_says_so(report):
    figure = roc_chart(report, 0.0, 0.5)
    curve, here = figure.data
    assert (here.x[0], here.y[0]) == (curve.x[0], 0.5)
    assert here.name == "here: no false match seen"
    assert figure.layout.showlegend
    assert figure.layout.yaxis.range[0] < 0.5


def test_where_the_slider_leaves_a_rate_undefined_there_is_no_mark(report):
    assert [trace.name for trace in roc_chart(report, None, None).data] == ["ROC"]
