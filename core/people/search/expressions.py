"""What a picture has to show: people joined by and, or, not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.foundation.arrays import Bools


@dataclass(frozen=True)
class Shows:
    """Somebody is in the picture: the number of who is meant, from 0."""

    wanted: int


@dataclass(frozen=True)
class AllOf:
    """Every part holds; of no parts: any picture."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds; of no parts: no picture."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class NotSo:
    """The part does not hold."""

    part: Expression


Expression = Shows | AllOf | AnyOf | NotSo


def holds(expression: Expression, shown: Bools, kept_out: Bools | None = None) -> Bools:
    """(P,) for which pictures an expression holds.

    Parameters
    ----------
    shown
        (T, P): whether each of T people is in each of P pictures.
    kept_out
        (T, P): the same where it is asked that somebody is not in a picture; as `shown` if it is not given. So what is
        wanted can be looked for loosely without letting less of it through what is not.
    """
    kept_out = shown if kept_out is None else kept_out
    match expression:
        case Shows(wanted):
            return shown[wanted].copy()
        case NotSo(part):
            return ~holds(part, kept_out, shown)
        case AllOf(parts):
            every = [np.ones(shown.shape[1], bool), *(holds(part, shown, kept_out) for part in parts)]
            return np.logical_and.reduce(every)
        case AnyOf(parts):
            either = [np.zeros(shown.shape[1], bool), *(holds(part, shown, kept_out) for part in parts)]
            return np.logical_or.reduce(either)


def looked_for(expression: Expression) -> frozenset[int]:
    """The numbers of those whom a picture may be wanted for: they stand behind no "not", or behind two."""
    return _behind(expression, even=True)


def _behind(expression: Expression, *, even: bool) -> frozenset[int]:
    match expression:
        case Shows(wanted):
            return frozenset([wanted] if even else [])
        case NotSo(part):
            return _behind(part, even=not even)
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*(_behind(part, even=even) for part in parts))
