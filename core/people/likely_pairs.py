"""Which people of a dataset may be one and the same: the questions worth asking a human."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from core.foundation.arrays import Bools, Ints
from core.foundation.workspace import Workspace
from core.people.vectors import FaceVectors, face_vectors
from db.engine import reading
from db.queries.people.ownership import ownerships, separations

MOST_PEOPLE: Final = 3000  # the largest; a person seen once among thousands is seldom worth a question

MOST_QUESTIONS: Final = 12  # at a time


@dataclass(frozen=True)
class LikelyPair:
    """Two people, the one with more faces first, and the average cosine similarity of their faces."""

    first: int
    second: int
    score: float


def likely_same(
    workspace: Workspace, dataset_id: int, encoder_id: int, *, limit: int = MOST_QUESTIONS
) -> list[LikelyPair]:
    """The most similar pairs of people whom nobody has told apart and who share no photo, best first.

    The similarity is the one that grouping compares with its threshold: the average over all pairs of their faces
    (average linkage), which is the product of their mean embeddings. The 3,000 people with most faces are compared.
    """
    with reading(workspace.engine) as session:
        faces = face_vectors(workspace, dataset_id, encoder_id, session=session)
        owners = ownerships(dataset_id, session=session)
        apart = separations(dataset_id, session=session)
    person_of = np.array([owners[i].person_id if i in owners else -1 for i in faces.instances.tolist()], np.int64)
    people, sizes = np.unique(person_of[person_of >= 0], return_counts=True)
    largest = np.argsort(-sizes, kind="stable")[:MOST_PEOPLE]
    people, sizes = people[largest], sizes[largest]
    row_of = {person: row for row, person in enumerate(people.tolist())}
    owner_row = np.array([row_of.get(person, -1) for person in person_of.tolist()], np.int64)
    members = _members(owner_row, len(people))
    means = (members @ faces.vectors) / np.maximum(sizes, 1)[:, None].astype(np.float32)
    scores = np.triu(np.asarray(means @ means.T, np.float32), k=1)
    candidate = np.triu(~_share_a_photo(faces, members), k=1)
    for instance, person in apart:
        mine, theirs = row_of.get(owners[instance].person_id if instance in owners else -1), row_of.get(person)
        if mine is not None and theirs is not None:
            candidate[min(mine, theirs), max(mine, theirs)] = False
    first, second = np.nonzero(candidate)
    best = np.argsort(-scores[first, second], kind="stable")[:limit]
    return [LikelyPair(int(people[first[i]]), int(people[second[i]]), float(scores[first[i], second[i]])) for i in best]


def _members(owner_row: Ints, count: int) -> scipy.sparse.coo_array:
    """(P, N) 1 where a face is that person's."""
    columns = np.flatnonzero(owner_row >= 0)
    ones = np.ones(len(columns), np.float32)
    return scipy.sparse.coo_array((ones, (owner_row[columns], columns)), shape=(count, len(owner_row))).tocsr()


def _share_a_photo(faces: FaceVectors, members: scipy.sparse.coo_array) -> Bools:
    """(P, P) whether two people are seen in one photo: then they are not the same."""
    photos, photo = np.unique(faces.images, return_inverse=True)
    ones = np.ones(len(photo), np.float32)
    of_photo = scipy.sparse.coo_array((ones, (np.arange(len(photo)), photo)), shape=(len(photo), len(photos))).tocsr()
    seen = members @ of_photo
    return np.asarray((seen @ seen.T).toarray() > 0)
