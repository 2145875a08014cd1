"""Choosing the similarity from which two faces count as one person: pairs, what they say, and the threshold kept."""

from core.metrics.operating_points import probit
from core.metrics.verification import RateInterval, RateIntervals
from core.verification.comparisons import Comparisons
from core.verification.encoders import EncoderRow, side_by_side
from core.verification.given_pairs import GivenPairs, acquired_pairs
from core.verification.grid import GridCounts
from core.verification.groups import COLUMNS, with_groups
from core.verification.judgement import PROTOCOLS, Judgement
from core.verification.pairs import PairSet, confirmed_pairs
from core.verification.report import (
    RequestedFmr,
    VerificationReport,
    evaluate_pairs,
    figures_at,
    intervals_at,
    pairs_of_note,
)
from core.verification.thresholds import is_own, save_threshold, use_again, use_own, withdraw

__all__ = [
    "COLUMNS",
    "PROTOCOLS",
    "Comparisons",
    "EncoderRow",
    "GivenPairs",
    "GridCounts",
    "Judgement",
    "PairSet",
    "RateInterval",
    "RateIntervals",
    "RequestedFmr",
    "VerificationReport",
    "acquired_pairs",
    "confirmed_pairs",
    "evaluate_pairs",
    "figures_at",
    "intervals_at",
    "is_own",
    "pairs_of_note",
    "probit",
    "save_threshold",
    "side_by_side",
    "use_again",
    "use_own",
    "with_groups",
    "withdraw",
]
