"""Reads about trained models: labels to learn from, what is predicted, which version pre-labels."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col, func, or_, select

from db.queries.learning.labels import by_no_human
from db.tables import (
    PROPOSAL,
    Dataset,
    Image,
    Instance,
    KeypointRevision,
    ModelVersion,
    Prediction,
    Promotion,
    Source,
    TrainedModel,
    User,
)


class StoredPrediction(NamedTuple):
    """What a version said of an instance: packed points and uncertainty, as in `db.tables.Prediction`."""

    skeleton: str
    points: bytes
    uncertainty: bytes


class TrainedRow(NamedTuple):
    """A model that was trained here, with its version, who trained it and the parent's name."""

    model: TrainedModel
    version: ModelVersion
    author: str
    parent: str | None


def instances_to_predict(
    dataset_id: int, kind: str, version_id: int, *, session: Session
) -> Sequence[tuple[Instance, Image]]:
    """Instances of a kind that a version has not looked at, pictures of one size together."""
    done = (
        select(Prediction.id)
        .where(Prediction.instance_id == Instance.id, Prediction.model_version_id == version_id)
        .exists()
    )
    return session.exec(
        select(Instance, Image)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(Instance.dataset_id == dataset_id, Instance.kind == kind, ~col(Instance.removed), ~done)
        .order_by(col(Image.width), col(Image.height), col(Image.id), col(Instance.id))
    ).all()


def predictions(dataset_id: int, version_id: int, *, session: Session) -> dict[int, StoredPrediction]:
    """What a version said of the instances of a dataset, by instance. Columns, not rows: there may be 100,000."""
    rows = session.exec(
        select(Prediction.instance_id, Prediction.skeleton, Prediction.points, Prediction.uncertainty)
        .join(Instance, col(Instance.id) == col(Prediction.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), Prediction.model_version_id == version_id)
    )
    return {instance: StoredPrediction(skeleton, points, uncertain) for instance, skeleton, points, uncertain in rows}


def predicted_instances(dataset_id: int, version_id: int, *, session: Session) -> set[int]:
    """The instances of a dataset that a version has predicted."""
    rows = session.exec(
        select(Prediction.instance_id)
        .join(Instance, col(Instance.id) == col(Prediction.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), Prediction.model_version_id == version_id)
    )
    return set(rows)


def predictions_of(
    instance_ids: Sequence[int], version_ids: Sequence[int], *, session: Session
) -> dict[int, tuple[int, StoredPrediction]]:
    """What the first of the versions that has predicted an instance said of it, and which that is, by instance."""
    what = (Prediction.instance_id, Prediction.model_version_id, Prediction.skeleton, Prediction.points)
    rows = session.exec(
        select(*what, Prediction.uncertainty).where(  # type: ignore[call-overload]
            col(Prediction.instance_id).in_(instance_ids), col(Prediction.model_version_id).in_(version_ids)
        )
    )
    last_first = sorted(rows, key=lambda row: -version_ids.index(row[1]))
    return {instance: (version, StoredPrediction(*stored)) for instance, version, *stored in last_first}


def box_areas(dataset_id: int, kind: str, *, session: Session) -> list[tuple[int, int, float]]:
    """Every instance of a kind: its id, its picture's id, and the area of its box in square pixels."""
    rows = session.exec(
        select(Instance.id, Instance.image_id, Instance.left, Instance.top, Instance.right, Instance.bottom)  # type: ignore[call-overload]
        .where(Instance.dataset_id == dataset_id, Instance.kind == kind, ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [(number, image, (right - left) * (bottom - top)) for number, image, left, top, right, bottom in rows]


def count_predictions(dataset_id: int, version_id: int, *, session: Session) -> int:
    """How many instances of a dataset a version has predicted."""
    return session.exec(
        select(func.count())
        .select_from(Prediction)
        .join(Instance, col(Instance.id) == col(Prediction.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), Prediction.model_version_id == version_id)
    ).one()


def trained_models(dataset_id: int | None = None, *, session: Session) -> list[TrainedRow]:
    """Models that were trained on a dataset, or on any; the newest first."""
    parent = ModelVersion.__table__.alias("parent")  # type: ignore[attr-defined]
    statement = (
        select(TrainedModel, ModelVersion, User.name, parent.c.name)
        .join(ModelVersion, col(ModelVersion.id) == col(TrainedModel.model_version_id))
        .join(User, col(User.id) == col(TrainedModel.author_id))
        .join(parent, parent.c.id == col(TrainedModel.parent_id), isouter=True)
        .order_by(col(TrainedModel.model_version_id).desc())
    )
    if dataset_id is not None:
        statement = statement.where(TrainedModel.dataset_id == dataset_id)
    return [TrainedRow(*row) for row in session.exec(statement)]


def model_versions(name: str, *, session: Session) -> Sequence[ModelVersion]:
    """Every version of a model (other weights, other settings), the newest first."""
    return session.exec(
        select(ModelVersion).where(ModelVersion.name == name).order_by(col(ModelVersion.id).desc())
    ).all()


def trained_by_name(name: str, *, session: Session) -> TrainedModel | None:
    """The model of that name, or None."""
    return session.exec(
        select(TrainedModel)
        .join(ModelVersion, col(ModelVersion.id) == col(TrainedModel.model_version_id))
        .where(ModelVersion.name == name)
    ).first()


def trained_in_run(run_id: int, *, session: Session) -> TrainedModel | None:
    """The model that a run has trained, or None."""
    return session.exec(select(TrainedModel).where(TrainedModel.run_id == run_id)).first()


def promotion(dataset_id: int, skeleton: str, *, session: Session) -> Promotion | None:
    """The newest promotion: its version pre-labels the dataset, the built-in model where it names none."""
    return session.exec(
        select(Promotion)
        .where(Promotion.dataset_id == dataset_id, Promotion.skeleton == skeleton)
        .order_by(col(Promotion.id).desc())
        .limit(1)
    ).first()


def promotions(dataset_id: int, *, session: Session) -> list[dict[str, object]]:
    """Every promotion of a dataset, the newest first: when, who, which skeleton and model, whether it rolled back."""
    rows = session.exec(
        select(Promotion, User.name, ModelVersion.name)
        .join(User, col(User.id) == col(Promotion.author_id))
        .join(ModelVersion, col(ModelVersion.id) == col(Promotion.model_version_id), isouter=True)
        .where(Promotion.dataset_id == dataset_id)
        .order_by(col(Promotion.id).desc())
    )
    return [
        {
            "at": row.at,
            "author": author,
            "skeleton": row.skeleton,
            "model": model,
            "version_id": row.model_version_id,
            "rolled_back": row.rolls_back_id is not None,
        }
        for row, author, model in rows
    ]


def standing_promotions(dataset_id: int, skeleton: str, *, session: Session) -> list[Promotion]:
    """The promotions that nobody has rolled back, the newest, which is in force, first."""
    rows = session.exec(
        select(Promotion)
        .where(Promotion.dataset_id == dataset_id, Promotion.skeleton == skeleton)
        .order_by(col(Promotion.id).desc())
    ).all()
    taken_back = {row.rolls_back_id for row in rows}
    return [row for row in rows if row.rolls_back_id is None and row.id not in taken_back]


def model_cache_key(dataset_id: int, *, session: Session) -> int:
    """Rises with every change of what figures about labels and predictions of the dataset are made of."""
    return session.exec(select(Dataset.revision).where(Dataset.id == dataset_id)).one()


def ranking_cache_key(dataset_id: int, *, session: Session) -> int:
    """Rises when other doubts are stored, another model is asked, pictures come or are left out, not with labels."""
    return session.exec(select(Dataset.ranking_revision).where(Dataset.id == dataset_id)).one()


def model_heads(dataset_id: int, kind: str, *, session: Session) -> Sequence[tuple[Instance, KeypointRevision | None]]:
    """Instances whose points are a model's or nobody's yet, with the revision that counts."""
    return session.exec(
        select(Instance, KeypointRevision)
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(*by_no_human(dataset_id, kind))
        .order_by(col(Instance.id))
    ).all()


def heads_of(instance_ids: Sequence[int], skeleton: str, *, session: Session) -> dict[int, KeypointRevision]:
    """The revision that counts of each instance, of those whose points are of a skeleton."""
    rows = session.exec(
        select(KeypointRevision)
        .join(Instance, col(Instance.revision_id) == col(KeypointRevision.id))
        .where(col(Instance.id).in_(instance_ids), KeypointRevision.skeleton == skeleton)
    )
    return {row.instance_id: row for row in rows}


def newest_untrained(instance_ids: Sequence[int], skeleton: str, *, session: Session) -> dict[int, KeypointRevision]:
    """The newest points of each instance that a built-in model gave."""
    names = select(ModelVersion.name).join(TrainedModel, col(TrainedModel.model_version_id) == col(ModelVersion.id))
    # in whatever use or precision; what only proposes has looked at nothing by itself
    others = or_(col(ModelVersion.name).in_(names), col(ModelVersion.kind) == PROPOSAL)
    trained = select(ModelVersion.id).where(others)
    rows = session.exec(
        select(KeypointRevision)
        .where(
            col(KeypointRevision.instance_id).in_(instance_ids),
            KeypointRevision.source == Source.MODEL,
            KeypointRevision.skeleton == skeleton,
            col(KeypointRevision.model_version_id).not_in(trained),
        )
        .order_by(col(KeypointRevision.id))
    )
    return {row.instance_id: row for row in rows}
