"""Pairs that are judged, wherever they come from: a dataset's confirmed people, a file of pairs, a file of scores.

Legend
------
- M: number of pairs that were compared
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.formats.pair_scores import PairScores
from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import NotEnoughData
from core.metrics.ranked_scores import RankedScores
from core.metrics.verification import Pairing
from core.verification.given_pairs import GivenPairs
from core.verification.pairs import PairSet


@dataclass(frozen=True, eq=False)
class Comparisons:
    """M pairs with their scores.

    Attributes
    ----------
    scores, same
        (M,) float, higher is more alike, and bool.
    pairing
        Of which people each pair is; None where nobody says.
    people_alike
        Whether every person, and every two people, count the same however many pairs they have; else every pair does.
    different_per_same
        How much all pairs of two people weigh beside all of one person; None: as they occur.
    fold
        (M,) int64 where they come in folds, else None.
    left_group, right_group
        (M,) int64 places in `groups`, -1 for none; None where there are no groups.
    failed
        How many further pairs of one person, and of two, were not compared since a face was not acquired.
    source
        Plain facts of where they come from, as a report gives them.
    """

    scores: NDArray
    same: Bools
    pairing: Pairing | None = None
    people_alike: bool = False
    different_per_same: float | None = None
    fold: Ints | None = None
    left_group: Ints | None = None
    right_group: Ints | None = None
    groups: tuple[str, ...] = ()
    failed: tuple[int, int] = (0, 0)
    source: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_dataset(cls, pairs: PairSet) -> Self:
        """All pairs of confirmed people, each person counting the same."""
        source = {"model": pairs.encoder, "faces": pairs.faces, "people": pairs.people}
        mixture = pairs.different_per_same
        return cls(pairs.scores, pairs.same, pairs.pairing, True, mixture, source=source)

    @classmethod
    def of_scores(cls, file: PairScores, name: str) -> Self:
        """A file of scores, each pair counting the same, as they occur."""
        left, right = file.left_person, file.right_person
        pairing = None if left is None or right is None else Pairing.of(left, right)
        group = None if file.group is None else file.group.astype(np.int64)
        source = {"file": name, "people": len(file.people), "ignored": list(file.ignored)}
        return cls(
            file.scores, file.same, pairing, left_group=group, right_group=group, groups=file.groups, source=source
        )

    @classmethod
    def of_given(cls, pairs: GivenPairs, name: str) -> Self:
        """A file of pairs of a dataset's pictures, each pair counting the same, as they occur.

        Raises
        ------
        NotEnoughData
            If no pair has both of its faces.
        """
        there = pairs.acquired
        if not there.any():
            raise NotEnoughData("verification.none_acquired", file=name, pairs=len(there))
        source = {
            "model": pairs.encoder,
            "file": name,
            "pictures": pairs.pictures,
            "failures": [{"picture": picture, "reason": reason.to_json()} for picture, reason in pairs.failures],
        }
        pairing = Pairing.of(pairs.left_person[there], pairs.right_person[there])
        fold = None if pairs.fold is None else pairs.fold[there]
        return cls(pairs.scores[there], pairs.same[there], pairing, fold=fold, failed=pairs.failed, source=source)

    @cached_property
    def weights(self) -> Floats | None:
        """(M,) float64 what each pair counts; None where each counts once."""
        if self.people_alike and self.pairing is not None:
            return self.pairing.weights(self.mixture)
        if self.different_per_same is None:
            return None
        alike = int(self.same.sum())
        return np.where(self.same, 1 / max(alike, 1), self.different_per_same / max(len(self.same) - alike, 1))

    @cached_property
    def ranked(self) -> RankedScores:
        """The pairs as they count."""
        return RankedScores.of(self.scores, self.same, self.weights)

    @property
    def mixture(self) -> float:
        """How much all different pairs weigh beside all same ones."""
        if self.different_per_same is not None:
            return self.different_per_same
        alike = int(self.same.sum())
        return (len(self.same) - alike) / alike if alike else 1.0
