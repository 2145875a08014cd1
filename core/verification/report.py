"""What a set of pairs says about an encoder: figures at one threshold and at all of them, and the worst errors."""

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from core.foundation.arrays import finite_or_none
from core.foundation.errors import NotEnoughData
from core.foundation.messages import Message
from core.metrics import operating_points, score_density, verification
from core.verification.pairs import PairSet

_BINS: Final = 60


@dataclass(frozen=True, eq=False)
class VerificationReport:
    """What the verification page shows beside the pairs themselves.

    `held_out` is None where there are too few people for it; `reason` then says so, else it is None.
    """

    best: operating_points.OperatingPoint
    eer: operating_points.EqualErrorRate
    auc: float
    density: score_density.Density
    histogram: score_density.Histogram
    roc: operating_points.RocCurve
    at_fmr: tuple[operating_points.FmrPoint, ...]
    held_out: verification.HeldOutAccuracy | None
    reason: Message | None


def evaluate_pairs(pairs: PairSet) -> VerificationReport:
    """Everything about the pairs that does not depend on where the slider stands."""
    scores, same = pairs.scores, pairs.same
    held_out, reason = None, None
    try:
        held_out = verification.held_out_accuracy(scores, same, pairs.left_person, pairs.right_person)
    except NotEnoughData as error:
        reason = error.message
    return VerificationReport(
        operating_points.best_accuracy(scores, same),
        operating_points.eer(scores, same),
        operating_points.roc_auc(scores, same),
        score_density.density(scores, same),
        score_density.histogram(scores, same, _BINS),
        operating_points.roc(scores, same),
        tuple(operating_points.threshold_at_fmr(scores, same, fmr) for fmr in (0.01, 0.001, 0.0001)),
        held_out,
        reason,
    )


def figures_at(pairs: PairSet, threshold: float) -> dict[str, float | int | None]:
    """Accuracy, precision, recall, F1, FMR, FNMR and the four counts at a threshold; None where undefined."""
    confusion = operating_points.confusion_at(pairs.scores, pairs.same, threshold)
    names = ("accuracy", "precision", "recall", "f1", "fmr", "fnmr", "mcc")
    figures: dict[str, float | int | None] = {name: finite_or_none(getattr(confusion, name)) for name in names}
    return {**figures, "tp": confusion.tp, "fp": confusion.fp, "tn": confusion.tn, "fn": confusion.fn}


def intervals_at(pairs: PairSet, threshold: float) -> dict[str, tuple[float, float]]:
    """95 % intervals of accuracy, FMR and FNMR at a threshold, by resampling people; empty where they are too few."""
    try:
        rates = verification.bootstrap_interval(
            pairs.scores, pairs.same, pairs.left_person, pairs.right_person, threshold, resamples=300
        )
    except NotEnoughData:
        return {}
    return {name: (part["low"], part["high"]) for name, part in asdict(rates).items()}


def hardest_pairs(pairs: PairSet, threshold: float, *, most: int = 12) -> dict[str, list[tuple[int, int, float]]]:
    """The pairs that the threshold gets most wrong: (left, right, score), worst first.

    ``false_matches``: two people above the threshold; ``false_non_matches``: one person below it.
    """
    accepted = pairs.scores.astype(np.float64) >= threshold  # as the figures compare
    wrong = {"false_matches": accepted & ~pairs.same, "false_non_matches": ~accepted & pairs.same}
    hardest: dict[str, list[tuple[int, int, float]]] = {}
    for name, mask in wrong.items():
        rows = np.flatnonzero(mask)
        order = np.argsort(pairs.scores[rows])
        rows = rows[order[::-1] if name == "false_matches" else order][:most]
        hardest[name] = [(int(pairs.left[r]), int(pairs.right[r]), float(pairs.scores[r])) for r in rows]
    return hardest
