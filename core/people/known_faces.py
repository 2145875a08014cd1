"""The faces of a dataset as an encoder sees them and whose they are, kept for as long as the store says the same.

Whatever is asked about one person is asked against everybody: read anew for each look, that would take longer than
all else that a page does.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clustering.sums import means_of
from core.foundation.arrays import Bools, Ints
from core.foundation.workspace import Workspace
from core.metrics.calibration import LogisticCalibration
from core.people.chances import learned_line
from core.people.owned_faces import OF_NOBODY, OwnedFaces
from core.people.vectors import FaceVectors, face_vectors
from db.engine import reading
from db.queries.people.decisions import unsure_about
from db.queries.people.ownership import out_of_sight, separations
from db.queries.people.vectors import people_state, removed_faces
from db.queries.store import store_id

_MOST_KEPT: Final = 2  # datasets: of a million faces that is a gigabyte of means


@dataclass(frozen=True, eq=False)
class KnownFaces:
    """What is known about the people of a dataset, all of one moment.

    Attributes
    ----------
    faces
        The N faces that are embedded.
    owned
        Those that are somebody's, embedded or not.
    of, confirmed
        (N,) int64 the person of each face, -1 for nobody; (N,) bool whether a human has said so.
    apart
        Instance and person of every "this is not that person" that counts.
    hidden
        Whom somebody has hidden.
    unsure
        Of whom somebody could not tell: two people, or one who looks like two; the lowest id first.
    """

    faces: FaceVectors
    owned: OwnedFaces
    of: Ints
    confirmed: Bools
    apart: Sequence[tuple[int, int]]
    hidden: Sequence[int]
    unsure: Set[tuple[int, ...]]

    @cached_property
    def people(self) -> Ints:
        """(P,) int64 everybody who has an embedded face, in rising order."""
        return np.setdiff1d(self.of, [OF_NOBODY])

    @cached_property
    def means(self) -> NDArray[np.float32]:
        """(P, D) the mean embedding of each of them."""
        rows = np.flatnonzero(self.of != OF_NOBODY)
        if not len(rows):
            return np.zeros((0, self.faces.vectors.shape[1]), np.float32)
        return means_of(self.faces.vectors, rows, np.searchsorted(self.people, self.of[rows]))

    @cached_property
    def line(self) -> LogisticCalibration | None:
        """What those whom humans have confirmed teach of how likely two people are one (`learned_line`)."""
        rows = np.flatnonzero(self.confirmed & (self.of != OF_NOBODY))
        return learned_line(self.faces.vectors, self.of, rows)


_keeping: Final = Lock()
_kept: Final[dict[tuple[str, int, int], tuple[tuple[int, ...], KnownFaces]]] = {}


def known_faces(workspace: Workspace, dataset_id: int, encoder_id: int) -> KnownFaces:
    """What the store knows now."""
    with reading(workspace.engine) as session:
        state = people_state(dataset_id, encoder_id, session=session)
        place = (store_id(session=session), dataset_id, encoder_id)
        of, kept = _kept.get(place, (None, None))
        if kept is not None and of == state:
            return kept
        faces = face_vectors(workspace, dataset_id, encoder_id, session=session)
        owned = OwnedFaces.of(dataset_id, session=session).without(removed_faces(dataset_id, session=session))
        apart = separations(dataset_id, session=session)
        hidden = out_of_sight(dataset_id, session=session)
        unsure = unsure_about(dataset_id, session=session)
    person_of, confirmed = owned.person_of(faces.instances), owned.confirmed(faces.instances)
    found = KnownFaces(faces, owned, person_of, confirmed, apart, hidden, unsure)
    with _keeping:  # pages run side by side
        _kept.pop(place, None)
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[place] = (state, found)
    return found
