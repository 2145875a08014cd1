"""Verification at one threshold and at all of them: ROC, DET, EER, chosen operating points, how far apart kinds lie.

Legend
------
- `ranked`: scores of pairs of one person ("same") and of two people ("different") in their order, with or without
  weights (`core.metrics.ranked_scores`); nothing here is a sample, and counts are exact
- FMR: false match rate, the share of different pairs that are accepted
- FNMR: false non-match rate, the share of same pairs that are rejected; TMR = 1 - FNMR

A pair is accepted when its score is at or above the threshold. Names follow ISO/IEC 19795-1:2021. What takes `ranked`
raises `NotEnoughData` where a kind of pair is missing.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput
from core.metrics.confusion import Confusion
from core.metrics.ranked_scores import RankedScores, Sums, count_below

_ROUNDING: Final = 1e-12  # of the whole: sums of weights that differ by less are equal
_MOST_TWOS: Final = 1 << 62
_AT_ONCE: Final = 1 << 20  # scores of which float64 are made at a time


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Operating points, each at a score.

    Attributes
    ----------
    thresholds
        (T + 1,) float64, falling: infinity (nothing is accepted), then T scores, the lowest of all last.
    fmr, tmr
        (T + 1,) float64 in [0, 1], rising from 0 to 1.
    """

    thresholds: Floats
    fmr: Floats
    tmr: Floats


@dataclass(frozen=True, eq=False)
class DetCurve:
    """A detection error trade-off on normal-deviate axes (Martin et al. 1997), where normal scores give a line.

    Attributes
    ----------
    thresholds
        (T,) float64, falling.
    fmr, fnmr
        (T,) float64 normal deviates (`probit`) of the rates.
    """

    thresholds: Floats
    fmr: Floats
    fnmr: Floats


@dataclass(frozen=True)
class EqualErrorRate:
    """Where FMR = FNMR: that rate, the threshold in cosine similarity, and the rates that scores attain around it."""

    rate: float
    threshold: float
    low: float
    high: float


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold in cosine similarity, and the confusion that it gives."""

    threshold: float
    confusion: Confusion


@dataclass(frozen=True)
class FmrPoint(OperatingPoint):
    """The operating point for a requested FMR, of which `attained` is at most the requested one.

    How much that says about other people is not known here: see `core.metrics.verification.rate_intervals`.

    Attributes
    ----------
    allowed
        How many false matches the request allows among these pairs, each counting once.
    needed
        The least number of independent different pairs that can show such an FMR, by having no false match among them;
        None for an FMR of 0, which no number shows. Pairs that share people are worth fewer.
    enough
        Whether there are so many different pairs: if not, this point is a guess.
    """

    requested: float
    allowed: int
    needed: int | None
    enough: bool

    @property
    def attained(self) -> float:
        return self.confusion.fmr


@dataclass(frozen=True)
class CostPoint(OperatingPoint):
    """The operating point of least expected cost of a comparison, and that cost."""

    cost: float


def roc(ranked: RankedScores, *, every: bool = False) -> RocCurve:
    """The exact receiver operating characteristic (Fawcett 2006): its corners, or `every` operating point there is.

    A curve turns at scores of same pairs and at the next different score above one: at most two points for each
    distinct same score, however many different pairs there are. Straight lines between them run through every other
    point. The first false match is always one, where an axis of powers of ten begins.
    """
    ranked.require_both()
    same, different = ranked.same, ranked.different
    if every:
        scores = np.unique(np.concatenate([same, different]))
    else:
        above = np.searchsorted(different, same, side="right")
        lowest = min(same[0], different[0])
        ends = different[above[above < len(different)]]
        scores = np.unique(np.concatenate([same, ends, np.array([lowest, different[-1]], same.dtype)]))
    rising = np.append(scores.astype(np.float64), np.inf)  # places of what rises are found several times as fast
    tp, fp = ranked.accepted_same(rising)[::-1], ranked.accepted_different(rising)[::-1]
    thresholds = rising[::-1]
    straight = (fp[:-2] == fp[1:-1]) & (fp[1:-1] == fp[2:]) & (not every)
    turns = np.concatenate([[True], ~straight, [True]])
    return RocCurve(thresholds[turns], fp[turns] / ranked.different_total, tp[turns] / ranked.same_total)


def thinned(curve: RocCurve, spots: int) -> RocCurve:
    """The points with a false match that differ from the one before, where each tenfold of the FMR and the whole of the
    TMR have so many places; and the last."""
    seen = np.flatnonzero(curve.fmr > 0)
    places = np.stack([np.log10(curve.fmr[seen]), curve.tmr[seen]]) * spots
    apart = np.any(np.diff(places.round()), axis=0)
    kept = seen[np.concatenate([[True], apart[:-1], [True]])] if len(seen) > 1 else seen
    return RocCurve(curve.thresholds[kept], curve.fmr[kept], curve.tmr[kept])


def probit(rates: ArrayLike) -> Floats:
    """The normal deviates of rates: minus infinity at 0, infinity at 1, NaN outside."""
    return np.asarray(scipy.special.ndtri(np.asarray(rates, np.float64)))


def det(curve: RocCurve) -> DetCurve:
    """The DET of a ROC. Where a rate is 0 or 1 the deviate is infinite and the point is left out: the curve runs from
    the first false match to the last false non-match, and is empty where no threshold has both."""
    fnmr = 1 - curve.tmr
    drawn = (curve.fmr > 0) & (curve.fmr < 1) & (fnmr > 0) & (fnmr < 1)
    return DetCurve(curve.thresholds[drawn], probit(curve.fmr[drawn]), probit(fnmr[drawn]))


def roc_auc(ranked: RankedScores) -> float:
    """The area under the ROC: the chance that a same pair scores above a different pair, ties counting half.

    It is Mann and Whitney's U over the number of such twos (Hanley & McNeil 1982), counted in integers where pairs
    have no weights.
    """
    ranked.require_both()
    ranked = _within_64_bits(ranked)
    same, different = (ranked.same, ranked.same_sums), (ranked.different, ranked.different_sums)
    twos = 2 * ranked.same_total * ranked.different_total
    if len(ranked.same) <= len(ranked.different):
        return _twice_above(*same, *different) / twos
    return (twos - _twice_above(*different, *same)) / twos


def _twice_above(scores: NDArray, sums: Sums, others: NDArray, other_sums: Sums) -> float:
    """Twice the twos in which the first is higher, and once those in which both are equal."""
    found: float = 0
    for start in range(0, len(scores), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        places = np.stack(
            [np.searchsorted(others, scores[some], "left"), np.searchsorted(others, scores[some], "right")]
        )
        below = (places if other_sums is None else other_sums[places]).sum(axis=0)
        found += (below.sum() if sums is None else below @ _weights(sums, some)).item()
    return found


def _within_64_bits(ranked: RankedScores) -> RankedScores:
    """The same, with numbers of pairs as float64 where the product of both kinds' does not fit an integer."""
    same, different = ranked.same_sums, ranked.different_sums
    if same is None or different is None or ranked.same_total * ranked.different_total < _MOST_TWOS:
        return ranked
    return RankedScores(
        ranked.same, ranked.different, same.astype(np.float64), different.astype(np.float64), ranked.step
    )


def _weights(sums: NDArray, some: slice) -> NDArray:
    return np.diff(sums[some.start : some.stop + 1])


def eer(ranked: RankedScores) -> EqualErrorRate:
    """The equal error rate: where FMR and FNMR cross, on the line between the two neighbouring ROC points.

    ISO/IEC 19795-1 names the rate; interpolating it on the ROC is the usual reading where no score attains it
    (Brümmer & de Villiers, "The BOSARIS Toolkit", arXiv:1304.2865, use the convex hull, which is never higher).
    The threshold is interpolated likewise. `low` and `high` are the FMR and FNMR of the one of these two points where
    they are less together: the interval of FVC2000 (Maio et al., IEEE TPAMI 24(3), 2002), for which accepting nothing
    counts as a threshold too.
    """
    ranked.require_both()
    after = _crossing(ranked)
    highers = [side[row] for side, row in _places_above(ranked, after) if row < len(side)]
    before = float(min(highers)) if highers else math.inf
    (fmr, fnmr), (last_fmr, last_fnmr) = ((float(ranked.fmr(t)), float(ranked.fnmr(t))) for t in (before, after))
    part = 1.0 if last_fmr <= last_fnmr else (fnmr - fmr) / ((fnmr - fmr) + (last_fmr - last_fnmr))
    upper = before if highers else after
    attained = sorted((last_fmr, last_fnmr) if part == 1 or last_fmr + last_fnmr <= fmr + fnmr else (fmr, fnmr))
    return EqualErrorRate(fmr + part * (last_fmr - fmr), upper + part * (after - upper), *attained)


def _places_above(ranked: RankedScores, score: float) -> list[tuple[NDArray, int]]:
    """Of each kind the scores, and where those above a score begin."""
    higher = np.nextafter(score, math.inf)
    return [(side, int(count_below(side, higher))) for side in (ranked.same, ranked.different)]


def _crossing(ranked: RankedScores) -> float:
    """The highest score at which the FMR is at least the FNMR."""
    same, different = ranked.same_total, ranked.different_total
    close = 0 if isinstance(same, int) else _ROUNDING * same * different

    def beyond(score: float) -> bool:
        found = ranked.confusion(score)
        return found.fp * same < found.fn * different - close

    sides = (ranked.same, ranked.different)
    counts = [bisect_left(side, True, key=beyond) for side in sides]
    return max(float(side[count - 1]) for side, count in zip(sides, counts, strict=True) if count)


def best_accuracy(ranked: RankedScores) -> OperatingPoint:
    """The threshold of greatest accuracy on these pairs; for an honest figure see `held_out_rates`.

    All thresholds between two neighbouring scores accept the same pairs; the midpoint of the best such plateau is
    returned. Of equally good plateaus the one with the lower FMR is taken. If it is best to accept nothing, the
    threshold is the next number above the highest score; if everything, the lowest score.
    """
    return _most_worth(ranked, 1, 1)


def min_hter(ranked: RankedScores) -> OperatingPoint:
    """The threshold, chosen as in `best_accuracy`, of the lowest half total error rate, the mean of FMR and FNMR."""
    ranked = _within_64_bits(ranked)
    return _most_worth(ranked, ranked.different_total, ranked.same_total)


def least_cost(ranked: RankedScores, false_match: float, false_non_match: float, prior: float = 0.5) -> CostPoint:
    """The threshold, chosen as in `best_accuracy`, of the least expected cost of a comparison.

    That is ``prior * false_non_match * FNMR + (1 - prior) * false_match * FMR``: NIST's detection cost function (Martin
    et al., "The DET curve in assessment of detection task performance", 1997), as it is, not normalised.

    Parameters
    ----------
    false_match, false_non_match
        What each costs, in any unit; at least one above 0.
    prior
        How likely two faces are of one person where the threshold will be used, in (0, 1); how many same pairs there
        are here plays no part.

    Raises
    ------
    BadInput
        If a cost is negative, not finite, or both are 0, or `prior` is out of range.
    """
    costs = (prior * false_non_match, (1 - prior) * false_match)
    if not (0 < prior < 1 and min(costs) >= 0 and 0 < max(costs) < math.inf):
        raise BadInput("metrics.costs", costs=(false_match, false_non_match), prior=prior)
    ranked.require_both()
    point = _most_worth(ranked, costs[0] / ranked.same_total, costs[1] / ranked.different_total)
    cost = costs[0] * point.confusion.fnmr + costs[1] * point.confusion.fmr
    return CostPoint(point.threshold, point.confusion, cost)


def _most_worth(ranked: RankedScores, per_same: float, per_different: float) -> OperatingPoint:
    """Where what is accepted of same pairs, less what is of different ones, is worth most; of equals the highest.

    That is just at a score of a same pair, or nowhere: to accept a different pair alone is worth nothing.
    """
    ranked.require_both()
    levels, tp, fp = ranked.same_levels
    gain = per_same * tp - per_different * fp
    whole = per_same * ranked.same_total + per_different * ranked.different_total
    close = 0 if gain.dtype.kind == "i" else _ROUNDING * whole
    level = float(levels[len(gain) - 1 - int(np.argmax(gain[::-1] >= gain.max() - close))])
    return OperatingPoint(ranked.middle(level), ranked.confusion(level))


def threshold_at_fmr(ranked: RankedScores, fmr: float, level: float = 0.95) -> FmrPoint:
    """The lowest threshold (midpoint of its plateau) whose FMR is at most `fmr`.

    Without a false match among n independent pairs an FMR of at least `fmr` is refuted at `level` where
    ``(1 - fmr) ** n <= 1 - level``: about 3 / fmr pairs, the rule of three (ISO/IEC 19795-1).

    Raises
    ------
    BadInput
        If `fmr` lies outside [0, 1], or `level` is not between 0 and 1.
    """
    if not 0 <= fmr <= 1:
        raise BadInput("metrics.fmr", fmr=fmr)
    if not 0 < level < 1:
        raise BadInput("metrics.level", level=level)
    ranked.require_both()
    # 0.29 x 100 is 28.999999999999996 in binary, yet 29 pairs are allowed.
    rejected = _places_below(ranked, (1 - fmr - _ROUNDING) * ranked.different_total)
    point = _point_above(ranked, rejected)
    pairs = int(ranked.unweighed.different_total)
    needed = None if fmr == 0 else 0 if fmr == 1 else math.ceil(math.log(1 - level) / math.log1p(-fmr))
    allowed = math.floor((fmr + _ROUNDING) * pairs)
    return FmrPoint(point.threshold, point.confusion, fmr, allowed, needed, needed is not None and needed <= pairs)


def zero_fmr(ranked: RankedScores) -> OperatingPoint:
    """The lowest FNMR without a false match (ZeroFMR of FVC2000), at the midpoint above the highest different score."""
    ranked.require_both()
    return _point_above(ranked, len(ranked.different))


def _places_below(ranked: RankedScores, weight: float) -> int:
    """How many different scores, from the lowest, weigh at least so much."""
    sums = ranked.different_sums
    return max(0, math.ceil(weight)) if sums is None else int(np.searchsorted(sums, weight))


def _point_above(ranked: RankedScores, rejected: int) -> OperatingPoint:
    """The lowest threshold that rejects so many of the different scores, and all that equal them."""
    highest = float(ranked.different[rejected - 1]) if rejected else -math.inf
    threshold = ranked.middle(np.nextafter(highest, math.inf))
    return OperatingPoint(threshold, ranked.confusion(threshold))


def d_prime(ranked: RankedScores) -> float:
    """How far apart the kinds lie: the difference of their means over the root of the mean of their variances (ddof 0).

    The decidability of Daugman (2000); below 0 where different pairs score higher. NaN where all scores are equal,
    infinite where those of each kind are and the kinds differ.
    """
    ranked.require_both()
    same, same_variance = _moments(ranked.same, ranked.same_sums)
    different, different_variance = _moments(ranked.different, ranked.different_sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.float64(same - different) / np.sqrt((same_variance + different_variance) / 2))


def _moments(scores: NDArray, sums: Sums) -> tuple[float, float]:
    """Mean and variance; the middle score is taken off first, so that none of the digits are lost."""
    centre, total = float(scores[len(scores) // 2]), float(len(scores) if sums is None else sums[-1])
    first = second = 0.0
    for start in range(0, len(scores), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        part = scores[some].astype(np.float64) - centre
        weighed = part if sums is None else part * _weights(sums, some)
        first += float(weighed.sum())
        second += float(weighed @ part)
    return centre + first / total, max(0.0, second / total - (first / total) ** 2)


def clopper_pearson(errors: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact binomial interval of a rate: quantiles of beta distributions (Clopper & Pearson 1934).

    For independent trials alone: pairs that share people are not (`core.metrics.verification.rate_intervals`). NaN and
    NaN where there are no trials.

    Raises
    ------
    BadInput
        If `errors` are not 0 to `trials`, or `level` is not between 0 and 1.
    """
    if not 0 <= errors <= trials:
        raise BadInput("metrics.errors_of_trials", errors=errors, trials=trials)
    if not 0 < level < 1:
        raise BadInput("metrics.level", level=level)
    if not trials:
        return math.nan, math.nan
    tail, right = (1 - level) / 2, trials - errors
    low = scipy.special.betaincinv(errors, right + 1, tail) if errors else 0.0
    high = scipy.special.betainccinv(errors + 1, right, tail) if right else 1.0
    return float(low), float(high)
