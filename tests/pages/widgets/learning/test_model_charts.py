"""Charts of models beside one another, from errors written by hand."""

from dataclasses import replace

import numpy as np
import pytest

from core.foundation.skeletons import FACE68
from core.learning.errors_on_held_out import Breakdown, PairedDifference
from core.metrics.landmark_curves import ced
from core.metrics.resampling import Interval
from pages.widgets.learning.model_charts import (
    COLOURS,
    ced_chart,
    group_chart,
    group_difference_chart,
    point_chart,
    point_difference_chart,
)

COARSE = Breakdown(np.full(68, 0.05), {}, {"a": 0.01, "b": 0.09}, ced(np.array([0.02, 0.04]), 0.08))
FINE = Breakdown(np.full(68, 0.03), {}, {"a": 0.04, "b": np.nan, "c": 0.06}, ced(np.array([0.01, 0.01]), 0.08))


def less(value, low, high, groups=6, **of_groups):
    return PairedDifference([Interval(value, low, high, groups)] * 68, {}, of_groups)


def test_the_share_below_an_error_is_drawn_as_steps():
    (only,) = ced_chart({"x": COARSE}).data
    assert (only.line.shape, only.line.color) == ("hv", COLOURS[0])
    steps = dict(zip(only.x, only.y, strict=True))
    assert (steps[0.02], steps[0.04], steps[0.08]) == (0.5, 1.0, 1.0)


def test_models_differ_in_colour_and_dash():
    lines = ced_chart({"x": COARSE, "y": FINE}).data
    assert [trace.name for trace in lines] == ["x", "y"]
    assert len({trace.line.color for trace in lines}) == len({trace.line.dash for trace in lines}) == 2


def test_groups_stand_with_the_worst_of_the_last_model_first_and_undefined_ones_last():
    last = replace(FINE, groups={"a": 0.04, "b": np.nan, "c": 0.06})
    first, second = group_chart({"x": replace(COARSE, groups={"a": 0.01, "b": 0.09, "c": 0.02}), "y": last}).data
    assert first.y == second.y == ("c", "a", "b")
    assert first.x == (0.02, 0.01, 0.09)
    assert second.x[:2] == (0.06, 0.04)


def test_of_many_groups_the_forty_worst_are_drawn_and_the_chart_grows_with_them():
    many = replace(COARSE, groups={str(number): number / 100 for number in range(60)})
    figure = group_chart({"x": many})
    assert figure.data[0].y == tuple(str(number) for number in range(59, 19, -1))
    assert figure.layout.height > group_chart({"x": COARSE}).layout.height
    assert figure.layout.title.text == "By group, the worst 40 of 60"
    assert group_chart({"x": COARSE}).layout.title.text == "By group"


def test_points_are_counted_from_one_and_called_by_their_names():
    figure = point_chart({"x": COARSE}, FACE68)
    (line,) = figure.data
    assert (line.x[0], line.x[-1], line.y[0]) == (1, 68, 0.05)
    assert tuple(line.customdata) == FACE68.point_names
    jaw = figure.layout.shapes[0]
    assert (jaw.x0, jaw.x1) == (0.5, 17.5)


def test_a_difference_by_point_has_the_length_of_its_interval():
    (marks,) = point_difference_chart({"y": less(-0.02, -0.03, 0.01)}, FACE68, "x").data
    assert marks.y[0] == -0.02
    assert (marks.error_y.arrayminus[0], marks.error_y.array[0]) == pytest.approx((0.01, 0.03))
    assert marks.marker.color == COLOURS[1], "the colour that the model has in the other charts"


def test_of_too_few_groups_no_interval_is_drawn():
    (marks,) = point_difference_chart({"y": less(-0.02, -0.03, 0.01, groups=5)}, FACE68, "x").data
    assert (marks.error_y.arrayminus[0], marks.error_y.array[0]) == (0, 0)


def test_differences_by_group_begin_with_the_worst_and_name_the_first_model():
    figure = group_difference_chart({"y": less(0, 0, 0, a=-0.01, b=0.02, c=np.nan)}, "x")
    assert (figure.data[0].y, figure.data[0].x[:2]) == (("b", "a", "c"), (0.02, -0.01))
    assert figure.layout.title.text == "By group, less x"
    assert (figure.layout.xaxis.tickformat, figure.layout.xaxis.zeroline) == ("+.1%", True)


def test_a_name_is_shortened_in_its_middle_and_is_no_html():
    (line,) = ced_chart({"<b>" + "x" * 60: COARSE}).data
    assert line.name == "‹b›" + "x" * 17 + "…" + "x" * 20
