"""What is to be known before people are made one: their least alike faces, and photos that show them together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Ints
from core.foundation.workspace import Workspace
from core.people.vectors import face_vectors
from db.engine import reading
from db.queries.people.ownership import photos_shared, whose_faces
from db.tables import ModelVersion

_ROWS: Final = 1024  # that are compared with all others at a time


@dataclass(frozen=True)
class BeforeMerge:
    """What a merge would put together.

    Attributes
    ----------
    faces
        How many faces there would be.
    least_alike
        A face of each of two of the people, the pair that is least alike, and their cosine similarity; None where no
        two of them are embedded.
    photos
        Picture id to the faces in it, where it shows several of the people.
    """

    faces: int
    least_alike: tuple[int, int, float] | None
    photos: dict[int, list[int]]


def before_merge(
    workspace: Workspace, dataset_id: int, version: ModelVersion | None, people: Sequence[int]
) -> BeforeMerge:
    """What a merge of these people would put together, as an encoder version sees it where there is one."""
    with reading(workspace.engine) as session:
        owned = whose_faces(people, session=session)
        photos = photos_shared(people, session=session)
        if version is None:
            return BeforeMerge(len(owned), None, photos)
        faces = face_vectors(workspace, dataset_id, version.id, session=session)
    rows: dict[int, list[int]] = {person: [] for person in people}
    for row, instance in enumerate(faces.instances.tolist()):
        if instance in owned:
            rows[owned[instance]].append(row)
    worst: tuple[int, int, float] | None = None
    for one, other in combinations([np.array(each, np.int64) for each in rows.values() if each], 2):
        left, right, score = least_alike(faces.vectors, one, other)
        if worst is None or score < worst[2]:
            worst = (int(faces.instances[left]), int(faces.instances[right]), score)
    return BeforeMerge(len(owned), worst, photos)


def least_alike(vectors: NDArray[np.float32], one: Ints, other: Ints) -> tuple[int, int, float]:
    """The row of each of two groups of (N, D) unit vectors that are least alike, and their cosine similarity."""
    found = (0, 0, np.inf)
    theirs = vectors[other]
    for start in range(0, len(one), _ROWS):
        rows = one[start : start + _ROWS]
        alike = vectors[rows] @ theirs.T
        left, right = np.divmod(int(alike.argmin()), alike.shape[1])
        if alike[left, right] < found[2]:
            found = (int(rows[left]), int(other[right]), float(alike[left, right]))
    return found
