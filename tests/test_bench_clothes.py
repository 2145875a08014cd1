"""The weights of faces and clothes in the bench are those of a logistic regression on other people."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tests.bench.fused_cues import cross_validated, fit_fusion


def _pairs(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    same = rng.random(count) < 0.5
    return rng.normal(0.3 + 0.2 * same, 0.15), rng.normal(0.4 + 0.3 * same, 0.15), same


def test_the_weights_are_those_of_a_logistic_regression() -> None:
    face, cue, same = _pairs(400)
    fusion = fit_fusion(face, cue, same)
    reference = LogisticRegression(class_weight="balanced").fit(np.stack([face, cue], axis=1), same)
    np.testing.assert_allclose(
        fusion.score(face, cue), reference.decision_function(np.stack([face, cue], axis=1)), rtol=1e-6, atol=1e-9
    )


def test_where_the_cue_says_nothing_the_face_is_weighed_alone() -> None:
    face, cue, same = _pairs(400)
    cue[::3] = np.nan
    scores = fit_fusion(face, cue, same).score(face, cue)
    alone = LogisticRegression(class_weight="balanced").fit(face[:, None], same).decision_function(face[:, None])
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores[::3], alone[::3], rtol=1e-6, atol=1e-9)


def test_two_cues_tell_more_than_one_on_people_who_were_left_out() -> None:
    face, cue, same = _pairs(2_000)
    groups = np.random.default_rng(1).integers(0, 50, (2_000, 2))
    groups[same, 1] = groups[same, 0]
    scores = cross_validated(face, cue, same, groups)
    held = np.isfinite(scores)
    assert held[same].all()
    assert roc_auc_score(same[held], scores[held]) > roc_auc_score(same[held], face[held]) + 0.02


def test_a_pair_across_folds_has_no_score() -> None:
    face, cue, same = _pairs(100)
    groups = np.tile([[0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [0, 1]], (17, 1))[:100]
    assert np.isnan(cross_validated(face, cue, same, groups)[5::6]).all()


@pytest.mark.parametrize("same", [np.ones(10, bool), np.zeros(10, bool)])
def test_pairs_of_one_kind_are_refused(same: np.ndarray) -> None:
    face, cue, _ = _pairs(10)
    with pytest.raises(ValueError, match="class"):
        fit_fusion(face, cue, same)


def test_a_face_without_a_number_is_refused() -> None:
    face, cue, same = _pairs(10)
    face[3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        fit_fusion(face, cue, same)
