"""What a set of pairs says about an encoder: figures at one threshold and at all of them, and the worst errors."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from core.foundation.arrays import Indices, finite_or_none
from core.foundation.errors import NotEnoughData
from core.foundation.messages import Message
from core.metrics import operating_points, score_density, verification
from core.metrics.people_bootstrap import Band, PeopleBootstrap
from core.metrics.people_folds import HeldOutRates
from core.verification.comparisons import Comparisons
from core.verification.judgement import Judgement
from core.verification.pairs import PairSet

_BINS: Final = 60
_SPOTS: Final = 1000
_REQUESTED: Final = (0.01, 0.001, 0.0001)


@dataclass(frozen=True)
class RequestedFmr:
    """The operating point for a requested FMR, and what the people show of the FMR that it attains."""

    point: operating_points.FmrPoint
    interval: verification.RateInterval

    @property
    def supported(self) -> bool:
        """Whether false matches of enough people that share nobody are below it: else it is a guess at an edge."""
        return self.interval.two_sided


@dataclass(frozen=True, eq=False)
class VerificationReport:
    """What the verification page shows beside the pairs themselves; every person counts the same in it.

    `held_out` is None where there are too few people for it; `reason` then says so, else it is None.
    """

    judgement: Judgement
    density: score_density.Density
    histogram: score_density.Histogram
    roc: operating_points.RocCurve
    at_fmr: tuple[RequestedFmr, ...]
    held_out: HeldOutRates | None
    reason: Message | None

    @property
    def best(self) -> operating_points.OperatingPoint:
        """The threshold of greatest accuracy."""
        return self.judgement.best

    @property
    def eer(self) -> operating_points.EqualErrorRate:
        """Where FMR and FNMR are equal."""
        return self.judgement.eer

    @cached_property
    def auc(self) -> float:
        """The area under the ROC."""
        return operating_points.roc_auc(self.judgement.ranked)

    @cached_property
    def drawn_roc(self) -> operating_points.RocCurve:
        """What a screen can tell apart of the ROC: of half a million points, few."""
        return operating_points.thinned(self.roc, _SPOTS)

    @cached_property
    def bands(self) -> tuple[Band, Band]:
        """FMR and FNMR at every threshold of a grid, with what the people show of them."""
        drawn = self.judgement.drawn
        assert isinstance(drawn, PeopleBootstrap)
        return drawn.fmr_band, drawn.fnmr_band

    @cached_property
    def det_band(self) -> Band:
        """The FNMR at every FMR, with what the people show of it."""
        drawn, curve = self.judgement.drawn, self.drawn_roc
        assert isinstance(drawn, PeopleBootstrap)
        return drawn.det_band(curve.fmr)

    @cached_property
    def figures(self) -> dict[str, Any]:
        """Every figure, as `verify` gives them."""
        return self.judgement.plain()


def evaluate_pairs(pairs: PairSet) -> VerificationReport:
    """Everything about the pairs that does not depend on where the threshold stands."""
    judgement = Judgement(Comparisons.of_dataset(pairs))
    held_out, reason = None, None
    try:
        held_out = judgement.held_out
    except NotEnoughData as error:
        reason = error.message
    ranked = judgement.ranked
    return VerificationReport(
        judgement,
        score_density.density(ranked),
        score_density.histogram(ranked, _BINS),
        operating_points.roc(ranked),
        tuple(_requested(pairs, operating_points.threshold_at_fmr(ranked, fmr)) for fmr in _REQUESTED),
        held_out,
        reason,
    )


def _requested(pairs: PairSet, point: operating_points.FmrPoint) -> RequestedFmr:
    return RequestedFmr(point, verification.fmr_interval(pairs.scores, pairs.pairing, point.threshold))


def figures_at(pairs: PairSet, threshold: float) -> dict[str, float | int | None]:
    """Accuracy, precision, recall, F1, FMR, FNMR and MCC at a threshold, every person counting the same.

    None where undefined. And the four counts of pairs, each once.
    """
    weighed, counted = pairs.ranked.confusion(threshold), pairs.ranked.unweighed.confusion(threshold)
    names = ("accuracy", "precision", "recall", "f1", "fmr", "fnmr", "mcc")
    figures: dict[str, float | int | None] = {name: finite_or_none(getattr(weighed, name)) for name in names}
    return {**figures, "tp": counted.tp, "fp": counted.fp, "tn": counted.tn, "fn": counted.fn}


def intervals_at(pairs: PairSet, threshold: float) -> verification.RateIntervals:
    """95 % intervals of accuracy, FMR and FNMR at a threshold, by people; found once for each."""
    if threshold not in pairs.intervals:
        mixture = pairs.different_per_same
        pairs.intervals[threshold] = verification.rate_intervals(pairs.scores, pairs.pairing, threshold, mixture)
    return pairs.intervals[threshold]


@dataclass(frozen=True, eq=False)
class RankedPairs:
    """Some of the pairs, in an order: `rows` of `pairs`."""

    pairs: PairSet
    rows: Indices

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, most: int) -> list[tuple[int, int, float]]:
        """Left and right face and the score of the first ones."""
        some, pairs = self.rows[:most], self.pairs
        columns = (pairs.left[some].tolist(), pairs.right[some].tolist(), pairs.scores[some].tolist())
        return list(zip(*columns, strict=True))


def pairs_of_note(pairs: PairSet, threshold: float, before: float | None = None) -> dict[str, RankedPairs]:
    """The pairs that a threshold gets wrong, worst first, and those between it and where it was `before`.

    ``false_matches``: two people above the threshold; ``false_non_matches``: one person below it; ``crossed``: either,
    those that are wrong now first.
    """
    scores = pairs.scores.astype(np.float64)
    accepted = scores >= threshold  # as the figures compare
    crossed = accepted != (accepted if before is None else scores >= before)
    distance = np.abs(scores - threshold)
    wrong = accepted != pairs.same
    found = {"false_matches": accepted & wrong, "false_non_matches": ~accepted & wrong, "crossed": crossed}
    order = {name: np.flatnonzero(mask) for name, mask in found.items()}
    return {name: RankedPairs(pairs, rows[np.lexsort((-distance[rows], ~wrong[rows]))]) for name, rows in order.items()}
