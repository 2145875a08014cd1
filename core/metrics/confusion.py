"""Pairs that a threshold accepts and rejects, rightly and wrongly, and the rates of these."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Confusion:
    """Counts of pairs: accepted same (tp), accepted different (fp), rejected different (tn), rejected same (fn).

    Where pairs have weights these are sums of them. A rate whose denominator is 0 is NaN, never 0: `precision` when
    nothing is accepted, `recall` and `fnmr` without same pairs, `fmr` without different pairs, `hter` without either,
    `accuracy` without pairs, `f1` without same or accepted pairs, `mcc` when any of the four margins is empty.
    """

    tp: float
    fp: float
    tn: float
    fn: float

    @property
    def accuracy(self) -> float:
        return _ratio(self.tp + self.tn, self.tp + self.fp + self.tn + self.fn)

    @property
    def precision(self) -> float:
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def fmr(self) -> float:
        return _ratio(self.fp, self.fp + self.tn)

    @property
    def fnmr(self) -> float:
        return _ratio(self.fn, self.tp + self.fn)

    @property
    def hter(self) -> float:
        """The half total error rate, the mean of FMR and FNMR."""
        return (self.fmr + self.fnmr) / 2

    @property
    def mcc(self) -> float:
        """Matthews correlation coefficient (Matthews 1975), in [-1, 1]."""
        margins = (self.tp + self.fp) * (self.tp + self.fn) * (self.tn + self.fp) * (self.tn + self.fn)
        return _ratio(self.tp * self.tn - self.fp * self.fn, math.sqrt(margins))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
