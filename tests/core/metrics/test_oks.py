import math

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.metrics.oks import estimate_sigmas, oks
from tests.builders.random_poses import BODY24_SIGMAS, COCO17_SIGMAS, pycocotools_says, random_set


def test_oks_worked_out_by_hand():
    # Point 0 is right; point 1 is 2 sigma s away: exp(-(2σs)² / (2 s² (2σ)²)) = exp(-1/2); point 2 is not labelled.
    truth = np.zeros((1, 3, 2))
    predicted = np.array([[[0, 0], [0.6, 0.8], [900, 900]]])  # 1 px away, σ = 0.05, s = 10
    found = oks(predicted, truth, np.array([[2, 1, 0]]), np.array([100.0]), (0.05, 0.05, 0.05))
    assert found.tolist() == pytest.approx([(1 + math.exp(-0.5)) / 2])


def test_a_missing_point_is_as_wrong_as_can_be():
    truth, seen = np.zeros((3, 2, 2)), np.ones((3, 2))
    predicted = np.array([[[0, 0], [np.nan, 0]], [[0, 0], [np.inf, -np.inf]], [[np.nan, np.nan]] * 2], float)
    assert oks(predicted, truth, seen, np.full(3, 50.0), (0.1, 0.1)).tolist() == [0.5, 0.5, 0]


def test_without_a_labelled_point_the_grown_box_forgives():
    # The box from 10 to 20 grows to 0..30; a point at 35 is 5 away on one axis.
    nothing, area, box = np.zeros((2, 1)), np.array([100.0, 100.0]), np.array([[10.0, 10, 20, 20]] * 2)
    predicted, truth = np.array([[[0.0, 30.0]], [[35.0, 15.0]]]), np.full((2, 1, 2), np.nan)
    expected = [1, math.exp(-25 / (2 * 100 * (2 * 0.5) ** 2))]
    assert oks(predicted, truth, nothing, area, (0.5,), box).tolist() == pytest.approx(expected)
    assert np.isnan(oks(predicted, truth, nothing, area, (0.5,))).all()


def test_no_pose_gives_no_oks():
    assert oks(np.zeros((0, 17, 2)), np.zeros((0, 17, 2)), np.zeros((0, 17)), np.zeros(0), COCO17_SIGMAS).shape == (0,)


def test_every_oks_is_that_of_pycocotools():
    truth, found = random_set(10, images=8, people=20, detections=60)
    _, judge = pycocotools_says(truth, found, BODY24_SIGMAS)
    compared = 0
    for image in range(8):
        theirs = judge.ious.get((image, 1), [])
        people = np.flatnonzero(truth.images == image)
        inside = np.flatnonzero(found.images == image)
        inside = inside[np.argsort(-found.scores[inside])][:20]
        if not (len(people) and len(inside)):
            continue
        d, g = np.meshgrid(inside, people, indexing="ij")
        d, g = d.ravel(), g.ravel()
        ours = oks(found.points[d], truth.points[g], truth.visibility[g], truth.areas[g], BODY24_SIGMAS, truth.boxes[g])
        np.testing.assert_allclose(ours, theirs.ravel(), rtol=1e-9, atol=1e-15)
        compared += len(ours)
    assert compared > 100


def test_two_careful_annotators_give_the_sigma_that_made_their_errors():
    rng = np.random.default_rng(0)
    true_sigmas, people = np.array([0.025, 0.079, 0.107]), 20_000
    areas = rng.uniform(500, 50_000, people)
    truth = rng.uniform(0, 500, (people, 3, 2))
    # Σ over both axes of the variance is σ² s², so each axis has half of it.
    axis = (true_sigmas * np.sqrt(areas)[:, None] / np.sqrt(2))[..., None]
    first, second = (truth + axis * rng.normal(size=truth.shape) for _ in range(2))
    found = estimate_sigmas(first, second, np.ones((people, 3), bool), areas)
    assert found.values == pytest.approx(true_sigmas, rel=4 / (2 * np.sqrt(people)))
    assert found.counts.tolist() == [people] * 3
    # COCO's own definition, with the true places known: E[d² / s²].
    known = np.sqrt((((first - truth) ** 2).sum(axis=2) / areas[:, None]).mean(axis=0))
    assert found.values == pytest.approx(known, rel=0.03)


def test_sigma_worked_out_by_hand():
    # Distances 3-4-5 and 0 on areas of 100 and 25: (25 / 100 + 0) / 2 people / 2 annotators = 1/16.
    first = np.array([[[3, 4], [0, 0]], [[0, 0], [np.nan, 0]]])
    found = estimate_sigmas(first, np.zeros((2, 2, 2)), np.array([[1, 0], [1, 0]], bool), np.array([100, 25]))
    np.testing.assert_allclose(found.values, [0.25, np.nan])
    assert found.counts.tolist() == [2, 0]
    empty = estimate_sigmas(np.zeros((0, 2, 2)), np.zeros((0, 2, 2)), np.zeros((0, 2), bool), np.zeros(0))
    assert np.isnan(empty.values).all()


def test_wrong_double_annotation_is_refused():
    points, both = np.zeros((2, 3, 2)), np.ones((2, 3), bool)
    with pytest.raises(BadInput, match=r"should both have the shape \(N, K, 2\)"):
        estimate_sigmas(points, points[:1], both, np.ones(2))
    with pytest.raises(BadInput, match=r"should both have the shape \(N, K, 2\)"):
        estimate_sigmas(points[..., :1], points[..., :1], both, np.ones(2))
    with pytest.raises(BadInput, match=r"labelled and areas should be \(2, 3\) and \(2,\)"):
        estimate_sigmas(points, points, both, np.ones(3))
    with pytest.raises(BadInput, match=r"not \(2, 2\) and \(2,\)"):
        estimate_sigmas(points, points, both[:, :2], np.ones(2))
    with pytest.raises(BadInput, match="area of a person who is labelled twice"):
        estimate_sigmas(points, points, both, np.array([1, 0]))
    with pytest.raises(BadInput, match="should have a finite place"):
        estimate_sigmas(np.full_like(points, np.nan), points, both, np.ones(2))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"predicted": np.zeros((1, 3, 2))}, r"predicted should have the shape \(2, 3, 2\) of truth"),
        ({"truth": np.zeros((2, 3))}, r"truth should have the shape \(N, K, 2\)"),
        ({"visibility": np.ones((2, 2))}, r"visibility should have the shape \(2, 3\)"),
        ({"areas": np.ones(1)}, r"areas should have the shape \(2,\)"),
        ({"sigmas": (0.1, 0.1)}, r"sigmas should have the shape \(3,\)"),
        ({"boxes": np.zeros((2, 3))}, r"boxes should have the shape \(2, 4\)"),
        ({"sigmas": (0.1, 0.0, 0.1)}, "every sigma should be above 0"),
        ({"sigmas": (0.1, np.inf, 0.1)}, "every sigma should be above 0"),
        ({"areas": np.array([1.0, -1.0])}, "area of a person should be 0 or more"),
        ({"areas": np.array([1.0, np.nan])}, "area of a person should be 0 or more"),
        ({"boxes": np.full((2, 4), np.inf)}, "box of a labelled person should be finite"),
        ({"truth": np.stack([np.zeros((3, 2)), np.full((3, 2), np.nan)])}, "person 1 has a labelled point without"),
    ],
)
def test_people_that_cannot_be_compared_are_refused(changed, message):
    people = {"predicted": np.zeros((2, 3, 2)), "truth": np.zeros((2, 3, 2)), "visibility": np.ones((2, 3))}
    people |= {"areas": np.ones(2), "sigmas": (0.1, 0.1, 0.1), "boxes": np.zeros((2, 4))}
    assert oks(**people).tolist() == [1, 1]
    with pytest.raises(BadInput, match=message):
        oks(**(people | changed))


def test_people_without_any_point_are_refused():
    with pytest.raises(BadInput, match="at least one point"):
        oks(np.zeros((2, 0, 2)), np.zeros((2, 0, 2)), np.zeros((2, 0)), np.ones(2), ())
