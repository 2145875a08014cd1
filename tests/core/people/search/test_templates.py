"""The vector that stands for several faces, and what is pushed away from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import normalize

from core.foundation.errors import NotEnoughData
from core.people.search.templates import is_nearer, template

UP, RIGHT = np.array([0, 1], np.float32), np.array([1, 0], np.float32)


def test_the_template_of_two_faces_lies_between_them():
    np.testing.assert_allclose(template(np.stack([UP, RIGHT])), [np.sqrt(0.5)] * 2, rtol=1e-6)
    np.testing.assert_array_equal(template(UP[None]), UP)


@given(st.integers(1, 20), st.integers(0, 1000))
def test_it_is_the_normalized_mean_and_similarity_to_it_is_the_average_over_the_length_of_the_mean(count, seed):
    vectors = normalize(np.random.default_rng(seed).normal(size=(count, 8)) + 1).astype(np.float32)
    made = template(vectors)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, normalize(vectors.mean(axis=0, keepdims=True))[0], atol=1e-6)
    average, length = (vectors @ vectors.T).mean(axis=1), np.linalg.norm(vectors.mean(axis=0))
    np.testing.assert_allclose(vectors @ made, average / length, atol=1e-5)


def test_faces_that_cancel_each_other_out_and_no_faces_stand_for_nobody():
    for vectors in (np.stack([UP, -UP]), np.zeros((0, 2), np.float32), np.full((2, 2), np.nan, np.float32)):
        with pytest.raises(NotEnoughData, match="cancel each other out, or there is none"):
            template(vectors)


def test_a_face_counts_only_if_it_is_nearer_to_the_wanted_than_to_every_unwanted():
    scores = np.array([[0.9, 0.8, 0.5]])
    unwanted = np.array([[0.1, 0.8, 0.2], [0.2, 0.1, 0.6]])
    assert is_nearer(scores, unwanted).tolist() == [[True, False, False]], "one that is as near to both is not meant"
    assert is_nearer(scores, np.zeros((0, 3))).all()
