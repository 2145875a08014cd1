"""Reads about people: pages of clusters, pages of faces, the history of decisions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Subquery
from sqlmodel import Session, and_, case, col, func, null, or_, select, true

from db.batching import id_batches
from db.containing import contains
from db.tables import Assignment, Image, Instance, Person, Source

# What `_shown` takes first. Columns, not objects of the store: they are read in half of the time.
_SHOWN: Final = (
    *(Instance.id, Instance.image_id, Image.path, Image.sha256),
    *(Instance.left, Instance.top, Instance.right, Instance.bottom, Instance.score),
)
_ONE_IF_HUMAN = case((col(Assignment.source) == Source.HUMAN, 1), else_=0)  # the sum of a condition is true or false


@dataclass(frozen=True)
class PersonSummary:
    """A person: the number of faces, how many of them a human confirmed, and if they are hidden."""

    id: int
    name: str | None
    faces: int
    confirmed: int
    hidden: bool = False


@dataclass(frozen=True)
class ShownFace:
    """A face to show: its instance, box, picture, and who said whose it is."""

    instance_id: int
    image_id: int
    path: str
    sha256: str
    box: tuple[float, float, float, float]
    score: float | None
    source: str | None
    person_id: int | None


class PeopleView(StrEnum):
    """Which people to list."""

    ALL = "all"
    KNOWN = "known"  # named, or seen more than once, and not hidden
    ONCE = "once"  # without a name and seen once, and not hidden
    HIDDEN = "hidden"


class PeopleOrder(StrEnum):
    """Who comes first."""

    COUNT = "count"  # named people, then those with most faces
    NAME = "name"
    NEWEST = "newest"


def people_page(
    dataset_id: int,
    *,
    view: PeopleView = PeopleView.ALL,
    name_contains: str = "",
    unnamed: bool = False,
    order: PeopleOrder = PeopleOrder.COUNT,
    offset: int = 0,
    limit: int = 30,
    session: Session,
) -> Sequence[PersonSummary]:
    """People with a face, in an order; `unnamed`: those without a name only."""
    counted = _counted(dataset_id)
    columns = (Person.id, Person.name, counted.c.faces, counted.c.confirmed, Person.hidden)
    statement = _viewed(select(*columns), counted, view, name_contains, unnamed)  # type: ignore[call-overload]
    ordered = statement.order_by(*_order(order, counted))
    return [PersonSummary(*row) for row in session.exec(ordered.offset(offset).limit(limit))]


def people_in_view(
    dataset_id: int,
    *,
    view: PeopleView = PeopleView.ALL,
    name_contains: str = "",
    unnamed: bool = False,
    session: Session,
) -> list[int]:
    """The ids of all whom `people_page` has, in the order of `PeopleOrder.COUNT`."""
    counted = _counted(dataset_id)
    statement = _viewed(select(Person.id), counted, view, name_contains, unnamed)
    return list(session.exec(statement.order_by(*_order(PeopleOrder.COUNT, counted))))


def count_people_page(
    dataset_id: int,
    *,
    view: PeopleView = PeopleView.ALL,
    name_contains: str = "",
    unnamed: bool = False,
    session: Session,
) -> int:
    """How many people `people_page` has."""
    statement = _viewed(select(func.count()), _counted(dataset_id), view, name_contains, unnamed)
    return int(session.exec(statement).one())


def count_by_view(dataset_id: int, *, session: Session) -> dict[PeopleView, int]:
    """How many people each view has, in one statement."""
    counted = _counted(dataset_id)
    sums = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in _views(counted).values()]
    row = session.exec(select(*sums).join_from(Person, counted, counted.c.person_id == Person.id)).one()
    return dict(zip(_views(counted), row, strict=True))


def _counted(dataset_id: int) -> Subquery:
    """Faces and confirmed faces of each person of a dataset who is there and has one, read off an index."""
    there = select(Person.id).where(Person.dataset_id == dataset_id, col(Person.active))
    confirmed = func.sum(_ONE_IF_HUMAN).label("confirmed")
    faces = select(Assignment.person_id, func.count().label("faces"), confirmed)
    return faces.where(col(Assignment.person_id).in_(there)).group_by(col(Assignment.person_id)).subquery()


def _views(counted: Subquery) -> dict[PeopleView, ColumnElement[bool]]:
    """What holds of the people of each view."""
    hidden, named = col(Person.hidden), col(Person.name).is_not(None)
    return {
        PeopleView.ALL: true(),
        PeopleView.KNOWN: and_(~hidden, or_(counted.c.faces > 1, named)),
        PeopleView.ONCE: and_(~hidden, counted.c.faces == 1, ~named),
        PeopleView.HIDDEN: hidden.is_(True),
    }


def _viewed(statement: Any, counted: Subquery, view: PeopleView, name_contains: str, unnamed: bool) -> Any:
    viewed = statement.join_from(Person, counted, counted.c.person_id == Person.id).where(_views(counted)[view])
    if unnamed:
        viewed = viewed.where(col(Person.name).is_(None))
    if name_contains:
        viewed = viewed.where(contains(col(Person.name), name_contains))
    return viewed


def _order(order: PeopleOrder, counted: Subquery) -> tuple[Any, ...]:
    unnamed, most = col(Person.name).is_(None), counted.c.faces.desc()
    if order == PeopleOrder.NEWEST:
        return (col(Person.id).desc(),)
    by_name = (func.lower(col(Person.name)),) if order == PeopleOrder.NAME else ()
    return (unnamed, *by_name, most, col(Person.id))


def person_summary(person_id: int, *, dataset_id: int | None = None, session: Session) -> PersonSummary | None:
    """One person (of one dataset), or None where it is not there any more."""
    if (
        dataset_id is not None
        and session.exec(select(Person.dataset_id).where(Person.id == person_id)).first() != dataset_id
    ):
        return None
    return summaries([person_id], session=session).get(person_id)


def person_names(dataset_id: int, *, session: Session) -> Sequence[tuple[int, str]]:
    """Id and name of every named person of a dataset, by name."""
    ids, names = session.exec(
        select(func.json_group_array(Person.id), func.json_group_array(Person.name)).where(
            Person.dataset_id == dataset_id, col(Person.active), col(Person.name).is_not(None)
        )
    ).one()
    return sorted(zip(json.loads(ids), json.loads(names), strict=True), key=itemgetter(1, 0))


def faces_page(person_id: int, *, offset: int = 0, limit: int = 60, session: Session) -> Sequence[ShownFace]:
    """One page of a person's faces: those that no human has confirmed first, then in the order of the pictures."""
    rows = session.exec(
        select(*_SHOWN, Assignment.source, Assignment.person_id)  # type: ignore[call-overload]
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id))
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(Assignment.person_id == person_id, ~col(Instance.removed))
        .order_by(col(Assignment.source) == Source.HUMAN, col(Image.path), col(Instance.id))
        .offset(offset)
        .limit(limit)
    )
    return [_shown(*row) for row in rows]


def strips(people: Sequence[int], *, each: int = 8, session: Session) -> dict[int, list[ShownFace]]:
    """The first `each` faces of every one of these people, confirmed ones first, in one statement."""
    rank = func.row_number().over(
        partition_by=col(Assignment.person_id), order_by=(-_ONE_IF_HUMAN, col(Assignment.instance_id))
    )
    ranked = (
        select(col(Assignment.instance_id).label("face"), rank.label("position"))
        .where(col(Assignment.person_id).in_(people))
        .subquery()
    )
    rows = session.exec(
        select(*_SHOWN, Assignment.source, Assignment.person_id)  # type: ignore[call-overload]
        .join(ranked, ranked.c.face == col(Instance.id))
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id))
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(ranked.c.position <= each)
        .order_by(col(Assignment.person_id), ranked.c.position)
    )
    faces: dict[int, list[ShownFace]] = {person: [] for person in people}
    for row in rows:
        faces[row[-1]].append(_shown(*row))
    return faces


def best_faces(people: Sequence[int], *, session: Session) -> dict[int, ShownFace]:
    """The face that stands for each of these people: the one that a human has chosen, else the largest sure one.

    Sure is what the detector's score says; a face without a score was drawn or imported by a human. Of several that
    are as large it is any one of them.
    """
    wide, high = col(Instance.right) - col(Instance.left), col(Instance.bottom) - col(Instance.top)
    size = func.max(case((wide < high, wide), else_=high) * func.coalesce(col(Instance.score), 1))
    seen = (col(Assignment.person_id).in_(people), ~col(Instance.removed))
    # SQLite gives the other columns of the row that has the largest value: a third of the time of a window's order.
    largest = select(Assignment.person_id, Assignment.instance_id, size).group_by(col(Assignment.person_id))
    chosen = select(Assignment.person_id, Assignment.instance_id).join(
        Person, and_(col(Person.id) == col(Assignment.person_id), col(Person.cover_id) == col(Assignment.instance_id))
    )
    best: dict[int, int] = {}
    for statement in (largest, chosen):
        faces = statement.join(Instance, col(Instance.id) == col(Assignment.instance_id)).where(*seen)
        best |= {person: face for person, face, *_ in session.connection().execute(faces)}
    shown = faces_by_id(list(best.values()), session=session)
    return {person: shown[face] for person, face in best.items()}


def count_loose_faces(dataset_id: int, *, session: Session) -> int:
    """How many faces belong to nobody."""
    return session.exec(select(func.count()).where(*_loose(dataset_id))).one()


def _loose(dataset_id: int) -> tuple[ColumnElement[bool], ...]:
    owned = select(Assignment.instance_id).where(Assignment.instance_id == Instance.id).exists()
    return (col(Instance.dataset_id) == dataset_id, col(Instance.kind) == "face", ~col(Instance.removed), ~owned)


def summaries(people: Sequence[int], *, session: Session) -> dict[int, PersonSummary]:
    """People by id, in one statement; those who are gone are left out."""
    faces, confirmed = func.count(col(Assignment.instance_id)), func.coalesce(func.sum(_ONE_IF_HUMAN), 0)
    rows = session.exec(
        select(Person.id, Person.name, faces, confirmed, Person.hidden)  # type: ignore[call-overload]
        .join(Assignment, col(Assignment.person_id) == col(Person.id), isouter=True)
        .where(col(Person.id).in_(people), col(Person.active))
        .group_by(col(Person.id))
    )
    return {row[0]: PersonSummary(*row) for row in rows}


def loose_faces(dataset_id: int, *, offset: int = 0, limit: int = 60, session: Session) -> Sequence[ShownFace]:
    """One page of the faces that belong to nobody."""
    loose = select(Instance.id).where(*_loose(dataset_id)).order_by(col(Instance.id)).offset(offset).limit(limit)
    rows = session.exec(
        select(*_SHOWN, null(), null())  # type: ignore[call-overload]
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(col(Instance.id).in_(loose))
        .order_by(col(Instance.id))
    )
    return [_shown(*row) for row in rows]


def faces_by_id(instances: Sequence[int], *, session: Session) -> dict[int, ShownFace]:
    """Faces to show, by instance id."""
    rows = session.exec(
        select(*_SHOWN, Assignment.source, Assignment.person_id)  # type: ignore[call-overload]
        .join(Image, col(Image.id) == col(Instance.image_id))
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .where(col(Instance.id).in_(instances))
    )
    return {row[0]: _shown(*row) for row in rows}


class FaceInPicture(NamedTuple):
    """The path of a face's picture, and its box: left, top, right, bottom in pixels."""

    path: str
    box: tuple[float, float, float, float]


def boxes_in_pictures(instances: Sequence[int], *, session: Session) -> dict[int, FaceInPicture]:
    """Instance to its picture and box, however many there are."""
    columns = (Instance.id, Image.path, Instance.left, Instance.top, Instance.right, Instance.bottom)
    wanted = select(*columns).join(Image, col(Image.id) == col(Instance.image_id))  # type: ignore[call-overload]
    rows = (row for part in id_batches(instances) for row in session.exec(wanted.where(col(Instance.id).in_(part))))
    return {number: FaceInPicture(path, tuple(box)) for number, path, *box in rows}


def _shown(
    instance_id: int,
    image_id: int,
    path: str,
    sha256: str,
    left: float,
    top: float,
    right: float,
    bottom: float,
    score: float | None,
    source: str | None,
    person_id: int | None,
) -> ShownFace:
    return ShownFace(instance_id, image_id, path, sha256, (left, top, right, bottom), score, source, person_id)


def all_people(dataset_id: int, *, session: Session) -> Iterator[tuple[int, str | None, list[ShownFace]]]:
    """Every person with a face, and all its faces; the largest first."""
    people: dict[int, tuple[str | None, list[ShownFace]]] = {}
    rows = session.exec(
        select(*_SHOWN, Assignment.source, Assignment.person_id, Person.name)  # type: ignore[call-overload]
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id))
        .join(Person, col(Person.id) == col(Assignment.person_id))
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(Assignment.dataset_id == dataset_id, ~col(Instance.removed))
        .order_by(col(Image.path), col(Instance.id))
    )
    for *row, name in rows:
        people.setdefault(row[-1], (name, []))[1].append(_shown(*row))
    ordered = sorted(people.items(), key=lambda item: (-len(item[1][1]), item[0]))
    return ((person_id, name, faces) for person_id, (name, faces) in ordered)
