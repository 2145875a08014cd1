"""Faces too poor to tell people by: they hold nobody together, and are given to whom they are nearest afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.clustering.sums import means_of
from core.foundation.arrays import Bools, Ints
from core.foundation.errors import BadInput

_PRODUCTS: Final = 4_000_000  # similarities computed at a time

Held = tuple[Ints, Ints]  # this unit holds this tag, each pair once


@dataclass(frozen=True, eq=False)
class QualityGate:
    """Which of N faces are silent, and what it takes to attach what is silent altogether.

    A unit, a free face or a must-link group, is judged by its other faces alone. One of silent faces only is joined
    with nobody: at a cut it is attached to the group that is nearest to it on average, where that reaches the threshold
    and is nearer by a margin than the next one that could have it. Else it stays by itself.

    Attributes
    ----------
    silent
        (N,) bool.
    margin
        Cosine similarity by which the nearest group is nearer than the second, 0 or more.

    Raises
    ------
    BadInput
        If the margin is negative or no number.
    """

    silent: Bools
    margin: float

    def __post_init__(self) -> None:
        if not self.margin >= 0:
            raise BadInput("arrays.least", least="0", name="margin", found=self.margin)

    @classmethod
    def over(cls, count: int, given: QualityGate | None) -> QualityGate:
        """The one that is given for `count` faces, None: all have a say; BadInput where it is over another number."""
        if given is not None and len(given.silent) != count:
            raise BadInput("clustering.gate_count", count=count, found=len(given.silent))
        return cls(np.zeros(count, bool), 0.0) if given is None else given


def attached(
    clusters: Ints, faces: NDArray[np.float32], units: Ints, gate: QualityGate, held: Held, threshold: float
) -> Ints:
    """Give each unit that is silent altogether to its nearest cluster, or leave it alone.

    A cluster that holds a tag (a photo, somebody it is not) of the unit cannot have it. Of several units that hold one
    tag and are nearest to one cluster, the nearest gets there, the others stay alone.

    Parameters
    ----------
    clusters
        (U,) int64 the cluster of each unit; silent ones are alone in theirs.
    faces, units
        (N, D) float32 embeddings of unit length, (N,) int64 the unit of each.
    held
        The tags of units.

    Returns
    -------
    clusters
        (U,) int64.
    """
    loud = np.zeros(len(clusters), bool)
    loud[units[~gate.silent]] = True
    quiet = np.flatnonzero(~loud)
    if not len(quiet) or not loud.any():
        return clusters
    numbers, place = np.unique(clusters[loud], return_inverse=True)
    group_of = np.full(len(clusters), -1)
    group_of[loud] = place
    heard = np.flatnonzero(~gate.silent)
    centres = means_of(faces, heard, group_of[units[heard]])
    rows = np.flatnonzero(np.isin(units, quiet))
    means = means_of(faces, rows, np.searchsorted(quiet, units[rows]))
    barred = _barred(quiet, group_of, held, len(numbers))
    similarity, best = _nearest(means, centres, barred, threshold, gate.margin)
    found = clusters.copy()
    tags_of = _tags(quiet, held)
    taken: set[tuple[int, int]] = set()
    for row in np.argsort(-similarity, kind="stable").tolist():
        wanted = {(int(best[row]), tag) for tag in tags_of[row].tolist()}
        if best[row] >= 0 and not wanted & taken:
            found[quiet[row]] = numbers[best[row]]
            taken |= wanted
    return found


def _tags(quiet: Ints, held: Held) -> list[Ints]:
    """The tags of each silent unit."""
    holders, tags = held
    mine = np.isin(holders, quiet)
    place = np.searchsorted(quiet, holders[mine])
    order = np.argsort(place, kind="stable")
    return np.split(tags[mine][order], np.searchsorted(place[order], np.arange(1, len(quiet))))


def _barred(quiet: Ints, group_of: Ints, held: Held, groups: int) -> scipy.sparse.csr_array:
    """(Q, C) where a silent unit shares a tag with a cluster."""
    holders, tags = held
    count = int(tags.max(initial=-1)) + 1
    mine, theirs = np.isin(holders, quiet), group_of[holders] >= 0
    ones = np.ones(len(holders), np.float32)
    left = scipy.sparse.coo_array(
        (ones[mine], (np.searchsorted(quiet, holders[mine]), tags[mine])), shape=(len(quiet), count)
    )
    right = scipy.sparse.coo_array((ones[theirs], (tags[theirs], group_of[holders[theirs]])), shape=(count, groups))
    return scipy.sparse.csr_array(left.tocsr() @ right.tocsr())


def _nearest(
    means: NDArray[np.float32],
    centres: NDArray[np.float32],
    barred: scipy.sparse.csr_array,
    threshold: float,
    margin: float,
) -> tuple[NDArray[np.float32], Ints]:
    """(Q,) similarity to the nearest cluster that may be, and (Q,) which; -1 where it is too far or not alone there."""
    similarity, best = np.full(len(means), -np.inf, np.float32), np.full(len(means), -1)
    rows = max(1, _PRODUCTS // len(centres))
    for start in range(0, len(means), rows):
        near = means[start : start + rows] @ centres.T
        near[barred[start : start + rows].nonzero()] = -np.inf
        at = np.arange(len(near))
        first = near.argmax(axis=1)
        highest = near[at, first]
        near[at, first] = -np.inf
        enough = (highest >= threshold) & (near.max(axis=1) <= highest - margin)
        similarity[start : start + rows] = highest
        best[start : start + rows] = np.where(enough, first, -1)
    return similarity, best
