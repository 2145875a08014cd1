import math

import numpy as np
import pytest

from core.metrics.logistic_calibration import logistic_calibration
from core.metrics.ranked_scores import RankedScores
from core.people import chances
from core.people.chances import PEOPLE_NEEDED, learned_chance, learned_line


def crowd(people, faces, seed=0, noise=1.0):
    """(N, 24) float32 faces of such people, so many of each, and whose they are."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(people), faces)
    vectors = np.repeat(rng.normal(size=(people, 24)), faces, axis=0) + noise * rng.normal(size=(len(of), 24))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), of


def test_a_face_is_compared_with_the_others_of_its_person_and_with_those_of_everybody_else():
    vectors, of = crowd(7, [2, 2, 3, 3, 4, 4, 4])
    of = of * 10 + 3
    same, different, weights, others = [], [], [], []
    for row, person in enumerate(of):
        share = 1 / (of == person).sum()
        for other in np.unique(of):
            rest = np.flatnonzero((of == other) & (np.arange(len(of)) != row))
            alike = float(np.mean([vectors[row] @ vectors[at] for at in rest]))
            (same if other == person else different).append(alike)
            (weights if other == person else others).append(share)
    expected = logistic_calibration(RankedScores.of_kinds(*map(np.array, (same, different, weights, others))))
    found = learned_line(vectors, of, np.arange(len(of)))
    assert (found.slope, found.offset) == pytest.approx((expected.slope, expected.offset), rel=1e-4)


def test_only_the_rows_that_are_confirmed_teach():
    vectors, of = crowd(10, 4)
    spoiled, rows = vectors.copy(), np.flatnonzero(of < 7)
    spoiled[of >= 7] = vectors[0]
    assert learned_line(spoiled, of, rows) == learned_line(vectors[of < 7], of[of < 7], rows)


def test_too_few_people_with_two_faces_teach_nothing():
    vectors, of = crowd(PEOPLE_NEEDED, [2] * (PEOPLE_NEEDED - 1) + [1])
    assert learned_line(vectors, of, np.arange(len(of))) is None
    assert learned_line(vectors, of, np.zeros(0, np.int64)) is None
    vectors, of = crowd(PEOPLE_NEEDED, 2)
    assert learned_line(vectors, of, np.arange(len(of))) is not None


def test_people_who_are_no_more_alike_than_others_teach_nothing():
    axes = np.eye(24, dtype=np.float32)[:12]  # a face of everybody lies with somebody else's, never with their own
    vectors, of = np.concatenate([axes, axes]), np.concatenate([np.arange(12), np.roll(np.arange(12), 1)])
    assert learned_line(vectors, of, np.arange(24)) is None


def test_of_many_as_many_teach_as_is_quick(monkeypatch):
    vectors, of = crowd(30, 9, noise=2.0)
    whole = learned_line(vectors, of, np.arange(len(of)))
    drawn = []
    monkeypatch.setattr(chances, "_MOST_PEOPLE", 10)
    fit = chances.logistic_calibration
    monkeypatch.setattr(chances, "logistic_calibration", lambda ranked: drawn.append(ranked) or fit(ranked))
    found = learned_line(vectors, of, np.arange(len(of)))
    assert (len(drawn[0].same), len(drawn[0].different)) == (10 * 4, 10 * 4 * 9)
    assert found.slope == pytest.approx(whole.slope, rel=0.5)
    assert learned_line(vectors, of, np.arange(len(of))) == found


def test_the_learned_chance_is_a_half_at_the_threshold_and_rises_as_the_line_says():
    line = learned_line(*crowd(8, 3), np.arange(24))
    assert learned_chance(line, 0.4, 0.4) == 0.5
    odds = math.exp(line.slope * 0.1)
    assert learned_chance(line, np.array([0.3, 0.5]), 0.4).tolist() == pytest.approx(
        [1 / (1 + odds), odds / (1 + odds)]
    )


def test_chances_learned_from_some_people_hold_for_others():
    # Groups of two faces; as many of one person as of two, so the threshold lies where the LLR is 0.
    vectors, of = crowd(60, 4, noise=1.5)
    line = learned_line(vectors, of, np.flatnonzero(of < 30))
    means = vectors.reshape(60, 2, 2, 24).mean(axis=2)[30:]
    alike = np.einsum("pd,pd->p", means[:, 0], means[:, 1])
    unlike = (means[:, 0] @ means[:, 1].T)[~np.eye(30, dtype=bool)]
    same, different = (learned_chance(line, side, -line.offset / line.slope) for side in (alike, unlike))
    told = (np.log(same).mean() + np.log(1 - different).mean()) / 2 / math.log(2)
    assert -told < 0.6  # bits, of 1 for whoever says nothing
