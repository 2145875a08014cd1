"""What was done: runs, what they skipped, work by day."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, String
from sqlmodel import Field, SQLModel

from db.tables.columns import Moment, json_object, key, maybe_key, maybe_message, message_text, moment


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Run(SQLModel, table=True):
    """One piece of work of a model or an import: what was asked for, how far it is, how it ended.

    `done` of `total` is the part in hand, which began at `phase_at` with `done_at_start`; a run may have several parts.
    `worker` names the process that holds the run as ``host:pid:start``, so that a later process can tell whether the
    holder still lives; `deaths` counts the holders that did not.
    """

    __table_args__ = (Index("ix_run_state_id", "state", "id"),)

    id: int = Field(default=None, primary_key=True)
    kind: str
    dataset_id: int | None = maybe_key("dataset.id", index=True)
    author_id: int = key("user.id")
    parameters: dict[str, Any] = json_object()
    state: str = RunState.QUEUED
    done: int = 0
    total: int = 0
    done_at_start: int = 0
    phase_at: datetime | None = Field(default=None, sa_type=Moment)
    counts: dict[str, Any] = json_object()
    message: dict[str, Any] | None = maybe_message("")
    error: dict[str, Any] | None = maybe_message()
    log: str | None = None
    worker: str | None = None
    deaths: int = Field(default=0, sa_column_kwargs={"default": 0})
    cancel_requested: bool = False
    created_at: datetime = moment()
    started_at: datetime | None = Field(default=None, sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)


class SkippedInput(SQLModel, table=True):
    """An input that a run could not use, with the reason."""

    __tablename__ = "skipped"

    id: int = Field(default=None, primary_key=True)
    run_id: int = key("run.id", cascade=True, index=True)
    path: str
    reason: dict[str, Any] = message_text()


class WorkKind(StrEnum):
    """What is counted of what somebody does."""

    IMAGES_IMPORTED = "images_imported"
    LABELS_IMPORTED = "labels_imported"
    LANDMARK_EDITS = "landmark_edits"
    PICTURES_ACCEPTED = "pictures_accepted"
    BOXES_DRAWN = "boxes_drawn"
    PEOPLE_DECISIONS = "people_decisions"
    THRESHOLDS_SAVED = "thresholds_saved"


class DailyWork(SQLModel, table=True):
    """How much somebody did on a day (UTC): counted when it happens."""

    author_id: int = key("user.id", primary=True)
    dataset_id: int = key("dataset.id", primary=True)
    day: str = Field(sa_column=Column(String(10), primary_key=True))
    kind: str = Field(primary_key=True)
    count: int = 0
