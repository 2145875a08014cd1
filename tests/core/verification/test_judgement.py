"""What `verify` gives of pairs from anywhere: by hand, beside scikit-learn and scipy, and where nothing can be said."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy
from sklearn import metrics as reference

from core.foundation.errors import BadInput, NotEnoughData
from core.metrics.verification import Pairing
from core.verification import Comparisons, Judgement
from tests.builders.people_effects import effects_pairs

# Twelve scores: six pairs of one person, six of two.
SCORES = np.array([0.95, 0.9, 0.85, 0.8, 0.6, 0.4, 0.7, 0.5, 0.3, 0.25, 0.2, 0.1])
SAME = np.arange(12) < 6


def judged(**given):
    return Judgement(Comparisons(SCORES, SAME, **given)).plain()


def test_twelve_scores_worked_out_by_hand():
    told = judged()
    assert (told["same"], told["different"]) == (6, 6)
    # from .75 to .8 four of six are accepted and nobody else: 10 of 12; from .6 five and one other: 10 of 12 too
    assert told["accuracy"] == pytest.approx(10 / 12)
    assert told["threshold"] == pytest.approx(0.75)
    assert (told["tp"], told["fp"], told["tn"], told["fn"]) == (4, 0, 6, 2)
    assert told["auc"] == pytest.approx((4 * 6 + 5 + 4) / 36)
    assert told["eer"] == pytest.approx(1 / 6)
    assert told["zero_fmr"] == {"fmr": 0, "fnmr": pytest.approx(1 / 3), "hter": pytest.approx(1 / 6), "threshold": 0.75}
    one = told["fnmr_at_fmr"]["1e-2"]
    assert (one["fnmr"], one["fmr"], one["allowed"], one["needed"], one["enough"]) == (
        pytest.approx(1 / 3),
        0,
        0,
        299,
        False,
    )
    means = SCORES[SAME].mean() - SCORES[~SAME].mean()
    assert told["d_prime"] == pytest.approx(means / np.sqrt((SCORES[SAME].var() + SCORES[~SAME].var()) / 2))
    assert told["min_cllr"] <= told["cllr"] < 1


def test_without_people_pairs_are_drawn_and_rates_are_binomial():
    told = judged()
    exact = scipy.stats.binomtest(2, 6).proportion_ci()  # Clopper and Pearson
    assert told["intervals"]["fnmr"] == {"low": pytest.approx(exact.low), "high": pytest.approx(exact.high)}
    none = scipy.stats.binomtest(0, 6).proportion_ci()
    assert told["intervals"]["fmr"] == {"low": 0, "high": pytest.approx(none.high)}
    assert told["intervals"]["auc"]["low"] < told["auc"] < told["intervals"]["auc"]["high"]
    assert told["held_out"]["folds"] == 0
    assert told["held_out"]["reason"]["code"] == "verification.people_unknown"


def test_figures_of_many_scores_are_scikit_learns():
    rng = np.random.default_rng(0)
    same = rng.random(20_000) < 0.3
    scores = np.where(same, rng.normal(0.6, 0.15, len(same)), rng.normal(0.3, 0.15, len(same)))
    told = Judgement(Comparisons(scores, same)).plain()
    accepted = scores >= told["threshold"]
    assert told["auc"] == pytest.approx(reference.roc_auc_score(same, scores), abs=1e-12)
    for name, of in (
        ("accuracy", reference.accuracy_score),
        ("precision", reference.precision_score),
        ("recall", reference.recall_score),
        ("f1", reference.f1_score),
        ("mcc", reference.matthews_corrcoef),
    ):
        assert told[name] == pytest.approx(of(same, accepted), abs=1e-12), name
    fmr, tmr, _ = reference.roc_curve(same, scores, drop_intermediate=False)
    for name, wanted in (("1e-2", 1e-2), ("1e-3", 1e-3), ("1e-4", 1e-4)):
        assert told["fnmr_at_fmr"][name]["fnmr"] == pytest.approx(1 - tmr[fmr <= wanted].max(), abs=1e-12)


def test_of_known_people_figures_have_intervals_and_a_threshold_from_elsewhere():
    scores, left, right = effects_pairs(np.random.default_rng(1), 40, 3)
    pairing = Pairing.of(left, right)
    told = Judgement(Comparisons(scores, pairing.same, pairing)).plain()
    for name in ("accuracy", "fmr", "fnmr", "auc", "eer", "d_prime"):
        ends = told["intervals"][name]
        assert ends["low"] <= told[name] <= ends["high"], name
    held = told["held_out"]
    assert held["folds"] == 10
    assert 0 < held["cllr"] < 1
    assert held["intervals"]["fnmr"]["low"] <= held["fnmr"] <= held["intervals"]["fnmr"]["high"]
    json.dumps(told, allow_nan=False)


def test_people_count_alike_or_pairs_do():
    # one person has three pairs, all found; the other one, which is not
    scores = np.array([0.9, 0.9, 0.9, 0.1, 0.2, 0.2])
    left, right = np.array([0, 0, 0, 1, 0, 0]), np.array([0, 0, 0, 1, 1, 1])
    pairing = Pairing.of(left, right)
    same = pairing.same
    pairs, people = (Judgement(Comparisons(scores, same, pairing, alike, 1.0)).plain() for alike in (False, True))
    assert (pairs["fnmr"], people["fnmr"]) == (pytest.approx(1 / 4), pytest.approx(1 / 2))
    assert pairs["accuracy"] == pytest.approx(1 - 1 / 8)


def test_pairs_without_a_face_are_told_beside_the_rates():
    told = judged(failed=(2, 6))["failed_to_acquire"]
    assert told == {"same": 2, "different": 6, "far": 0, "frr": pytest.approx(1 / 4 + 3 / 4 / 3)}
    assert "failed_to_acquire" not in judged()


def test_rates_of_groups_are_named():
    left = np.array([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    right = np.where(SAME, left, (left + 2) % 6)
    pairing, group = Pairing.of(left, right), left % 2
    compared = Comparisons(SCORES, SAME, pairing, left_group=group, right_group=group, groups=("old", "young"))
    told = Judgement(compared).by_group()
    assert [row["group"] for row in told["groups"]] == ["old", "young"]
    assert [row["fnmr"] for row in told["groups"]] == [pytest.approx(1 / 3), pytest.approx(1 / 3)]
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [({"protocol": "magic"}, BadInput, "no protocol called"), ({"protocol": "lfw"}, BadInput, r"pairs\.txt")],
)
def test_what_cannot_be_judged_so_is_refused(given, error, said):
    with pytest.raises(error, match=said):
        Judgement(Comparisons(SCORES, SAME), **given)


def test_one_kind_of_pairs_says_nothing():
    with pytest.raises(NotEnoughData, match="there are 6 and 0"):
        Judgement(Comparisons(SCORES[:6], SAME[:6]))
    with pytest.raises(NotEnoughData, match="rates of groups need"):
        Judgement(Comparisons(SCORES, SAME)).by_group()


def test_all_scores_equal_say_nothing_and_break_nothing():
    told = Judgement(Comparisons(np.full(12, 0.5), SAME)).plain()
    assert (told["auc"], told["eer"], told["min_cllr"]) == (0.5, 0.5, pytest.approx(1))
    assert told["d_prime"] is None
    json.dumps(told, allow_nan=False)
