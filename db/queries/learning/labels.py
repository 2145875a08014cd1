"""Reads of what there is to learn from: human labels, unlabelled instances, the split, pictures left out."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from db.tables import Assignment, Frame, Image, Instance, KeypointRevision, Person, Prediction, Source


class InstanceBox(NamedTuple):
    """What learning needs of an instance: its id and box."""

    id: int
    left: float
    top: float
    right: float
    bottom: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in pixels of the upright picture."""
        return self.left, self.top, self.right, self.bottom


class PictureFacts(NamedTuple):
    """What learning needs of a picture: as the columns of `db.tables.Image`."""

    id: int
    path: str
    sha256: str
    original: str
    identity: str | None
    sequence: str | None


class RevisionPoints(NamedTuple):
    """A revision's id and its packed points."""

    id: int
    points: bytes


class HumanLabel(NamedTuple):
    """An instance whose points a human set, its picture, who it is if known, and the frame's place if it is one."""

    instance: InstanceBox
    image: PictureFacts
    revision: RevisionPoints
    person_id: int | None
    person: str | None
    video_id: int | None
    frame: int | None
    scene: int | None


class UnlabelledInstance(NamedTuple):
    """An instance whose points no human has set; the rest as in `HumanLabel`."""

    instance: InstanceBox
    image: PictureFacts
    person_id: int | None
    person: str | None
    video_id: int | None
    frame: int | None
    scene: int | None


# Columns, not objects: a dataset has 100,000 labels, and objects of three tables for each take ten times as long.
_BOX: Final = (Instance.id, Instance.left, Instance.top, Instance.right, Instance.bottom)


_PICTURE: Final = (Image.id, Image.path, Image.sha256, Image.original, Image.identity, Image.sequence)


_WHO_AND_WHEN: Final = (Person.id, Person.name, Frame.video_id, Frame.index, Frame.scene)


def human_labels(dataset_id: int, skeleton: str, *, session: Session) -> list[HumanLabel]:
    """Every instance of a dataset whose points count as a human's, in the order of path, frame and id."""
    of_a_human = (KeypointRevision.source == Source.HUMAN) & (KeypointRevision.skeleton == skeleton)
    statement = (
        _located(select(*_BOX, *_PICTURE, *_WHO_AND_WHEN, KeypointRevision.id, KeypointRevision.points))  # type: ignore[call-overload]
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), of_a_human)
    )
    labels: dict[int, HumanLabel] = {}
    for row in session.exec(statement):  # identical frames share one picture: its first place counts
        if row[0] not in labels:
            labels[row[0]] = HumanLabel(
                InstanceBox(*row[:5]), PictureFacts(*row[5:11]), RevisionPoints(*row[16:]), *row[11:16]
            )
    return list(labels.values())


def by_no_human(dataset_id: int, kind: str) -> tuple[ColumnElement[bool], ...]:
    """What holds of an instance of a kind whose points are a model's or nobody's, joined with what counts of it."""
    return (
        col(Instance.dataset_id) == dataset_id,
        col(Instance.kind) == kind,
        ~col(Instance.removed),
        or_(col(Instance.revision_id).is_(None), col(KeypointRevision.source) == Source.MODEL),
    )


def unlabelled_instances(dataset_id: int, kind: str, *, session: Session) -> list[UnlabelledInstance]:
    """Every instance of a kind whose points are a model's or nobody's, in the order of path, frame and id."""
    statement = (
        _located(select(*_BOX, *_PICTURE, *_WHO_AND_WHEN))  # type: ignore[call-overload]
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(*by_no_human(dataset_id, kind))
    )
    labels: dict[int, UnlabelledInstance] = {}
    for row in session.exec(statement):
        if row[0] not in labels:
            labels[row[0]] = UnlabelledInstance(InstanceBox(*row[:5]), PictureFacts(*row[5:11]), *row[11:16])
    return list(labels.values())


def _located(statement: Any) -> Any:
    """A selection of instances, joined with their picture, person and frame, in the order of path, id and frame."""
    return (
        statement.join(Image, col(Image.id) == col(Instance.image_id))
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .join(Person, col(Person.id) == col(Assignment.person_id), isouter=True)
        .join(Frame, col(Frame.image_id) == col(Image.id), isouter=True)
        .order_by(col(Image.path), col(Instance.id), col(Frame.index))
    )


def stored_points(
    dataset_id: int, version_id: int, *, at_once: int = 4096, session: Session
) -> Iterator[Sequence[tuple[int, bytes, bytes]]]:
    """Predictions of a version in a dataset, never all in memory: instance, packed points, packed uncertainty."""
    rows = session.exec(
        select(Prediction.instance_id, Prediction.points, Prediction.uncertainty)
        .join(Instance, col(Instance.id) == col(Prediction.instance_id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), Prediction.model_version_id == version_id)
        .execution_options(yield_per=at_once)
    )
    for part in rows.partitions():
        yield [(instance, points, uncertainty) for instance, points, uncertainty in part]


def skeletons_with_points(dataset_id: int, *, session: Session) -> list[str]:
    """Skeletons of which a dataset has points, those with most human labels first."""
    human = func.sum(KeypointRevision.source == Source.HUMAN)
    rows = session.exec(
        select(KeypointRevision.skeleton)
        .join(Instance, col(Instance.revision_id) == col(KeypointRevision.id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed))
        .group_by(col(KeypointRevision.skeleton))
        .order_by(human.desc(), func.count().desc())
    )
    return list(rows)
