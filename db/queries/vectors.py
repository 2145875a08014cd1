"""Reads of embeddings and of whose faces they are, as whole columns rather than rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, func, select

from db.tables import Assignment, Embedding, Instance, ModelVersion, PeopleEvent, Person, Separation, Source, Threshold


@dataclass(frozen=True)
class FaceVectors:
    """Every embedded face of a dataset that was not removed.

    Attributes
    ----------
    instances, images
        (N,) int64 ids.
    vectors
        (N, D) float32 of unit length.
    """

    instances: NDArray[np.int64]
    images: NDArray[np.int64]
    vectors: NDArray[np.float32]


def face_vectors(dataset_id: int, encoder_id: int, *, session: Session) -> FaceVectors:
    """Load the embeddings of one encoder version, in the order of the instances."""
    rows = session.exec(
        select(Embedding.instance_id, Instance.image_id, Embedding.vector)
        .join(Instance, col(Instance.id) == col(Embedding.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), Embedding.model_version_id == encoder_id)
        .order_by(col(Embedding.instance_id))
    ).all()
    if not rows:
        return FaceVectors(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 0), np.float32))
    matrix = np.frombuffer(b"".join(row[2] for row in rows), dtype="<f4").reshape(len(rows), -1)
    ids = np.array([(row[0], row[1]) for row in rows], dtype=np.int64)
    return FaceVectors(ids[:, 0], ids[:, 1], matrix.astype(np.float32, copy=False))


@dataclass(frozen=True)
class Belonging:
    """Whose a face is: the person, whether a human said so, and whether that person has a name."""

    person_id: int
    human: bool
    named: bool


def belongings(dataset_id: int, *, session: Session) -> dict[int, Belonging]:
    """Instance id to whose face it is, for every assigned face of a dataset."""
    rows = session.exec(
        select(Assignment.instance_id, Assignment.person_id, Assignment.source, Person.name)
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .where(Assignment.dataset_id == dataset_id)
    )
    return {
        instance: Belonging(person, source == Source.HUMAN, name is not None) for instance, person, source, name in rows
    }


def separations(dataset_id: int, *, session: Session) -> Sequence[tuple[int, int]]:
    """Instance and person of every "this is not that person" of a dataset."""
    rows = session.exec(
        select(Separation.instance_id, Separation.person_id)
        .join(Instance, col(Instance.id) == col(Separation.instance_id))
        .where(Instance.dataset_id == dataset_id)
    )
    return [(instance, person) for instance, person in rows]


def last_decision(dataset_id: int, *, session: Session) -> int:
    """The id of the newest decision about people; 0 when there is none."""
    newest = session.exec(select(func.max(PeopleEvent.id)).where(PeopleEvent.dataset_id == dataset_id)).one()
    return newest or 0


def encoder_versions(dataset_id: int, *, session: Session) -> Sequence[ModelVersion]:
    """Encoder versions that have embedded a face of the dataset, newest first."""
    used = (
        select(Embedding.instance_id)
        .join(Instance, col(Instance.id) == col(Embedding.instance_id))
        .where(Instance.dataset_id == dataset_id, Embedding.model_version_id == ModelVersion.id)
        .exists()
    )
    return session.exec(
        select(ModelVersion).where(ModelVersion.kind == "encoder", used).order_by(col(ModelVersion.id).desc())
    ).all()


def newest_threshold(dataset_id: int, encoder_id: int, *, session: Session) -> Threshold | None:
    """The threshold that was saved last for a dataset and an encoder version."""
    return session.exec(
        select(Threshold)
        .where(Threshold.dataset_id == dataset_id, Threshold.model_version_id == encoder_id)
        .order_by(col(Threshold.id).desc())
    ).first()
