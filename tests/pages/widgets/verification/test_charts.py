"""The ROC of the Verification page, from six pairs scored by hand."""

import pytest

from core.verification import evaluate_pairs
from pages.widgets.verification.charts import roc_chart
from tests.builders.hand_scored_faces import hand_scored


@pytest.fixture(scope="module")
def report():
    return evaluate_pairs(hand_scored())


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
