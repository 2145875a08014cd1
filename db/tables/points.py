"""Instances in pictures, the revisions of their points, and labels that wait for their pictures."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypedDict

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.tables.columns import json_list, json_object, key, maybe_key, maybe_message, moment


class Source(StrEnum):
    """Who a label comes from."""

    HUMAN = "human"
    MODEL = "model"


class BoxSource(StrEnum):
    """Where a box comes from, and so what it frames: networks learned from boxes of one kind."""

    DETECTOR = "detector"  # the face detector's, or drawn by a program as it would
    FILE = "file"  # given by a label file
    DRAWN = "drawn"  # by hand, in the workbench
    POINTS = "points"  # the smallest one around the points of a file that gives no box
    PICTURE = "picture"  # the whole picture


class Review(StrEnum):
    """How far the points of an instance are reviewed."""

    OPEN = "open"  # a model's points, or none: nobody has looked
    IN_PROGRESS = "in_progress"  # a human has changed points and not accepted them
    ACCEPTED = "accepted"  # a human vouches for every point
    IMPORTED = "imported"  # they came in with labels that count as true


TRUTH: Final = (Review.ACCEPTED, Review.IMPORTED)  # what is learned from, measured on and exported unless more is asked


class Sides(TypedDict):
    """The sides of a box as columns, in pixels of the upright picture."""

    left: float
    top: float
    right: float
    bottom: float


def sides(box: Sequence[float]) -> Sides:
    """A box (left, top, right, bottom) as the columns of a row."""
    left, top, right, bottom = box
    return {"left": left, "top": top, "right": right, "bottom": bottom}


class Instance(SQLModel, table=True):
    """A face or a person in a picture: box corners in pixels of the upright picture.

    `revision_id` is the revision that counts: the newest human one, else the newest of a model. How far the instance is
    reviewed is that revision's `review`; without one it is open.
    `origin` says who found it, `box_source` where its box comes from (`BoxSource`).
    `five_points` is (5, 2) float32: eyes, nose, mouth corners; kept so that another encoder needs no detector.
    `track_id` says which face or body of its clip it is, None where it was not linked yet.
    """

    __table_args__ = (
        Index("ix_instance_dataset_id_kind", "dataset_id", "kind", "removed"),
        Index("ix_instance_image_id", "image_id"),
    )

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    image_id: int = key("image.id", cascade=True)
    kind: str
    left: float
    top: float
    right: float
    bottom: float
    score: float | None = None
    origin: str = Source.MODEL
    box_source: str = Field(default=BoxSource.DETECTOR, sa_column_kwargs={"server_default": BoxSource.DETECTOR.value})
    five_points: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    model_version_id: int | None = maybe_key("modelversion.id")
    author_id: int | None = maybe_key("user.id")
    run_id: int | None = maybe_key("run.id")
    revision_id: int | None = Field(
        default=None, sa_column=Column(ForeignKey("keypointrevision.id", use_alter=True), nullable=True)
    )
    removed: bool = False
    track_id: int | None = maybe_key("track.id", index=True)
    created_at: datetime = moment()

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels of the upright picture."""
        return self.left, self.top, self.right, self.bottom


class KeypointRevision(SQLModel, table=True):
    """One state of an instance's points. Appended, never changed.

    `points` packs K rows of float32 x, y, visibility, confidence (`core.foundation.arrays.Keypoints.to_bytes`).
    `review` is how far the instance is reviewed with these points; they count as a model's (`source`) as long as they
    are open. `start_id` is there while they are in progress: the revision that the work began from, None where it began
    from nothing. What is no longer as it was there a human has set.
    `edit_id` is the browser's own id of the edit, or of the acceptance: the same edit sent twice is one row.
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
    instance_id: int = key("instance.id", cascade=True)
    skeleton: str
    points: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    source: str
    review: str
    start_id: int | None = maybe_key("keypointrevision.id")
    author_id: int | None = maybe_key("user.id")
    model_version_id: int | None = maybe_key("modelversion.id")
    base_id: int | None = maybe_key("keypointrevision.id")
    edit_id: str | None = None
    note: dict[str, Any] | None = maybe_message("")
    created_at: datetime = moment()


class BoxRevision(SQLModel, table=True):
    """One state of an instance's box, of those that were drawn or moved by hand in the editor. Appended, never changed.

    The first one of an instance whose box was there before is that box. What counts is repeated in `Instance`.
    `edit_id` is the browser's own id: the same edit sent twice is one row.
    """

    id: int = Field(default=None, primary_key=True)
    instance_id: int = key("instance.id", cascade=True, index=True)
    left: float
    top: float
    right: float
    bottom: float
    box_source: str
    author_id: int | None = maybe_key("user.id")
    edit_id: str | None = Field(default=None, unique=True)
    at: datetime = moment()


class WaitingLabel(SQLModel, table=True):
    """A label that a file gives for a picture that the dataset does not have, or that waits for an answer.

    It goes when the picture comes and no question is open. `doubts` are what the file makes doubtful (messages),
    `answers` what was answered by the kind of doubt; `question` is the first that is open, `asked` its kind.

    `picture` is the picture's name as in the file `source` (``name.*``: any ending), or with `frame` a clip's name
    without its ending, whose track has so many `frames`. `points` packs like `KeypointRevision.points`; the box and the
    picture's size are there where the file gives them. `inside`: the format promises that no point lies outside of the
    picture. `digest` is the SHA-256 of all that the label says, so that the same label waits once.
    """

    __table_args__ = (UniqueConstraint("dataset_id", "digest"),)

    id: int = Field(default=None, primary_key=True)
    dataset_id: int = key("dataset.id")
    digest: str
    picture: str
    frame: int | None = None
    frames: int | None = None
    sequence: str | None = None
    skeleton: str
    points: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    left: float | None = None
    top: float | None = None
    right: float | None = None
    bottom: float | None = None
    width: int | None = None
    height: int | None = None
    inside: bool = False
    source: str
    author_id: int = key("user.id")
    doubts: list[dict[str, Any]] = json_list()
    answers: dict[str, str] = json_object()
    asked: str | None = None
    question: dict[str, Any] | None = maybe_message()
    created_at: datetime = moment()
