"""Connected components of links, as they are and with a guard against chains."""

import numpy as np
from numpy.typing import NDArray

from core.clustering.constraints import Constraints
from core.clustering.linkage import unit_faces
from core.clustering.methods.links import links, numbered_parts, spanning_forest
from core.clustering.sums import summed
from core.foundation.arrays import Floats, Ints


def connected_faces(
    embeddings: NDArray[np.float32], threshold: float, constraints: Constraints | None = None, *, guard: bool = False
) -> Ints:
    """Group faces that a chain of pairs connects, each at least as alike as the threshold.

    Single linkage cut at the threshold (Florek et al. 1951; Sneath 1957). Under constraints must-link groups begin as
    one, and the links of the maximum spanning forest are taken from the strongest on: one between groups that must
    not meet is left out.

    One pair of look-alikes joins two people. With the guard a link is also left out where the mean faces of its two
    groups are less alike than the threshold (cosine): a chain's ends pull its mean away from what it reaches for.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1.
    threshold
        Cosine similarity of a link.
    constraints
        Limits over the same faces; None for none.

    Returns
    -------
    labels
        (N,) int64 from 0 on.

    Raises
    ------
    BadInput
        As `merge_tree` of the embeddings and the threshold, and as `links`.
    """
    faces = unit_faces(embeddings, threshold)
    near = links(faces, threshold)
    if constraints is None and not guard:
        return numbered_parts(len(faces), near.row, near.col)
    limits = Constraints.over(len(faces), constraints)
    groups = _Groups(faces, limits)
    left, right, _ = spanning_forest(len(faces), near.row, near.col, np.maximum(0, 1 - near.data))
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        groups.join(a, b, threshold if guard else None)
    return groups.labels()


class _Groups:
    """Groups of faces that grow: a union-find with the sum and the tags of each."""

    def __init__(self, faces: NDArray[np.float32], limits: Constraints) -> None:
        self.units = limits.units()
        count = int(self.units.max(initial=-1)) + 1
        self.parent = list(range(count))
        self.sums: Floats = summed(faces, self.units, count)
        self.tags: list[set[int]] = [set() for _ in range(count)]
        for unit, tag in zip(*(held.tolist() for held in limits.tags(self.units)), strict=True):
            self.tags[unit].add(tag)

    def find(self, unit: int) -> int:
        while self.parent[unit] != unit:
            self.parent[unit] = unit = self.parent[self.parent[unit]]
        return unit

    def join(self, left: int, right: int, least: float | None) -> None:
        """Join the groups of two faces where they may meet, and (`least`) where their means are as alike as that."""
        a, b = self.find(int(self.units[left])), self.find(int(self.units[right]))
        if a == b or not self.tags[a].isdisjoint(self.tags[b]):
            return
        if least is not None:
            lengths = np.linalg.norm(self.sums[a]) * np.linalg.norm(self.sums[b])
            if self.sums[a] @ self.sums[b] < least * lengths - 1e-6:  # the rounding of float32
                return
        self.parent[b] = a
        self.sums[a] += self.sums[b]
        self.tags[a] |= self.tags[b]

    def labels(self) -> Ints:
        found = np.array([self.find(unit) for unit in range(len(self.parent))], np.int64)
        return np.unique(found[self.units], return_inverse=True)[1].astype(np.int64)
