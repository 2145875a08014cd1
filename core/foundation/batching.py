"""Sequences in parts, as `itertools.batched` of Python 3.12 gives them."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Parts of `size` items in order; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))
