"""Whose the faces of a dataset are, as columns: what is asked about all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Bools, Ints, integers
from db.queries.people.ownership import owner_columns

OF_NOBODY: Final = -1


@dataclass(frozen=True, eq=False)
class OwnedFaces:
    """(N,) instances of the faces that are somebody's, in rising order; of whom; and whether a human has said so."""

    instances: Ints
    people: Ints
    human: Bools

    @classmethod
    def of(cls, dataset_id: int, *, session: Session) -> OwnedFaces:
        """Those of a dataset."""
        columns = [integers(column) for column in owner_columns(dataset_id, session=session)]
        instances, people, human = (column[np.argsort(columns[0])] for column in columns)
        return cls(instances, people, human.astype(bool))

    def without(self, removed: Sequence[int]) -> OwnedFaces:
        """The others."""
        left = ~np.isin(self.instances, removed)
        return OwnedFaces(self.instances[left], self.people[left], self.human[left])

    def person_of(self, instances: Ints) -> Ints:
        """(M,) ids of people, -1 for nobody."""
        at = self._places(instances)
        return np.append(self.people, OF_NOBODY)[at]

    def confirmed(self, instances: Ints) -> Bools:
        """(M,) whether a human has said whose each is."""
        return np.append(self.human, False)[self._places(instances)]

    def _places(self, instances: Ints) -> Ints:
        """(M,) the row of each, -1 where there is none."""
        if not len(self.instances):
            return np.full(len(instances), -1)
        at = np.minimum(np.searchsorted(self.instances, instances), len(self.instances) - 1)
        return np.where(self.instances[at] == instances, at, -1)
