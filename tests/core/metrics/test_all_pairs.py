import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.all_pairs import STEP, cosine_of_l2, every_pair, l2_distance
from core.metrics.operating_points import eer, roc_auc
from core.metrics.ranked_scores import RankedScores


def faces_of(sizes, seed=0, width=16):
    """Unit vectors of people with so many faces each, mixed, and whose they are."""
    rng = np.random.default_rng(seed)
    people = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    vectors = rng.normal(size=(len(sizes), width))[people] + rng.normal(size=(len(people), width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), people


def one_by_one(vectors, people):
    first, second = np.triu_indices(len(people), 1)
    scores = np.einsum("md,md->m", vectors[first].astype(np.float64), vectors[second])
    return RankedScores.of(scores, people[first] == people[second])


def test_every_pair_of_five_faces_worked_out_by_hand():
    # Along the axes and between them: products of halves are exact.
    vectors = np.array([[1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5], [0, 1, 0, 0], [0.5, -0.5, 0.5, 0.5], [-1, 0, 0, 0]])
    found = every_pair(vectors, np.array(["a", "b", "b", "a", "c"]))
    assert found.same.tolist() == [0.5, 0.5]
    assert found.different.tolist() == [-1, -0.5, -0.5, -0.5, 0, 0, 0.5, 0.5]
    assert (found.same_sums, found.different_sums, found.step) == (None, None, 0)


@pytest.mark.parametrize("at_once", [1, 7, 100, 1 << 23])
@pytest.mark.parametrize("sizes", [(5, 1, 9, 2), (1,) * 12 + (2,), (30, 30), (3,)])
def test_blocks_of_any_size_give_what_pairs_one_by_one_give(sizes, at_once):
    sizes = (*sizes, 1)
    vectors, people = faces_of(sizes)
    found, expected = every_pair(vectors, people, at_once=at_once), one_by_one(vectors, people)
    np.testing.assert_allclose(found.same, expected.same, atol=1e-6)
    np.testing.assert_allclose(found.different, expected.different, atol=1e-6)
    assert found.same.dtype == np.float32


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=8).filter(lambda sizes: max(sizes) > 1), st.integers(1, 50))
def test_there_are_as_many_pairs_as_there_should_be(sizes, at_once):
    vectors, people = faces_of(sizes)
    for found in (every_pair(vectors, people, at_once=at_once), every_pair(vectors, people, most=0, at_once=at_once)):
        assert found.same_total == sum(size * (size - 1) // 2 for size in sizes)
        assert found.same_total + found.different_total == len(people) * (len(people) - 1) // 2


def test_more_pairs_than_fit_are_counted_in_steps_that_are_stated():
    vectors, people = faces_of([4] * 30)
    exact, counted = every_pair(vectors, people), every_pair(vectors, people, most=7139)
    assert every_pair(vectors, people, most=7140).step == 0  # 120 x 119 / 2
    assert counted.step == STEP
    for kind in ("same", "different"):
        lower = np.floor(getattr(exact, kind).astype(np.float64) / STEP) * STEP
        steps, sizes = np.unique(lower, return_counts=True)
        assert getattr(counted, kind).tolist() == steps.tolist()
        assert np.diff(getattr(counted, f"{kind}_sums")).tolist() == sizes.tolist()
    for threshold in (0.25, 0.5, 1 - STEP, -3 * STEP):  # ends of steps
        assert counted.confusion(threshold) == exact.confusion(threshold)
    assert eer(counted).rate == pytest.approx(eer(exact).rate, abs=1e-9)
    assert eer(exact).threshold - STEP <= eer(counted).threshold <= eer(exact).threshold
    shared = np.intersect1d(counted.same, counted.different)
    ties = sum(
        np.prod([getattr(counted, f"accepted_{kind}")([x, x + STEP]) @ [1, -1] for kind in ("same", "different")])
        for x in shared.tolist()
    )
    assert abs(roc_auc(counted) - roc_auc(exact)) <= ties / 2 / (counted.same_total * counted.different_total) + 1e-15


def test_similarities_that_rounding_puts_outside_are_1_and_minus_1():
    vectors = np.repeat(faces_of([1], width=512)[0], 4, axis=0)
    vectors[3] *= -1
    vectors *= np.float32(1 + 1e-4)
    for most in (0, 100):
        found = every_pair(vectors, np.array([0, 0, 1, 1]), most=most)
        assert set(found.same.tolist()) | set(found.different.tolist()) == {-1, 1}


def test_cosine_and_l2_are_one_ranking():
    cosine = np.linspace(-1, 1, 101)
    distance = l2_distance(cosine)
    assert (np.diff(distance) < 0).all()
    np.testing.assert_allclose(cosine_of_l2(distance), cosine, atol=1e-12)
    assert (l2_distance(1.0000001), l2_distance(-1), l2_distance(0.5)) == (0, 2, 1)
    vectors, _ = faces_of([2])
    apart = np.linalg.norm(vectors[0].astype(np.float64) - vectors[1])
    assert l2_distance(vectors[0] @ vectors[1]) == pytest.approx(apart, abs=1e-6)


@pytest.mark.parametrize(
    ("people", "counts"),
    [
        ([1, 1, 1], "3 and 0"),
        ([1, 2, 3], "0 and 3"),
        ([1, 1], "1 and 0"),
        ([1, 2], "0 and 1"),
        ([1], "0 and 0"),
        ([], "0 and 0"),
    ],
)
def test_people_who_make_pairs_of_one_kind_only_are_refused(people, counts):
    vectors = np.eye(4, dtype=np.float32)[: len(people)]
    with pytest.raises(NotEnoughData, match=counts):
        every_pair(vectors, np.array(people))


@pytest.mark.parametrize(
    ("vectors", "people", "message"),
    [
        (np.zeros(3), np.zeros(3), r"\(N, D\)"),
        (np.eye(3), np.zeros(2), r"people should have the shape \(3,\)"),
        (np.eye(3) * 2, np.zeros(3), "number 0 has 2"),
        (np.full((2, 2), np.nan), np.zeros(2), "number 0 has nan"),
    ],
)
def test_what_are_no_faces_is_refused(vectors, people, message):
    with pytest.raises(BadInput, match=message):
        every_pair(vectors, people)
