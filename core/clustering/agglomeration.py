"""The joining of one connected component's clusters, best allowed pair first."""

import heapq
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.doubled_photos import DoubledPhotos
from core.clustering.neighbours import Neighbours, nearest
from core.foundation.arrays import Bools, Ints

_ROUNDING: Final = 1e-12  # two products of the same clusters may differ by this,
_SINGLE: Final = 1e-5  # in single precision by this
_CHOOSE: Final = -1  # in a heap entry: the best candidate is still to be chosen
_SEARCH: Final = -2  # in a heap entry: all clusters are to be searched, the candidates are used up


class Agglomeration:
    """Average linkage of U units, each a face or a must-link group, under cannot-link tags.

    The generic algorithm of Müllner, "Modern hierarchical, agglomerative clustering algorithms", arXiv:1109.2378
    (2011): a heap holds an upper bound of each cluster's best similarity, made exact only when it comes to the top.
    Joining i and j never raises what a third cluster k sees, sim(k, i+j) <= max(sim(k, i), sim(k, j)), and a
    forbidden pair stays forbidden however its clusters grow; so an old entry bounds the new one.

    By the same inequality a cluster needs to know only its *candidates*: the units that were near enough when it
    began, or when it was last searched for, and a bound on the similarity to all others. The candidates of a joined
    cluster are the union of those of its parts. When no candidate reaches the bound, all clusters are searched
    again. This keeps the memory at U times a constant, also where every face is near every other.

    Where the neighbours are those that an index has found, only the clusters that a neighbour of one of its units is in
    are searched: so two clusters are joined only where some unit of one has one of the other for a neighbour. When none
    are left, neighbours of the clusters may be given (`look_again`), by their means, and joining goes on.

    Two clusters that share a photo are judged when they are to be joined (`DoubledPhotos`); if it tells them apart,
    neither is joined with anybody else who is seen in it. So a forbidden pair stays forbidden, and each join depends
    on what its own clusters met before, never on the threshold: joins down to a lower one begin with the very same.

    Parameters
    ----------
    sums
        (U, D) float64, or float32, sum of the embeddings of each unit. Taken over and changed.
    means
        (U, D) float32 mean of them.
    sizes
        (U,) int number of faces of each unit.
    tags
        U arrays of tag numbers; clusters that share one are never joined.
    photos
        U arrays of the photos that a unit is seen in.
    decided
        (U,) whether a unit is a person whom a human has decided about.
    threshold
        The least average similarity at which two clusters are joined.
    near
        The neighbours of each unit down to the threshold.

    Attributes
    ----------
    joins
        (similarity, unit, unit) of each join, in their order, so that similarities fall; a cluster goes by a unit.
        After another look one counts as no more alike than what was joined in its clusters before.
    """

    def __init__(
        self,
        sums: NDArray,
        means: NDArray[np.float32],
        sizes: Ints,
        tags: list[Ints],
        photos: list[Ints],
        decided: Bools,
        threshold: float,
        near: Neighbours,
    ) -> None:
        count = len(sums)
        self.threshold = threshold
        self.sizes = sizes.astype(np.float64)
        self.single = sums.dtype == np.float32
        self.rounding = _SINGLE if self.single else _ROUNDING
        self.parent = np.arange(count)
        self.age = np.zeros(count, np.int64)
        # The rows of living clusters stay packed at the front of `sums`, so that a search is one product.
        self.sums = sums
        self.row = np.arange(count)
        self.slot = np.arange(count)
        self.living = count
        self.barred = np.zeros(count, bool)
        self.position = np.zeros(count, np.int64)
        self.tags, self.holders = _shared(tags)
        shown, self.shown = _shared(photos)
        self.photos = DoubledPhotos(shown, means, sizes, decided)
        self.telling = [shown[0][:0]] * count  # photos that have told each cluster apart from another, and
        self.tellers: dict[int, list[int]] = {}  # the units of the clusters that each has told apart
        self.joins: list[tuple[float, int, int]] = []
        self.lowest = np.full(count, np.inf)  # similarity that each cluster was joined at
        self.bounds = np.full(count, threshold)
        self.candidates: list[Ints] = [shown[0][:0]] * count
        self.heap: list[tuple[float, int, int, int, int]] = []
        self.rounds = 0
        self.look_again(near)

    def look_again(self, near: Neighbours) -> None:
        """Take the neighbours of all living clusters, in the order of their `sums`."""
        self.near = near
        self.rounds += 1
        self.named = self.slot[: self.living].copy()
        self.number = self.row.copy()
        self.after = list(range(len(self.parent)))  # the next one that was living now and is of the same cluster
        self.bounds[self.named] = near.bounds
        for number, cluster in enumerate(self.named.tolist()):
            self.candidates[cluster] = self.named[near.of(number)] if self.rounds > 1 else near.of(number)
            if near.best[number] > -np.inf:
                free = not near.complete and not len(self.tags[cluster]) and not len(self.photos.held[cluster])
                self._push(float(near.best[number]), cluster, int(self.candidates[cluster][0]) if free else _CHOOSE)

    def steps(self) -> Iterator[float]:
        """Join until no allowed pair reaches the threshold; yields the share of the work that is done at times."""
        count = len(self.parent)
        every = max(count // 200, 100)
        steps = 0
        while self.heap:
            lowered, a, age, b, other_age = heapq.heappop(self.heap)
            if age != self.age[a]:
                continue
            steps += 1
            if steps % every == 0:
                yield 1 - self.living / count
            if b >= 0 and other_age == self.age[b] and not self._told_apart(a, b):
                self._choose(self._join(a, b, -lowered), -lowered)
                continue
            if b == _SEARCH:
                self._search(a)
            self._choose(a, -lowered)

    def clusters(self) -> Ints:
        """(U,) int64 the unit by whose number the cluster of each unit goes."""
        return self._find(np.arange(len(self.parent)))

    def _push(self, similarity: float, a: int, b: int) -> None:
        heapq.heappush(self.heap, (-similarity, a, int(self.age[a]), b, int(self.age[b]) if b >= 0 else 0))

    def _find(self, units: Ints) -> Ints:
        """The living slot that each unit is in now (union by size keeps the paths short)."""
        slots = self.parent[units]
        while True:
            up = self.parent[slots]
            if np.array_equal(up, slots):
                return slots
            slots = up

    def _distinct(self, slots: Ints) -> Ints:
        """Each slot once; several times as fast as sorting them."""
        positions = np.arange(len(slots))
        self.position[slots] = positions
        return slots[self.position[slots] == positions]

    def _choose(self, a: int, before: float) -> None:
        """Push the best allowed candidate of `a`, or the bound of the others if that may be better.

        In single precision one that is as good as the best `before`, but for rounding, is taken to be just that: else,
        of copies of one face, all would be chosen anew after each join.
        """
        near = self._distinct(self._find(self.candidates[a]))
        near = near[self._allowed(a, near)]
        rows = self.row[near]
        similarity = (self.sums[rows] @ self.sums[self.row[a]]) / (self.sizes[near] * self.sizes[a])
        enough = similarity >= self.threshold
        near, similarity = near[enough], similarity[enough]
        best = int(similarity.argmax()) if len(near) else -1
        value = float(similarity[best]) if best >= 0 else -np.inf
        if self.single and 0 < before - value <= self.rounding:
            value = before
        if best >= 0 and similarity[best] >= self.bounds[a] - self.rounding:
            self._push(value, a, int(near[best]))
        elif self.bounds[a] > self.threshold + self.rounding:
            self._push(float(self.bounds[a]), a, _SEARCH)
        elif best >= 0:
            self._push(value, a, int(near[best]))
        self._keep(a, near, similarity, float(self.bounds[a]))

    def _search(self, a: int) -> None:
        """Take new candidates for `a` among all living clusters, or those that its units' neighbours are in."""
        living = self.slot[: self.living] if self.near.complete else self._adjoining(a)
        sums = self.sums[: self.living] if self.near.complete else self.sums[self.row[living]]
        similarity = sums @ self.sums[self.row[a]] / (self.sizes[living] * self.sizes[a])
        enough = similarity >= self.threshold
        near, similarity = living[enough], similarity[enough]
        allowed = self._allowed(a, near)
        self._keep(a, near[allowed], similarity[allowed], self.threshold)

    def _adjoining(self, a: int) -> Ints:
        """The living clusters that the neighbours of its units are in."""
        members, unit = [a], self.after[a]
        while unit != a:
            members.append(unit)
            unit = self.after[unit]
        return self._distinct(self._find(self.named[self.near.of_all(self.number[members])]))

    def _keep(self, a: int, near: Ints, similarity: NDArray, bound: float) -> None:
        self.candidates[a], dropped = nearest(near, similarity, self.near.most)
        self.bounds[a] = max(bound, dropped)

    def _allowed(self, a: int, near: Ints) -> Bools:
        """Which of the clusters `near` differ from `a` and share no tag with it."""
        told = [self.tellers[photo] for photo in self.photos.held[a].tolist() if photo in self.tellers]
        if not len(self.tags[a]) and not told:  # what has told `a` apart is among these
            return near != a
        units = [self.holders(self.tags[a]), self.shown(self.telling[a]), *map(np.array, told)]
        barred = self._find(np.concatenate(units))
        self.barred[barred] = True
        allowed = ~self.barred[near]
        self.barred[barred] = False
        return allowed & (near != a)

    def _told_apart(self, a: int, b: int) -> bool:
        """Whether photos that two clusters share keep them apart; either then joins nobody else who is seen in them."""
        held = self.photos.held
        if _share_one(self.telling[a], held[b]) or _share_one(self.telling[b], held[a]):
            return True  # since one of them chose the other

        def units_of(photo: int) -> Ints:
            units = self.shown(np.array([photo]))
            return units[np.isin(self._find(units), (a, b))]

        total = self.sums[self.row[a]] + self.sums[self.row[b]]
        telling = self.photos.telling(a, b, units_of, total, self.sizes[a] + self.sizes[b])
        for cluster in (a, b) if telling else ():
            self.telling[cluster] = np.union1d(self.telling[cluster], telling)
            for photo in telling:
                self.tellers.setdefault(photo, []).append(cluster)
        return bool(telling)

    def _join(self, a: int, b: int, similarity: float) -> int:
        """Join two clusters in the slot of the larger one and return it."""
        if self.rounds > 1:  # a cut above what a cluster was joined at has only parts of it
            similarity = min(similarity, self.lowest[a], self.lowest[b])
        self.joins.append((similarity, a, b))
        into, gone = (a, b) if self.sizes[a] >= self.sizes[b] else (b, a)
        self.parent[gone] = into
        self.lowest[into] = similarity
        self.age[[into, gone]] += 1
        self.after[into], self.after[gone] = self.after[gone], self.after[into]
        self.sizes[into] += self.sizes[gone]
        self.sums[self.row[into]] += self.sums[self.row[gone]]
        self.candidates[into] = np.concatenate([self.candidates[into], self.candidates[gone]])
        self.bounds[into] = max(self.bounds[into], self.bounds[gone])
        self.tags[into] = np.union1d(self.tags[into], self.tags[gone])
        if len(self.telling[gone]):
            self.telling[into] = np.union1d(self.telling[into], self.telling[gone])
        self.candidates[gone] = self.tags[gone] = self.telling[gone] = np.zeros(0, np.int64)
        self.photos.join(into, gone)
        self.living -= 1
        hole, last = self.row[gone], self.slot[self.living]
        self.sums[hole] = self.sums[self.living]
        self.row[last], self.slot[hole] = hole, last
        return into


def _share_one(held: Ints, other: Ints) -> bool:
    return bool(len(held) and len(other) and np.isin(held, other).any())


def _shared(tags: list[Ints]) -> tuple[list[Ints], Callable[[Ints], Ints]]:
    """Drop the tags that a single unit holds, renumber the others, and index the units that hold each."""
    unit = np.repeat(np.arange(len(tags)), [len(held) for held in tags])
    _, tag, holders = np.unique(np.concatenate(tags), return_inverse=True, return_counts=True)
    common = holders[tag] > 1
    unit, (_, tag) = unit[common], np.unique(tag[common], return_inverse=True)
    split = np.searchsorted(unit, np.arange(1, len(tags)))
    by_tag = unit[np.argsort(tag, kind="stable")]
    size = np.bincount(tag) if len(tag) else np.zeros(0, np.int64)
    end = np.cumsum(size)

    def holders_of(wanted: Ints) -> Ints:
        lengths = size[wanted]
        skipped = np.repeat(end[wanted] - np.cumsum(lengths), lengths)
        return by_tag[skipped + np.arange(len(skipped))]

    return np.split(tag, split), holders_of
