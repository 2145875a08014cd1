"""What the score plot is given, and what it may send back."""

import base64

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.verification import evaluate_pairs
from pages.widgets.verification import threshold_plot as plot
from tests.builders.hand_scored_faces import hand_scored


@pytest.fixture
def given(shown, monkeypatch):
    """What the browser gets."""
    told = {}
    monkeypatch.setattr(plot, "_mount", lambda **given: told.update(given["data"]))
    pairs = hand_scored()
    plot.threshold_plot(
        evaluate_pairs(pairs),
        pairs.grid,
        0.5,
        named={"eer": ("EER", 0.65)},
        figures={"fmr": {"name": "FMR", "about": "what it is"}},
        intervals={"fmr": "too few"},
        logarithmic=True,
        key="plot",
        on_change=lambda _: None,
    )
    return told


def test_the_browser_reads_off_what_the_figures_are(given):
    count, packed = given["count"], base64.b64decode(given["packed"])
    fmr, fnmr = np.frombuffer(packed, "<f8", 2 * count).reshape(2, count)
    tp, fp = np.frombuffer(packed, "<u4", 2 * count, 16 * count).reshape(2, count)
    at = round((0.65 - given["first"]) / given["step"])
    assert (fmr[at], fnmr[at], tp[at], fp[at]) == (pytest.approx(1 / 3), pytest.approx(1 / 3), 2, 1)
    assert (fmr[0], fnmr[0], tp[0], fp[0]) == (1, 0, 3, 3)
    assert (fmr[-1], fnmr[-1], tp[-1], fp[-1]) == (0, 1, 0, 0)
    assert (given["same"], given["different"], given["mixture"]) == (3, 3, 1)


def test_thresholds_beside_the_grid_come_with_their_own_counts(given):
    assert sorted(at for at, *_ in given["exact"]) == [0.5, 0.65]
    assert {at: counts for at, *counts in given["exact"]}[0.5] == [pytest.approx(1 / 3), 0, 3, 1]


def test_bars_have_the_area_one_and_count_their_pairs(given):
    width = given["edges"][1] - given["edges"][0]
    for bars, pairs in zip(given["bars"], given["pairs"], strict=True):
        assert sum(bars) * width == pytest.approx(1)
        assert sum(pairs) == 3


@pytest.mark.parametrize("value", [-1, 0, 0.25, 1.0])
def test_a_cosine_similarity_is_taken(value):
    assert plot.parse_threshold(value) == value


@pytest.mark.parametrize("value", [None, True, "0.5", 1.5, -2, float("nan"), float("inf"), [0.5], {}])
def test_anything_else_is_refused(value):
    with pytest.raises(BadInput):
        plot.parse_threshold(value)
