import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.cluster import pair_confusion_matrix

from core.foundation.errors import BadInput
from core.metrics.clustering import (
    Agreement,
    bcubed,
    churn,
    clicks_to_cover,
    pairwise,
    same_photo_purity,
    with_unknown_apart,
)


def bcubed_by_definition(truth, found):
    """Face by face, from the papers' definition."""
    precision, recall = [], []
    for i in range(len(truth)):
        cluster, person = found == found[i], truth == truth[i]
        precision.append((cluster & person).sum() / cluster.sum())
        recall.append((cluster & person).sum() / person.sum())
    p, r = np.mean(precision), np.mean(recall)
    return p, r, 2 * p * r / (p + r)


def values(scores):
    return scores.precision, scores.recall, scores.f


def test_bcubed_worked_out_by_hand():
    # Cluster 0 holds A A B, cluster 1 holds B. Precision: (2/3 + 2/3 + 1/3 + 1) / 4; recall: (1 + 1 + 1/2 + 1/2) / 4.
    found = bcubed(np.array([5, 5, 9, 9]), np.array([0, 0, 0, 1]))
    assert values(found) == pytest.approx((2 / 3, 3 / 4, 12 / 17))


def test_pairwise_worked_out_by_hand():
    # Three found pairs, two true ones, one both.
    found = pairwise(np.array([5, 5, 9, 9]), np.array([0, 0, 0, 1]))
    assert values(found) == pytest.approx((1 / 3, 1 / 2, 2 / 5))


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_independent_counts(seed):
    rng = np.random.default_rng(seed)
    truth, found = rng.integers(0, 12, 150), rng.integers(0, 20, 150)
    found[:100] = truth[:100]
    assert values(bcubed(truth, found)) == pytest.approx(bcubed_by_definition(truth, found))
    (_, fp), (fn, tp) = pair_confusion_matrix(truth, found)
    scores = pairwise(truth, found)
    assert (scores.precision, scores.recall) == pytest.approx((tp / (tp + fp), tp / (tp + fn)))


def test_a_perfect_grouping_scores_one_whatever_its_numbers():
    truth = np.array([3, 3, 1, 1, 8])
    renamed = np.array([0, 0, 7, 7, 2])
    assert bcubed(truth, renamed) == pairwise(truth, renamed) == Agreement(1, 1, 1)


def test_faces_that_are_not_labelled_are_left_out():
    truth, found = np.array([4, -1, 4, 6, -2]), np.array([0, 0, 0, 1, 1])
    kept = truth >= 0
    assert bcubed(truth, found) == bcubed(truth[kept], found[kept]) == Agreement(1, 1, 1)
    assert pairwise(truth, found) == Agreement(1, 1, 1)


@pytest.mark.parametrize("truth", [np.zeros(0, int), np.array([-1, -1])])
def test_without_a_labelled_face_all_is_nan(truth):
    for scores in (bcubed(truth, np.zeros(len(truth), int)), pairwise(truth, np.zeros(len(truth), int))):
        assert all(math.isnan(value) for value in values(scores))


def test_pairwise_is_undefined_without_pairs():
    singles = pairwise(np.array([1, 1]), np.array([0, 1]))
    assert math.isnan(singles.precision)
    assert math.isnan(singles.f)
    assert singles.recall == 0
    assert math.isnan(pairwise(np.array([1, 2]), np.array([0, 0])).recall)


def test_nothing_right_gives_an_f_of_zero():
    assert pairwise(np.array([1, 1, 2, 2]), np.array([0, 1, 0, 1])) == Agreement(0, 0, 0)


def test_a_hundred_thousand_faces_are_counted_exactly():
    scores = pairwise(np.arange(100_000) // 50_000, np.zeros(100_000, int))
    assert scores.precision == 2 * (50_000 * 49_999 // 2) / (100_000 * 99_999 // 2)
    assert scores.recall == 1


@pytest.mark.parametrize(
    ("truth", "found", "message"),
    [
        ([1, 2], [1], r"shape \(N,\), not \(2,\) and \(1,\)"),
        ([1.0, 2.0], [1, 2], "should hold integers, not float64"),
        ([1, 2], [0, -1], "found should be 0 or more, not -1"),
    ],
)
def test_wrong_labels_are_refused(truth, found, message):
    for metric in (bcubed, pairwise):
        with pytest.raises(BadInput, match=message):
            metric(np.array(truth), np.array(found))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 5)), max_size=25), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_faces_nor_the_numbers_of_the_clusters_matter(faces, random):
    truth, found = np.array(faces, int).reshape(-1, 2).T
    order = np.array(random.sample(range(len(faces)), len(faces)), int)
    numbers = np.array(random.sample(range(100), 6))
    for metric in (bcubed, pairwise):
        one, other = values(metric(truth, found)), values(metric(truth[order], numbers[found[order]]))
        assert one == pytest.approx(other, nan_ok=True)
        assert all(np.isnan(value) or 0 <= value <= 1 + 1e-12 for value in one)


def test_some_faces_are_judged_by_the_clusters_of_all_worked_out_by_hand():
    # Of the two of person 9 one is in a cluster with the two of 5: precisions 1/3 and 1, pairs found with it two.
    truth, found = np.array([5, 5, 9, 9]), np.array([0, 0, 0, 1])
    some = truth == 9
    assert values(bcubed(truth, found, some)) == pytest.approx((2 / 3, 1 / 2, 4 / 7))
    assert values(pairwise(truth, found, some)) == pytest.approx((0, 0, 0))
    assert values(pairwise(truth, found, ~some)) == pytest.approx((1 / 3, 1, 1 / 2))


@pytest.mark.parametrize("seed", range(5))
def test_some_faces_are_judged_as_one_by_one(seed):
    rng = np.random.default_rng(seed)
    truth, found, some = rng.integers(-1, 9, 90), rng.integers(0, 12, 90), rng.random(90) < 0.4
    labelled = truth >= 0
    cells = [(found == found[i]) & labelled for i in np.flatnonzero(some & labelled)]
    mine = [truth == truth[i] for i in np.flatnonzero(some & labelled)]
    scores = bcubed(truth, found, some)
    assert scores.precision == pytest.approx(
        np.mean([(a & b).sum() / a.sum() for a, b in zip(cells, mine, strict=True)])
    )
    assert scores.recall == pytest.approx(np.mean([(a & b).sum() / b.sum() for a, b in zip(cells, mine, strict=True)]))
    left, right = np.triu_indices(90, 1)
    counted = (some[left] | some[right]) & labelled[left] & labelled[right]
    true, joined = (side[left][counted] == side[right][counted] for side in (truth, found))
    pairs = pairwise(truth, found, some)
    assert (pairs.precision, pairs.recall) == pytest.approx(
        ((true & joined).sum() / joined.sum(), (true & joined).sum() / true.sum())
    )
    everybody = np.ones(90, bool)
    assert bcubed(truth, found, everybody) == bcubed(truth, found)
    assert pairwise(truth, found, everybody) == pairwise(truth, found)
    assert math.isnan(bcubed(truth, found, ~everybody).f)


def test_unknown_faces_are_clusters_of_their_own():
    assert with_unknown_apart(np.array([1, -1, 0, -1, 1])).tolist() == [1, 2, 0, 3, 1]
    assert with_unknown_apart(np.array([-1, -1])).tolist() == [0, 1]
    assert with_unknown_apart(np.zeros(0, int)).tolist() == []


def test_purity_of_photos_worked_out_by_hand():
    # Photo 0 shows three, two of them in one cluster; photo 1 two, told apart; photo 2 one; the last is of no photo.
    photos, found = np.array([0, 0, 0, 1, 1, 2, -1]), np.array([5, 5, 6, 5, 6, 5, 5])
    assert same_photo_purity(photos, found) == pytest.approx(3 / 5)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 3)), max_size=12))
def test_purity_is_that_of_a_count_face_by_face(faces):
    several = [(photo, label) for photo, label in faces if photo >= 0 and sum(photo == one for one, _ in faces) > 1]
    photos, found = (np.array([face[side] for face in faces], np.int64) for side in (0, 1))
    purity = same_photo_purity(photos, found)
    if not several:
        assert math.isnan(purity)
    else:
        assert purity == pytest.approx(sum(faces.count(face) == 1 for face in several) / len(several))


def test_churn_worked_out_by_hand():
    # 0 1 2 | 3 4 | 5 becomes 0 1 2 | 3 | 4 5: the mates of 3, 4 and 5 changed.
    before, after = np.array([0, 0, 0, 1, 1, 2]), np.array([7, 7, 7, 3, 4, 4])
    assert churn(before, after) == churn(after, before) == pytest.approx(3 / 6)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_churn_is_that_of_sets_of_mates(faces):
    before, after = (np.array([face[side] for face in faces], np.int64) for side in (0, 1))

    def mates(labels, face):
        return set(np.flatnonzero(labels == labels[face]).tolist())

    changed = [mates(before, face) != mates(after, face) for face in range(len(faces))]
    assert churn(before, after) == pytest.approx(np.mean(changed))


def test_clicks_worked_out_by_hand():
    # Cluster 0: six of 1 and one of 2; cluster 1: three of 2; cluster 2: one of 1. Covered: 6, 9, 10, 11.
    truth = np.array([1] * 6 + [2] + [2] * 3 + [1])
    found = np.array([0] * 7 + [1] * 3 + [2])
    assert clicks_to_cover(truth, found, (0.5, 0.8, 0.95, 1.0, 0.0)) == [1, 2, 4, 4, 0]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 3)), min_size=1, max_size=12), st.floats(0, 1))
def test_clicks_are_those_of_somebody_who_clicks(faces, share):
    labelled = [face for face in faces if face[0] >= 0]
    truth, found = (np.array([face[side] for face in faces], np.int64) for side in (0, 1))
    if not labelled:
        assert clicks_to_cover(truth, found, [share]) == [None]
        return
    gains = []
    for cluster in {label for _, label in labelled}:
        people = [person for person, label in labelled if label == cluster]
        most = max(people.count(person) for person in people)
        gains += [most] + [1] * (len(people) - most)
    clicks, placed = 0, 0
    while placed < share * len(labelled) - 1e-9:
        placed += sorted(gains, reverse=True)[clicks]
        clicks += 1
    assert clicks_to_cover(truth, found, [share]) == [clicks]


def test_nothing_to_measure_is_nothing():
    nobody = np.zeros(0, np.int64)
    assert math.isnan(churn(nobody, nobody))
    assert math.isnan(same_photo_purity(nobody, nobody))
    assert clicks_to_cover(nobody, nobody, (0.5, 0.95)) == [None, None]
