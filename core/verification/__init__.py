"""Choosing the similarity from which two faces count as one person: pairs, what they say, and the threshold kept."""

from core.verification.drawing import MOST_PAIRS
from core.verification.pairs import PairSet, confirmed_pairs
from core.verification.report import VerificationReport, evaluate_pairs, figures_at, hardest_pairs, intervals_at
from core.verification.thresholds import save_threshold

__all__ = [
    "MOST_PAIRS",
    "PairSet",
    "VerificationReport",
    "confirmed_pairs",
    "evaluate_pairs",
    "figures_at",
    "hardest_pairs",
    "intervals_at",
    "save_threshold",
]
