import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.metrics.pose import FoundPoses, TruePoses, match, precision_recall
from tests.builders.random_poses import (
    BODY24_SIGMAS,
    COCO17_SIGMAS,
    average_precision,
    figures,
    pose_scores,
    pycocotools_says,
    random_set,
)

BOX = np.array([[0.0, 0.0, 100.0, 100.0]])


@pytest.mark.parametrize("seed", range(6))
def test_the_ten_figures_are_those_of_pycocotools(seed):
    sigmas = (COCO17_SIGMAS, BODY24_SIGMAS)[seed % 2]
    truth, found = random_set(seed, sigmas=sigmas)
    expected, _ = pycocotools_says(truth, found, sigmas)
    ours = average_precision(truth, found, sigmas)
    assert 0 < ours.ap < ours.ap_50 < 1
    np.testing.assert_allclose(figures(ours), expected, atol=1e-12)


def test_more_than_twenty_detections_in_a_picture_are_cut():
    truth, found = random_set(11, images=2, people=12, detections=150)
    expected, _ = pycocotools_says(truth, found, BODY24_SIGMAS)
    ours = average_precision(truth, found, BODY24_SIGMAS)
    assert ours.detections == 40
    np.testing.assert_allclose(figures(ours), expected, atol=1e-12)


def test_a_perfect_answer_scores_one_where_it_was_asked_anything():
    truth, _ = random_set(12, people=30)
    found = FoundPoses(truth.images, truth.points, np.linspace(1, 0.5, 30))
    ours = average_precision(replace(truth, crowd=None), found, BODY24_SIGMAS)
    assert figures(ours).tolist() == pytest.approx([1] * 10)
    labelled = (truth.visibility > 0).any(axis=1)
    assert (ours.people, ours.detections) == (labelled.sum(), 30)


def test_precision_worked_out_by_hand():
    # Three people in three pictures; best first: right, wrong, right. The third person is never found.
    # Recall 1/3 at precision 1, 2/3 at 2/3: of 101 recalls 34 (to .33) read 1, 33 (.34 to .66) read 2/3, the rest 0.
    truth = TruePoses(
        np.array([1, 2, 3]), np.zeros((3, 1, 2)), np.ones((3, 1)), np.full(3, 2000.0), np.repeat(BOX, 3, axis=0)
    )
    found = FoundPoses(
        np.array([1, 1, 2]), np.array([[[0, 0]], [[500, 500]], [[0, 0]]]), np.array([0.9, 0.8, 0.7]), np.full(3, 2000.0)
    )
    ours = average_precision(truth, found, (0.05,))
    expected = (34 + 33 * 2 / 3) / 101
    assert (ours.ap, ours.ap_50, ours.ap_medium) == pytest.approx((expected,) * 3)
    assert (ours.ar, ours.ar_75) == pytest.approx((2 / 3,) * 2)
    assert math.isnan(ours.ap_large)
    assert math.isnan(ours.ar_large)


def test_nothing_found_scores_zero_and_nobody_asked_for_scores_nothing():
    truth, found = random_set(13)
    none = FoundPoses(np.zeros(0, int), np.zeros((0, 24, 2)), np.zeros(0))
    assert figures(average_precision(truth, none, BODY24_SIGMAS)).tolist() == [0] * 10
    nobody = TruePoses(np.zeros(0, int), np.zeros((0, 24, 2)), np.zeros((0, 24)), np.zeros(0), np.zeros((0, 4)))
    for detections in (none, found):
        assert np.isnan(figures(average_precision(nobody, detections, BODY24_SIGMAS))).all()
    crowds = replace(truth, crowd=np.ones(len(truth.images), bool))
    assert np.isnan(figures(average_precision(crowds, found, BODY24_SIGMAS))).all()


def test_weights_count_pictures_as_if_they_were_there_so_often():
    truth, found = random_set(14, images=12, people=40, detections=150)
    often = np.random.default_rng(0).integers(0, 4, 12)
    matches = match(truth, found, BODY24_SIGMAS)
    assert matches.images.tolist() == list(range(12))

    def copies(poses):
        times = often[poses.images]
        rows = np.repeat(np.arange(len(times)), times)
        copy = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        parts = {name: part[rows] for name, part in vars(poses).items() if part is not None}
        return replace(poses, **(parts | {"images": poses.images[rows] + 100 * copy}))

    expected = average_precision(copies(truth), copies(found), BODY24_SIGMAS)
    np.testing.assert_allclose(figures(pose_scores(matches, often)), figures(expected), atol=1e-12)
    ap, ar = precision_recall(matches, "medium", np.ones(12))
    assert (ap.mean(), ar.mean()) == (pose_scores(matches).ap_medium, pose_scores(matches).ar_medium)


def test_pictures_may_be_named_by_text_and_come_in_any_order():
    truth, found = random_set(15)
    expected = average_precision(truth, found, BODY24_SIGMAS)
    order = np.random.default_rng(1).permutation(len(truth.images))
    shuffled = TruePoses(*(part[order] for part in vars(truth).values()))
    named = replace(shuffled, images=np.array([f"clip/{i:04d}.png" for i in shuffled.images]))
    texts = replace(found, images=np.array([f"clip/{i:04d}.png" for i in found.images]))
    np.testing.assert_allclose(figures(average_precision(named, texts, BODY24_SIGMAS)), figures(expected), atol=1e-12)


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_ap_does_not_change_with_the_order_of_people_and_detections_or_with_the_place(seed):
    truth, found = random_set(seed, images=8, people=15, detections=40)
    rng = np.random.default_rng(seed)
    people, detections = rng.permutation(15), rng.permutation(40)
    shift = rng.uniform(-50, 50, 2)
    moved = TruePoses(
        images=truth.images[people],
        points=truth.points[people] + shift,
        visibility=truth.visibility[people],
        areas=truth.areas[people],
        boxes=truth.boxes[people] + np.tile(shift, 2),
        crowd=truth.crowd[people],
    )
    again = FoundPoses(found.images[detections], found.points[detections] + shift, found.scores[detections])
    expected, scores = (figures(average_precision(*pair, BODY24_SIGMAS)) for pair in ((truth, found), (moved, again)))
    np.testing.assert_allclose(scores, expected, atol=1e-9)


PERSON = TruePoses(np.zeros(1), np.zeros((1, 3, 2)), np.ones((1, 3)), np.ones(1), BOX)
FOUND = FoundPoses(np.zeros(2), np.zeros((2, 3, 2)), np.ones(2))


@pytest.mark.parametrize(
    ("truth", "found", "message"),
    [
        ({"images": np.zeros(2)}, {}, r"images of the people should have the shape \(1,\)"),
        ({"crowd": np.zeros(2, bool)}, {}, r"crowd of the people should have the shape \(1,\)"),
        ({}, {"points": np.zeros((2, 4, 2))}, r"should have the shape \(D, 3, 2\)"),
        ({}, {"points": np.zeros((2, 6))}, r"should have the shape \(D, 3, 2\)"),
        ({}, {"images": np.zeros(3)}, r"images of the detections should have the shape \(2,\)"),
        ({}, {"scores": np.ones(3)}, r"scores of the detections should have the shape \(2,\)"),
        ({}, {"areas": np.ones(3)}, r"areas of the detections should have the shape \(2,\)"),
        ({}, {"scores": np.array([1.0, np.nan])}, "finite score and area"),
        ({}, {"areas": np.array([1.0, np.inf])}, "finite score and area"),
    ],
)
def test_detections_and_people_that_do_not_fit_are_refused(truth, found, message):
    with pytest.raises(BadInput, match=message):
        match(replace(PERSON, **truth), replace(FOUND, **found), (0.1, 0.1, 0.1))


def test_a_range_or_weights_that_do_not_exist_are_refused():
    matches = match(PERSON, FOUND, (0.1, 0.1, 0.1))
    assert precision_recall(matches)[0].tolist() == pytest.approx([1.0] * 10)
    with pytest.raises(BadInput, match="no range of sizes is called 'small'; choose one of all, medium, large"):
        precision_recall(matches, "small")
    with pytest.raises(BadInput, match=r"weights should have the shape \(1,\), not \(2,\)"):
        precision_recall(matches, weights=np.ones(2))
