"""Reads for the dashboard: how far a dataset is, and who did how much."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from db.queries.library import DatasetCounts, belongs_to, count_people, counts, states
from db.tables import Assignment, DailyWork, Instance, KeypointRevision, Review, Source, User


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
    totals
        What the library counts too: pictures, faces, people, pictures without a face.
    states
        How many pictures are in each state.
    named
        Those of the people who have a name.
    assigned, confirmed
        Faces that belong to somebody; those of them where a human said so.
    points
        Faces and figures (people in whole) by how far their points are reviewed.
    """

    totals: DatasetCounts
    states: dict[str, int]
    named: int
    assigned: int
    confirmed: int
    points: tuple[InstancesByReview, ...]


def overview(dataset_id: int | None, *, session: Session) -> Overview:
    """How far one dataset is; with None, all of them together."""
    owners, by_state = _by_source(dataset_id, session=session), states(dataset_id, session=session)
    return Overview(
        totals=counts(dataset_id, by_state=by_state, session=session),
        states=by_state,
        named=count_people(dataset_id, named=True, session=session),
        assigned=sum(owners.values()),
        confirmed=owners.get(Source.HUMAN, 0),
        points=_points(dataset_id, session=session),
    )


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
    found: dict[tuple[str, str | None], int] = {(kind, review): count for kind, review, count in rows}
    reviews = (Review.ACCEPTED, Review.IMPORTED, Review.IN_PROGRESS, Review.OPEN, None)
    return tuple(
        InstancesByReview(kind, *(found.get((kind, review), 0) for review in reviews)) for kind in ("face", "person")
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
