"""What is known about the faces of a dataset before they are grouped, and the limits that follow from it."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from sqlmodel import Session

from core.clustering.constraints import Constraints
from core.clustering.gate import QualityGate
from core.foundation.arrays import Bools, Ints
from core.foundation.workspace import Workspace
from core.people.quality import reason_of, standing
from core.people.tied_tracks import overshadowed, tied_tracks
from core.people.vectors import FaceVectors, face_vectors
from db.engine import reading
from db.queries.people.decisions import last_decision
from db.queries.people.ownership import Ownership, ownerships, separations
from db.queries.people.quality import qualities, track_state, tracks_of_faces
from db.queries.people.vectors import people_state

NOBODY: Final = -1


def grouping_state(dataset_id: int, encoder_id: int, *, session: Session) -> tuple[int, ...]:
    """What changes with everything that a grouping goes by: as `people_state`, and with tracks."""
    return *people_state(dataset_id, encoder_id, session=session), *track_state(dataset_id, session=session)


@dataclass(frozen=True)
class Evidence:
    """What is known about N faces before they are grouped; `state` is the `grouping_state` of then.

    `poor` are the instances of faces that are too poor to tell a person by, unless a human has said whose they are;
    `tracks` has the track of every face of a clip that is in one, `standing` how well a face stands for others.
    """

    faces: FaceVectors
    ownerships: dict[int, Ownership]
    separations: list[tuple[int, int]]
    poor: frozenset[int]
    tracks: dict[int, int]
    standing: dict[int, float]
    decision: int
    state: tuple[int, ...]

    @classmethod
    def of(cls, workspace: Workspace, dataset_id: int, encoder_id: int) -> Self:
        """What the store knows now, all of one moment."""
        with reading(workspace.engine) as session:
            owned = ownerships(dataset_id, session=session)
            measured = qualities(dataset_id, session=session)
            poor = (face for face, quality in measured.items() if reason_of(quality, workspace.settings))
            tracks = tracks_of_faces(dataset_id, session=session)
            return cls(
                face_vectors(workspace, dataset_id, encoder_id, session=session),
                owned,
                list(separations(dataset_id, session=session)),
                frozenset(face for face in poor if not (face in owned and owned[face].human)),
                tracks,
                {face: standing(measured[face]) for face in tracks.keys() & measured.keys()},
                last_decision(dataset_id, session=session),
                grouping_state(dataset_id, encoder_id, session=session),
            )

    def is_still_true(self, dataset_id: int, *, session: Session) -> bool:
        """Whether nobody decided anything meanwhile, and no other run placed or confirmed a face."""
        return (
            last_decision(dataset_id, session=session) == self.decision
            and ownerships(dataset_id, session=session) == self.ownerships
            and set(separations(dataset_id, session=session)) == set(self.separations)
            and tracks_of_faces(dataset_id, session=session) == self.tracks
        )

    def people(self) -> Ints:
        """(N,) the person of each face, -1 for nobody."""
        return np.array([self.person_of(instance) for instance in self.faces.instances.tolist()], dtype=np.int64)

    def person_of(self, instance: int) -> int:
        """The person of a face, -1 for nobody."""
        owner = self.ownerships.get(instance)
        return owner.person_id if owner else NOBODY

    def known_people(self) -> set[int]:
        """Those who have a name, or a face that a human gave them, or whom a human has hidden."""
        return {owner.person_id for owner in self.ownerships.values() if owner.decided}

    def limits(self, *, regroup: bool) -> Constraints:
        """What a grouping has to keep to: `anchors`, tracks, one person once in a photo, and who is not the same."""
        anchored, decided = self.anchors(regroup=regroup)
        said = {instance for instance, person in self.separations if self.person_of(instance) != person}
        alone = np.isin(self.faces.instances, list(said))
        fresh = max((owner.person_id for owner in self.ownerships.values()), default=NOBODY) + 1
        together = tied_tracks(anchored, self._tracks(), self.faces.images, self._human(), alone, fresh)
        return Constraints(
            together=together,
            decided=frozenset(anchored[decided].tolist()),
            photos=self.faces.images,
            apart=self._forbidden_pairs(together),
        )

    def gate(self, limits: Constraints, margin: float) -> QualityGate:
        """Who has no say where these limits are kept to.

        That is poor faces, but for those of people who have no others, and faces of a track for which better ones
        stand. A track of nobody's with poor faces alone has no say at all.
        """
        poor = np.isin(self.faces.instances, list(self.poor))
        heard = np.unique(limits.together[~poor])
        people = np.array(sorted({owner.person_id for owner in self.ownerships.values()}), np.int64)
        without = np.isin(limits.together, people) & ~np.isin(limits.together, heard)
        silent = poor & ~without
        standing = np.array([self.standing.get(face, 0.0) for face in self.faces.instances.tolist()], np.float64)
        return QualityGate(
            silent | overshadowed(limits.together, self._tracks(), standing, silent, self._human()), margin
        )

    def _tracks(self) -> Ints:
        """(N,) the track of each face, -1 for none."""
        return np.array([self.tracks.get(face, NOBODY) for face in self.faces.instances.tolist()], np.int64)

    def _human(self) -> Bools:
        """(N,) of which faces a human has said whose they are."""
        owners = (self.ownerships.get(face) for face in self.faces.instances.tolist())
        return np.array([owner is not None and owner.human for owner in owners], bool)

    def anchors(self, *, regroup: bool) -> tuple[Ints, Bools]:
        """For each face the person it stays with (-1: free), and whether that person never joins another such person.

        Those are people that a human has decided about, and without `regroup` all who exist: a join has no undo. A poor
        face that is all there is of somebody without a name stays free, unless something was said of that person.
        """
        known, nobodies = self.known_people(), self._seen_once_and_poorly()
        together = np.full(len(self.faces.instances), NOBODY, dtype=np.int64)
        decided = np.zeros(len(together), dtype=bool)
        for row, instance in enumerate(self.faces.instances.tolist()):
            owner = self.ownerships.get(instance)
            if owner is not None and (owner.decided or not (regroup or owner.person_id in nobodies)):
                together[row] = owner.person_id
                decided[row] = not regroup or owner.person_id in known
        return together, decided

    def _seen_once_and_poorly(self) -> set[int]:
        """People without a name, and of whom nothing was said, with one face, which is a poor one."""
        faces = Counter(owner.person_id for owner in self.ownerships.values())
        said = {person for _, person in self.separations}
        of_poor = {self.ownerships[face] for face in self.poor & self.ownerships.keys()}
        return {owner.person_id for owner in of_poor if faces[owner.person_id] == 1 and not owner.decided} - said

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
                both = np.stack([np.repeat(mine, len(theirs)), np.tile(theirs, len(mine))], axis=1)
                pairs.append(both[both[:, 0] != both[:, 1]])  # a face of theirs may be in a track of another's
        # As one number each, since NumPy finds equal numbers many times faster than equal rows.
        codes = np.unique(np.sort(np.concatenate(pairs), axis=1) @ np.array([len(together), 1]))
        return np.stack(np.divmod(codes, max(len(together), 1)), axis=1)


def _representatives(together: Ints) -> Ints:
    """(N,) the first row of those that each row stays together with; a free face stands for itself."""
    rows = np.arange(len(together))
    _, first, group_of = np.unique(together, return_index=True, return_inverse=True)
    return np.where(together == NOBODY, rows, first[group_of]).astype(np.int64)
