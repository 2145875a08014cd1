"""Drawing pairs of one person and of two people, evenly over people, where there are too many to take them all."""

from typing import Final

import numpy as np

from core.foundation.arrays import Ints

MOST_PAIRS: Final = 500_000  # of each kind: all pairs of different people up to about a thousand faces


def same_pairs(people: Ints, most: int, rng: np.random.Generator) -> Ints:
    """(M, 2) rows of every pair of one person; of more than `most` a seeded draw, as many as there are of everybody.

    Parameters
    ----------
    people
        (N,) person of each row.
    """
    order, starts, sizes = _runs(people)
    run, rank = _drawn(sizes * (sizes - 1) // 2, most, rng)
    earlier, later = _two_of_many(rank)
    return np.sort(order[np.stack([starts[run] + earlier, starts[run] + later], axis=1)], axis=1)


def different_pairs(people: Ints, most: int, rng: np.random.Generator) -> Ints:
    """(M, 2) rows of every pair of two people; of more than `most` a seeded draw, as many of every two people.

    Where there are more than `most` twos of people, one pair of each of as many twos.
    """
    order, starts, sizes = _runs(people)
    one, other = _two_of_many(_ranks(len(sizes) * (len(sizes) - 1) // 2, most, rng))
    two, rank = _drawn(sizes[one] * sizes[other], most, rng)
    left, right = np.divmod(rank, sizes[other[two]])
    return np.sort(order[np.stack([starts[one[two]] + left, starts[other[two]] + right], axis=1)], axis=1)


def _runs(people: Ints) -> tuple[Ints, Ints, Ints]:
    """The rows in the order of their people, and where each of the P people starts there and how many rows it has."""
    _, starts, sizes = np.unique(np.sort(people), return_index=True, return_counts=True)
    return np.argsort(people, kind="stable"), starts, sizes


def _ranks(available: int, wanted: int, rng: np.random.Generator) -> Ints:
    """Numbers in [0, available), ascending: all, or `wanted` drawn without replacement and without listing them."""
    if available <= wanted:
        return np.arange(available)
    return np.sort(rng.choice(available, wanted, replace=False, shuffle=False))


def _two_of_many(rank: Ints) -> tuple[Ints, Ints]:
    """The rank-th of the pairs (0, 1), (0, 2), (1, 2), (0, 3) and so on."""
    later = np.floor((1 + np.sqrt(1 + 8 * rank.astype(np.float64))) / 2).astype(np.int64)
    later += (later * (later + 1) // 2 <= rank).astype(np.int64) - (later * (later - 1) // 2 > rank)  # rounding
    return rank - later * (later - 1) // 2, later


def _drawn(available: Ints, most: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The block and the rank in it of what is drawn of each block: at most `most` in all, none twice."""
    counts = _fair_share(available, most)
    block = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(block)) - np.repeat(np.cumsum(counts) - counts, counts)
    first, step = _strides(available, counts, rng)
    drawn = counts < available
    first, step = np.where(drawn, first, 0), np.where(drawn, step, 1)
    return block, (first[block] + place * step[block]) % np.maximum(available, 1)[block]


def _fair_share(available: Ints, most: int) -> Ints:
    """How many to take of each block: all, or if that is more than `most`, as many where there are so many."""
    low, high = 0, int(available.max(initial=0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(available, middle).sum() <= most else (low, middle - 1)
    return np.minimum(available, low)


def _strides(available: Ints, counts: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """A first rank of each block and a step with no divisor in common: so walked, each rank comes once, as any other.

    That draws without replacement from all blocks at once; to draw from each by itself takes seconds. Where one rank
    is drawn nothing is walked, and any step will do.
    """
    sizes = np.maximum(available, 1)
    first, step = rng.integers(0, sizes), rng.integers(1, sizes + 1)
    shared = np.flatnonzero(counts > 1)
    while len(shared := shared[np.gcd(step[shared], sizes[shared]) > 1]):
        step[shared] = step[shared] % sizes[shared] + 1
    return first, step
