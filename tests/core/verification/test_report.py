"""Every figure of a set of pairs agrees with scikit-learn's on the same pairs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from core import verification
from core.metrics import verification as rates
from tests.builders.hand_scored_faces import hand_scored
from tests.builders.staged_people import noisy_faces


@pytest.mark.parametrize("threshold", [-1.0, 0.1, 0.3, 0.42, 0.6])
def test_figures_are_those_of_scikit_learn(workspace, dataset, author, threshold):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    accepted = pairs.scores >= threshold
    ours = verification.figures_at(pairs, threshold)
    tn, fp, fn, tp = reference.confusion_matrix(pairs.same, accepted, labels=[False, True]).ravel()
    assert (ours["tp"], ours["fp"], ours["tn"], ours["fn"]) == (tp, fp, tn, fn)
    given = {"sample_weight": pairs.weights}
    assert ours["accuracy"] == pytest.approx(reference.accuracy_score(pairs.same, accepted, **given))
    assert ours["recall"] == pytest.approx(reference.recall_score(pairs.same, accepted, **given))
    assert ours["f1"] == pytest.approx(reference.f1_score(pairs.same, accepted, **given))
    if accepted.any():
        assert ours["precision"] == pytest.approx(reference.precision_score(pairs.same, accepted, **given))


def test_the_report_agrees_with_scikit_learn(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    report = verification.evaluate_pairs(pairs)
    given = {"sample_weight": pairs.weights}
    assert report.auc == pytest.approx(reference.roc_auc_score(pairs.same, pairs.scores, **given))
    every = [reference.accuracy_score(pairs.same, pairs.scores >= value, **given) for value in [*pairs.scores, 2.0]]
    assert report.best.confusion.accuracy == pytest.approx(max(every))
    assert verification.figures_at(pairs, report.best.threshold)["accuracy"] == pytest.approx(max(every))
    assert int(report.histogram.same.sum() + report.histogram.different.sum()) == len(pairs.scores)
    assert not report.at_fmr[2].supported


def test_nothing_accepted_has_no_precision(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    figures = verification.figures_at(verification.confirmed_pairs(workspace, dataset), 1.0)
    assert figures["precision"] is None
    assert figures["recall"] == 0


def test_intervals_hold_the_figure(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(4,) * 24, noise=1.0)
    pairs = verification.confirmed_pairs(workspace, dataset)
    threshold = verification.evaluate_pairs(pairs).eer.threshold
    intervals, figures = verification.intervals_at(pairs, threshold), verification.figures_at(pairs, threshold)
    for name in ("accuracy", "fmr", "fnmr"):
        interval = getattr(intervals, name)
        assert interval.two_sided
        assert interval.low < figures[name] < interval.high


def test_intervals_are_found_once_for_each_threshold(workspace, dataset, author, monkeypatch):
    noisy_faces(workspace, dataset, author)
    pairs = verification.confirmed_pairs(workspace, dataset)
    asked, found = [], rates.rate_intervals
    monkeypatch.setattr(rates, "rate_intervals", lambda *what: asked.append(what[2]) or found(*what))
    again = [verification.intervals_at(pairs, threshold) for threshold in (0.3, 0.4, 0.3)]
    assert (asked, again[0]) == ([0.3, 0.4], again[2])
    assert again[0] == found(pairs.scores, pairs.pairing, 0.3, pairs.different_per_same)


def test_an_fmr_that_false_matches_of_few_people_make_up_is_not_offered(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(4,) * 24, noise=1.0)
    many = verification.evaluate_pairs(verification.confirmed_pairs(workspace, dataset)).at_fmr
    assert [requested.supported for requested in many] == [True, False, False]
    assert many[0].interval.low < many[0].point.attained < many[0].interval.high
    assert many[0].point.attained <= 0.01
    # Of 4,416 pairs of different people a thousandth is four: what four pairs show is no rate.
    assert 0 < many[1].point.attained <= 0.001


def test_the_most_wrong_pairs_come_first(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, noise=1.0)
    pairs = verification.confirmed_pairs(workspace, dataset, different_per_same=10)
    wrong = {name: found.first(5) for name, found in verification.pairs_of_note(pairs, 0.2).items()}
    matches, misses = pairs.scores[~pairs.same], pairs.scores[pairs.same]
    expected = np.sort(matches[matches >= 0.2])[::-1][:5]
    assert [score for *_, score in wrong["false_matches"]] == pytest.approx(expected.tolist())
    expected = np.sort(misses[misses < 0.2])[:5]
    assert [score for *_, score in wrong["false_non_matches"]] == pytest.approx(expected.tolist())
    assert len(verification.pairs_of_note(pairs, -1.0)["false_non_matches"]) == 0


def test_what_crossed_the_threshold_is_told_with_what_is_wrong_now_first():
    pairs = hand_scored()  # .9 and .8 and .6 of one person, .7 and .3 and .1 of two
    crossed = verification.pairs_of_note(pairs, 0.65, before=0.85)["crossed"].first(9)
    assert [score for *_, score in crossed] == pytest.approx([0.7, 0.8])
    crossed = verification.pairs_of_note(pairs, 0.85, before=0.65)["crossed"].first(9)
    assert [score for *_, score in crossed] == pytest.approx([0.8, 0.7])
    assert len(verification.pairs_of_note(pairs, 0.65)["crossed"]) == 0


def test_two_people_are_too_few_for_held_out_accuracy_and_the_reason_is_given(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(3, 3))
    report = verification.evaluate_pairs(verification.confirmed_pairs(workspace, dataset))
    assert report.held_out is None
    assert "label more people" in report.reason.text()
