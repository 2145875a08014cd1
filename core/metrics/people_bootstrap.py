"""Bands of error curves and intervals of what is read off them, by drawing people anew instead of pairs.

Legend
------
- P: number of people; T: number of thresholds; B: number of draws

Pairs that share a person go together, so people are what is drawn, with replacement (Bolle, Ratha & Pankanti, "Error
analysis of pattern recognition systems: the subsets bootstrap", CVIU 93 (2004)). A person who is drawn w times counts w
times with their own pairs, and a pair of two people w_i w_j times (Owen & Eckles, "Bootstrapping data arrays of
arbitrary order", Annals of Applied Statistics 6 (2012); for FMR and FNMR: Fogliato, Patil & Perona, "Confidence
intervals for error rates in 1:1 matching tasks", IJCV 2024, arXiv:2306.01198). Here w_i w_j is taken to first order, 1
+ (w_i - 1) + (w_j - 1), so that a draw needs what each person's pairs sum to, P × T numbers, and no pair. What is left
out, (w_i - 1)(w_j - 1), counts the spread of single pairs of people a third time: the full bootstrap is wider, and too
wide (`tests` show by how much). The first order counts it twice, for either person; where people do not differ at all,
bands of the FMR are therefore 1.4 times as wide as need be, and no narrower than the jackknife's of
`core.metrics.verification.rate_intervals`.

An interval is Student's around the figure with the standard error of the draws, on the logit for what lies between 0
and 1; the number of independent observations is that of `core.metrics.verification.rate_intervals`, whose bound is
given where errors of too few people were seen.

How often 95 % intervals held the truth, in 400 sets of people with three or four faces each, whose scores spread by
0.12, and people by 0.05 (`tests/builders/people_effects.py`):

    people   FMR 16 %   FMR 2 %   FNMR 22 %   FNMR 6 %   accuracy    AUC    EER     d'   FNMR at FMR 1 %
        20     0.958     0.953       0.953      0.968      0.950   0.940  0.953  0.958             0.961
        40     0.940     0.945       0.935      0.955      0.973   0.950  0.965  0.970             0.968
        60     0.968     0.955       0.953      0.963      0.943   0.943  0.950  0.955             0.960

With people who spread by 0.1 it was 0.91 (FMR 3 %, 40 people) to 0.98, without any difference between people 0.99 and
more of the FMR, 0.90 to 0.92 of the AUC, else 0.94 to 0.98. Bounds held in 0.97 and more. With fewer than twelve people
nothing is said that depends on the FMR, with fewer than six nothing at all. Where an FNMR at an FMR could be given for
one set in ten only, since few had errors of enough people, it held the truth in 0.6 to 0.8 of those: they are not like
the others.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats
from core.foundation.errors import BadInput
from core.metrics.people_sums import PeopleSums, threshold_grid
from core.metrics.resampling import Interval, check_plan
from core.metrics.verification import FEWEST_PEOPLE, LEVEL, Pairing, largest_rate

DRAWS: Final = 1000
_AT_ONCE: Final = 1 << 22  # counts of people: 32 MiB


@dataclass(frozen=True, eq=False)
class Band:
    """A curve with an interval at each place, each by itself (pointwise).

    Attributes
    ----------
    at
        (T,) float64: thresholds, or FMRs.
    value, low, high
        (T,) float64 in [0, 1]; NaN where nothing is known.
    two_sided
        (T,) bool: errors of enough people were seen there for an interval; else one end is the trivial one.
    """

    at: Floats
    value: Floats
    low: Floats
    high: Floats
    two_sided: Bools


@dataclass(frozen=True, eq=False)
class PeopleBootstrap:
    """Draws of people, and what the curves are on each.

    Attributes
    ----------
    sums
        What the people's pairs sum to.
    fmr, fnmr
        (B, T) float64 on each draw.
    d_primes
        (B,) float64.
    fmr_seen, fnmr_seen
        (2, T) bool: whether at a threshold errors, and their absence, were seen in `FEWEST_PEOPLE` cells that share
        nobody.
    people, pairs_of_people
        How many people have pairs of their own, and how many pairs of people share nobody.
    level
        The share that the intervals hold.
    """

    sums: PeopleSums
    fmr: Floats
    fnmr: Floats
    d_primes: Floats
    fmr_seen: Bools
    fnmr_seen: Bools
    people: int
    pairs_of_people: int
    level: float

    @classmethod
    def of(
        cls,
        scores: NDArray,
        pairing: Pairing,
        thresholds: NDArray | None = None,
        *,
        each_once: bool = False,
        draws: int = DRAWS,
        level: float = LEVEL,
        seed: int = 0,
    ) -> Self:
        """Draw the people of these pairs.

        Parameters
        ----------
        thresholds
            (T,) rising, without: `threshold_grid`. Where figures at a threshold are wanted it should be among them.
        each_once
            Whether every pair counts the same; else every person and every two people do.

        Raises
        ------
        BadInput
            If shapes, draws, level or thresholds make no sense.
        NotEnoughData
            If a kind of pair is missing and no thresholds are given.
        """
        check_plan(draws, level)
        at = threshold_grid(scores, pairing.same) if thresholds is None else np.asarray(thresholds, np.float64)
        sums = PeopleSums.of(scores, pairing, at, each_once=each_once)
        fmr, fnmr, d_primes = _drawn(sums, draws, seed)
        two, one = pairing.kinds
        seen = _seen(np.asarray(scores), pairing, at)
        return cls(sums, fmr, fnmr, d_primes, *seen, one.independent, two.independent, level)

    @cached_property
    def fmr_band(self) -> Band:
        """The FMR at every threshold."""
        return self._band(self.sums.thresholds, self.sums.fmr, self.fmr, self.fmr_seen, self.pairs_of_people)

    @cached_property
    def fnmr_band(self) -> Band:
        """The FNMR at every threshold."""
        return self._band(self.sums.thresholds, self.sums.fnmr, self.fnmr, self.fnmr_seen, self.people)

    def det_band(self, fmrs: NDArray) -> Band:
        """The FNMR at given FMRs: a DET curve, and upside down a ROC.

        It has no ends where the false matches, or the false non-matches, of too few people were seen.
        """
        wanted = np.asarray(fmrs, np.float64)
        wrong = wanted[~((wanted >= 0) & (wanted <= 1))]
        if len(wrong):
            raise BadInput("metrics.fmr", fmr=float(wrong[0]))
        value = fnmrs_at(self.sums.fmr[None], self.sums.fnmr[None], wanted)[0]
        error = _spread(fnmrs_at(*self._curves, wanted))
        after = np.array([int((self.sums.fmr <= rate).argmax()) for rate in wanted.tolist()], np.int64)
        seen = np.concatenate([self.fmr_seen, self.fnmr_seen])[:, np.maximum(after - 1, 0)]
        shown = np.all(seen, axis=0) & ~np.isnan(value) & (self.independent >= FEWEST_PEOPLE)
        ends = student_ends(value, error, self.independent, self.level)
        low, high = (np.where(shown, end, np.nan) for end in ends)
        return Band(wanted, value, low, high, shown)

    def fnmr_at_fmr(self, fmr: float, value: float | None = None) -> "DrawnFigure":
        """The FNMR at the threshold that an FMR asks for, without ends where `det_band` has none.

        `value` is the figure itself where it is known more exactly than these thresholds give it; so below.
        """
        band = self.det_band(np.array([fmr]))
        drawn = fnmrs_at(*self._curves, np.array([fmr]))[:, 0]
        return self._figure(band.value[0], drawn if band.two_sided[0] else np.full_like(drawn, np.nan), value)

    def auc(self, value: float | None = None) -> "DrawnFigure":
        """The area under the ROC."""
        return self._figure(areas(self.sums.fmr[None], self.sums.fnmr[None])[0], areas(self.fmr, self.fnmr), value)

    def eer(self, value: float | None = None) -> "DrawnFigure":
        """The equal error rate."""
        return self._figure(
            equal_rates(self.sums.fmr[None], self.sums.fnmr[None])[0], equal_rates(self.fmr, self.fnmr), value
        )

    def accuracy(self, threshold: float, different_per_same: float = 1.0) -> "DrawnFigure":
        """At one of the thresholds, which is the same on every draw."""
        at = int(np.searchsorted(self.sums.thresholds, threshold))
        if at == len(self.sums.thresholds) or self.sums.thresholds[at] != threshold:
            raise BadInput("metrics.threshold_not_drawn", threshold=threshold)

        def of(fmr: Floats, fnmr: Floats) -> Floats:
            return np.asarray(1 - (fnmr + different_per_same * fmr) / (1 + different_per_same))

        return self._figure(of(self.sums.fmr[at], self.sums.fnmr[at]), of(self.fmr[:, at], self.fnmr[:, at]))

    def d_prime(self, value: float | None = None) -> "DrawnFigure":
        """How many standard deviations the means of both kinds lie apart."""
        own = d_primes_of(self.sums.moments.sum(axis=1)[:, None])[0]
        return self._figure(own, self.d_primes, value, share=False)

    @property
    def independent(self) -> int:
        """How many independent observations what depends on both rates has."""
        return min(self.people, self.pairs_of_people)

    @cached_property
    def _curves(self) -> tuple[Floats, Floats]:
        """(B, T) the FMR and FNMR of each draw as curves that fall and rise."""
        fmr, fnmr = self.fmr.clip(0, 1), self.fnmr.clip(0, 1)
        return np.minimum.accumulate(fmr, axis=1), np.maximum.accumulate(fnmr, axis=1)

    def _figure(
        self, of_grid: float | Floats, drawn: Floats, value: float | None = None, *, share: bool = True
    ) -> "DrawnFigure":
        return DrawnFigure(float(of_grid) if value is None else value, drawn, self.independent, self.level, share)

    def _band(self, at: Floats, value: Floats, drawn: Floats, seen: Bools, independent: int) -> Band:
        (wrong, right), few = seen, independent < FEWEST_PEOPLE
        shown = wrong & right & (not few)
        low, high = (
            np.where(shown, end, np.nan) for end in student_ends(value, _spread(drawn), independent, self.level)
        )
        for place in np.flatnonzero(~shown & np.isfinite(value) & (not few)):
            mean = float(value[place] if right[place] else 1 - value[place])
            most = largest_rate(mean, independent, 1 - self.level)
            low[place], high[place] = (0.0, most) if right[place] else (1 - most, 1.0)
        return Band(at, value, low, high, shown)


@dataclass(frozen=True, eq=False)
class DrawnFigure:
    """A figure, and what it is on each draw.

    Attributes
    ----------
    value
        The figure.
    drawn
        (B,) float64.
    independent
        How many independent observations it has.
    level
        The share that its interval holds.
    share
        Whether it lies in [0, 1].
    """

    value: float
    drawn: Floats
    independent: int
    level: float
    share: bool

    @property
    def interval(self) -> Interval:
        """Without ends where people are too few, or where the figure is 0 or 1 of a share or does not vary."""
        return self._around(self.value, self.drawn, logit=self.share)

    def less(self, other: "DrawnFigure") -> Interval:
        """How much more it is than the other figure, of the same draws: of other scores of the same pairs."""
        return self._around(self.value - other.value, self.drawn - other.drawn, logit=False)

    def _around(self, value: float, drawn: Floats, *, logit: bool) -> Interval:
        error = float(_spread(drawn))
        if self.independent < FEWEST_PEOPLE or not error > 0 or (logit and not 0 < value < 1):
            return Interval(value, math.nan, math.nan, self.independent)
        low, high = student_ends(value, error, self.independent, self.level, logit=logit)
        return Interval(value, float(low), float(high), self.independent)


def _spread(drawn: Floats) -> Floats:
    """The standard deviation over the draws for which a figure is defined; NaN of fewer than two."""
    count = np.isfinite(drawn).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(drawn, axis=0) / count
        return np.asarray(np.sqrt(np.nansum((drawn - mean) ** 2, axis=0) / np.where(count > 1, count - 1, np.nan)))


def student_ends(
    value: float | Floats, error: float | Floats, independent: int, level: float, *, logit: bool = True
) -> tuple[Floats, Floats]:
    """The ends of Student's interval of a figure with this standard error; on the logit for one between 0 and 1."""
    centre, spread = np.asarray(value, np.float64), np.asarray(error, np.float64)
    reach = scipy.special.stdtrit(independent - 1, (1 + level) / 2) * spread
    if not logit:
        return centre - reach, centre + reach
    with np.errstate(invalid="ignore", divide="ignore"):
        reach, middle = reach / (centre * (1 - centre)), scipy.special.logit(centre)
        return scipy.special.expit(middle - reach), scipy.special.expit(middle + reach)


def _drawn(sums: PeopleSums, draws: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """(B, T) FMR and FNMR and (B,) d' of each draw of as many people as there are."""
    people, rng = len(sums.same), np.random.default_rng(seed)
    fmr, fnmr = np.empty((draws, len(sums.thresholds))), np.empty((draws, len(sums.thresholds)))
    d_primes = np.empty(draws)
    at_once = max(1, _AT_ONCE // max(people, 1))
    for start in range(0, draws, at_once):
        part = slice(start, min(start + at_once, draws))
        more = np.asarray(rng.multinomial(people, np.full(people, 1 / people), part.stop - start) - 1.0, np.float64)
        fmr[part] = _ratios(more, sums.accepted, sums.different, 2)
        fnmr[part] = _ratios(more, sums.rejected, sums.same, 1)
        moments = [more @ side + side.sum(axis=0) / each for side, each in zip(sums.moments, (1, 2), strict=True)]
        d_primes[part] = d_primes_of(np.stack(moments))
    return fmr, fnmr, d_primes


def _ratios(more: Floats, wrong: Floats, whole: Floats, of: int) -> Floats:
    """(B, T) rates where each person counts that much more than once; of each pair `of` people have a part."""
    with np.errstate(invalid="ignore", divide="ignore"):
        below = more @ whole + whole.sum() / of
        return np.asarray((more @ wrong + wrong.sum(axis=0) / of) / np.where(below > 0, below, np.nan)[:, None])


def _seen(scores: NDArray, pairing: Pairing, at: Floats) -> tuple[Bools, Bools]:
    """(2, T) of FMR and of FNMR: where errors, and their absence, were seen in enough cells that share nobody."""

    highest, lowest = (
        np.full(len(pairing.first), end, np.result_type(scores, np.float32)) for end in (-np.inf, np.inf)
    )
    np.maximum.at(highest, pairing.cell, scores)
    np.minimum.at(lowest, pairing.cell, scores)
    highest, lowest = highest.astype(np.float64), lowest.astype(np.float64)  # as thresholds are

    def enough(threshold: float, kind: int, *, above: bool) -> bool:
        cells = pairing.kinds[kind]
        return cells.apart((highest >= threshold if above else lowest < threshold)[cells.rows])

    def accepted_and_rejected(kind: int) -> tuple[Bools, Bools]:
        thresholds, place = at.tolist(), np.arange(len(at))
        first = bisect_left(thresholds, True, key=lambda threshold: enough(threshold, kind, above=False))
        last = bisect_left(thresholds, True, key=lambda threshold: not enough(threshold, kind, above=True))
        return place < last, place >= first

    return np.stack(accepted_and_rejected(0)), np.stack(accepted_and_rejected(1)[::-1])


def fnmrs_at(fmr: Floats, fnmr: Floats, wanted: Floats) -> Floats:
    """(B, F) the FNMR at each FMR, on the line between two thresholds; NaN where every threshold has a higher FMR."""
    found = np.full((len(fmr), len(wanted)), np.nan)
    row = np.arange(len(fmr))
    for column, rate in enumerate(wanted.tolist()):
        below = fmr <= rate
        after = below.argmax(axis=1)
        before = np.maximum(after - 1, 0)
        gap = fmr[row, before] - fmr[row, after]
        part = np.where(gap > 0, (fmr[row, before] - rate) / np.where(gap > 0, gap, 1), 1)
        value = fnmr[row, before] + part * (fnmr[row, after] - fnmr[row, before])
        found[:, column] = np.where(below.any(axis=1), value, np.nan)
    return found


def areas(fmr: Floats, fnmr: Floats) -> Floats:
    """(B,) areas under the ROC, trapezoids between the thresholds and to both corners."""
    count = len(fmr)
    x = np.hstack([np.ones((count, 1)), fmr, np.zeros((count, 1))])
    y = 1 - np.hstack([np.zeros((count, 1)), fnmr, np.ones((count, 1))])
    return np.asarray(np.trapezoid(y[:, ::-1], x[:, ::-1], axis=1))


def equal_rates(fmr: Floats, fnmr: Floats) -> Floats:
    """(B,) rates where FMR and FNMR cross, on the line between two thresholds."""
    gap, row = fnmr - fmr, np.arange(len(fmr))
    after = (gap >= 0).argmax(axis=1)
    before = np.maximum(after - 1, 0)
    wide = gap[row, after] - gap[row, before]
    part = np.where(wide > 0, -gap[row, before] / np.where(wide > 0, wide, 1), 1)
    rate = fmr[row, before] + part * (fmr[row, after] - fmr[row, before])
    return np.where(np.isnan(gap).any(axis=1) | ~(gap >= 0).any(axis=1), np.nan, rate)


def d_primes_of(moments: Floats) -> Floats:
    """(B,) of (2, B, 3) moments of the pairs of one person and of two."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = moments[..., 1] / moments[..., 0]
        variance = (moments[..., 2] / moments[..., 0] - mean**2).clip(0)
        return np.asarray((mean[0] - mean[1]) / np.sqrt(variance.mean(axis=0)))
