"""Faces too poor to tell people by: they hold nobody together, and are given to whom they are nearest afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.clustering.reach import Part, Reach, all_pairs
from core.clustering.sums import means_of
from core.foundation.arrays import Bools, Ints
from core.foundation.errors import BadInput

_PAIRS: Final = 4096  # compared exactly at a time

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
    clusters: Ints,
    faces: NDArray[np.float32],
    units: Ints,
    gate: QualityGate,
    held: Held,
    threshold: float,
    reach: Reach | None = None,
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
    reach
        Of the tree that the clusters are a cut of: the same clusters sooner.

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
    if reach is None:
        parts = [*all_pairs(np.arange(len(quiet)), np.arange(len(numbers)))]
    else:
        homes = np.empty(len(numbers), np.int64)
        homes[place] = reach.components[loud]
        parts = [*reach.parts(homes, threshold, gate.margin)]
    rows = np.flatnonzero(~loud[units])
    means = means_of(faces, rows, np.searchsorted(quiet, units[rows]))
    centres = _centres(faces, np.where(gate.silent, -1, group_of[units]), parts, len(numbers))
    pairs = _contenders(means, centres, parts, _barred(quiet, group_of, held, len(numbers)), threshold - gate.margin)
    best, highest, second = _two_nearest(means, centres, *pairs)
    sure = np.flatnonzero((highest >= threshold) & (second <= highest - gate.margin))
    sure = sure[np.argsort(-highest[sure], kind="stable")]
    got = sure[_first_of_their_tags(best[sure], quiet[sure], held)]
    found = clusters.copy()
    found[quiet[got]] = numbers[best[got]]
    return found


def _centres(faces: NDArray[np.float32], groups: Ints, parts: Sequence[Part], count: int) -> NDArray[np.float32]:
    """(count, D) the means of the groups that are asked for, zeros of the others; `groups` (N,), -1 for no group."""
    asked = np.zeros(count + 1, bool)  # the last one is no group
    for _, wanted in parts:
        asked[wanted] = True
    rows = np.flatnonzero(asked[groups])
    centres = np.zeros((count, faces.shape[1]), np.float32)
    if len(rows):
        centres[asked[:count]] = means_of(faces, rows, (np.cumsum(asked) - 1)[groups[rows]])
    return centres


def _contenders(
    means: NDArray[np.float32],
    centres: NDArray[np.float32],
    parts: Sequence[Part],
    barred: scipy.sparse.csr_array,
    least: float,
) -> tuple[Ints, Ints]:
    """The units and clusters of pairs that may be, with the two nearest of each unit, but for what is below `least`."""
    slack = means.shape[1] * float(np.finfo(np.float32).eps)
    nothing = np.zeros(0, np.int64)
    found = [(nothing, nothing)]
    for rows, groups in parts:
        near = means[rows] @ centres[groups].T
        near[_barred_among(barred, rows, groups)] = -np.inf
        at = np.arange(len(rows))
        first = near.argmax(axis=1)
        highest = near[at, first]
        near[at, first] = -np.inf
        bounds = np.maximum(near.max(axis=1) - 2 * slack, max(least - slack, -2.0))  # what is barred is below -2
        near[at, first] = highest
        row, column = np.divmod(np.flatnonzero(near >= bounds[:, None]), len(groups))
        found.append((rows[row], groups[column]))
    units, clusters = zip(*found, strict=True)
    return np.concatenate(units), np.concatenate(clusters)


def _two_nearest(
    means: NDArray[np.float32], centres: NDArray[np.float32], units: Ints, clusters: Ints
) -> tuple[Ints, NDArray[np.float32], NDArray[np.float32]]:
    """(Q,) the nearest cluster of each unit by these pairs, -1 for none, (Q,) how near it and the second are, or -inf.

    In double precision and then made single: so it does not depend on what else is compared, and of copies the first is
    the nearest.
    """
    similarity = np.empty(len(units), np.float32)
    for start in range(0, len(units), _PAIRS):
        part = slice(start, start + _PAIRS)
        left, right = means[units[part]].astype(np.float64), centres[clusters[part]].astype(np.float64)
        similarity[part] = np.einsum("nd,nd->n", left, right)
    order = np.lexsort((clusters, -similarity, units))
    units, clusters, similarity = units[order], clusters[order], similarity[order]
    best, highest, second = np.full(len(means), -1), *np.full((2, len(means)), -np.inf, np.float32)
    first = np.flatnonzero(np.diff(units, prepend=-1))
    best[units[first]], highest[units[first]] = clusters[first], similarity[first]
    following = first[np.diff(first, append=len(units)) > 1] + 1
    second[units[following]] = similarity[following]
    return best, highest, second


def _first_of_their_tags(groups: Ints, units: Ints, held: Held) -> Bools:
    """(S,) which of the units, one after another, come into their group with no tag of one that is there before."""
    holders, tags = held
    mine = np.flatnonzero(np.isin(holders, units))
    order = np.argsort(units)
    number = order[np.searchsorted(units[order], holders[mine])]
    _, wish, times = np.unique(
        groups[number] * (int(tags.max(initial=0)) + 1) + tags[mine], return_inverse=True, return_counts=True
    )
    rivals: dict[int, set[int]] = defaultdict(set)
    for unit, wanted in zip(number[times[wish] > 1].tolist(), wish[times[wish] > 1].tolist(), strict=True):
        rivals[unit].add(wanted)
    free, taken = np.ones(len(units), bool), set[int]()
    for unit, wishes in sorted(rivals.items()):
        free[unit] = not wishes & taken
        taken |= wishes if free[unit] else set()
    return free


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


def _barred_among(barred: scipy.sparse.csr_array, rows: Ints, groups: Ints) -> tuple[Ints, Ints]:
    """Where some rows and groups, which rise, have a barred pair; many times as fast as slices of what is sparse."""
    starts, counts = barred.indptr[rows], barred.indptr[rows + 1] - barred.indptr[rows]
    row = np.repeat(np.arange(len(rows)), counts)
    group = barred.indices[np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(len(row))]
    place = np.minimum(np.searchsorted(groups, group), len(groups) - 1)
    there = groups[place] == group
    return row[there], place[there]
