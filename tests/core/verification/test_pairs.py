"""Pairs come from confirmed faces only, with the similarity of their stored vectors."""

from __future__ import annotations

import numpy as np
import pytest

from core import verification
from core.foundation.errors import NotEnoughData, NotFound
from core.people import deciding as people
from tests.builders.staged_people import add_faces, group, noisy_faces


def test_every_pair_of_one_person_and_of_two_is_measured(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    assert (pairs.faces, pairs.people, pairs.all_same, pairs.all_different) == (14, 4, 10 + 6 + 3 + 1, 91 - 20)
    assert int(pairs.same.sum()) == 20
    assert int((~pairs.same).sum()) == 71
    ends = {frozenset(ends) for ends in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)}
    assert len(ends) == 91
    assert all(len(pair) == 2 for pair in ends)


@pytest.mark.parametrize(("mixture", "whole"), [(1.0, 1), (10.0, 10), (None, 71 / 20)])
def test_the_mixture_is_a_matter_of_weights_and_not_of_which_pairs_are_taken(
    workspace, dataset, author, mixture, whole
):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset, different_per_same=mixture)
    assert len(pairs.scores) == 91
    assert pairs.weights[pairs.same].sum() == pytest.approx(1)
    assert pairs.weights[~pairs.same].sum() == pytest.approx(whole)


def test_a_draw_depends_on_the_seed_alone(workspace, dataset, author, monkeypatch):
    monkeypatch.setattr("core.verification.pairs.MOST_PAIRS", 12)
    noisy_faces(workspace, dataset, author)
    one, again, other = (verification.confirmed_pairs(workspace, dataset, seed=seed) for seed in (1, 1, 2))
    assert len(one.scores) == 24  # 4 + 4 + 3 + 1 of one person, two each of every two people
    assert one.left.tolist() == again.left.tolist()
    assert one.right.tolist() != other.right.tolist()


def test_scores_are_the_cosine_similarities_of_the_stored_vectors(workspace, dataset, author):
    rows = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0.6, 0.8]], np.float32)
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    people.move_faces(workspace, faces[:2], name="Ada", author_id=author)
    people.move_faces(workspace, faces[2:], name="Bea", author_id=author)
    pairs = verification.confirmed_pairs(workspace, dataset, different_per_same=2)
    by_hand = {(0, 1): 0.8, (2, 3): 0.6, (0, 2): 0.0, (0, 3): 0.0, (1, 2): 0.6, (1, 3): 0.36}
    found = {
        tuple(sorted((faces.index(a), faces.index(b)))): score
        for a, b, score in zip(pairs.left.tolist(), pairs.right.tolist(), pairs.scores.tolist(), strict=True)
    }
    assert found == pytest.approx(by_hand, abs=1e-6)
    assert verification.figures_at(pairs, 0.6) == pytest.approx(
        {
            "tp": 2,
            "fp": 1,
            "tn": 3,
            "fn": 0,
            "accuracy": 5 / 6,
            "precision": 2 / 3,
            "recall": 1,
            "f1": 0.8,
            "fmr": 0.25,
            "fnmr": 0,
            "mcc": 6 / 72**0.5,
        }
    )


def test_similarities_are_the_same_in_parts(workspace, dataset, author, monkeypatch):
    noisy_faces(workspace, dataset, author)
    whole = verification.confirmed_pairs(workspace, dataset).scores
    monkeypatch.setattr("core.verification.pairs._AT_A_TIME", 8)
    assert verification.confirmed_pairs(workspace, dataset).scores.tolist() == whole.tolist()


def test_only_what_humans_have_confirmed_gives_pairs(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(4, 64))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    machine = add_faces(workspace, dataset, [(f"m{n}.jpg", row) for n, row in enumerate(rows)])
    group(workspace, dataset, threshold=-1.0)
    pairs = verification.confirmed_pairs(workspace, dataset, different_per_same=10)
    assert pairs.faces == 14
    assert not set(machine) & {*pairs.left.tolist(), *pairs.right.tolist()}


def test_too_few_confirmed_faces_are_counted_in_the_sentence(workspace, dataset, author):
    with pytest.raises(NotFound, match="no face here has an embedding of dlib-resnet yet"):
        verification.confirmed_pairs(workspace, dataset)
    noisy_faces(workspace, dataset, author, counts=(3,))
    with pytest.raises(NotEnoughData, match="Confirmed so far: 3 faces of 1 person; confirm more on the People page"):
        verification.confirmed_pairs(workspace, dataset)
    noisy_faces(workspace, dataset, author, counts=(1,), seed=1)
    assert verification.confirmed_pairs(workspace, dataset).people == 2
