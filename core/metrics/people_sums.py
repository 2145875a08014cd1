"""What the pairs of each person add to FMR and FNMR at many thresholds: all that drawing people anew has to know.

Legend
------
- M: number of pairs of faces; P: number of people; T: number of thresholds
- `scores`: (M,) float, accepted when at or above the threshold

The pairs are gone through once, in blocks; what is kept is P × T numbers of each kind, however many pairs there are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Ints
from core.foundation.errors import BadInput
from core.metrics.ranked_scores import checked_pairs
from core.metrics.verification import Pairing

GRID: Final = 256  # thresholds
_AT_ONCE: Final = 1 << 20  # pairs
_BINS: Final = 1 << 16
_MOMENTS: Final = 3


def threshold_grid(scores: NDArray, same: NDArray, size: int = GRID) -> Floats:
    """(T,) rising thresholds, about `size` of them, at which the rates of these pairs change the most evenly.

    A quarter each at even shares of either kind, and at shares that fall evenly on a logarithm: of the highest scores
    of two people, of the lowest of one. From the lowest score to the number after the highest.

    Raises
    ------
    BadInput, NotEnoughData
        As `core.metrics.ranked_scores.checked_pairs`, of both kinds.
    """
    score, truth = checked_pairs(scores, same, both=True)
    alike, unlike = np.sort(score[truth]), np.sort(score[~truth])
    every = np.linspace(0, 1, max(size // 4, 2))

    def even(ordered: Floats) -> Floats:
        return ordered[(every * (len(ordered) - 1)).astype(np.int64)]

    def tail(ordered: Floats) -> Floats:
        return ordered[np.rint(len(ordered) ** every).astype(np.int64) - 1]

    ends = [score.min(), np.nextafter(score.max(), np.inf)]
    return np.unique(np.concatenate([even(alike), even(unlike), tail(alike), tail(unlike[::-1]), ends]))


@dataclass(frozen=True, eq=False)
class PeopleSums:
    """Of each person: the weight of what is judged wrong at each threshold, and of all pairs.

    Attributes
    ----------
    thresholds
        (T,) float64, rising.
    rejected, same
        (P, T) and (P,) float64: the person's own pairs.
    accepted, different
        (P, T) and (P,) float64: pairs of this and another person. Each is of two, so that all of them sum to twice.
    moments
        (2, P, 3) float64 of the pairs of one person and of two: the sums of the weights, of these times the scores, and
        times their squares.
    """

    thresholds: Floats
    rejected: Floats
    same: Floats
    accepted: Floats
    different: Floats
    moments: Floats

    @classmethod
    def of(cls, scores: NDArray, pairing: Pairing, thresholds: NDArray, *, each_once: bool = False) -> Self:
        """Go through the pairs once.

        Parameters
        ----------
        each_once
            Whether every pair counts the same; else every person and every two people do (`Pairing.weights`).

        Raises
        ------
        BadInput
            If shapes disagree, a score is not finite, or the thresholds do not rise.
        """
        at = np.asarray(thresholds, np.float64)
        if at.ndim != 1 or not len(at) or not (np.diff(at) > 0).all():
            raise BadInput("metrics.thresholds_rise")
        score, place_of = np.asarray(scores), _places(at)
        if score.shape != pairing.left.shape:
            checked_pairs(score, pairing.same)  # which says so
        people, bins = pairing.people, len(at) + 1
        tables, moments = np.zeros((2, people * bins)), np.zeros((2, people, _MOMENTS))
        for part in _blocks(len(score)):
            value, same = checked_pairs(score[part], pairing.same[part])
            for kind, rows in enumerate((np.flatnonzero(same), np.flatnonzero(~same))):
                of, place = value[rows], place_of(value[rows])
                amount = np.ones(len(rows)) if each_once else pairing.share[part][rows]
                powers = (amount, amount * of, amount * of**2)
                for side in (pairing.left, pairing.right)[: kind + 1]:  # a pair of two people for each of them
                    person = side[part][rows]
                    tables[kind] += np.bincount(person * bins + place, amount, people * bins)
                    moments[kind] += np.stack([np.bincount(person, power, people) for power in powers], axis=1)
        of_one, of_two = tables.reshape(2, people, bins)
        rejected, accepted = np.cumsum(of_one, axis=1), np.cumsum(of_two[:, ::-1], axis=1)[:, ::-1]  # ends are exact
        own, others = rejected[:, -1].copy(), accepted[:, 0].copy()
        return cls(at, rejected[:, :-1].copy(), own, accepted[:, 1:].copy(), others, moments)

    @cached_property
    def fmr(self) -> Floats:
        """(T,) float64; NaN without pairs of two people."""
        return _share(self.accepted, self.different)

    @cached_property
    def fnmr(self) -> Floats:
        """(T,) float64; NaN without pairs of one person."""
        return _share(self.rejected, self.same)


def _share(wrong: Floats, whole: Floats) -> Floats:
    sums = np.column_stack([wrong, whole]).sum(axis=0)  # in one order, so that all of them are 1 and not nearly
    return np.asarray(sums[:-1] / (sums[-1] or np.nan))


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + _AT_ONCE) for start in range(0, count, _AT_ONCE))


def _places(at: Floats) -> Callable[[Floats], Ints]:
    """A function that says of many scores how many of the thresholds each has reached: ``searchsorted``, quicker.

    Scores fall into bins of equal width; only in one that also holds a threshold has it to be looked up.
    """
    low, wide = at[0], (at[-1] - at[0]) / _BINS or 1.0

    def bin_of(values: Floats) -> Ints:
        return ((values - low) / wide).clip(-1, _BINS).astype(np.int64) + 1

    held = np.bincount(bin_of(at), minlength=_BINS + 2)
    before = np.cumsum(held) - held

    def place_of(values: Floats) -> Ints:
        bins = bin_of(values)
        place, near = before[bins], np.flatnonzero(held[bins])
        place[near] = np.searchsorted(at, values[near], side="right")
        return place

    return place_of
