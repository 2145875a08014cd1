"""What is known about the faces of a dataset before they are grouped, and the limits that follow from it."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from sqlmodel import Session

from core.clustering.constraints import Constraints
from core.foundation.arrays import Bools, Ints
from core.foundation.workspace import Workspace
from core.people.vectors import FaceVectors, face_vectors
from db.engine import reading
from db.queries.people.decisions import last_decision
from db.queries.people.ownership import Ownership, ownerships, separations
from db.queries.people.vectors import people_state

NOBODY: Final = -1


@dataclass(frozen=True)
class Evidence:
    """What is known about N faces before they are grouped; `state` is the `people_state` of then."""

    faces: FaceVectors
    ownerships: dict[int, Ownership]
    separations: list[tuple[int, int]]
    decision: int
    state: tuple[int, ...]

    @classmethod
    def of(cls, workspace: Workspace, dataset_id: int, encoder_id: int) -> Self:
        """What the store knows now, all of one moment."""
        with reading(workspace.engine) as session:
            return cls(
                face_vectors(workspace, dataset_id, encoder_id, session=session),
                ownerships(dataset_id, session=session),
                list(separations(dataset_id, session=session)),
                last_decision(dataset_id, session=session),
                people_state(dataset_id, encoder_id, session=session),
            )

    def is_still_true(self, dataset_id: int, *, session: Session) -> bool:
        """Whether nobody decided anything meanwhile, and no other run placed or confirmed a face."""
        return (
            last_decision(dataset_id, session=session) == self.decision
            and ownerships(dataset_id, session=session) == self.ownerships
            and set(separations(dataset_id, session=session)) == set(self.separations)
        )

    def people(self) -> Ints:
        """(N,) the person of each face, -1 for nobody."""
        return np.array([self.person_of(instance) for instance in self.faces.instances.tolist()], dtype=np.int64)

    def person_of(self, instance: int) -> int:
        """The person of a face, -1 for nobody."""
        owner = self.ownerships.get(instance)
        return owner.person_id if owner else NOBODY

    def known_people(self) -> set[int]:
        """Those who have a name, or a face that a human gave them."""
        return {owner.person_id for owner in self.ownerships.values() if owner.human or owner.named}

    def limits(self, *, regroup: bool) -> Constraints:
        """What a grouping has to keep to: `anchors`, one person once in a photo, and who is not the same."""
        together, decided = self.anchors(regroup=regroup)
        return Constraints(
            together=together,
            decided=frozenset(together[decided].tolist()),
            photos=self.faces.images,
            apart=self._forbidden_pairs(together),
        )

    def anchors(self, *, regroup: bool) -> tuple[Ints, Bools]:
        """For each face the person it stays with (-1: free), and whether that person never joins another such person.

        Those are people that a human has decided about, and without `regroup` all who exist: a join has no undo.
        """
        known = self.known_people()
        together = np.full(len(self.faces.instances), NOBODY, dtype=np.int64)
        decided = np.zeros(len(together), dtype=bool)
        for row, instance in enumerate(self.faces.instances.tolist()):
            owner = self.ownerships.get(instance)
            if owner is not None and (owner.human or owner.named or not regroup):
                together[row] = owner.person_id
                decided[row] = not regroup or owner.person_id in known
        return together, decided

    def _forbidden_pairs(self, together: Ints) -> Ints:
        """(M, 2) rows of every two faces that must not meet, the lower one first, each pair once.

        One row stands for all faces that stay together anyway.
        """
        stands = _representatives(together)
        row_of = {instance: row for row, instance in enumerate(self.faces.instances.tolist())}
        apart_from: dict[int, set[int]] = defaultdict(set)
        for instance, person in self.separations:
            if instance in row_of and self.person_of(instance) != person:
                apart_from[person].add(int(stands[row_of[instance]]))
        ends: dict[int, set[int]] = defaultdict(set)
        for row, instance in enumerate(self.faces.instances.tolist()):
            ends[self.person_of(instance)].add(int(stands[row]))
        pairs = [np.zeros((0, 2), np.int64)]
        for person, rows in apart_from.items():
            if person in ends:
                mine, theirs = (np.array(sorted(side), np.int64) for side in (rows, ends[person]))
                pairs.append(np.stack([np.repeat(mine, len(theirs)), np.tile(theirs, len(mine))], axis=1))
        # As one number each, since NumPy finds equal numbers many times faster than equal rows.
        codes = np.unique(np.sort(np.concatenate(pairs), axis=1) @ np.array([len(together), 1]))
        return np.stack(np.divmod(codes, max(len(together), 1)), axis=1)


def _representatives(together: Ints) -> Ints:
    """(N,) the first row of those that each row stays together with; a free face stands for itself."""
    rows = np.arange(len(together))
    _, first, group_of = np.unique(together, return_index=True, return_inverse=True)
    return np.where(together == NOBODY, rows, first[group_of]).astype(np.int64)
