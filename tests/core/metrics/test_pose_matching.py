from dataclasses import replace

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.metrics.pose import FoundPoses, TruePoses, match, precision_recall
from tests.builders.random_poses import BODY24_SIGMAS, COCO17_SIGMAS, random_set

BOX = np.array([[0.0, 0.0, 100.0, 100.0]])


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
