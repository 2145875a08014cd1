"""A threshold with the pairs behind it, as the verification page would save it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.foundation.workspace import Workspace
from core.verification.pairs import PairSet
from core.verification.thresholds import save_threshold


def save(
    workspace: Workspace, dataset: int, encoder: int, faces: Sequence[int], value: float, *, author_id: int
) -> int:
    """Save `value`, measured on two pairs of three faces: (0, 1) of one person, (0, 2) of two; gives its id."""
    numbers = np.array(faces)
    pairs = PairSet(
        dataset_id=dataset,
        encoder_id=encoder,
        encoder="",
        left=numbers[[0, 0]],
        right=numbers[[1, 2]],
        left_person=np.array([1, 1]),
        right_person=np.array([1, 2]),
        scores=np.array([0.9, 0.1], np.float32),
        faces=3,
        people=2,
        all_same=1,
        all_different=2,
    )
    return save_threshold(workspace, pairs, value, author_id=author_id)
