"""Reads of embeddings and of whose faces they are, as whole columns rather than rows."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlmodel import Session, col, func, select

from db.tables import Dataset, Embedding, Instance, ModelVersion


class VectorState(NamedTuple):
    """How many embeddings an encoder version has; id, mark and dimension of the newest: equal states hold the same."""

    rows: int
    newest: int
    mark: int
    dimension: int


def vector_state(encoder_id: int, *, up_to: int | None = None, session: Session) -> VectorState:
    """The state of an encoder version's embeddings (of those up to an id), read off the index."""
    conditions = [col(Embedding.model_version_id) == encoder_id]
    if up_to is not None:
        conditions.append(col(Embedding.id) <= up_to)
    rows = session.exec(select(func.count()).where(*conditions)).one()
    newest = session.exec(
        select(Embedding.id, Embedding.mark, func.length(Embedding.vector))
        .where(*conditions)
        .order_by(col(Embedding.id).desc())
        .limit(1)
    ).first()
    return VectorState(rows, newest[0], newest[1], newest[2] // 4) if newest else VectorState(rows, 0, 0, 0)


def people_state(dataset_id: int, encoder_id: int, *, session: Session) -> tuple[int, ...]:
    """What changes with every embedding of an encoder version, and with every face, owner, name and decision.

    The dataset's revision counts them, whoever has written them: a human, a run, an import.
    """
    revision = session.exec(select(Dataset.revision).where(Dataset.id == dataset_id)).one()
    return (encoder_id, *vector_state(encoder_id, session=session), revision)


def vector_rows(
    encoder_id: int, after: int, *, at_once: int = 10_000, session: Session
) -> Iterator[Sequence[tuple[int, int, int, int, bytes]]]:
    """Id, instance, picture, dataset and vector of every embedding of an encoder version after an id, oldest first, in
    parts, never all in memory."""
    statement = (
        select(  # type: ignore[call-overload]  # SQLModel types a select of at most four columns
            col(Embedding.id),
            col(Embedding.instance_id),
            col(Instance.image_id),
            col(Instance.dataset_id),
            col(Embedding.vector),
        )
        .join(Instance, col(Instance.id) == col(Embedding.instance_id))
        .where(Embedding.model_version_id == encoder_id, Embedding.id > after)
        .order_by(col(Embedding.id))
        .execution_options(yield_per=at_once)
    )
    return session.connection().execute(statement).partitions()


def removed_faces(dataset_id: int, *, session: Session) -> Sequence[int]:
    """Instances of faces that a human took out."""
    return session.exec(
        select(Instance.id).where(Instance.dataset_id == dataset_id, Instance.kind == "face", col(Instance.removed))
    ).all()


def has_vectors(dataset_id: int, encoder_id: int, *, session: Session) -> bool:
    """Whether an encoder version has embedded any face of a dataset that was not removed."""
    known = (
        select(Embedding.id)
        .join(Instance, col(Instance.id) == col(Embedding.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), Embedding.model_version_id == encoder_id)
    )
    return session.exec(known.limit(1)).first() is not None


def has_embedding(instance_id: int, encoder_id: int, *, session: Session) -> bool:
    """Whether an encoder version has embedded a face."""
    known = select(Embedding.id).where(Embedding.instance_id == instance_id, Embedding.model_version_id == encoder_id)
    return session.exec(known).first() is not None


def is_embedded(instance_id: int, *, session: Session) -> bool:
    """Whether any encoder version has embedded a face."""
    return session.exec(select(Embedding.id).where(Embedding.instance_id == instance_id).limit(1)).first() is not None


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
