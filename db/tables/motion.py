"""What goes through the frames of a clip: tracks, and what was done to many frames at once."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from db.tables.columns import json_object, key, maybe_key, message_text, moment

PROPOSAL: Final = "proposal"  # the kind of a model version that proposes points and has looked at no picture by itself


class Track(SQLModel, table=True):
    """One face or body through frames of a clip: the instances whose `track_id` names it.

    `name` is a body's; a face is called as the person that its instances belong to.
    """

    __table_args__ = (Index("ix_track_video_id", "video_id"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    video_id: int = key("video.id", cascade=True)
    kind: str
    name: str | None = None
    created_at: datetime = moment()


class ClipEdit(SQLModel, table=True):
    """One thing done to many frames of a clip. `payload` says what was before and after; undo is one more row.

    `result` is what whoever asked was told. `edit_id` is the browser's own id of it: the same sent twice is done once.
    """

    __table_args__ = (
        Index("ix_clipedit_video_id_id", "video_id", "id"),
        Index("ix_clipedit_edit_id", "edit_id", unique=True),
    )

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    video_id: int = key("video.id", cascade=True)
    kind: str
    summary: dict[str, Any] = message_text()
    payload: dict[str, Any] = json_object()
    result: dict[str, Any] = json_object()
    author_id: int = key("user.id")
    edit_id: str | None = None
    undoes_id: int | None = maybe_key("clipedit.id")
    undone: bool = False
    at: datetime = moment()
