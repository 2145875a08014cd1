"""The six pairs of `scored_pairs` that are scored by hand, as pairs of confirmed faces."""

from __future__ import annotations

import numpy as np

from core.verification.pairs import PairSet
from tests.builders.scored_pairs import SAME, SCORES


def hand_scored(dataset_id: int = 1, encoder_id: int = 1, faces: int = 12) -> PairSet:
    """Pair k is of the faces 2k + 1 and 2k + 2; one person each where they are the same, else two."""
    numbers = np.arange(1, faces + 1)
    left, right = numbers[0::2], numbers[1::2]
    return PairSet(
        dataset_id=dataset_id,
        encoder_id=encoder_id,
        encoder="dlib-resnet",
        left=left,
        right=right,
        left_person=left,
        right_person=np.where(SAME, left, right),
        scores=SCORES.astype(np.float32),
        faces=faces,
        people=9,
        all_same=3,
        all_different=63,
    )


def scored(scores: np.ndarray, left_person: np.ndarray, right_person: np.ndarray) -> PairSet:
    """Pairs of people as they are given; every side is a face of its own."""
    count, people = len(scores), len(np.union1d(left_person, right_person))
    same = int((left_person == right_person).sum())
    return PairSet(
        dataset_id=1,
        encoder_id=1,
        encoder="dlib-resnet",
        left=np.arange(count),
        right=np.arange(count, 2 * count),
        left_person=left_person,
        right_person=right_person,
        scores=scores,
        faces=2 * count,
        people=people,
        all_same=same,
        all_different=count - same,
    )
