import contextlib
import io
import math
from dataclasses import astuple, replace

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.foundation.errors import BadInput
from core.foundation.skeletons import SKELETONS
from core.metrics.oks import estimate_sigmas
from core.metrics.pose import (
    BODY24_SIGMAS,
    BODY24_SIGMAS_BORROWED,
    COCO17_SIGMAS,
    FoundPoses,
    TruePoses,
    average_precision,
    match,
    oks,
    pose_scores,
    precision_recall,
)

BOX = np.array([[0.0, 0.0, 100.0, 100.0]])


def random_set(seed, *, images=40, people=90, detections=400, sigmas=BODY24_SIGMAS):
    """People of all sizes, some without points, some crowds; detections near them and nowhere."""
    rng = np.random.default_rng(seed)
    count = len(sigmas)
    corner, side = rng.uniform(0, 300, (people, 2)), rng.uniform(10, 220, (people, 2))
    points = corner[:, None] + side[:, None] * rng.random((people, count, 2))
    visibility = rng.integers(0, 3, (people, count))
    visibility[rng.random(people) < 0.1] = 0
    picture = rng.integers(0, images, people)
    truth = TruePoses(
        images=picture,
        points=points,
        visibility=visibility,
        areas=0.53 * side.prod(axis=1),
        boxes=np.concatenate([corner, corner + side], axis=1),
        crowd=rng.random(people) < 0.08,
    )
    of = rng.integers(0, people, detections)
    spread = rng.choice([0.02, 0.06, 0.12, 0.6], (detections, 1, 1)) * np.sqrt(truth.areas[of])[:, None, None]
    found = FoundPoses(
        images=np.where(rng.random(detections) < 0.95, picture[of], rng.integers(0, images, detections)),
        points=points[of] + spread * rng.normal(size=(detections, count, 2)),
        scores=rng.permutation(detections) / detections,
    )
    return truth, found


def pycocotools_says(truth, found, sigmas, images=None):
    """The ten figures of the original, NaN for its -1."""

    def flat(points, visibility):
        return np.concatenate([points, visibility[:, None]], axis=1).ravel().tolist()

    labels = [
        {
            "id": i + 1,
            "image_id": int(truth.images[i]),
            "category_id": 1,
            "area": float(truth.areas[i]),
            "bbox": [*truth.boxes[i, :2], *(truth.boxes[i, 2:] - truth.boxes[i, :2])],
            "iscrowd": int(truth.crowd[i]),
            "keypoints": flat(truth.points[i], truth.visibility[i]),
            "num_keypoints": int((truth.visibility[i] > 0).sum()),
        }
        for i in range(len(truth.images))
    ]
    results = [
        {
            "image_id": int(found.images[i]),
            "category_id": 1,
            "score": float(found.scores[i]),
            "keypoints": flat(found.points[i], np.ones(len(sigmas))),
        }
        for i in range(len(found.images))
    ]
    names = np.union1d(truth.images, found.images)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": int(name)} for name in names],
            "annotations": labels,
            "categories": [{"id": 1}],
        }
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(results), "keypoints")
        judge.params.kpt_oks_sigmas = np.array(sigmas)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return np.where(judge.stats < 0, np.nan, judge.stats), judge


def figures(scores):
    return np.array(astuple(scores)[:10])


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


def test_sigmas_of_coco_are_those_of_pycocotools_and_body24_borrows_by_name():
    assert pytest.approx(COCOeval(iouType="keypoints").params.kpt_oks_sigmas) == COCO17_SIGMAS
    names = SKELETONS["body24"].point_names
    by_name = dict(zip(names, BODY24_SIGMAS, strict=True))
    lenders = {
        "neck": "left_shoulder",
        "left_palm": "left_wrist",
        "right_palm": "right_wrist",
        "spine2": "left_hip",
        "spine1": "right_hip",
        "left_instep": "left_ankle",
        "right_instep": "right_ankle",
    }
    assert set(names[17:]) == set(lenders)
    assert all(by_name[name] == by_name[lender] for name, lender in lenders.items())
    assert BODY24_SIGMAS[:17] == COCO17_SIGMAS
    assert BODY24_SIGMAS_BORROWED


@pytest.mark.parametrize("seed", range(6))
def test_the_ten_figures_are_those_of_pycocotools(seed):
    sigmas = (COCO17_SIGMAS, BODY24_SIGMAS)[seed % 2]
    truth, found = random_set(seed, sigmas=sigmas)
    expected, _ = pycocotools_says(truth, found, sigmas)
    ours = average_precision(truth, found, sigmas)
    assert 0 < ours.ap < ours.ap_50 < 1
    np.testing.assert_allclose(figures(ours), expected, atol=1e-12)


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
    for given in (none, found):
        assert np.isnan(figures(average_precision(nobody, given, BODY24_SIGMAS))).all()
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
    with pytest.raises(BadInput, match=r"labelled and areas should be \(2, 3\) and \(2,\)"):
        estimate_sigmas(points, points, both, np.ones(3))
    with pytest.raises(BadInput, match="area of a person who is labelled twice"):
        estimate_sigmas(points, points, both, np.array([1, 0]))
    with pytest.raises(BadInput, match="should have a finite place"):
        estimate_sigmas(np.full_like(points, np.nan), points, both, np.ones(2))


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("points", np.zeros((1, 3, 3)), r"truth should have the shape \(N, K, 2\), not \(1, 3, 3\)"),
        ("points", np.full((1, 3, 2), np.nan), "person 0 has a labelled point without a finite place"),
        ("visibility", np.ones((1, 4)), r"visibility should have the shape \(1, 3\), not \(1, 4\)"),
        ("areas", np.array([-1.0]), "area of a person should be 0 or more"),
        ("boxes", np.full((1, 4), np.nan), "box of a labelled person should be finite"),
        ("images", np.zeros(2), r"images of the people should have the shape \(1,\), not \(2,\)"),
        ("crowd", np.zeros(2), r"crowd of the people should have the shape \(1,\), not \(2,\)"),
    ],
)
def test_wrong_people_are_refused(part, value, message):
    truth = TruePoses(np.zeros(1), np.zeros((1, 3, 2)), np.ones((1, 3)), np.ones(1), BOX)
    found = FoundPoses(np.zeros(1), np.zeros((1, 3, 2)), np.ones(1))
    with pytest.raises(BadInput, match=message):
        match(replace(truth, **{part: value}), found, (0.1, 0.1, 0.1))


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("points", np.zeros((1, 4, 2)), r"should have the shape \(D, 3, 2\), not \(1, 4, 2\)"),
        ("scores", np.array([np.nan]), "every detection needs a finite score and area"),
        ("scores", np.zeros(2), r"scores of the detections should have the shape \(1,\), not \(2,\)"),
        ("images", np.zeros(2), r"images of the detections should have the shape \(1,\), not \(2,\)"),
    ],
)
def test_wrong_detections_are_refused(part, value, message):
    truth = TruePoses(np.zeros(1), np.zeros((1, 3, 2)), np.ones((1, 3)), np.ones(1), BOX)
    found = FoundPoses(np.zeros(1), np.zeros((1, 3, 2)), np.ones(1))
    with pytest.raises(BadInput, match=message):
        match(truth, replace(found, **{part: value}), (0.1, 0.1, 0.1))


def test_sigmas_ranges_and_weights_out_of_place_are_refused():
    truth, found = random_set(16, people=5, detections=5)
    with pytest.raises(BadInput, match=r"sigmas should have the shape \(24,\), not \(17,\)"):
        match(truth, found, COCO17_SIGMAS)
    with pytest.raises(BadInput, match="every sigma should be above 0"):
        match(truth, found, np.zeros(24))
    matches = match(truth, found, BODY24_SIGMAS)
    with pytest.raises(BadInput, match="no range of sizes is called 'small'; choose one of all, medium, large"):
        precision_recall(matches, "small")
    with pytest.raises(BadInput, match="weights should have the shape"):
        precision_recall(matches, weights=np.ones(99))
