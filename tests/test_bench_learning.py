"""The bench of learning: who is in which part, which frames are labelled, what is never looked at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.bench.learning.arms import mean_face
from tests.bench.learning.data import Drawn, Size, draw, people, truth
from tests.bench.learning.report import clip_figures, nme, relative


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    with ThreadPoolExecutor(1) as pool:
        return draw(Size(train=3, validation=1, test=2, frames=4), pool)


def test_no_person_is_in_two_parts(drawn: Drawn) -> None:
    parts = [set(people(part).tolist()) for part in (drawn.train, drawn.validation, drawn.test)]
    assert [len(part) for part in parts] == [3, 1, 2]
    assert len(set.union(*parts)) == 6


def test_drawing_again_gives_the_same_bits_on_however_many_threads(drawn: Drawn) -> None:
    with ThreadPoolExecutor(2) as pool:
        again = draw(Size(train=3, validation=1, test=2, frames=4), pool)
    for one, other in zip(drawn.test, again.test, strict=True):
        assert one.box == other.box
        assert np.array_equal(np.asarray(one.picture), np.asarray(other.picture))


def test_boxes_are_not_those_of_the_true_points(drawn: Drawn) -> None:
    shapes = truth(drawn.train)
    boxes = np.array([sample.box for sample in drawn.train])
    apart = np.abs(boxes[:, 2] - shapes[..., 0].max(axis=1))
    assert (apart > 0.1).mean() > 0.8
    assert apart.max() < 20


def test_few_labels_are_those_of_few_people_and_the_rest_is_of_others(drawn: Drawn) -> None:
    labelled, rest = drawn.few(people=3, labelled=1, every=2)
    assert [sample.frame for sample in labelled] == [("p000-0", number) for number in range(4)]
    assert [sample.frame for sample in rest] == [("p001-0", 1), ("p001-0", 3), ("p002-0", 1), ("p002-0", 3)]
    assert drawn.few(people=2, labelled=2, every=1)[1] == []


def test_the_truth_scores_nothing_and_the_mean_shape_knows_only_boxes(drawn: Drawn) -> None:
    perfect = truth(drawn.test)
    assert nme(perfect, drawn).max() == 0
    figures = clip_figures(perfect, drawn)
    assert figures["nmf"].tolist() == [0, 0]
    assert figures["mse_px2"].tolist() == [0, 0]
    mean = mean_face(drawn)
    boxes = np.array([sample.box for sample in drawn.test])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)[:, None, None]
    placed = (mean - (boxes[:, None, :2] + boxes[:, None, 2:]) / 2) / sides
    np.testing.assert_allclose(placed, np.broadcast_to(placed[0], placed.shape), atol=1e-9)
    assert 3 < nme(mean, drawn).mean() < 30


def test_a_relative_change_is_that_of_the_means() -> None:
    found = relative(np.array([1.0, 3.0]), np.array([1.0, 1.0]), np.array(["a", "b"]))
    assert found.value == pytest.approx(-50)
    assert found.low <= -50 <= found.high
