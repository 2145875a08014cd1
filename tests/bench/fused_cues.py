"""Face and second cue as one score: what clothes add to faces where both are weighed, to compare with other ways.

Only the bench fuses: the second stage, which the workbench has, needs no weights (docs/decisions/0018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from core.foundation.arrays import Floats


@dataclass(frozen=True)
class Fusion:
    """The score of a pair by face and second cue: the logarithm of the odds that both are one person.

    Attributes
    ----------
    face, cue, offset
        score = face x similarity of faces + cue x similarity of the cue + offset; where the cue says nothing, or the
        two are of different scenes, `alone` and `alone_offset` weigh the face by itself.
    """

    face: float
    cue: float
    offset: float
    alone: float
    alone_offset: float

    def score(self, face: NDArray, cue: NDArray) -> Floats:
        """(M,) log-odds of M pairs; a cue of NaN says nothing."""
        fused = self.face * face + self.cue * cue + self.offset
        return np.where(np.isnan(cue), self.alone * face + self.alone_offset, fused)


def fit_fusion(face: NDArray, cue: NDArray, same: NDArray) -> Fusion:
    """Weights of face and cue by logistic regression on pairs that humans have confirmed.

    L2-regularised, each class weighing as much as the other, so that the share of same pairs in the sample does not
    move the score (Brümmer & du Preez, "Application-independent evaluation of speaker detection", 2006, for the use of
    calibrated log-odds).

    Parameters
    ----------
    face, cue
        (M,) similarities; a cue of NaN says nothing about its pair.
    same
        (M,) bool.

    Raises
    ------
    ValueError
        If the shapes disagree, a face's similarity is not finite, or the pairs with a cue are not of both kinds.
    """
    said = ~np.isnan(cue)
    both = LogisticRegression(class_weight="balanced").fit(np.stack([face, cue], axis=1)[said], same[said])
    alone = LogisticRegression(class_weight="balanced").fit(face[:, None], same)
    (by_face, by_cue), (by_face_alone,) = both.coef_[0].tolist(), alone.coef_[0].tolist()
    return Fusion(by_face, by_cue, float(both.intercept_[0]), by_face_alone, float(alone.intercept_[0]))


def cross_validated(face: NDArray, cue: NDArray, same: NDArray, groups: NDArray, folds: int = 5) -> Floats:
    """(M,) log-odds of each pair by weights that were fitted on other people.

    Parameters
    ----------
    face, cue, same
        As for `fit_fusion`.
    groups
        (M, 2) int the two people of each pair. A pair is scored where both its people are left out of the fit, and
        NaN where the two are of different folds.
    folds
        People are dealt out to so many, in the order of their numbers.

    Raises
    ------
    ValueError
        As `fit_fusion`, for what is left of a fold.
    """
    _, dealt = np.unique(groups, return_inverse=True)
    fold = (dealt % folds).reshape(groups.shape)
    scores = np.full(len(face), np.nan)
    for held in range(folds):
        tested, fitted = (fold == held).all(axis=1), (fold != held).all(axis=1)
        if tested.any():
            scores[tested] = fit_fusion(face[fitted], cue[fitted], same[fitted]).score(face[tested], cue[tested])
    return scores
