"""Reads of what there is to learn from: true labels, labels in progress, unlabelled instances, the split."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, case
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, or_, select

from db.batching import id_batches
from db.tables import TRUTH, Assignment, Frame, Image, Instance, KeypointRevision, Person, Prediction, Review, Source


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
    """A revision's id, its packed points and how far they are reviewed."""

    id: int
    points: bytes
    review: str


class HumanLabel(NamedTuple):
    """An instance whose points are accepted or imported (or in progress, where that is asked for), its picture, who it
    is if known, and the frame's place if it is one."""

    instance: InstanceBox
    image: PictureFacts
    revision: RevisionPoints
    person_id: int | None
    person: str | None
    video_id: int | None
    frame: int | None
    scene: int | None


class UnlabelledInstance(NamedTuple):
    """An instance whose points are neither accepted nor imported; the rest as in `HumanLabel`."""

    instance: InstanceBox
    image: PictureFacts
    person_id: int | None
    person: str | None
    video_id: int | None
    frame: int | None
    scene: int | None


class CountedInstance(NamedTuple):
    """An instance that has points of a skeleton, or could have: what it is counted by, without the points.

    `review` is None where there are no points, of this skeleton or of another; `seen` says whether the first one is
    present. The rest as in `HumanLabel`.
    """

    id: int
    kind: str
    image_id: int
    path: str
    identity: str | None
    sequence: str | None
    person_id: int | None
    person: str | None
    video_id: int | None
    skeleton: str | None
    review: str | None
    revision_id: int | None
    seen: bool | None


# Columns, not objects: a dataset has 100,000 labels, and objects of three tables for each take ten times as long.
_BOX: Final = (Instance.id, Instance.left, Instance.top, Instance.right, Instance.bottom)


_PICTURE: Final = (Image.id, Image.path, Image.sha256, Image.original, Image.identity, Image.sequence)


# Points pack as rows of float32 x, y, visibility, confidence.
_FIRST_VISIBILITY: Final = (9, 4)  # bytes, from the first on
_NOT_SEEN: Final = bytes(4)


_WHO_AND_WHEN: Final = (Person.id, Person.name, Frame.video_id, Frame.index, Frame.scene)


def human_labels(dataset_id: int, skeleton: str, *, session: Session) -> list[HumanLabel]:
    """Every instance of a dataset whose points are accepted or imported, in the order of path, frame and id."""
    return [label for label, _ in _labels(dataset_id, skeleton, TRUTH, session=session)]


def labels_in_progress(
    dataset_id: int, skeleton: str, *, session: Session
) -> list[tuple[HumanLabel, RevisionPoints | None]]:
    """Every instance of a dataset on whose points somebody works, each with the revision that the work began from."""
    return _labels(dataset_id, skeleton, (Review.IN_PROGRESS,), session=session)


def _labels(
    dataset_id: int, skeleton: str, reviews: Sequence[Review], *, session: Session
) -> list[tuple[HumanLabel, RevisionPoints | None]]:
    start = aliased(KeypointRevision)
    points = (KeypointRevision.id, KeypointRevision.points, KeypointRevision.review)
    began = (start.id, start.points, start.review)
    chosen = col(KeypointRevision.review).in_(reviews) & (KeypointRevision.skeleton == skeleton)
    statement = (
        _located(select(*_BOX, *_PICTURE, *_WHO_AND_WHEN, *points, *began))  # type: ignore[call-overload]
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id))
        .join(start, col(start.id) == col(KeypointRevision.start_id), isouter=True)
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), chosen)
    )
    labels: dict[int, tuple[HumanLabel, RevisionPoints | None]] = {}
    for row in session.exec(statement):  # identical frames share one picture: its first place counts
        if row[0] not in labels:
            revision, before = RevisionPoints(*row[16:19]), RevisionPoints(*row[19:]) if row[19] else None
            label = HumanLabel(InstanceBox(*row[:5]), PictureFacts(*row[5:11]), revision, *row[11:16])
            labels[row[0]] = label, before
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
    """Every instance of a kind whose points are not true, in the order of path, frame and id."""
    statement = (
        _located(select(*_BOX, *_PICTURE, *_WHO_AND_WHEN))  # type: ignore[call-overload]
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(
            Instance.dataset_id == dataset_id,
            Instance.kind == kind,
            ~col(Instance.removed),
            or_(col(Instance.revision_id).is_(None), col(KeypointRevision.review).not_in(TRUTH)),
        )
    )
    labels: dict[int, UnlabelledInstance] = {}
    for row in session.exec(statement):
        if row[0] not in labels:
            labels[row[0]] = UnlabelledInstance(InstanceBox(*row[:5]), PictureFacts(*row[5:11]), *row[11:16])
    return list(labels.values())


def counted_instances(dataset_id: int, skeleton: str, kind: str, *, session: Session) -> list[CountedInstance]:
    """Every instance that `human_labels`, `labels_in_progress` or `unlabelled_instances` give, each once.

    Points are looked at here: to fetch 100,000 of them takes longer than all the rest.
    """
    revision = KeypointRevision
    labelled = (col(revision.skeleton) == skeleton) & col(revision.review).in_((*TRUTH, Review.IN_PROGRESS))
    waiting = or_(col(Instance.revision_id).is_(None), col(revision.review).not_in(TRUTH))
    whose = (Instance.image_id, Image.path, Image.identity, Image.sequence, Person.id, Person.name, Frame.video_id)
    seen = func.substr(revision.points, *_FIRST_VISIBILITY) != _NOT_SEEN
    points = (revision.skeleton, revision.review, revision.id, seen)
    statement = (
        _joined(select(Instance.id, Instance.kind, *whose, *points))  # type: ignore[call-overload]
        .join(revision, col(revision.id) == col(Instance.revision_id), isouter=True)
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed))
        .where(or_(labelled, waiting & (col(Instance.kind) == kind)))
        .order_by(col(Instance.id), col(Frame.index))
    )
    found: list[CountedInstance] = []
    for row in session.connection().execute(statement).all():
        if not found or found[-1].id != row[0]:
            found.append(CountedInstance._make(row))
    return found


def packed_points(revisions: Iterable[int], *, session: Session) -> dict[int, bytes]:
    """The packed points of some revisions."""
    chosen = select(KeypointRevision.id, KeypointRevision.points)
    rows = (session.exec(chosen.where(col(KeypointRevision.id).in_(some))) for some in id_batches(revisions))
    return {number: points for some in rows for number, points in some}


def _located(statement: Any) -> Any:
    """A selection of instances, joined with their picture, person and frame, in the order of path, id and frame."""
    return _joined(statement).order_by(col(Image.path), col(Instance.id), col(Frame.index))


def _joined(statement: Any) -> Any:
    return (
        statement.join(Image, col(Image.id) == col(Instance.image_id))
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .join(Person, col(Person.id) == col(Assignment.person_id), isouter=True)
        .join(Frame, col(Frame.image_id) == col(Image.id), isouter=True)
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
    """Skeletons of which a dataset has points, those with most true labels first."""
    true = func.sum(case((col(KeypointRevision.review).in_(TRUTH), 1), else_=0))
    rows = session.exec(
        select(KeypointRevision.skeleton)
        .join(Instance, col(Instance.revision_id) == col(KeypointRevision.id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed))
        .group_by(col(KeypointRevision.skeleton))
        .order_by(true.desc(), func.count().desc())
    )
    return list(rows)
