"""How long parts of work take, for whoever asks: nobody else notices."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

_asked: ContextVar[defaultdict[str, float] | None] = ContextVar("asked", default=None)


@contextmanager
def stopwatch() -> Iterator[defaultdict[str, float]]:
    """Seconds by the name of a part, of all `spent_on` in this thread while the block lasts; 0 for any other name."""
    spent: defaultdict[str, float] = defaultdict(float)
    token = _asked.set(spent)
    try:
        yield spent
    finally:
        _asked.reset(token)


@contextmanager
def spent_on(part: str) -> Iterator[None]:
    """What happens in the block is a part of the work, also where it ends in an error."""
    start = perf_counter()
    try:
        yield
    finally:
        spent = _asked.get()
        if spent is not None:
            spent[part] += perf_counter() - start
