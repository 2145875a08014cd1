"""Thresholds and the pairs behind them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from db.tables.columns import json_object, key, message_text, moment


class Threshold(SQLModel, table=True):
    """A verification threshold that a human chose: accept when the cosine similarity is at least `value`."""

    __table_args__ = (Index("ix_threshold_dataset_id_model_version_id", "dataset_id", "model_version_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    model_version_id: int = key("modelversion.id")
    value: float
    chosen: dict[str, Any] = message_text()
    metrics: dict[str, Any] = json_object()
    author_id: int = key("user.id")
    at: datetime = moment()


class Pair(SQLModel, table=True):
    """A pair of faces that a threshold was measured on: the evidence behind its numbers."""

    id: int = Field(default=None, primary_key=True)
    threshold_id: int = key("threshold.id", cascade=True, index=True)
    left_id: int = key("instance.id", cascade=True)
    right_id: int = key("instance.id", cascade=True)
    same: bool
    score: float
