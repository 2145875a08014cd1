"""The bench of first guesses: what an error is a share of, and who counts as found."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.arrays import Keypoints
from tests.bench.bench_guesses import Person, best_found, share_of_diagonal, similarity

STANDING = np.column_stack([np.linspace(40, 60, 17), np.linspace(20, 180, 17)])


def person(points: np.ndarray = STANDING) -> Person:
    return Person(
        np.zeros((2, 2, 3), np.uint8), "a.jpg", Keypoints.of(points), np.array([30.0, 10.0, 70.0, 190.0]), "A"
    )


def test_an_error_is_a_share_of_the_diagonal_of_the_true_points() -> None:
    true = np.array([[0.0, 0.0], [60.0, 80.0]])
    assert share_of_diagonal(true + np.array([3, 4]), true) == pytest.approx(5)


def test_points_on_their_places_are_entirely_like_a_person_and_absent_ones_count_nothing() -> None:
    absent = STANDING.copy()
    absent[:8] = np.nan
    assert similarity(np.stack([STANDING, absent]), [person(), person()]) == pytest.approx([1, 9 / 17])


def test_points_that_nobody_labelled_do_not_count() -> None:
    labelled = STANDING.copy()
    labelled[:8] = np.nan
    assert similarity(STANDING[None] + 0.0, [person(labelled)]) == pytest.approx([1])


def test_who_was_found_is_whoever_is_most_alike() -> None:
    assert best_found(person(), []) == 0
    assert best_found(person(), [Keypoints.of(STANDING + 500), Keypoints.of(STANDING)]) == pytest.approx(1)
