"""Reads for the dashboard: how far a dataset is, and who did how much."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from db.queries.library import belongs_to, states
from db.tables import Assignment, DailyWork, Instance, KeypointRevision, Person, Review, Source, User


@dataclass(frozen=True)
class InstancesByReview:
    """Instances of one kind by how far their points are reviewed, as `db.tables.Review`; open ones by whether a model
    has given them points."""

    kind: str
    accepted: int
    imported: int
    in_progress: int
    model: int
    none: int

    @property
    def total(self) -> int:
        """How many there are."""
        return self.accepted + self.imported + self.in_progress + self.model + self.none


@dataclass(frozen=True)
class Overview:
    """How far the work has come.

    Attributes
    ----------
    states
        How many pictures are in each state.
    named, unnamed
        People with at least one face, with and without a name.
    faces, assigned, confirmed
        Faces that were not removed; those that belong to somebody; those of them where a human said so.
    points
        Faces and figures (people in whole) by how far their points are reviewed.
    """

    states: dict[str, int]
    named: int
    unnamed: int
    faces: int
    assigned: int
    confirmed: int
    points: tuple[InstancesByReview, ...]


def overview(dataset_id: int | None, *, session: Session) -> Overview:
    """How far one dataset is; with None, all of them together."""
    owners = _by_source(dataset_id, session=session)
    points = _points(dataset_id, session=session)
    named, unnamed = _people(dataset_id, session=session)
    return Overview(
        states=states(dataset_id, session=session),
        named=named,
        unnamed=unnamed,
        faces=sum(row.total for row in points if row.kind == "face"),
        assigned=sum(owners.values()),
        confirmed=owners.get(Source.HUMAN, 0),
        points=points,
    )


def _people(dataset_id: int | None, *, session: Session) -> tuple[int, int]:
    has_face = select(Assignment.instance_id).where(Assignment.person_id == Person.id).exists()
    named = col(Person.name).is_not(None)
    rows = session.exec(
        select(named, func.count())
        .where(belongs_to(Person.dataset_id, dataset_id), col(Person.active), has_face)
        .group_by(named)
    )
    counts = {bool(is_named): count for is_named, count in rows}
    return counts.get(True, 0), counts.get(False, 0)


def _by_source(dataset_id: int | None, *, session: Session) -> dict[str, int]:
    rows = session.exec(
        select(Assignment.source, func.count())
        .where(belongs_to(Assignment.dataset_id, dataset_id))
        .group_by(col(Assignment.source))
    )
    return dict(rows.all())


def _points(dataset_id: int | None, *, session: Session) -> tuple[InstancesByReview, ...]:
    rows = session.exec(
        select(Instance.kind, KeypointRevision.review, func.count())
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(belongs_to(Instance.dataset_id, dataset_id), ~col(Instance.removed))
        .group_by(col(Instance.kind), col(KeypointRevision.review))
    )
    counts: dict[tuple[str, str | None], int] = {(kind, review): count for kind, review, count in rows}
    reviews = (Review.ACCEPTED, Review.IMPORTED, Review.IN_PROGRESS, Review.OPEN, None)
    return tuple(
        InstancesByReview(kind, *(counts.get((kind, review), 0) for review in reviews)) for kind in ("face", "person")
    )


@dataclass(frozen=True)
class Work:
    """How much somebody did of one kind on one day (UTC)."""

    day: str
    annotator: str
    kind: str
    count: int


def daily_work(dataset_id: int | None = None, *, session: Session) -> Sequence[Work]:
    """Work per annotator, day and kind, newest day first."""
    statement = (
        select(col(DailyWork.day), col(User.name), col(DailyWork.kind), func.sum(col(DailyWork.count)))
        .join(User, col(User.id) == col(DailyWork.author_id))
        .group_by(col(DailyWork.day), col(User.name), col(DailyWork.kind))
        .order_by(col(DailyWork.day).desc(), col(User.name), col(DailyWork.kind))
    )
    if dataset_id is not None:
        statement = statement.where(DailyWork.dataset_id == dataset_id)
    return [Work(*row) for row in session.exec(statement)]
