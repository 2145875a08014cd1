"""A training that is no better than the mean shape is said to have come to nothing."""

import math
from pathlib import Path

import numpy as np
import pytest

from core.foundation.arrays import Keypoints
from core.foundation.skeletons import SKELETONS
from core.learning import training_verdict
from core.learning.labels import Labels
from core.learning.training_verdict import mean_shape_nme, warnings_about
from core.training.samples import Sample

BODY = SKELETONS["coco17"]


def _sample(points, box=(0.0, 0.0, 100.0, 50.0), visible=None):
    keypoints = Keypoints.of(np.asarray(points, float), visible)
    return Sample(picture=Path("x.png"), box=box, keypoints=keypoints, key=1, name="x.png", group="g")


def test_the_figure_of_the_mean_shape_is_the_one_worked_out_by_hand():
    # all points in the middle of their boxes, but for the first, which is 10 to the right in one label of two
    still = np.tile((50.0, 25.0), (17, 1))
    moved = still.copy()
    moved[0] += (10, 0)
    # the mean shape has it 5 to the right: 5 pixels off in one of 17 points, in units of the box's diagonal
    expected = 5 / 17 / math.hypot(100, 50)
    assert mean_shape_nme([_sample(still), _sample(moved)], [_sample(still)], BODY) == pytest.approx(expected)


def test_the_figure_of_the_mean_shape_agrees_with_a_loop():
    rng = np.random.default_rng(0)

    def one():
        left, top, width, height = rng.uniform(10, 90, 4)
        box = (left, top, left + width, top + height)
        return _sample(rng.uniform(0, 100, (17, 2)), box, np.where(rng.random(17) < 0.7, 2, 0))

    train, validation = [one() for _ in range(9)], [one() for _ in range(5)]
    means = []
    for k in range(17):
        places = []
        for sample in train:
            left, top, right, bottom = sample.box
            if sample.keypoints.visibility[k]:
                middle = np.array([left + right, top + bottom]) / 2
                places.append((sample.keypoints.points[k] - middle) / max(right - left, bottom - top))
        means.append(np.mean(places, axis=0))
    each = []
    for sample in validation:
        left, top, right, bottom = sample.box
        middle, side = np.array([left + right, top + bottom]) / 2, max(right - left, bottom - top)
        off = [
            np.linalg.norm(middle + side * means[k] - sample.keypoints.points[k])
            for k in range(17)
            if sample.keypoints.visibility[k]
        ]
        each.append(np.mean(off) / math.hypot(right - left, bottom - top))
    assert mean_shape_nme(train, validation, BODY) == pytest.approx(np.mean(each), rel=1e-5)


def test_without_anything_to_measure_on_there_is_no_figure_and_no_warning(workspace):
    assert math.isnan(mean_shape_nme([_sample(np.ones((17, 2)))], [], BODY))
    assert math.isnan(mean_shape_nme([], [_sample(np.ones((17, 2)))], BODY))
    nothing = Labels("coco17", [], [], [], [], 0)
    assert warnings_about(workspace, nothing, [], {"validation_nme": 9.0}, 1e-3) == []


@pytest.mark.parametrize(
    ("groups", "reached", "warned"),
    [
        (6, 0.04, False),
        (6, 0.05, True),
        (6, 31.5, True),
        (6, math.nan, True),
        (5, 0.05, False),
        (1, 0.09, False),
        (5, 0.1, True),
        (1, 31.5, True),
        (1, math.nan, True),
    ],
)
def test_the_warning_names_both_figures_and_the_rate(workspace, monkeypatch, groups, reached, warned):
    monkeypatch.setattr(training_verdict, "mean_shape_nme", lambda *_: 0.05)
    monkeypatch.setattr(training_verdict, "samples", lambda *_: [])
    chosen_by = [(None, f"clip {number}") for number in range(groups)] * 2
    found = warnings_about(workspace, Labels("coco17", [], [], [], [], 0), chosen_by, {"validation_nme": reached}, 1e6)
    assert bool(found) == warned
    if warned:
        (warning,) = found
        sentence = warning.text()
        figure = "no number" if math.isnan(reached) else f"{100 * reached:,.2f}%"
        assert f"best validation NME is {figure}, and the mean shape" in sentence
        assert "has 5.00%; do not promote" in sentence
        assert "another rate than 1e+06" in sentence
