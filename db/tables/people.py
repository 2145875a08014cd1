"""Who is who: people, their faces, the faces' vectors, decisions about them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from db.tables.columns import json_object, key, maybe_key, message_text, moment, random_mark


class Embedding(SQLModel, table=True):
    """The vector of one face by one encoder: float32, unit length. Written once, never changed.

    The ids of an encoder version's rows only grow, so `core.people.vectors` reads just what is new. The random `mark`
    tells the row from one of the same id in another store, or in this one before a backup was put back.
    """

    __table_args__ = (
        UniqueConstraint("instance_id", "model_version_id"),
        Index("ix_embedding_model_version_id_id", "model_version_id", "id"),
        {"sqlite_autoincrement": True},  # an id is never given again, even after the newest row was deleted
    )

    id: int = Field(default=None, primary_key=True)
    instance_id: int = key("instance.id", cascade=True)
    model_version_id: int = key("modelversion.id")
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    mark: int = Field(default_factory=random_mark, sa_column=Column(BigInteger, nullable=False, default=random_mark))


class FaceQuality(SQLModel, table=True):
    """How well a face can be recognised (`core.metrics.face_quality.FaceFigures`). Goes when its box is moved.

    The detection score is in `Instance.score`.
    """

    instance_id: int = key("instance.id", cascade=True, primary=True)
    sharpness: float
    size: float
    yaw: float | None = None
    pitch: float | None = None
    disagreement: float | None = None
    at: datetime = moment()


class Person(SQLModel, table=True):
    """Somebody in a dataset, named or not. A person that was merged away stays as a row, so that undo finds it.

    `cover_id` is the instance that a human has chosen to stand for them; it counts while it is theirs.
    """

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
    hidden: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    cover_id: int | None = None
    created_by: int | None = maybe_key("user.id")
    created_at: datetime = moment()


class PeopleEvent(SQLModel, table=True):
    """A decision about people. `payload` holds what was before and after, enough to undo it. Undo is an event too."""

    __table_args__ = (Index("ix_peopleevent_dataset_id_id", "dataset_id", "id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    kind: str
    summary: dict[str, Any] = message_text()
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
    """A human said: this face is not that person. Every later grouping honours it.

    The word of one decision, never deleted: it counts while its decision stands, and while the face is not that
    person's by a later one. `follows_id` names what the decision has passed on to an heir (a merge, a grouping): the
    row then counts while that one does too.
    """

    id: int = Field(default=None, primary_key=True)
    instance_id: int = key("instance.id", cascade=True, index=True)
    person_id: int = key("person.id", index=True)
    event_id: int = key("peopleevent.id", index=True)
    follows_id: int | None = maybe_key("separation.id", index=True)
