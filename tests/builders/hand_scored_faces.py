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
