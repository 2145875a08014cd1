"""In what order samples are seen, and batches that are prepared ahead of the steps.

Everything follows from (seed, epoch, position), so a resumed run sees the same as one that was not stopped.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import numpy as np

from core.foundation.arrays import Ints

T = TypeVar("T")
_AHEAD: Final = 2  # batches for each thread


def batches_of(count: int, batch: int, seed: int, epoch: int) -> list[Ints]:
    """The indices 0 to count - 1 in random order, in nearly equal batches of at most `batch`.

    Nearly equal, because a last batch of one sample would leave batch norms with nothing to average.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return [part.astype(np.int64) for part in np.array_split(order, -(-count // batch))]


def ahead(make: Callable[[int], T], numbers: Sequence[int], threads: int) -> Iterator[T]:
    """``make(n)`` of each number in order, made on `threads` threads a few ahead; in turns with 0 threads."""
    if threads == 0:
        yield from map(make, numbers)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="batches") as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for number in numbers:
                waiting.append(pool.submit(make, number))
                if len(waiting) > threads * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
