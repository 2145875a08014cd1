"""Drawing pairs of one person and of two people, without listing all that there are."""

from typing import Final

import numpy as np

from core.foundation.arrays import Ints

MOST_PAIRS: Final = 20_000  # of each kind


def same_pairs(people: Ints, rng: np.random.Generator) -> Ints:
    """(M, 2) rows of every pair of one person; a seeded draw where there are more than the most.

    In a draw no person counts for more than the most, so that one with very many faces does not drown the others.
    """
    order, starts, sizes = _runs(people)
    available = sizes * (sizes - 1) // 2
    counted = np.minimum(available, MOST_PAIRS)
    run, rank = _blocks(_ranks(int(counted.sum()), MOST_PAIRS, rng), counted)
    for large in np.flatnonzero(available > MOST_PAIRS):
        drawn = run == large
        rank[drawn] = _ranks(int(available[large]), int(drawn.sum()), rng)
    later = np.floor((1 + np.sqrt(1 + 8 * rank.astype(np.float64))) / 2).astype(np.int64)
    later += (later * (later + 1) // 2 <= rank).astype(np.int64) - (later * (later - 1) // 2 > rank)  # rounding
    earlier = rank - later * (later - 1) // 2
    return np.sort(order[np.stack([starts[run] + earlier, starts[run] + later], axis=1)], axis=1)


def different_pairs(people: Ints, wanted: int, rng: np.random.Generator) -> Ints:
    """(M, 2) distinct rows of two people each: all of them, or `wanted` drawn without replacement."""
    order, starts, sizes = _runs(people)
    ends = starts + sizes
    after = len(people) - ends  # each face is paired with those of the people after its own
    run, rank = _blocks(_ranks(int((sizes * after).sum()), wanted, rng), sizes * after)
    earlier, later = np.divmod(rank, after[run])
    return np.sort(order[np.stack([starts[run] + earlier, ends[run] + later], axis=1)], axis=1)


def _runs(people: Ints) -> tuple[Ints, Ints, Ints]:
    """The rows in the order of their people, and where each of the P people starts there and how many rows it has."""
    _, starts, sizes = np.unique(np.sort(people), return_index=True, return_counts=True)
    return np.argsort(people, kind="stable"), starts, sizes


def _ranks(available: int, wanted: int, rng: np.random.Generator) -> Ints:
    """Numbers in [0, available), ascending: all, or `wanted` drawn without replacement and without listing them."""
    if available <= wanted:
        return np.arange(available)
    return np.sort(rng.choice(available, wanted, replace=False, shuffle=False))


def _blocks(ranks: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """In which of consecutive blocks each rank lies, and its rank within that block."""
    ends = np.cumsum(sizes)
    block = np.searchsorted(ends, ranks, side="right")
    return block, ranks - (ends - sizes)[block]
