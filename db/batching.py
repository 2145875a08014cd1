"""Many ids in statements of a size that the store takes."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

_MOST: Final = 10_000  # SQLite allows 32,766 values in one statement


def id_batches(ids: Iterable[T]) -> Iterator[list[T]]:
    """Ids, or other keys, in parts that fit into one statement."""
    wanted = list(ids)
    return (wanted[start : start + _MOST] for start in range(0, len(wanted), _MOST))
