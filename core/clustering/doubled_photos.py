"""Photos that show one person twice: a collage, a mirror. What that costs their faces, and nobody else."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from core.foundation.arrays import Bools, Floats, Ints


def grouped_with_photos(
    join: Callable[[Sequence[Ints]], Ints], sums: Floats, sizes: Ints, photos: Sequence[Ints], decided: Bools
) -> Ints:
    """Cluster U units so that none holds two units of a photo, and a photo that shows one person twice moves nobody.

    First without regard to photos. Where a cluster then holds one photo twice, that photo costs only its own faces: the
    one that is most like the others stays, the rest leave. Where it holds several photos twice, each of them costs
    only its own faces if those are at least as alike as the cluster's are on average; the other photos say that there
    are several people, and are kept apart while everything is joined anew.

    Parameters
    ----------
    join
        Gives the (U,) cluster of each unit when units that share one of these tags are never joined.
    sums, sizes
        (U, D) float64 sum of each unit's embeddings, and (U,) how many they are.
    photos
        For each unit the photos that it is seen in.
    decided
        (U,) whether a unit is a person whom a human has decided about, who always stays.

    Returns
    -------
    clusters
        (U,) int64, numbered from 0 by their first unit.
    """
    nothing = [np.zeros(0, np.int64)] * len(sums)
    clusters = join(nothing)
    doubled = _doubled(clusters, photos)
    if not doubled:
        return _numbered(clusters)
    telling = {
        photo
        for cluster, by_photo in doubled.items()
        for photo, units in by_photo.items()
        if not _one_person_twice(units, clusters == cluster, len(by_photo), sums, sizes, decided)
    }
    if telling:
        clusters = join([held[np.isin(held, list(telling))] for held in photos])
        doubled = _doubled(clusters, photos)
    clusters = _numbered(clusters)
    leaving = [
        unit
        for by_photo in doubled.values()
        for units in by_photo.values()
        for unit in _by_right(units, clusters, sums, sizes, decided)[1:]
    ]
    for number, unit in enumerate(sorted(set(leaving)), start=len(clusters)):
        clusters[unit] = number
    return _numbered(clusters)


def _doubled(clusters: Ints, photos: Sequence[Ints]) -> dict[int, dict[int, list[int]]]:
    """Cluster to photo to the units that hold it, where they are several."""
    held: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for unit, cluster in enumerate(clusters.tolist()):
        for photo in photos[unit].tolist():
            held[cluster][photo].append(unit)
    several = {
        cluster: {photo: units for photo, units in by_photo.items() if len(units) > 1}
        for cluster, by_photo in held.items()
    }
    return {cluster: by_photo for cluster, by_photo in several.items() if by_photo}


def _one_person_twice(
    units: Sequence[int], members: Bools, doubled: int, sums: Floats, sizes: Ints, decided: Bools
) -> bool:
    """Whether a photo costs only its own faces; never where more than a single face would have to leave with one."""
    stays = max(units, key=lambda unit: (decided[unit], sizes[unit]))
    if any(sizes[unit] > 1 for unit in units if unit != stays):
        return False
    if doubled == 1:
        return True
    means = sums[units] / sizes[units][:, None]
    alike = (means @ means.T)[~np.eye(len(units), dtype=bool)].min()
    count = sizes[members].sum()
    return bool(alike >= (np.square(sums[members].sum(axis=0)).sum() - count) / (count * (count - 1)))


def _by_right(units: Sequence[int], clusters: Ints, sums: Floats, sizes: Ints, decided: Bools) -> list[int]:
    """The units of a photo, the one first that stays."""
    others = clusters == clusters[units[0]]
    others[list(units)] = False
    rest = sums[others].sum(axis=0)
    return sorted(
        units, key=lambda unit: (not decided[unit], -sizes[unit], -float(sums[unit] @ rest) / sizes[unit], unit)
    )


def _numbered(clusters: Ints) -> Ints:
    _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]
