"""Whom units without a say are compared with: all groups of a cut, or those that a tree says may be near enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.neighbours import ShareReport
from core.foundation.arrays import Ints

Part = tuple[Ints, Ints]  # these silent units with these groups, both rising; no pair is in two parts

_KEPT: Final = 64  # components of a silent unit
_PRODUCTS: Final = 4_000_000  # similarities computed at a time
_LEAST_ROWS: Final = 128  # that are multiplied with all at a time: fewer wait for the memory
_ROWS: Final = 1024
_COLUMNS: Final = 4096
_TOGETHER: Final = 64  # rows of a part, about: more are compared with too much, fewer make too many parts
_SLACK: Final = 1e-3  # rounding, of means of 1,000,000 faces and of their products, stays far below


@dataclass(frozen=True, eq=False)
class Reach:
    """Which components of a tree of joins its Q silent units are nearest to, whatever the threshold of a cut.

    A component is what all joins hold together, so a group of a cut lies in one; and a group is on average no more
    alike than the unit of it that is most alike. So what is too far from all units of a component is too far from all
    groups in it.

    Attributes
    ----------
    components
        (U,) int64 the component of each unit.
    nearest
        (Q, K) int32 the components that each silent unit is nearest to.
    similarity
        (Q, K) float32 to the unit of each that is most alike, of those with a say.
    rest
        (Q,) float32 similarity that no such unit of another component exceeds, -inf where there is none.
    """

    components: Ints
    nearest: NDArray[np.int32]
    similarity: NDArray[np.float32]
    rest: NDArray[np.float32]

    @classmethod
    def of(
        cls, silent: NDArray[np.float32], loud: NDArray[np.float32], whose: Ints, components: Ints, report: ShareReport
    ) -> Reach:
        """Compare (Q, D) means of silent units with (L, D) of all others, whose components (L,) rise; both are some."""
        numbers, starts = np.unique(whose, return_index=True)
        kept = min(_KEPT, len(numbers))
        nearest = np.empty((len(silent), kept), np.int32)
        similarity, rest = np.empty((len(silent), kept), np.float32), np.empty(len(silent), np.float32)
        at_once = max(_LEAST_ROWS, _PRODUCTS // len(loud))
        for start in range(0, len(silent), at_once):
            rows = slice(start, start + at_once)
            best = np.maximum.reduceat(silent[rows] @ loud.T, starts, axis=1)
            best = np.pad(best, ((0, 0), (0, 1)), constant_values=-np.inf)  # so that there always is a next one
            order = np.argpartition(-best, kept, axis=1)[:, : kept + 1]
            best = np.take_along_axis(best, order, axis=1)
            nearest[rows], similarity[rows], rest[rows] = numbers[order[:, :kept]], best[:, :kept], best[:, kept]
            report(min(1.0, (start + at_once) / len(silent)))
        return cls(components, nearest, similarity, rest)

    def parts(self, homes: Ints, threshold: float, margin: float) -> Iterator[Part]:
        """What has to be compared where (C,) `homes` are the components of the groups of a cut.

        Left out are units that are too far from all, and groups too far from a unit to be its nearest one or to be the
        second within the margin.
        """
        hopeful = self.similarity.max(axis=1) >= threshold - _SLACK
        beyond = hopeful & (self.rest >= threshold - margin - _SLACK)
        yield from all_pairs(np.flatnonzero(beyond), np.arange(len(homes)))
        row, place = np.nonzero((self.similarity >= threshold - margin - _SLACK) & (hopeful & ~beyond)[:, None])
        component = self.nearest[row, place]
        wishes = np.bincount(component, minlength=len(self.components))
        part = np.where(wishes > 0, (np.cumsum(wishes) - wishes) // _TOGETHER, -1)  # of each component
        for rows, groups in zip(_split(part[component], row), _split(part[homes], np.arange(len(homes))), strict=True):
            yield from all_pairs(np.unique(rows), groups)


def all_pairs(rows: Ints, groups: Ints) -> Iterator[Part]:
    """Compare each with each, so many at a time that memory is bounded."""
    for start in range(0, len(rows), _ROWS):
        for left in range(0, len(groups), _COLUMNS):
            yield rows[start : start + _ROWS], groups[left : left + _COLUMNS]


def _split(part: Ints, values: Ints) -> list[Ints]:
    """The values of each part that there is, in its order; -1 is no part."""
    values, part = values[part >= 0], part[part >= 0]
    order = np.argsort(part, kind="stable")
    return np.split(values[order], np.flatnonzero(np.diff(part[order])) + 1)
