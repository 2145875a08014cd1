"""What people have said about faces, as limits on how a machine may group them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from core.foundation.arrays import Ints
from core.foundation.errors import BadInput


@dataclass(frozen=True, eq=False)
class Constraints:
    """Must-link and cannot-link limits on the grouping of N faces.

    Wagstaff et al., "Constrained K-means Clustering with Background Knowledge", ICML 2001, names the two kinds;
    Davidson & Ravi, "Agglomerative Hierarchical Clustering with Constraints", PKDD 2005, shows what they do to
    agglomeration (a forbidden join may end it early: the greedy order decides who joins whom).

    Attributes
    ----------
    together
        (N,) int64; faces with the same value of 0 or more start in one cluster and stay there, -1 = free.
    decided
        Those values of `together` that are people whom a human has decided about. Two decided groups are never
        joined with one another; undecided faces and groups may join one of them.
    photos
        (N,) int64 photo of each face, -1 = unknown. No cluster holds two faces of a photo, since one photo shows a
        person once. A must-link group may hold two faces of a photo: the human's word counts more.
    apart
        (M, 2) int64 rows of two faces that must never share a cluster.

    Raises
    ------
    BadInput
        If shapes or dtypes disagree, a value is below -1, `decided` names a value that no face has, `apart` names a
        face outside [0, N), or a row of `apart` names two faces that `together` ties to one another.
    """

    together: Ints
    decided: Collection[int] | Ints
    photos: Ints
    apart: Ints

    def __post_init__(self) -> None:
        decided = frozenset(int(value) for value in self.decided)
        object.__setattr__(self, "decided", decided)
        count = len(self.together)
        self._check_array("together", (count,))
        self._check_array("photos", (count,))
        self._check_array("apart", (len(self.apart), 2))
        for name in ("together", "photos"):
            lowest = getattr(self, name).min(initial=-1)
            if lowest < -1:
                raise BadInput("arrays.least", least="-1", name=name, found=lowest)
        missing = decided - set(self.together[self.together >= 0].tolist())
        if missing:
            raise BadInput("clustering.decided_elsewhere", values=sorted(missing)[:5])
        self._check_apart(count)

    def _check_array(self, name: str, shape: tuple[int, ...]) -> None:
        array = getattr(self, name)
        if array.shape != shape:
            raise BadInput("arrays.shape", name=name, shape=shape, found=array.shape)
        if array.dtype != np.int64:
            raise BadInput("arrays.dtype", wanted="int64", name=name, found=array.dtype)

    def _check_apart(self, count: int) -> None:
        outside = self.apart[(self.apart < 0) | (self.apart >= count)]
        if outside.size:
            raise BadInput("clustering.apart_outside", count=count, face=outside[0])
        left, right = self.apart.T
        tied = (left == right) | ((self.together[left] == self.together[right]) & (self.together[left] >= 0))
        if tied.any():
            first = tuple(self.apart[tied][0].tolist())
            raise BadInput("clustering.apart_and_together", faces=first)

    def __len__(self) -> int:
        return len(self.together)

    @classmethod
    def none(cls, count: int) -> Constraints:
        """No limits on `count` faces."""
        free, unknown = np.full((2, count), -1, np.int64)
        return cls(free, frozenset(), unknown, np.zeros((0, 2), np.int64))

    @classmethod
    def over(cls, count: int, given: Constraints | None) -> Constraints:
        """Those that are given for `count` faces, None for none; BadInput where they are over another number."""
        if given is not None and len(given) != count:
            raise BadInput("clustering.constraints_count", count=count, found=len(given))
        return cls.none(count) if given is None else given

    def units(self) -> Ints:
        """Number the must-link groups and the free faces: (N,) int64 in [0, U), in the order of first appearance."""
        key = np.where(self.together >= 0, self.together, self.together.max(initial=0) + 1 + np.arange(len(self)))
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        return rank[inverse]

    def tags(self, units: Ints) -> tuple[Ints, Ints]:
        """All cannot-links as one rule: clusters that share a tag are never joined.

        A photo is a tag, each row of `apart` is one that its two faces hold, and all decided groups hold another.

        Returns
        -------
        unit, tag
            Two (L,) int64 arrays: this unit holds this tag, each pair once; tags are numbered from 0.
        """
        photographed = self.photos >= 0
        decided = np.isin(self.together, np.fromiter(self.decided, np.int64, len(self.decided)))
        row = np.repeat(np.arange(len(self.apart)), 2)
        _, photo = np.unique(self.photos[photographed], return_inverse=True)
        start = int(photo.max(initial=-1)) + 1
        tag = np.concatenate([photo, start + row, np.full(int(decided.sum()), start + len(self.apart))])
        unit = np.concatenate([units[photographed], units[self.apart.ravel()], units[decided]])
        held = np.unique(np.stack([unit, tag], axis=1).astype(np.int64), axis=0)
        return held[:, 0], held[:, 1]
