"""Photos that show one person twice: a collage, a mirror. What that costs their faces, and nobody else."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.clustering.sums import summed
from core.foundation.arrays import Bools, Floats, Ints


class DoubledPhotos:
    """Which photos each of the growing clusters holds, and what it means that two of them share one.

    A photo shows a person once, so that two clusters which share one are two people, unless it shows one person twice.
    It does where nothing but single units would have to leave for it, and where it is the only such photo of both
    clusters, or its faces are at least as alike as those of both clusters are on average. This is asked when the two
    are to be joined, of all that is known then: so the answer is the same whatever the threshold is.

    Parameters
    ----------
    photos
        For each of U units the photos that it is seen in.
    means
        (U, D) float32 mean of the embeddings of each unit.
    sizes
        (U,) how many they are.
    decided
        (U,) whether a unit is a person whom a human has decided about.
    """

    def __init__(self, photos: Sequence[Ints], means: NDArray[np.float32], sizes: Ints, decided: Bools) -> None:
        self.held = list(photos)
        self._means, self._sizes, self._decided = means, sizes, decided
        self._doubled: dict[int, frozenset[int]] = {}

    def telling(self, a: int, b: int, units_of: Callable[[int], Ints], total: Floats, count: float) -> list[int]:
        """The photos that say that two clusters are two people.

        `units_of` gives the units of both that a photo is held by, `total` (D,) is the sum of the embeddings of both,
        which are `count` together.
        """
        if not len(self.held[a]) or not len(self.held[b]):
            return []
        shared = np.intersect1d(self.held[a], self.held[b], assume_unique=True).tolist()
        if not shared:
            return []
        alone = len(self._doubled_in(a, b).union(shared)) == 1
        average = 1.0 if alone else float(total @ total - count) / (count * (count - 1))
        return [photo for photo in shared if not self._shows_one(units_of(photo), alone, average)]

    def _shows_one(self, units: Ints, alone: bool, average: float) -> bool:
        stays = max(units.tolist(), key=lambda unit: (self._decided[unit], self._sizes[unit]))
        if (self._sizes[units[units != stays]] > 1).any():
            return False
        means = self._means[units].astype(np.float64)
        return alone or bool((means @ means.T)[~np.eye(len(units), dtype=bool)].min() >= average)

    def join(self, into: int, gone: int) -> None:
        """Let one cluster take what another holds."""
        if not len(self.held[gone]):
            return
        held, times = np.unique(np.concatenate([self.held[into], self.held[gone]]), return_counts=True)
        doubled = self._doubled_in(into, gone).union(held[times > 1].tolist())
        self.held[into], self.held[gone] = held, held[:0]
        self._doubled.pop(gone, None)
        if doubled:
            self._doubled[into] = doubled

    def _doubled_in(self, a: int, b: int) -> frozenset[int]:
        nothing: frozenset[int] = frozenset()
        return self._doubled.get(a, nothing) | self._doubled.get(b, nothing)


def without_doubles(
    clusters: Ints, photos: tuple[Ints, Ints], faces: NDArray[np.float32], units: Ints, decided: Bools, heard: Bools
) -> Ints:
    """Let the units leave that a cluster holds beside another of the same photo; the one with the best right stays.

    That is a person whom a human has decided about, else the larger unit, else the one that is most like the others.

    Parameters
    ----------
    clusters
        (U,) the cluster of each unit.
    photos
        Two (L,) arrays: this unit is seen in this photo, each pair once.
    faces, units
        (N, D) float32 embeddings, and (N,) the unit of each.
    decided
        (U,) whether a unit is a person whom a human has decided about.
    heard
        (N,) whether a face counts where units are compared; of those that share a cluster each has such a face.

    Returns
    -------
    clusters
        (U,) int64; who leaves is a cluster of its own.
    """
    together = _together(clusters, *photos)
    if not together:
        return clusters.astype(np.int64)
    affected = np.unique(clusters[np.concatenate(together)])
    rows = np.flatnonzero(np.isin(clusters[units], affected) & heard)
    numbers, row_units = np.unique(units[rows], return_inverse=True)
    sizes, sums = np.bincount(row_units), summed(faces[rows], row_units, len(numbers))
    totals = summed(sums, np.searchsorted(affected, clusters[numbers]), len(affected))
    found = clusters.astype(np.int64)
    for group in together:
        at = np.searchsorted(numbers, group)
        rest = totals[np.searchsorted(affected, clusters[group[0]])] - sums[at].sum(axis=0)
        likeness = sums[at] @ rest / sizes[at]
        leaving = group[np.lexsort((group, -likeness, -sizes[at], ~decided[group]))[1:]]
        found[leaving] = len(clusters) + leaving
    return found


def _together(clusters: Ints, holders: Ints, photos: Ints) -> list[Ints]:
    """The units that a cluster holds of one photo, where they are several."""
    place = clusters[holders] * (int(photos.max(initial=0)) + 1) + photos
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    several = sizes > 1
    return [holders[order[start : start + size]] for start, size in zip(starts[several], sizes[several], strict=True)]
