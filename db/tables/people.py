"""Who is who: people, decisions about them, thresholds and the pairs behind them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from db.tables.columns import json_object, key, maybe_key, moment


class Person(SQLModel, table=True):
    """Somebody in a dataset, named or not. A person that was merged away stays as a row, so that undo finds it."""

    __table_args__ = (
        Index("ix_person_dataset_id_active", "dataset_id", "active"),
        Index(
            "uq_person_dataset_id_name",
            "dataset_id",
            "name",
            unique=True,
            sqlite_where=text("active AND name IS NOT NULL"),
            postgresql_where=text("active AND name IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    name: str | None = None
    active: bool = True
    created_by: int | None = maybe_key("user.id")
    created_at: datetime = moment()


class PeopleEvent(SQLModel, table=True):
    """A decision about people. `payload` holds what was before and after, enough to undo it. Undo is an event too."""

    __table_args__ = (Index("ix_peopleevent_dataset_id_id", "dataset_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    kind: str
    summary: str
    payload: dict[str, Any] = json_object()
    author_id: int = key("user.id")
    undoes_id: int | None = maybe_key("peopleevent.id")
    undone: bool = False
    at: datetime = moment()


class Assignment(SQLModel, table=True):
    """Whose face it is. `source` human: decided by a person and never changed by a run."""

    __table_args__ = (
        Index("ix_assignment_person_id_source", "person_id", "source"),
        Index("ix_assignment_dataset_id_source", "dataset_id", "source"),
    )

    instance_id: int = key("instance.id", cascade=True, primary=True)
    dataset_id: int = key("dataset.id")
    person_id: int = key("person.id")
    source: str
    author_id: int | None = maybe_key("user.id")
    event_id: int | None = maybe_key("peopleevent.id")
    run_id: int | None = maybe_key("run.id")
    at: datetime = moment()


class Separation(SQLModel, table=True):
    """A human said: this face is not that person. Every later grouping honours it."""

    instance_id: int = key("instance.id", cascade=True, primary=True)
    person_id: int = key("person.id", primary=True)
    event_id: int = key("peopleevent.id", index=True)


class Threshold(SQLModel, table=True):
    """A verification threshold that a human chose: accept when the cosine similarity is at least `value`."""

    __table_args__ = (Index("ix_threshold_dataset_id_model_version_id", "dataset_id", "model_version_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    model_version_id: int = key("modelversion.id")
    value: float
    chosen: str
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
