"""Datasets that left."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.tables.columns import json_object, key, maybe_key, moment


class Export(SQLModel, table=True):
    """A dataset that left: where it lies, what is in it."""

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id", index=True)
    run_id: int | None = maybe_key("run.id")
    format: str
    folder: str
    manifest_sha256: str
    counts: dict[str, Any] = json_object()
    author_id: int = key("user.id")
    at: datetime = moment()
