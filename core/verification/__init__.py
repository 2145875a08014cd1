"""Choosing the similarity from which two faces count as one person: pairs, what they say, and the threshold kept."""

from core.metrics.verification import RateInterval, RateIntervals
from core.verification.given_pairs import GivenPairs, given_pairs
from core.verification.pairs import PairSet, confirmed_pairs
from core.verification.report import (
    RequestedFmr,
    VerificationReport,
    evaluate_pairs,
    figures_at,
    hardest_pairs,
    intervals_at,
)
from core.verification.thresholds import is_own, save_threshold, use_again, use_own, withdraw

__all__ = [
    "GivenPairs",
    "PairSet",
    "RateInterval",
    "RateIntervals",
    "RequestedFmr",
    "VerificationReport",
    "confirmed_pairs",
    "evaluate_pairs",
    "figures_at",
    "given_pairs",
    "hardest_pairs",
    "intervals_at",
    "is_own",
    "save_threshold",
    "use_again",
    "use_own",
    "withdraw",
]
