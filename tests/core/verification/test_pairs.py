"""Pairs come from confirmed faces only, and every figure agrees with scikit-learn's on the same pairs."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn import metrics as reference
from sqlmodel import select

from core import verification
from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.people import deciding as people
from db.engine import reading
from db.queries.dashboard import daily_work
from db.queries.verification import thresholds
from db.tables import Pair, Threshold
from tests.builders.staged_people import add_faces, group


def noisy_faces(workspace, dataset, author, counts=(5, 4, 3, 2), noise=0.6, seed=0):
    """Faces around one direction for each person, so near that some pairs are judged wrongly; all confirmed."""
    rng = np.random.default_rng(seed)
    for person, count in enumerate(counts):
        middle = rng.normal(size=64)
        rows = middle + noise * rng.normal(size=(count, 64)) * 2.0
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        faces = add_faces(workspace, dataset, [(f"{seed}/{person}/{n}.jpg", row) for n, row in enumerate(rows)])
        people.move_faces(workspace, faces, name=f"person {seed} {person}", author_id=author)


def test_every_pair_of_one_person_and_as_many_of_two_are_measured(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    assert (pairs.faces, pairs.people, pairs.all_same, pairs.all_different) == (14, 4, 10 + 6 + 3 + 1, 91 - 20)
    assert int(pairs.same.sum()) == 20
    assert int((~pairs.same).sum()) == 20
    ends = {frozenset(ends) for ends in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)}
    assert len(ends) == 40
    assert all(len(pair) == 2 for pair in ends)


def test_more_pairs_of_different_people_can_be_asked_for_up_to_all(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    assert int((~verification.confirmed_pairs(workspace, dataset, different_per_same=2).same).sum()) == 40
    assert int((~verification.confirmed_pairs(workspace, dataset, different_per_same=1e6).same).sum()) == 71


def test_the_draw_depends_on_the_seed_alone(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    one, again, other = (verification.confirmed_pairs(workspace, dataset, seed=seed) for seed in (1, 1, 2))
    assert one.left.tolist() == again.left.tolist()
    assert one.right.tolist() != other.right.tolist()


def test_scores_are_the_cosine_similarities_of_the_stored_vectors(workspace, dataset, author):
    rows = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0.6, 0.8]], np.float32)
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    people.move_faces(workspace, faces[:2], name="Ada", author_id=author)
    people.move_faces(workspace, faces[2:], name="Bea", author_id=author)
    pairs = verification.confirmed_pairs(workspace, dataset, different_per_same=10)
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


@pytest.mark.parametrize("threshold", [-1.0, 0.1, 0.3, 0.42, 0.6])
def test_figures_are_those_of_scikit_learn(workspace, dataset, author, threshold):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    accepted = pairs.scores >= threshold
    ours = verification.figures_at(pairs, threshold)
    tn, fp, fn, tp = reference.confusion_matrix(pairs.same, accepted, labels=[False, True]).ravel()
    assert (ours["tp"], ours["fp"], ours["tn"], ours["fn"]) == (tp, fp, tn, fn)
    assert ours["accuracy"] == pytest.approx(reference.accuracy_score(pairs.same, accepted))
    assert ours["recall"] == pytest.approx(reference.recall_score(pairs.same, accepted))
    assert ours["f1"] == pytest.approx(reference.f1_score(pairs.same, accepted))
    if accepted.any():
        assert ours["precision"] == pytest.approx(reference.precision_score(pairs.same, accepted))


def test_the_report_agrees_with_scikit_learn(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    report = verification.evaluate_pairs(pairs)
    assert report.auc == pytest.approx(reference.roc_auc_score(pairs.same, pairs.scores))
    every = [reference.accuracy_score(pairs.same, pairs.scores >= value) for value in [*pairs.scores, 2.0]]
    assert report.best.confusion.accuracy == pytest.approx(max(every))
    assert verification.figures_at(pairs, report.best.threshold)["accuracy"] == pytest.approx(max(every))
    assert int(report.histogram.same.sum() + report.histogram.different.sum()) == len(pairs.scores)
    assert not report.at_fmr[2].supported


def test_nothing_accepted_has_no_precision(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    figures = verification.figures_at(verification.confirmed_pairs(workspace, dataset), 1.0)
    assert figures["precision"] is None
    assert figures["recall"] == 0


def test_intervals_hold_the_figure_and_are_empty_for_few_people(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(4,) * 12, noise=0.8)
    pairs = verification.confirmed_pairs(workspace, dataset)
    threshold = verification.evaluate_pairs(pairs).eer.threshold
    intervals = verification.intervals_at(pairs, threshold)
    figures = verification.figures_at(pairs, threshold)
    assert set(intervals) == {"accuracy", "fmr", "fnmr"}
    for name, (low, high) in intervals.items():
        assert low <= figures[name] <= high


def test_the_most_wrong_pairs_come_first(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, noise=1.0)
    pairs = verification.confirmed_pairs(workspace, dataset, different_per_same=10)
    wrong = verification.hardest_pairs(pairs, 0.2, most=5)
    matches, misses = pairs.scores[~pairs.same], pairs.scores[pairs.same]
    expected = np.sort(matches[matches >= 0.2])[::-1][:5]
    assert [score for *_, score in wrong["false_matches"]] == pytest.approx(expected.tolist())
    expected = np.sort(misses[misses < 0.2])[:5]
    assert [score for *_, score in wrong["false_non_matches"]] == pytest.approx(expected.tolist())
    assert verification.hardest_pairs(pairs, -1.0)["false_non_matches"] == []


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


def test_two_people_are_too_few_for_held_out_accuracy_and_the_reason_is_given(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(3, 3))
    report = verification.evaluate_pairs(verification.confirmed_pairs(workspace, dataset))
    assert report.held_out is None
    assert "label more people" in report.why_not


def test_a_saved_threshold_keeps_author_figures_and_pairs_and_is_used_by_the_next_grouping(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    saved = verification.save_threshold(workspace, pairs, 0.4321, author_id=author, chosen="EER")
    with reading(workspace.engine) as session:
        ((row, encoder, name),) = thresholds(dataset, session=session)
        evidence = session.exec(select(Pair).where(Pair.threshold_id == saved)).all()
        work = [(item.kind, item.count) for item in daily_work(dataset, session=session)]
    assert (row.value, row.chosen, encoder, name) == (0.4321, "EER", "dlib-resnet", "ada")
    assert row.metrics == {**verification.figures_at(pairs, 0.4321), "same": 20, "different": 20}
    accepted = sum(pair.score >= 0.4321 and pair.same for pair in evidence)
    assert (len(evidence), accepted) == (40, row.metrics["tp"])
    assert ("thresholds saved", 1) in work
    assert group(workspace, dataset, threshold=None)["threshold"] == 0.4321


@pytest.mark.parametrize("value", [1.01, -1.5, float("nan")])
def test_a_threshold_outside_the_cosine_range_is_not_saved(workspace, dataset, author, value):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    with pytest.raises(BadInput, match="a threshold is a cosine similarity between -1 and 1"):
        verification.save_threshold(workspace, pairs, value, author_id=author)
    with reading(workspace.engine) as session:
        assert session.exec(select(Threshold)).all() == []


def test_a_large_set_is_drawn_from_without_repeats(monkeypatch):
    monkeypatch.setattr("core.verification.pairs.MOST_PAIRS", 500)
    people_of = np.repeat(np.arange(400), 10)
    rng = np.random.default_rng(0)
    same = verification._same_pairs(people_of, rng)
    different = verification._different_pairs(people_of, 500, rng)
    for pairs, alike in ((same, True), (different, False)):
        assert pairs.shape == (500, 2)
        assert len(np.unique(np.sort(pairs, axis=1), axis=0)) == 500
        assert ((people_of[pairs[:, 0]] == people_of[pairs[:, 1]]) == alike).all()


def listed(people_of, alike):
    """Every pair of rows that are of one person, or not, the plain way."""
    ends = combinations(range(len(people_of)), 2)
    return {(a, b) for a, b in ends if (people_of[a] == people_of[b]) == alike}


@pytest.mark.parametrize("people_of", [[], [7], [7, 7], [7, 8], [3, 9, 3, 1, 9, 3, 3, 2, 9], [5] * 6 + [4]])
def test_a_small_set_gives_every_pair_once(people_of):
    rows, rng = np.array(people_of, np.int64), np.random.default_rng(0)
    for pairs, alike in (
        (verification._same_pairs(rows, rng), True),
        (verification._different_pairs(rows, 99, rng), False),
    ):
        found = [tuple(pair) for pair in pairs.tolist()]
        assert len(found) == len(set(found))
        assert set(found) == listed(people_of, alike)


def test_every_pair_is_drawn_equally_often():
    people_of, drawn = np.array([1] * 5 + [2] * 3 + [3]), Counter()
    for seed in range(2000):
        drawn.update(map(tuple, verification._different_pairs(people_of, 6, np.random.default_rng(seed)).tolist()))
    assert set(drawn) == listed(people_of, alike=False)
    assert chisquare(list(drawn.values())).pvalue > 1e-3


def test_one_person_with_very_many_faces_costs_no_more_than_the_draw_and_leaves_room_for_others():
    people_of = np.concatenate([np.repeat(1, 100_000), np.repeat(2, 300)])  # 5,000,000,000 pairs, and 44,850
    tracemalloc.start()
    same = verification._same_pairs(people_of, np.random.default_rng(0))
    different = verification._different_pairs(people_of, verification.MOST_PAIRS, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 * 2**20
    for pairs, alike in ((same, True), (different, False)):
        assert len(np.unique(pairs, axis=0)) == len(pairs) == verification.MOST_PAIRS
        assert (pairs[:, 0] < pairs[:, 1]).all()
        assert ((people_of[pairs[:, 0]] == people_of[pairs[:, 1]]) == alike).all()
    assert 0.48 < (people_of[same[:, 0]] == 2).mean() < 0.52  # both have more pairs than are drawn
