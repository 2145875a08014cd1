"""The charts of the Stability page draw what it says."""

import numpy as np

from core.metrics.stability.vector import stability
from core.motion.stability import displacement_histogram
from pages.widgets.motion.stability_charts import cut_off, deviation_chart, displacement_chart


def test_the_curve_is_drawn_over_the_later_frame_of_each_pair():
    curve = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 4.0]])
    figure = deviation_chart(curve, None)
    assert [trace.name for trace in figure.data] == ["x", "y"]
    assert figure.data[0].x.tolist() == [2, 3, 4]
    assert figure.data[1].y[2] == 4
    both = deviation_chart(curve, curve / 2)
    assert [trace.name for trace in both.data] == ["x, as it was", "x", "y, as it was", "y"]
    assert both.data[1].y[0] == 0.5
    assert deviation_chart(np.zeros((0, 2)), None).layout.yaxis.range == (0, 1)


def test_a_jump_is_cut_off_and_counted():
    curve = np.ones((400, 2))
    curve[7] = 500
    assert deviation_chart(curve, None).layout.yaxis.range[1] < 5
    assert cut_off(curve, None) == 1
    assert cut_off(curve[:7], None) == 0
    assert cut_off(np.full((3, 2), np.nan), None) == 0


def test_displacements_are_binned_and_what_lies_outside_is_counted():
    rng = np.random.default_rng(0)
    tracks = np.cumsum(rng.normal(0, 2, (200, 68, 2)), axis=0)
    tracks[100:] += 1000
    values = stability(tracks).values
    histogram = displacement_histogram(tracks, None, 0, values)
    moved = np.diff(tracks[..., 0], axis=0).ravel()
    assert histogram.counts.tolist() == np.histogram(moved, histogram.edges)[0].tolist()
    assert histogram.counts.sum() + histogram.outside == moved.size
    assert histogram.outside >= 68
    figure = displacement_chart(histogram, values, "x")
    width = histogram.edges[1] - histogram.edges[0]
    assert np.isclose((figure.data[0].y * width).sum(), histogram.counts.sum() / moved.size)
    assert [trace.name for trace in figure.data] == ["displacements", "fitted normal", "robust normal"]
    assert np.isclose(np.trapezoid(figure.data[2].y, figure.data[2].x), 1, atol=0.01)


def test_what_never_moves_has_no_histogram():
    still = np.ones((5, 68, 2))
    assert displacement_histogram(still, None, 1, stability(still).values) is None
    assert displacement_histogram(still[:1], None, 1, stability(still[:1]).values) is None
