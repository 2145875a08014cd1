"""Reads of the thresholds that were saved, and of the faces that a file of pairs may mean."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from db.tables import Image, Instance, ModelVersion, Threshold, User


def newest_threshold(dataset_id: int, encoder_id: int, *, session: Session) -> Threshold | None:
    """The threshold that was saved last for a dataset and an encoder version."""
    return session.exec(
        select(Threshold)
        .where(Threshold.dataset_id == dataset_id, Threshold.model_version_id == encoder_id)
        .order_by(col(Threshold.id).desc())
        .limit(1)
    ).first()


def threshold_before(row: Threshold, *, session: Session) -> Threshold | None:
    """The threshold that was in force for the same dataset and encoder version before this one was saved."""
    return session.exec(
        select(Threshold)
        .where(
            Threshold.dataset_id == row.dataset_id,
            Threshold.model_version_id == row.model_version_id,
            Threshold.id < row.id,
        )
        .order_by(col(Threshold.id).desc())
        .limit(1)
    ).first()


def count_thresholds(dataset_id: int, *, session: Session) -> int:
    """How many thresholds were saved for a dataset."""
    return session.exec(select(func.count()).where(col(Threshold.dataset_id) == dataset_id)).one()


def thresholds(
    dataset_id: int, *, encoder_id: int | None = None, offset: int = 0, limit: int = 20, session: Session
) -> Sequence[tuple[Threshold, str, str]]:
    """The thresholds saved for a dataset (and one encoder version), newest first, with encoder's and author's name."""
    statement = (
        select(Threshold, ModelVersion.name, User.name)
        .join(ModelVersion, col(ModelVersion.id) == col(Threshold.model_version_id))
        .join(User, col(User.id) == col(Threshold.author_id))
        .where(Threshold.dataset_id == dataset_id)
        .order_by(col(Threshold.id).desc())
        .offset(offset)
        .limit(limit)
    )
    if encoder_id is not None:
        statement = statement.where(Threshold.model_version_id == encoder_id)
    return session.exec(statement).all()


def face_sizes(dataset_id: int, *, session: Session) -> list[tuple[int, int, float, float]]:
    """Instance, picture, area of the box and detector's score (0 where there is none) of every face that is there."""
    area = (col(Instance.right) - col(Instance.left)) * (col(Instance.bottom) - col(Instance.top))
    rows = session.exec(
        select(Instance.id, Instance.image_id, area, func.coalesce(Instance.score, 0.0)).where(
            Instance.dataset_id == dataset_id, Instance.kind == "face", ~col(Instance.removed)
        )
    )
    return [(instance, image, size, score) for instance, image, size, score in rows]


def face_pictures(dataset_id: int, *, session: Session) -> dict[int, str]:
    """The path of the picture of every face that is there, by instance."""
    rows = session.exec(
        select(Instance.id, Image.path)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(Instance.dataset_id == dataset_id, Instance.kind == "face", ~col(Instance.removed))
    )
    return dict(rows.all())
