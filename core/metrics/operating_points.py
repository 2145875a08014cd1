"""Verification at one threshold and at all of them: confusion, ROC, EER, chosen operating points.

Legend
------
- M: number of pairs of faces
- `scores`: (M,) float cosine similarity, higher = more alike
- `same`: (M,) bool, whether the two faces are of one person
- `weights`: (M,) float above 0, how much each pair counts (`core.metrics.verification.Pairing`); without, each counts 1
- FMR: false match rate, the share of different pairs that are accepted
- FNMR: false non-match rate, the share of same pairs that are rejected; TMR = 1 - FNMR

A pair is accepted when its score is at or above the threshold. Names follow ISO/IEC 19795-1:2021.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput
from core.metrics.confusion import Confusion
from core.metrics.ranked_scores import checked_pairs, checked_weights

_ROUNDING: Final = 1e-12  # of the whole: sums of weights that differ by less are equal


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Every operating point that the scores allow.

    Attributes
    ----------
    thresholds
        (T + 1,) float64, falling: infinity (nothing is accepted), then all T distinct scores.
    fmr, tmr
        (T + 1,) float64 in [0, 1], rising from 0 to 1.
    """

    thresholds: Floats
    fmr: Floats
    tmr: Floats


@dataclass(frozen=True)
class EqualErrorRate:
    """Where FMR = FNMR: that rate, and the threshold in cosine similarity."""

    rate: float
    threshold: float


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold in cosine similarity, and the confusion that it gives."""

    threshold: float
    confusion: Confusion


@dataclass(frozen=True)
class FmrPoint(OperatingPoint):
    """The operating point for a requested FMR, of which `attained` is at most the requested one.

    How much that says about other people is not known here: see `core.metrics.verification.rate_intervals`.
    """

    requested: float

    @property
    def attained(self) -> float:
        return self.confusion.fmr


class CumulativeCounts(NamedTuple):
    """Distinct scores, falling, and how many same (tp) and different (fp) pairs score at least that.

    Of pairs with weights, what these weigh. Row 0 stands for accepting nothing: its level is infinity.
    """

    levels: Floats
    tp: Floats | Ints
    fp: Floats | Ints

    def confusion(self, row: int) -> Confusion:
        tp, fp = self.tp[row].item(), self.fp[row].item()
        return Confusion(tp, fp, self.fp[-1].item() - fp, self.tp[-1].item() - tp)

    def threshold(self, row: int) -> float:
        """Between the lowest accepted and the highest rejected score, so that new pairs get an equal margin."""
        if row == 0:
            return float(np.nextafter(self.levels[1], np.inf))
        lowest = float(self.levels[row])
        if row == len(self.levels) - 1:
            return lowest
        middle = (lowest + float(self.levels[row + 1])) / 2
        return middle if middle > self.levels[row + 1] else lowest


def counts_of_pairs(scores: NDArray, same: NDArray, weights: NDArray | None = None) -> CumulativeCounts:
    """Count pairs in any order, some of either kind, at every threshold: what the figures below are read off.

    Raises `BadInput` and `NotEnoughData` as `checked_pairs`: pairs of both kinds are needed.
    """
    score, truth = checked_pairs(scores, same, both=True)
    weight = checked_weights(weights, len(score))
    order = np.argsort(score)[::-1]
    return cumulative_counts(score[order], truth[order], weight[order])


def cumulative_counts(score: Floats, truth: Bools, weight: NDArray) -> CumulativeCounts:
    """Count the accepted pairs at every distinct score; `score` is falling and not empty."""
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True))
    tp, fp = np.cumsum(weight * truth)[last], np.cumsum(weight * ~truth)[last]
    return CumulativeCounts(np.append(np.inf, score[last]), np.append(0, tp), np.append(0, fp))


def best_row(counts: CumulativeCounts) -> int:
    """The first row, so the one of lowest FMR, of greatest accuracy."""
    gain = counts.tp - counts.fp
    return int(np.argmax(gain >= gain.max() - _ROUNDING * (counts.tp[-1] + counts.fp[-1])))


def confusion_at(counts: CumulativeCounts, threshold: float) -> Confusion:
    """Of the pairs that are accepted, at or above `threshold`, and rejected."""
    levels = counts.levels[:0:-1]
    return counts.confusion(len(levels) - int(np.searchsorted(levels, threshold)))


def roc(counts: CumulativeCounts) -> RocCurve:
    """The exact receiver operating characteristic (Fawcett 2006), no point dropped."""
    return RocCurve(counts.levels, counts.fp / counts.fp[-1], counts.tp / counts.tp[-1])


def thinned(curve: RocCurve, spots: int) -> RocCurve:
    """The points with a false match that differ from the one before, where each tenfold of the FMR and the whole of the
    TMR have so many places; and the last."""
    seen = np.flatnonzero(curve.fmr > 0)
    places = np.stack([np.log10(curve.fmr[seen]), curve.tmr[seen]]) * spots
    apart = np.any(np.diff(places.round()), axis=0)
    kept = seen[np.concatenate([[True], apart[:-1], [True]])] if len(seen) > 1 else seen
    return RocCurve(curve.thresholds[kept], curve.fmr[kept], curve.tmr[kept])


def roc_auc(curve: RocCurve) -> float:
    """The area under the ROC by the trapezoid rule.

    It is the chance that a same pair scores above a different pair, ties counting half (Hanley & McNeil 1982).
    """
    return float(np.trapezoid(curve.tmr, curve.fmr))


def eer(curve: RocCurve) -> EqualErrorRate:
    """The equal error rate: where FMR and FNMR cross, on the line between the two neighbouring ROC points.

    ISO/IEC 19795-1 names the rate; interpolating it on the ROC is the usual reading where no score attains it
    (Brümmer & de Villiers, "The BOSARIS Toolkit", arXiv:1304.2865, use the convex hull, which is never higher).
    The threshold is interpolated likewise.
    """
    gap = curve.fmr - (1 - curve.tmr)
    after = int(np.argmax(gap >= 0))
    before = after - 1
    part = -gap[before] / (gap[after] - gap[before])
    rate = curve.fmr[before] + part * (curve.fmr[after] - curve.fmr[before])
    upper = curve.thresholds[before] if before else curve.thresholds[after]
    return EqualErrorRate(float(rate), float(upper + part * (curve.thresholds[after] - upper)))


def best_accuracy(counts: CumulativeCounts) -> OperatingPoint:
    """The threshold of greatest accuracy on these pairs; for an honest figure see `held_out_rates`.

    All thresholds between two neighbouring scores accept the same pairs; the midpoint of the best such plateau is
    returned. Of equally good plateaus the one with the lower FMR is taken. If it is best to accept nothing, the
    threshold is the next number above the highest score; if everything, the lowest score.
    """
    row = best_row(counts)
    return OperatingPoint(counts.threshold(row), counts.confusion(row))


def threshold_at_fmr(counts: CumulativeCounts, fmr: float) -> FmrPoint:
    """The lowest threshold (midpoint of its plateau) whose FMR is at most `fmr`.

    Raises
    ------
    BadInput
        If `fmr` lies outside [0, 1].
    """
    if not 0 <= fmr <= 1:
        raise BadInput("metrics.fmr", fmr=fmr)
    # 0.29 x 100 is 28.999999999999996 in binary, yet 29 pairs are allowed.
    row = int(np.searchsorted(counts.fp, (fmr + _ROUNDING) * counts.fp[-1], side="right")) - 1
    return FmrPoint(counts.threshold(row), counts.confusion(row), fmr)
