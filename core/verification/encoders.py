"""Encoders side by side on the same pairs of confirmed faces, each at its own best threshold, the best first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.foundation.arrays import Bools, Ints
from core.foundation.errors import NotEnoughData
from core.foundation.workspace import Workspace
from core.metrics.encoder_comparison import EncoderDifference, compare_encoders
from core.verification.comparisons import Comparisons
from core.verification.judgement import Judgement
from core.verification.pairs import PairSet, confirmed_pairs


@dataclass(frozen=True, eq=False)
class EncoderRow:
    """What one encoder comes to.

    Attributes
    ----------
    judgement
        Its figures on the pairs that all encoders have.
    behind
        How far it is behind the first, figure by figure, over the same draws of people; None of the first.
    """

    encoder: str
    judgement: Judgement
    behind: dict[str, EncoderDifference] | None


def side_by_side(
    workspace: Workspace, dataset_id: int, encoders: Sequence[str], *, different_per_same: float | None = 1.0
) -> list[EncoderRow]:
    """Judge encoders on the pairs of faces that all of them have seen, the one of greatest accuracy first.

    Raises
    ------
    NotEnoughData
        If too few faces are confirmed, or the encoders have no pairs of both kinds in common.
    NotFound
        If one has seen no face of the dataset.
    """
    sets = [confirmed_pairs(workspace, dataset_id, name, different_per_same=different_per_same) for name in encoders]
    judged = [Judgement(Comparisons.of_dataset(pairs)) for pairs in _in_common(sets)]
    order = sorted(range(len(judged)), key=lambda at: -judged[at].best.confusion.accuracy)
    best = judged[order[0]]
    return [EncoderRow(encoders[at], judged[at], None if at == order[0] else _behind(best, judged[at])) for at in order]


def _behind(best: Judgement, other: Judgement) -> dict[str, EncoderDifference]:
    pairing = best.pairs.pairing
    assert pairing is not None
    thresholds = (best.best.threshold, other.best.threshold)
    return compare_encoders(best.pairs.scores, other.pairs.scores, pairing, thresholds)


def _in_common(sets: Sequence[PairSet]) -> list[PairSet]:
    """The pairs that every set has, in one order."""
    largest = max(int(max(pairs.left.max(), pairs.right.max())) for pairs in sets) + 1
    keys = [
        np.minimum(pairs.left, pairs.right) * largest + np.maximum(pairs.left, pairs.right) for pairs in sets
    ]  # either side may come first: faces stand in the order in which an encoder has seen them
    common = keys[0]
    for key in keys[1:]:
        common = np.intersect1d(common, key)
    kept = [_of_keys(pairs, key, common) for pairs, key in zip(sets, keys, strict=True)]
    same: Bools = kept[0].same
    if not 0 < same.sum() < len(same):
        raise NotEnoughData("verification.two_kinds", same=int(same.sum()), different=int((~same).sum()))
    return kept


def _of_keys(pairs: PairSet, key: Ints, wanted: Ints) -> PairSet:
    order = np.argsort(key)
    rows = order[np.searchsorted(key, np.sort(wanted), sorter=order)]
    columns = ("left", "right", "left_person", "right_person", "scores")
    return replace(pairs, **{name: getattr(pairs, name)[rows] for name in columns})
