"""Every table of the store.

Human work is sacred: keypoint revisions and people events are only ever appended, predictions and human labels are
rows of their own, and each human row names its author. Where a row repeats what others say (`Instance.revision_id`,
`Image.faces`, `DailyWork`), it is written in the same transaction, so that a page never has to count a million rows.
"""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC; SQLite keeps no time zone of its own."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def _mark() -> int:
    return secrets.randbits(62)


def _json() -> Any:
    return Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def _moment() -> Any:
    return Field(default_factory=now, sa_type=Moment)


def _key(column: str, *, cascade: bool = False, index: bool = False, primary: bool = False) -> Any:
    action = {"ondelete": "CASCADE"} if cascade else {}
    return Field(foreign_key=column, index=index, primary_key=primary, nullable=False, **action)  # type: ignore[call-overload]


def _maybe_key(column: str, *, index: bool = False) -> Any:
    return Field(default=None, foreign_key=column, index=index)


class ImageState(StrEnum):
    """Where a picture stands."""

    NEW = "new"  # imported, nothing has looked at it
    EMPTY = "empty"  # looked at, no face found
    FOUND = "found"  # the models found something
    CORRECTED = "corrected"  # a human has changed a point of it
    FAILED = "failed"  # could not be processed; `reason` says why


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """Who a label comes from."""

    HUMAN = "human"
    MODEL = "model"


class User(SQLModel, table=True):
    """Somebody who labels; a name is enough."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = _moment()


class Dataset(SQLModel, table=True):
    """A named collection of pictures."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = _moment()
    created_by: int = _key("user.id")


class Run(SQLModel, table=True):
    """One piece of work of a model or an import: what was asked for, how far it is, how it ended.

    `done` of `total` is the part in hand, which began at `phase_at` with `done_at_start`; a run may have several parts.
    `worker` names the process that holds the run as ``host:pid:start``, so that a later process can tell whether the
    holder still lives; `deaths` counts the holders that did not.
    """

    __table_args__ = (Index("ix_run_state_id", "state", "id"),)

    id: int = Field(default=None, primary_key=True)
    kind: str
    dataset_id: int | None = _maybe_key("dataset.id", index=True)
    author_id: int = _key("user.id")
    parameters: dict[str, Any] = _json()
    state: str = RunState.QUEUED
    done: int = 0
    total: int = 0
    done_at_start: int = 0
    phase_at: datetime | None = Field(default=None, sa_type=Moment)
    counts: dict[str, Any] = _json()
    message: str = ""
    error: str | None = None
    log: str | None = None
    worker: str | None = None
    deaths: int = Field(default=0, sa_column_kwargs={"default": 0})
    cancel_requested: bool = False
    created_at: datetime = _moment()
    started_at: datetime | None = Field(default=None, sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)


class Skipped(SQLModel, table=True):
    """An input that a run could not use, with the reason."""

    id: int = Field(default=None, primary_key=True)
    run_id: int = _key("run.id", cascade=True, index=True)
    path: str
    reason: str


class Image(SQLModel, table=True):
    """A picture of a dataset. The same content twice is one image; `ImagePath` has every path it came under.

    `original` is a path relative to the data folder, or absolute where the import only refers to the file.
    `width` and `height` are those of the upright picture (EXIF orientation applied).
    """

    __table_args__ = (
        UniqueConstraint("dataset_id", "sha256"),
        Index("ix_image_dataset_id_path", "dataset_id", "path"),
        Index("ix_image_dataset_id_state_path", "dataset_id", "state", "path"),
    )

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = _key("dataset.id")
    path: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    format: str
    original: str
    identity: str | None = None
    identity_by: int | None = _maybe_key("user.id")
    state: str = ImageState.NEW
    reason: str | None = None
    faces: int = 0
    run_id: int | None = _maybe_key("run.id")
    imported_at: datetime = _moment()


class ImagePath(SQLModel, table=True):
    """A path under which an image's content was imported (its duplicates too)."""

    image_id: int = _key("image.id", cascade=True, primary=True)
    path: str = Field(primary_key=True)


class Video(SQLModel, table=True):
    """A clip whose frames are images of the dataset."""

    __table_args__ = (UniqueConstraint("dataset_id", "sha256"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = _key("dataset.id")
    path: str
    sha256: str
    width: int
    height: int
    frames: int
    frames_per_second: float
    original: str
    imported_at: datetime = _moment()


class Frame(SQLModel, table=True):
    """One frame of a video; `index` counts from 0, `seconds` is its presentation time."""

    __table_args__ = (UniqueConstraint("video_id", "index"),)

    id: int = Field(default=None, primary_key=True)
    video_id: int = _key("video.id", cascade=True)
    index: int
    seconds: float
    image_id: int | None = _maybe_key("image.id", index=True)


class ModelVersion(SQLModel, table=True):
    """A model as it ran: name, hash of its weights and the settings that change its output."""

    __table_args__ = (UniqueConstraint("name", "weights_sha256", "settings_key"),)

    id: int = Field(default=None, primary_key=True)
    name: str
    kind: str
    weights_sha256: str
    settings: dict[str, Any] = _json()
    settings_key: str
    created_at: datetime = _moment()


class ModelUse(SQLModel, table=True):
    """A model whose output a dataset holds, also where that output came in with an import."""

    dataset_id: int = _key("dataset.id", primary=True)
    model_version_id: int = _key("modelversion.id", primary=True)


class Scan(SQLModel, table=True):
    """An image that a detector has finished. Written together with what it found: no doubles after a crash."""

    image_id: int = _key("image.id", cascade=True, primary=True)
    model_version_id: int = _key("modelversion.id", primary=True)
    run_id: int | None = _maybe_key("run.id")
    faces: int = 0
    failure: str | None = None
    at: datetime = _moment()


class Instance(SQLModel, table=True):
    """A face or a person in a picture: box corners in pixels of the upright picture.

    `revision_id` is the revision that counts: the newest human one, else the newest of a model.
    `five_points` is (5, 2) float32: eyes, nose, mouth corners; kept so that another encoder needs no detector.
    """

    __table_args__ = (
        Index("ix_instance_dataset_id_kind", "dataset_id", "kind", "removed"),
        Index("ix_instance_image_id", "image_id"),
    )

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = _key("dataset.id")
    image_id: int = _key("image.id", cascade=True)
    kind: str
    left: float
    top: float
    right: float
    bottom: float
    score: float | None = None
    origin: str = Source.MODEL
    five_points: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    model_version_id: int | None = _maybe_key("modelversion.id")
    author_id: int | None = _maybe_key("user.id")
    run_id: int | None = _maybe_key("run.id")
    revision_id: int | None = Field(
        default=None, sa_column=Column(ForeignKey("keypointrevision.id", use_alter=True), nullable=True)
    )
    removed: bool = False
    created_at: datetime = _moment()


class KeypointRevision(SQLModel, table=True):
    """One state of an instance's points. Appended, never changed.

    `points` packs K rows of float32 x, y, visibility, confidence (`core.keypoints.Keypoints.to_bytes`).
    `edit_id` is the browser's own id of the edit: the same edit sent twice is one row.
    """

    __table_args__ = (
        Index("ix_keypointrevision_instance_id_id", "instance_id", "id"),
        Index(
            "uq_keypointrevision_edit_id",
            "edit_id",
            unique=True,
            sqlite_where=text("edit_id IS NOT NULL"),
            postgresql_where=text("edit_id IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    instance_id: int = _key("instance.id", cascade=True)
    skeleton: str
    points: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    source: str
    author_id: int | None = _maybe_key("user.id")
    model_version_id: int | None = _maybe_key("modelversion.id")
    base_id: int | None = _maybe_key("keypointrevision.id")
    edit_id: str | None = None
    note: str = ""
    created_at: datetime = _moment()


class Embedding(SQLModel, table=True):
    """The vector of one face by one encoder: float32, unit length. Written once, never changed.

    The ids of an encoder version's rows only grow, so `core.vectors` reads just what is new. The random `mark` tells
    the row from one of the same id in another store, or in this one before a backup was put back.
    """

    __table_args__ = (
        UniqueConstraint("instance_id", "model_version_id"),
        Index("ix_embedding_model_version_id_id", "model_version_id", "id"),
        {"sqlite_autoincrement": True},  # an id is never given again, even after the newest row was deleted
    )

    id: int = Field(default=None, primary_key=True)
    instance_id: int = _key("instance.id", cascade=True)
    model_version_id: int = _key("modelversion.id")
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    mark: int = Field(default_factory=_mark, sa_column=Column(BigInteger, nullable=False, default=_mark))


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
    dataset_id: int = _key("dataset.id")
    name: str | None = None
    active: bool = True
    created_by: int | None = _maybe_key("user.id")
    created_at: datetime = _moment()


class PeopleEvent(SQLModel, table=True):
    """A decision about people. `payload` holds what was before and after, enough to undo it. Undo is an event too."""

    __table_args__ = (Index("ix_peopleevent_dataset_id_id", "dataset_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = _key("dataset.id")
    kind: str
    summary: str
    payload: dict[str, Any] = _json()
    author_id: int = _key("user.id")
    undoes_id: int | None = _maybe_key("peopleevent.id")
    undone: bool = False
    at: datetime = _moment()


class Assignment(SQLModel, table=True):
    """Whose face it is. `source` human: decided by a person and never changed by a run."""

    __table_args__ = (
        Index("ix_assignment_person_id_source", "person_id", "source"),
        Index("ix_assignment_dataset_id_source", "dataset_id", "source"),
    )

    instance_id: int = _key("instance.id", cascade=True, primary=True)
    dataset_id: int = _key("dataset.id")
    person_id: int = _key("person.id")
    source: str
    author_id: int | None = _maybe_key("user.id")
    event_id: int | None = _maybe_key("peopleevent.id")
    run_id: int | None = _maybe_key("run.id")
    at: datetime = _moment()


class Separation(SQLModel, table=True):
    """A human said: this face is not that person. Every later grouping honours it."""

    instance_id: int = _key("instance.id", cascade=True, primary=True)
    person_id: int = _key("person.id", primary=True)
    event_id: int = _key("peopleevent.id", index=True)


class Threshold(SQLModel, table=True):
    """A verification threshold that a human chose: accept when the cosine similarity is at least `value`."""

    __table_args__ = (Index("ix_threshold_dataset_id_model_version_id", "dataset_id", "model_version_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = _key("dataset.id")
    model_version_id: int = _key("modelversion.id")
    value: float
    chosen: str
    metrics: dict[str, Any] = _json()
    author_id: int = _key("user.id")
    at: datetime = _moment()


class Pair(SQLModel, table=True):
    """A pair of faces that a threshold was measured on: the evidence behind its numbers."""

    id: int = Field(default=None, primary_key=True)
    threshold_id: int = _key("threshold.id", cascade=True, index=True)
    left_id: int = _key("instance.id", cascade=True)
    right_id: int = _key("instance.id", cascade=True)
    same: bool
    score: float


class Export(SQLModel, table=True):
    """A dataset that left: where it lies, what is in it."""

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = _key("dataset.id", index=True)
    run_id: int | None = _maybe_key("run.id")
    format: str
    folder: str
    manifest_sha256: str
    counts: dict[str, Any] = _json()
    author_id: int = _key("user.id")
    at: datetime = _moment()


class DailyWork(SQLModel, table=True):
    """How much somebody did on a day (UTC): counted when it happens."""

    author_id: int = _key("user.id", primary=True)
    dataset_id: int = _key("dataset.id", primary=True)
    day: str = Field(sa_column=Column(String(10), primary_key=True))
    kind: str = Field(primary_key=True)
    count: int = 0
