"""HDBSCAN: a tree of ever denser groups, of which the most lasting ones that no cannot-link forbids are taken."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.constraints import Constraints
from core.clustering.linkage import unit_faces
from core.clustering.methods.links import links, spanning_forest
from core.foundation.arrays import Ints

_LEAST_LENGTH: Final = 1e-4  # of a link: copies of one face would be infinitely dense


def hdbscan(
    embeddings: NDArray[np.float32],
    threshold: float,
    constraints: Constraints | None = None,
    *,
    min_faces: int = 2,
    min_samples: int = 2,
) -> Ints:
    """Campello, Moulavi & Sander, "Density-Based Clustering Based on Hierarchical Density Estimates", PAKDD 2013.

    The L2 distance of two faces counts as at least that from each to its `min_samples`-th nearest, itself being the
    first. Links of the minimum spanning forest of these, the shortest first, make a tree of groups of `min_faces` or
    more, and those of greatest stability (excess of mass) are taken. Whoever is in none is unknown.

    Links less alike than the threshold are none, as those over the greatest edge of Nextcloud Recognize: a group that
    would go on beyond is taken to end there, and may be taken as a whole. Without that (`threshold` -1 in effect) it
    is scikit-learn's ``HDBSCAN(allow_single_cluster=True)`` but for how far a single group reaches.

    Cannot-links are kept as the framework for extracting clusters has them (Campello, Moulavi, Zimek & Sander, Data
    Mining and Knowledge Discovery 27, 2013), strictly: a group with two faces that must not meet is never taken, so
    that smaller ones in it are, or its faces are unknown. Must-links only bring faces as near as can be: a group that
    holds one of them may still be refused for another.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1.
    threshold
        Cosine similarity.
    constraints
        Limits over the same faces; None for none.
    min_faces, min_samples
        The smallest group, and the neighbours that density is measured by: 2 or more, 1 or more.

    Returns
    -------
    labels
        (N,) int64 from 0 on, -1 = unknown.

    Raises
    ------
    BadInput
        As `merge_tree` of the embeddings and the threshold, and as `links`.
    """
    faces = unit_faces(embeddings, threshold)
    limits = Constraints.over(len(faces), constraints)
    left, right, length = _forest(faces, threshold, limits, min_samples)
    tree = _Tree(limits, min_faces)
    for a, b, between in zip(left.tolist(), right.tolist(), length.tolist(), strict=True):
        tree.join(a, b, 1 / max(between, _LEAST_LENGTH))
    return tree.labels(1 / max(float(np.sqrt(2 - 2 * threshold)), _LEAST_LENGTH))


def _forest(
    faces: NDArray[np.float32], threshold: float, limits: Constraints, min_samples: int
) -> tuple[Ints, Ints, NDArray]:
    """Ends and lengths (mutual reachability) of the minimum spanning forest, the shortest first."""
    near = links(faces, threshold)
    units = limits.units()
    order = np.argsort(units, kind="stable")
    tied = np.flatnonzero(np.diff(units[order]) == 0)
    free = units[near.row] != units[near.col]
    left = np.concatenate([near.row[free], order[tied]])
    right = np.concatenate([near.col[free], order[tied + 1]])
    alike = np.concatenate([near.data[free].astype(np.float64), np.ones(len(tied))])
    length = np.sqrt(np.maximum(0, 2 - 2 * alike))
    core = _core_lengths(len(faces), left, right, length, min_samples)
    length = np.maximum(length, np.maximum(core[left], core[right]))
    reached = np.isfinite(length)
    return spanning_forest(len(faces), left[reached], right[reached], length[reached])


def _core_lengths(count: int, left: NDArray, right: NDArray, length: NDArray, min_samples: int) -> NDArray:
    """(N,) float64 distance of each face to its `min_samples`-th nearest, itself the first; inf where it has fewer."""
    if min_samples <= 1:
        return np.zeros(count)
    ends, distance = np.concatenate([left, right]), np.concatenate([length, length])
    order = np.lexsort((distance, ends))
    ends, distance = ends[order], distance[order]
    wanted = np.searchsorted(ends, np.arange(count)) + min_samples - 2
    core = np.full(count, np.inf)
    there = np.flatnonzero(wanted < np.searchsorted(ends, np.arange(count), side="right"))
    core[there] = distance[wanted[there]]
    return core


class _Tree:
    """The groups that have grown so far, and the condensed tree of those that have `min_faces` or more.

    A group of the tree goes on while lesser ones join it, and ends where it meets another one of the tree: both are
    then parts of a new one. `leaving` is the sum, over its faces, of the density at which each is first in it.
    """

    def __init__(self, limits: Constraints, min_faces: int) -> None:
        count = len(limits)
        self.least = min_faces
        self.parent = list(range(count))
        self.members = [[face] for face in range(count)]  # of those that are too small for the tree
        self.sizes = [1] * count
        self.node = [-1] * count  # of the tree, which a group is now
        self.holders = _holders(limits)
        self.barred = [False] * count
        self.home = [-1] * count  # the node in which each face is first
        self.leaving: list[float] = []
        self.below: list[float] = []  # the best that can be taken of a node's parts
        self.above: list[int] = []
        self.taken: list[bool] = []

    def find(self, face: int) -> int:
        while self.parent[face] != face:
            self.parent[face] = face = self.parent[self.parent[face]]
        return face

    def join(self, left: int, right: int, density: float) -> None:
        """Join the groups of two faces, at a density that is no greater than of any join before."""
        a, b = self.find(left), self.find(right)
        into, gone = (a, b) if self.sizes[a] >= self.sizes[b] else (b, a)
        inner, outer = self.node[into], self.node[gone]
        if outer >= 0:  # then both are of the tree
            parts = self._end(into, density) + self._end(gone, density)
            self.above[inner] = self.above[outer] = self._begin(parts)
            self.leaving[-1] = (self.sizes[into] + self.sizes[gone]) * density
            self.node[into] = len(self.leaving) - 1
        self.sizes[into] += self.sizes[gone]
        self.parent[gone] = into
        self._hold(into, gone)
        if outer < 0:
            self.members[into] += self.members[gone]
            if self.sizes[into] >= self.least:
                self.node[into] = inner if inner >= 0 else self._begin(0)
                self._settle(into, density)

    def _settle(self, root: int, density: float) -> None:
        """Take the faces that are new to the tree into a group of it."""
        for face in self.members[root]:
            self.home[face] = self.node[root]
        self.leaving[self.node[root]] += len(self.members[root]) * density
        self.members[root] = []

    def _begin(self, below: float) -> int:
        self.leaving.append(0.0)
        self.below.append(below)
        self.above.append(-1)
        self.taken.append(False)
        return len(self.leaving) - 1

    def _end(self, root: int, density: float) -> float:
        """Judge a group of the tree, which ends at a density; the greatest stability that can be had of it."""
        node = self.node[root]
        stability = max(0.0, self.leaving[node] - self.sizes[root] * density)
        self.taken[node] = not self.barred[root] and stability >= self.below[node]
        return stability if self.taken[node] else self.below[node]

    def _hold(self, into: int, gone: int) -> None:
        """Which unit of a group holds a tag; two that hold the same bar it."""
        few, many = sorted((self.holders[into], self.holders[gone]), key=len)
        self.barred[into] |= self.barred[gone] or any(many.get(tag, unit) != unit for tag, unit in few.items())
        many.update(few)
        self.holders[into], self.holders[gone] = many, {}

    def labels(self, density: float) -> Ints:
        """(N,) int64 group of each face, -1 = unknown, where all that goes on is ended at a density."""
        for root in {self.find(face) for face in range(len(self.parent))}:
            if self.node[root] >= 0:
                self._end(root, density)
        names = np.full(len(self.taken) + 1, -1, np.int64)  # the last is nobody's
        for node in reversed(range(len(self.taken))):  # parts come before the whole
            above = names[self.above[node]]
            names[node] = above if above >= 0 else node if self.taken[node] else -1
        found = names[self.home] if self.home else np.zeros(0, np.int64)
        known = found >= 0
        found[known] = np.unique(found[known], return_inverse=True)[1]
        return found


def _holders(limits: Constraints) -> list[dict[int, int]]:
    """The tags that each face holds, and its unit, for which it holds them."""
    units = limits.units()
    held: list[dict[int, int]] = [{} for _ in range(int(units.max(initial=-1)) + 1)]
    for unit, tag in zip(*(side.tolist() for side in limits.tags(units)), strict=True):
        held[unit][tag] = unit
    return [dict(held[unit]) for unit in units.tolist()]
