"""The distribution of the scores of same and of different pairs: histogram and smoothed density.

Pairs count as `core.metrics.ranked_scores` weighs them.

Three rules say how wide the kernel of a density is (`BANDWIDTHS`), each from the standard deviation and the number of
the class's pairs, of weighed ones Kish's effective number, 1 / the sum of their squared shares:

- "scott": the standard deviation x number ** (-1/5) (Scott, "Multivariate Density Estimation", 1992), as
  ``scipy.stats.gaussian_kde`` has it. The default, since pairs share people and a rule that takes them for so many
  scores apart draws people as modes: of all pairs of 20 to 200 simulated people with 4 or 8 faces each (24 dimensions,
  people of unequal spread, 12 draws) the integrated squared error of same pairs by "isj" was 8 to 37 % above that by
  "scott", of different pairs within 2 %.
- "silverman": that x (4/3) ** (1/5), which is best for a normal distribution (Silverman, "Density Estimation for
  Statistics and Data Analysis", 1986, section 3.4.2), as ``scipy.stats.gaussian_kde`` has it.
- "isj": improved Sheather-Jones, which supposes no normal distribution and keeps apart what lies apart (Botev,
  Grotowski & Kroese, "Kernel density estimation via diffusion", Annals of Statistics 38, 2010, section 3). Rounded
  scores have several solutions: the narrowest shows their steps, so the least stable one is taken. Where the equation
  has none Silverman's rule is taken, and the answer says so.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, get_args

import numpy as np
import scipy
from numpy.typing import NDArray

from core.foundation.arrays import Floats, Indices, Ints
from core.foundation.errors import BadInput
from core.metrics.ranked_scores import RankedScores, Sums, count_below

BandwidthRule = Literal["scott", "silverman", "isj"]
BANDWIDTHS: Final = get_args(BandwidthRule)

_ADDED_UP: Final = 1 << 18  # kernels x points: fewer are added up one by one
_PLACES: Final = 50  # of the grid within a bandwidth
_REACH: Final = 8  # bandwidths from which on nothing of a kernel is left
_LARGEST: Final = 1 << 25  # places of a grid
_AT_ONCE: Final = 1 << 14  # scores: they stay in the processor's cache
_ISJ_PLACES: Final = 1 << 14
_ISJ_STAGES: Final = 7
_ROUNDING: Final = 1e-16
_LEAST: Final = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, eq=False)
class Density:
    """Smoothed densities of the scores.

    Attributes
    ----------
    x
        (P,) float64 score, reaching 3 bandwidths beyond the scores; empty when there are no pairs.
    same, different
        (P,) float64 density (its area is 1), or None for a class with fewer than 2 distinct scores.
    same_bandwidth, different_bandwidth
        Standard deviation of each class's kernel, in score; None where there is none.
    same_rule, different_rule
        The rule that gave it: the one that was asked for, or "silverman" where that had no answer.
    """

    x: Floats
    same: Floats | None
    different: Floats | None
    same_bandwidth: float | None
    different_bandwidth: float | None
    same_rule: BandwidthRule | None
    different_rule: BandwidthRule | None


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many scores are where.

    Attributes
    ----------
    edges
        (B + 1,) float64, shared by both classes.
    same, different
        (B,) int64 pairs of each class.
    same_share, different_share
        (B,) float64, of what the class weighs; 0 where it has no pair.
    """

    edges: Floats
    same: Ints
    different: Ints
    same_share: Floats
    different_share: Floats


@dataclass(frozen=True, eq=False)
class _Class:
    """The scores of one class, (N,) float32 or float64, rising, and what they weigh (`RankedScores`)."""

    score: NDArray
    sums: Sums

    @property
    def degenerate(self) -> bool:
        return len(self.score) == 0 or bool(self.score[0] == self.score[-1])

    def parts(self) -> Iterator[tuple[Floats, Floats | float]]:
        """Some scores, as float64, and of all that they weigh the share of each."""
        for at in range(0, len(self.score), _AT_ONCE):
            score = self.score[at : at + _AT_ONCE].astype(np.float64)
            if self.sums is None:
                yield score, 1 / len(self.score)
            else:
                yield score, np.diff(self.sums[at : at + _AT_ONCE + 1]) / self.sums[-1]

    def moments(self) -> tuple[float, float]:
        """Standard deviation, and Kish's number of scores; where weights are numbers of pairs, their number."""
        mean = sum(float((share * score).sum()) for score, share in self.parts())
        variance = sum(float((share * np.square(score - mean)).sum()) for score, share in self.parts())
        if self.sums is None or self.sums.dtype != np.float64:
            number = float(len(self.score) if self.sums is None else self.sums[-1])
        else:
            number = 1 / sum(float(np.square(share).sum()) for _, share in self.parts())
        return math.sqrt(variance / max(1 - 1 / number, _ROUNDING)), number

    def on_grid(self, start: float, step: float, count: int) -> Floats:
        """(count,) what lies at places from `start` on, each score shared by the two places beside it by nearness."""
        places = start + step * np.arange(count)
        ends = np.concatenate([[0], count_below(self.score, places[1:]), [len(self.score)]])
        held = np.flatnonzero(np.diff(ends))
        first = ends[held]
        if self.sums is None:
            mass = np.diff(ends)[held] / len(self.score)
            moment = np.add.reduceat(self.score, first, dtype=np.float64) / len(self.score)
        else:
            mass = (self.sums[ends[held + 1]] - self.sums[first]) / self.sums[-1]
            moment = np.add.reduceat(np.diff(self.sums) * self.score, first, dtype=np.float64) / self.sums[-1]
        later = (moment - mass * places[held]) / step
        grid = np.zeros(count + 1)
        grid[held] = mass - later
        grid[held + 1] += later
        return grid[:count]


def density(ranked: RankedScores, points: int = 200, rule: BandwidthRule = "scott") -> Density:
    """Gaussian kernel density of each class by itself, with its bandwidth.

    Many scores are first counted on a grid of a fiftieth of the bandwidth, each shared by the two places beside it, and
    the grid is smoothed by FFT (Silverman, "Kernel density estimation using the fast Fourier transform", Applied
    Statistics 31, 1982). That is to interpolate the kernel linearly: it changes a density by at most step ** 2 / 8
    times the average of the kernel's second derivative, which is less than 0.01 % of its peak.

    Raises
    ------
    BadInput
        If `points` is below 2 or there is no such rule.
    """
    if points < 2:
        raise BadInput("metrics.points", points=points)
    if rule not in BANDWIDTHS:
        raise BadInput("metrics.bandwidth", found=rule, choices=list(BANDWIDTHS))
    ends = _ends(ranked)
    if ends is None:
        return Density(np.zeros(0), None, None, None, None, None, None)
    classes = _Class(ranked.same, ranked.same_sums), _Class(ranked.different, ranked.different_sums)
    (same_width, same_rule), (different_width, different_rule) = (_bandwidth(one, rule) for one in classes)
    reach = 3 * max(same_width or 0.0, different_width or 0.0)
    x = np.linspace(ends[0] - reach, ends[1] + reach, points)
    alike, unlike = (_smooth(one, width, x) for one, width in zip(classes, (same_width, different_width), strict=True))
    return Density(x, alike, unlike, same_width, different_width, same_rule, different_rule)


def _ends(ranked: RankedScores) -> tuple[float, float] | None:
    """The lowest and the highest score."""
    sides = [side for side in (ranked.same, ranked.different) if len(side)]
    return (float(min(side[0] for side in sides)), float(max(side[-1] for side in sides))) if sides else None


def _bandwidth(one: _Class, rule: BandwidthRule) -> tuple[float | None, BandwidthRule | None]:
    if one.degenerate:
        return None, None
    spread, number = one.moments()
    if rule == "isj":
        width = _isj(one, number)
        if width is not None:
            return width, "isj"
        rule = "silverman"
    width = spread * number**-0.2 * (1 if rule == "scott" else (4 / 3) ** 0.2)
    return (width, rule) if width > 0 else (None, None)  # nothing but one score weighs anything


def _isj(one: _Class, number: float) -> float | None:
    """The least stable solution of t = xi gamma^[5](t), on a grid that reaches half the scores' range beyond them."""
    low, high = float(one.score[0]), float(one.score[-1])
    whole = 2 * (high - low)
    mass = one.on_grid(low - (high - low) / 2, whole / _ISJ_PLACES, _ISJ_PLACES)
    powers = np.square(scipy.fft.dct(mass)[1:])

    def beyond(time: float) -> float:
        return time - _time(time, number, powers)

    times = 2.0 ** np.arange(-2 * math.log2(_ISJ_PLACES), 0.5, 0.5)
    for (before, lower), (after, upper) in pairwise((time, beyond(time)) for time in times):
        if lower < 0 < upper:
            return whole * math.sqrt(scipy.optimize.brentq(beyond, before, after))
    return None


def _time(time: float, count: float, powers: Floats) -> float:
    """xi gamma^[5] of a squared bandwidth, by the squared cosine coefficients of the scores; the grid's length is 1."""
    squares = np.square(np.pi * np.arange(1, len(powers) + 1))

    def norm(order: int, at: float) -> float:
        """Of the derivative of that order, squared (Plancherel)."""
        return max(float(np.sum(squares**order * powers * np.exp(-squares * at))) / 2, _LEAST)

    found = norm(_ISJ_STAGES, time)
    for order in range(_ISJ_STAGES - 1, 1, -1):
        odd = math.prod(range(1, 2 * order, 2))
        part = (1 + 0.5 ** (order + 0.5)) / 3 * 2 * odd / math.sqrt(2 * math.pi)
        found = norm(order, (part / (count * found)) ** (2 / (3 + 2 * order)))
    return (2 * count * math.sqrt(math.pi) * found) ** -0.4


def _smooth(one: _Class, width: float | None, x: Floats) -> Floats | None:
    if width is None:
        return None
    step = (x[-1] - x[0]) / (len(x) - 1)
    parts = math.ceil(step / width * _PLACES)
    count = (len(x) - 1) * parts + 1
    if len(one.score) * len(x) <= _ADDED_UP or count > _LARGEST:
        return _added_up(one, width, x)
    step /= parts
    whole = scipy.fft.next_fast_len(count + math.ceil(_REACH * width / step), real=True)
    waves = scipy.fft.rfft(one.on_grid(x[0], step, count), whole)
    waves *= np.exp(-2 * np.square(np.pi * width * scipy.fft.rfftfreq(whole, step)))
    smoothed: Floats = scipy.fft.irfft(waves, whole)[:count:parts] / step
    return np.maximum(smoothed, 0)


def _added_up(one: _Class, width: float, x: Floats) -> Floats:
    found = np.zeros(len(x))
    for score, share in one.parts():
        for row, at in enumerate(x):
            found[row] += (np.exp(-0.5 * np.square((at - score) / width)) * share).sum()
    return found / (width * math.sqrt(2 * math.pi))


def histogram(ranked: RankedScores, bins: int) -> Histogram:
    """Count each class in `bins` equal bins from the lowest to the highest score; the last bin is closed.

    Without pairs the edges run from 0 to 1 and all counts are 0.

    Raises
    ------
    BadInput
        If `bins` is below 1.
    """
    if bins < 1:
        raise BadInput("metrics.bins", bins=bins)
    edges = np.histogram_bin_edges(np.array(_ends(ranked) or (0.0, 1.0)), bins)
    below = np.append(edges[:-1], np.inf)
    (same, same_share), (different, different_share) = (
        _counted(sums, count_below(score, below))
        for score, sums in ((ranked.same, ranked.same_sums), (ranked.different, ranked.different_sums))
    )
    return Histogram(edges, same, different, same_share, different_share)


def _counted(sums: Sums, ends: Indices) -> tuple[Ints, Floats]:
    """Pairs between each two places, and what they weigh of all."""
    pairs = np.diff(ends if sums is None or sums.dtype == np.float64 else sums[ends])
    weight = pairs if sums is None else np.diff(sums[ends])
    return pairs, weight / max(weight.sum(), _LEAST)
