"""What there is: users, datasets, pictures, clips, and how pictures are split and left out."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import NaiveDatetime
from sqlalchemy import Column, Index, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.tables.columns import key, maybe_key, maybe_message, moment


class Scan(SQLModel, table=True):
    """An image that a detector has finished. Written together with what it found: no doubles after a crash."""

    image_id: int = key("image.id", cascade=True, primary=True)
    model_version_id: int = key("modelversion.id", primary=True)
    run_id: int | None = maybe_key("run.id")
    faces: int = 0
    failure: dict[str, Any] | None = maybe_message()
    at: datetime = moment()


class ImageState(StrEnum):
    """Where a picture stands: derived from the reviews of its instances by `db.writes.library.refresh_picture`."""

    NEW = "new"  # imported, nothing has looked at it
    EMPTY = "empty"  # looked at, nothing found; nobody has said yet that nothing is there
    FOUND = "found"  # there are instances, and nobody has reviewed one
    IN_PROGRESS = "in_progress"  # some are reviewed, or in progress, and others are not
    IMPORTED = "imported"  # all are accepted or imported, and some are imported
    ACCEPTED = "accepted"  # a human has accepted all of them, or that nothing is there
    FAILED = "failed"  # could not be processed; `reason` says why


# What is still to be reviewed by a human; a failed picture cannot be.
TO_REVIEW: Final = (ImageState.NEW, ImageState.EMPTY, ImageState.FOUND, ImageState.IN_PROGRESS)


# The code of the reason of a picture at which the process of a run died twice: no run opens it until somebody asks.
SET_ASIDE: Final = "images.set_aside"


class User(SQLModel, table=True):
    """Somebody who labels; a name is enough."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = moment()


class Dataset(SQLModel, table=True):
    """A named collection of pictures.

    `revision` rises with whatever figures of models and counts of labels are made of, `ranking_revision` with what the
    order of pictures to label next is made of, which labels are not (`db.revisions`). One with
    `staged_by`, the id of a run, is not shown: what that run imports lies under it until it is published.
    """

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = moment()
    created_by: int = key("user.id")
    revision: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    ranking_revision: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    staged_by: int | None = None


_WITH_REASON: Final = text("reason IS NOT NULL")
_NO_FACE: Final = text("faces = 0")


class Image(SQLModel, table=True):
    """A picture of a dataset. The same content twice is one image; `ImagePath` has every path it came under.

    `original` is a path relative to the data folder, or absolute where the import only refers to the file; of a frame
    that is read from its clip it says which (`core.library.clip_frames`), and `sha256` is made of the clip's and the
    frame's number.
    `width` and `height` are those of the upright picture (EXIF orientation applied). `sequence` names the clip or the
    action that the picture is of: pictures of one sequence never go to different parts of a split. `empty_by` is who
    has accepted that nothing is in it.
    """

    __table_args__ = (
        UniqueConstraint("dataset_id", "sha256"),
        Index("ix_image_dataset_id_path", "dataset_id", "path"),
        Index("ix_image_dataset_id_state_path", "dataset_id", "state", "path"),
        Index("ix_image_with_reason", "dataset_id", sqlite_where=_WITH_REASON, postgresql_where=_WITH_REASON),
        Index("ix_image_without_face", "dataset_id", "state", sqlite_where=_NO_FACE, postgresql_where=_NO_FACE),
    )

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    path: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    format: str
    original: str
    sequence: str | None = None
    identity: str | None = None
    identity_by: int | None = maybe_key("user.id")
    state: str = ImageState.NEW
    reason: dict[str, Any] | None = maybe_message()
    faces: int = 0
    empty_by: int | None = maybe_key("user.id")
    run_id: int | None = maybe_key("run.id")
    imported_at: datetime = moment()


class ImagePath(SQLModel, table=True):
    """A path under which an image's content was imported (its duplicates too)."""

    image_id: int = key("image.id", cascade=True, primary=True)
    path: str = Field(primary_key=True)


class CaptureTime(SQLModel, table=True):
    """When a picture was taken, by its camera's clock and without a time zone; `at` is None where its file says none.

    Without a row nobody has looked yet (`core.library.dating`).
    """

    image_id: int = key("image.id", cascade=True, primary=True)
    at: NaiveDatetime | None = None


class Video(SQLModel, table=True):
    """A clip whose frames are images of the dataset."""

    __table_args__ = (UniqueConstraint("dataset_id", "sha256"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    path: str
    sha256: str
    width: int
    height: int
    frames: int
    frames_per_second: float
    original: str
    imported_at: datetime = moment()


class Frame(SQLModel, table=True):
    """One frame of a video; `index` and `scene` count from 0, `seconds` is its presentation time.

    A new scene begins where the clip cuts (`core.media.scenes`): nothing moved from one scene to the next.
    """

    __table_args__ = (UniqueConstraint("video_id", "index"),)

    id: int = Field(default=None, primary_key=True)
    video_id: int = key("video.id", cascade=True)
    index: int
    seconds: float
    image_id: int | None = maybe_key("image.id", index=True)
    scene: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class Part(StrEnum):
    """What a group of pictures is for. Once given, it stays: what was held out is never trained on later."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class GroupPart(SQLModel, table=True):
    """The part of a split that a group (video, person, action) belongs to, for as long as the dataset lives."""

    dataset_id: int = key("dataset.id", primary=True)
    group: str = Field(sa_column=Column(String, primary_key=True))
    part: str


class Exclusion(SQLModel, table=True):
    """A picture that nobody should learn from or be measured on, by its file name."""

    dataset_id: int = key("dataset.id", primary=True)
    name: str = Field(sa_column=Column(String, primary_key=True))
    reason: str = ""
    author_id: int = key("user.id")
    at: datetime = moment()
