"""Models as they ran, what was trained here, what they predicted, which of them pre-labels."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.tables.columns import json_object, key, maybe_key, moment


class ModelVersion(SQLModel, table=True):
    """A model as it ran: name, hash of its weights and the settings that change its output."""

    __table_args__ = (UniqueConstraint("name", "weights_sha256", "settings_key"),)

    id: int = Field(default=None, primary_key=True)
    name: str
    kind: str
    weights_sha256: str
    settings: dict[str, Any] = json_object()
    settings_key: str
    created_at: datetime = moment()


class ModelUse(SQLModel, table=True):
    """A model whose output a dataset holds, also where that output came in with an import."""

    dataset_id: int = key("dataset.id", primary=True)
    model_version_id: int = key("modelversion.id", primary=True)


class TrainedModel(SQLModel, table=True):
    """A network that was trained here, beside its `ModelVersion` (name, weights' hash, plain settings).

    `parent_id` is the version whose weights it began from. `recipe_settings` is the whole recipe as it ran, `data` what
    it learned from (counts of each part, hash of the labels), `figures` what it reached on the held-out part, each with
    `value`, `low`, `high`. `file` is relative to the home folder.
    """

    model_version_id: int = key("modelversion.id", primary=True)
    dataset_id: int = key("dataset.id", index=True)
    run_id: int | None = maybe_key("run.id")
    parent_id: int | None = maybe_key("modelversion.id")
    recipe: str
    recipe_settings: dict[str, Any] = json_object()
    skeleton: str
    file: str
    data: dict[str, Any] = json_object()
    figures: dict[str, Any] = json_object()
    seconds: float = 0.0
    author_id: int = key("user.id")
    created_at: datetime = moment()


class Prediction(SQLModel, table=True):
    """The points of one instance by one version: written once, scored often, never changed.

    Smoothed ones give way to new rows where their frames have changed.

    `points` packs like `KeypointRevision.points`. `uncertainty` packs K rows of little-endian float32 (spread,
    neighbours, flip) in pixels of the picture, NaN where the model gives none (`core.foundation.arrays.Uncertainty`).
    """

    __table_args__ = (
        UniqueConstraint("model_version_id", "instance_id"),
        Index("ix_prediction_instance_id", "instance_id"),
    )

    id: int = Field(default=None, primary_key=True)
    instance_id: int = key("instance.id", cascade=True)
    model_version_id: int = key("modelversion.id")
    skeleton: str
    points: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    uncertainty: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = moment()


class Promotion(SQLModel, table=True):
    """Which version pre-labels a dataset from now on; the newest row counts, None goes back to the built-in model.

    A row that rolls back names the promotion that it takes back: what stood before that one counts again.
    """

    __table_args__ = (Index("ix_promotion_dataset_id_skeleton_id", "dataset_id", "skeleton", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    skeleton: str
    model_version_id: int | None = maybe_key("modelversion.id")
    author_id: int = key("user.id")
    rolls_back_id: int | None = maybe_key("promotion.id")
    at: datetime = moment()
