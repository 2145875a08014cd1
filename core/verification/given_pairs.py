"""Pairs of pictures that a file gives, as faces of a dataset with the similarity of an encoder.

A picture of several faces stands for the largest (then the one that the detector is surest of): who is photographed is
seldom the smallest. One that is not here, that no face was found in or whose face the encoder has not seen is a failure
to acquire (ISO/IEC 19795-1): it is listed with its reason, and its pairs are counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.formats.pair_lists import PairList
from core.foundation.arrays import Bools, Ints
from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.library.picture_names import PictureNames
from core.people.encoders import encoder_of
from core.people.known_faces import known_faces
from core.verification.pairs import cosines_of_rows
from db.engine import reading
from db.queries.library import picture_paths
from db.queries.verification import face_sizes

_NO_FACE = -1


@dataclass(frozen=True, eq=False)
class GivenPairs:
    """M pairs as a file gives them.

    Attributes
    ----------
    encoder_id, encoder
        The encoder's version and name.
    left, right
        (M,) int64 instance ids; -1 where none was acquired.
    left_person, right_person
        (M,) int32 as far as the file says (`PairList.people`).
    same
        (M,) bool.
    scores
        (M,) float32 cosine similarity; NaN where a face is missing.
    fold
        (M,) int64 where the file has folds, else None.
    failures
        Each picture that gave no face, as the file calls it, with the reason.
    pictures
        How many pictures the file names.
    """

    dataset_id: int
    encoder_id: int
    encoder: str
    left: Ints
    right: Ints
    left_person: NDArray[np.int32]
    right_person: NDArray[np.int32]
    same: Bools
    scores: NDArray[np.float32]
    fold: Ints | None
    failures: tuple[tuple[str, Message], ...]
    pictures: int

    @property
    def acquired(self) -> Bools:
        """(M,) bool: both faces are there."""
        return (self.left != _NO_FACE) & (self.right != _NO_FACE)

    @property
    def failed(self) -> tuple[int, int]:
        """How many pairs of one person, and of two, lack a face."""
        lacking = ~self.acquired
        return int((lacking & self.same).sum()), int((lacking & ~self.same).sum())


def acquired_pairs(workspace: Workspace, dataset_id: int, pairs: PairList, encoder: str | None = None) -> GivenPairs:
    """Find the faces of pairs that a file gives.

    Raises
    ------
    UnreadableLabels
        If two names mean one face, and so a pair compares it with itself: with the line.
    NotFound
        If the dataset has no embedding of that encoder.
    """
    version = encoder_of(workspace, dataset_id, encoder)
    faces = known_faces(workspace, dataset_id, version.id).faces
    rows, failures = _rows_of_pictures(workspace, dataset_id, pairs.pictures, faces.instances)
    left, right = rows[pairs.left], rows[pairs.right]
    there = (left != _NO_FACE) & (right != _NO_FACE)
    for row in np.flatnonzero(there & (left == right))[:1]:
        pairs.refuse("tables.itself", row, picture=pairs.pictures[pairs.left[row]])
    scores = np.full(len(left), np.nan, np.float32)
    scores[there] = cosines_of_rows(np.asarray(faces.vectors), left[there], right[there])
    instances = np.append(faces.instances, _NO_FACE)
    return GivenPairs(
        dataset_id,
        version.id,
        version.name,
        instances[left],
        instances[right],
        pairs.people[pairs.left],
        pairs.people[pairs.right],
        pairs.same,
        scores,
        pairs.fold,
        failures,
        len(pairs.pictures),
    )


def _rows_of_pictures(
    workspace: Workspace, dataset_id: int, pictures: Sequence[str], instances: Ints
) -> tuple[Ints, tuple[tuple[str, Message], ...]]:
    """(pictures,) the row of the face that each stands for, -1 for none, and why not."""
    with reading(workspace.engine) as session:
        names = PictureNames(picture_paths(dataset_id, session=session))
        sizes = face_sizes(dataset_id, session=session)
    row_of, detected = _largest(instances, sizes), {image for _, image, *_ in sizes}
    rows, failures = np.full(len(pictures), _NO_FACE, np.int64), []
    for place, picture in enumerate(pictures):
        found = _image(names, picture)
        if isinstance(found, Message):
            failures.append((picture, found))
        elif found in row_of:
            rows[place] = row_of[found]
        else:
            code = "verification.not_embedded" if found in detected else "verification.no_face"
            failures.append((picture, message(code)))
    return rows, tuple(failures)


def _image(names: PictureNames, picture: str) -> int | Message:
    """The picture that a name means, or why there is none."""
    try:
        match = names.find(picture)
    except BadInput as error:
        return error.message
    return message("verification.no_picture") if match is None else match.id


def _largest(instances: Ints, sizes: Sequence[tuple[int, int, float, float]]) -> dict[int, int]:
    """The row of each picture's largest face among those that are embedded."""
    row = {instance: at for at, instance in enumerate(instances.tolist())}
    embedded = [(area, score, -instance, image) for instance, image, area, score in sizes if instance in row]
    return {image: row[-instance] for _, _, instance, image in sorted(embedded)}
