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


def _check(labels: NDArray, cue: NDArray, scenes: NDArray, photos: NDArray, least: float, margin: float) -> None:
    count = len(labels)
    if not labels.shape == scenes.shape == photos.shape == (count,) or cue.ndim != 2 or len(cue) != count:
        raise BadInput("clustering.cue_shapes", labels=labels.shape, cue=cue.shape, scenes=scenes.shape)
    if not -1 <= least <= 1:
        raise BadInput("arrays.threshold", found=least)
    if not margin >= 0:
        raise BadInput("arrays.least", name="margin", least="0", found=margin)
