"""A second cue beside the face: what clothes or a body say about who is who, inside one event or shot.

Clothes alone are never a reason to join people (DeepFashion clothes cluster at a pairwise F of 38 %), and from one day
to the next they mislead; so the face decides first, and the cue says something only of faces of one *scene*: an event
of an album, a shot of a clip.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput

NOBODY: Final = -1
_PRODUCTS: Final = 4_000_000  # similarities computed at a time


@dataclass(frozen=True)
class Link:
    """A face that the second cue gives to a person.

    Attributes
    ----------
    face
        Row of the face.
    label
        The person.
    score
        Similarity of the cue to the nearest face of that person in the same scene.
    margin
        How far the second-best person of the scene lies below; infinite where there is no other.
    """

    face: int
    label: int
    score: float
    margin: float


def second_stage(
    labels: NDArray,
    cue: NDArray[np.floating],
    scenes: NDArray,
    photos: NDArray,
    *,
    least: float,
    margin: float,
    refused: Collection[tuple[int, int]] = (),
) -> list[Link]:
    """Give faces of nobody to people of the same scene by the second cue, the surest first.

    A face is linked to the person with the most similar face in its scene, if that is similar enough, if the next
    person there is less so by a margin, and if no face of that person is in the same photo: also not one that was
    linked a moment before. Faces that have a person keep them, whatever the cue says.

    Parameters
    ----------
    labels
        (N,) int person of each face, -1 = nobody yet.
    cue
        (N, D) float unit vectors; a row with NaN says nothing (the region is cut off).
    scenes
        (N,) int event or shot of each face, -1 = unknown: linked with nobody.
    photos
        (N,) int photo of each face, -1 = unknown.
    least
        The least similarity, in [-1, 1].
    margin
        To the second-best person, 0 or more.
    refused
        Row of a face and label of a person that it is known not to be.

    Returns
    -------
    links
        The surest first: by score, then by face.

    Raises
    ------
    BadInput
        If the shapes disagree, or `least` or `margin` is out of range.
    """
    _check(labels, cue, scenes, photos, least, margin)
    said = np.isfinite(cue).all(axis=1) & (scenes >= 0)
    barred: dict[int, list[int]] = defaultdict(list)
    for face, person in refused:
        barred[face].append(person)
    proposals: list[Link] = []
    for scene in np.unique(scenes[said & (labels == NOBODY)]).tolist():
        here = np.flatnonzero(said & (scenes == scene))
        loose, known = here[labels[here] == NOBODY], here[labels[here] != NOBODY]
        if len(known):
            proposals += _proposals_in_scene(loose, known, labels, cue, barred, least, margin)
    return _one_of_a_photo(sorted(proposals, key=lambda link: (-link.score, link.face)), labels, photos)


def _proposals_in_scene(
    loose: Ints,
    known: Ints,
    labels: Ints,
    cue: NDArray[np.floating],
    barred: Mapping[int, Sequence[int]],
    least: float,
    margin: float,
) -> list[Link]:
    """The links of the loose faces of a scene, a block of them at a time: all faces of a folder may be one scene."""
    known = known[np.argsort(labels[known], kind="stable")]
    people, starts = np.unique(labels[known], return_index=True)
    theirs = cue[known].T
    proposals: list[Link] = []
    for part in np.array_split(loose, -(-len(loose) * len(known) // _PRODUCTS)):
        best = np.maximum.reduceat(cue[part] @ theirs, starts, axis=1)
        for row, face in enumerate(part.tolist()):
            if face in barred:
                best[row, np.isin(people, barred[face])] = -np.inf
        proposals += _proposals(part, best, people, least, margin)
    return proposals


def _proposals(loose: Ints, scores: Floats, people: Ints, least: float, margin: float) -> list[Link]:
    best = scores.argmax(axis=1)
    top = scores[np.arange(len(loose)), best]
    others = scores.copy()
    others[np.arange(len(loose)), best] = -np.inf
    ahead = np.where(np.isfinite(top), top, 0) - others.max(axis=1)
    sure: Bools = (top >= least) & (ahead >= margin)
    return [Link(int(loose[i]), int(people[best[i]]), float(top[i]), float(ahead[i])) for i in np.flatnonzero(sure)]


def _one_of_a_photo(links: list[Link], labels: NDArray, photos: NDArray) -> list[Link]:
    """Those links that leave everybody at most once in a photo, the earlier one first."""
    placed = labels != NOBODY
    seen = set(zip(labels[placed].tolist(), photos[placed].tolist(), strict=True))
    kept = []
    for link in links:
        place = (link.label, int(photos[link.face]))
        if place[1] < 0 or place not in seen:
            seen.add(place)
            kept.append(link)
    return kept


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
    BadInput
        If the shapes disagree, a face's similarity is not finite, or the pairs with a cue are not of both kinds.
    """
    from sklearn.linear_model import LogisticRegression  # takes a second, and few ever fit

    said = ~np.isnan(cue)
    if not face.shape == cue.shape == same.shape == (len(face),) or not np.isfinite(face).all():
        raise BadInput("clustering.pairs", face=face.shape, cue=cue.shape, same=same.shape)
    if len(np.unique(same[said])) < 2:
        raise BadInput("clustering.pairs_of_both_kinds")
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
    BadInput
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


def _check(labels: NDArray, cue: NDArray, scenes: NDArray, photos: NDArray, least: float, margin: float) -> None:
    count = len(labels)
    if not labels.shape == scenes.shape == photos.shape == (count,) or cue.ndim != 2 or len(cue) != count:
        raise BadInput("clustering.cue_shapes", labels=labels.shape, cue=cue.shape, scenes=scenes.shape)
    if not -1 <= least <= 1:
        raise BadInput("arrays.threshold", found=least)
    if not margin >= 0:
        raise BadInput("arrays.least", name="margin", least="0", found=margin)
