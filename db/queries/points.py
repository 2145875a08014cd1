"""Reads for whoever corrects points: a picture, its instances, its neighbours, labels that wait."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Executable, String, bindparam, case, cast, literal
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from db.batching import id_batches
from db.queries.library import ImageFilter, conditions
from db.tables import (
    TRUTH,
    Assignment,
    Frame,
    Image,
    Instance,
    KeypointRevision,
    ModelVersion,
    Person,
    Review,
    Source,
    User,
    Video,
    WaitingLabel,
)

_AT_ONCE: Final = 1_000  # rows that a reading of many fetches


class ShownInstance(NamedTuple):
    """An instance with the revision that counts, the one that work in progress began from, its author's name and the
    person's name; all but the instance may be None."""

    instance: Instance
    revision: KeypointRevision | None
    start: KeypointRevision | None
    author: str | None
    person: str | None


def shown_instances(image_id: int, *, session: Session) -> Sequence[ShownInstance]:
    """The instances of a picture that were not removed, in the order in which they were found."""
    return _shown(col(Instance.image_id) == image_id, session=session)


def instances_of_pictures(image_ids: Iterable[int], *, session: Session) -> dict[int, list[ShownInstance]]:
    """The instances of each of these pictures that has any, as `shown_instances` gives them."""
    found: dict[int, list[ShownInstance]] = {}
    for part in id_batches(sorted(set(image_ids))):
        for shown in _shown(col(Instance.image_id).in_(part), session=session):
            found.setdefault(shown.instance.image_id, []).append(shown)
    return found


class PlaceInClip(NamedTuple):
    """The first frame of a clip that a picture is: the clip, the frame's index, its presentation time and its scene."""

    video_id: int
    frame: int
    seconds: float
    scene: int


def places_in_clips(image_ids: Iterable[int], *, session: Session) -> dict[int, PlaceInClip]:
    """Where in its clip each of these pictures is, of those that are frames."""
    columns = select(Frame.image_id, Frame.video_id, Frame.index, Frame.seconds, Frame.scene)  # type: ignore[call-overload]
    places: dict[int, PlaceInClip] = {}
    for part in id_batches(sorted(set(image_ids))):
        rows = columns.where(col(Frame.image_id).in_(part)).order_by(col(Frame.index))
        for image_id, *place in session.connection().execute(rows):
            places.setdefault(image_id, PlaceInClip(*place))
    return places


def pictures_in_order(dataset_id: int, chosen: ImageFilter, *, session: Session) -> Sequence[tuple[int, str]]:
    """Id and state of every picture of a filter, by path."""
    rows = select(Image.id, Image.state).where(*conditions(dataset_id, chosen)).order_by(col(Image.path), col(Image.id))
    return [(image_id, state) for image_id, state in session.connection().execute(rows)]


def scenes_of_dataset(dataset_id: int, *, session: Session) -> dict[int, tuple[int, int]]:
    """The clip and the scene in it of every picture of a dataset that is a frame."""
    rows = (
        select(Frame.image_id, Frame.video_id, Frame.scene)
        .join(Video, col(Video.id) == col(Frame.video_id))
        .where(Video.dataset_id == dataset_id, col(Frame.image_id).is_not(None))
        .order_by(col(Frame.index).desc())
    )
    return {image_id: (video_id, scene) for image_id, video_id, scene in session.connection().execute(rows)}


def instances_in(image_ids: Iterable[int], *, session: Session) -> Sequence[int]:
    """Ids of the instances of these pictures that were not removed."""
    rows = select(Instance.id).where(~col(Instance.removed))
    parts = id_batches(sorted(set(image_ids)))
    return [found for part in parts for found in session.exec(rows.where(col(Instance.image_id).in_(part)))]


def pictures_of(instance_ids: Iterable[int], *, session: Session) -> Sequence[int]:
    """Ids of the pictures that these instances are in."""
    parts = id_batches(sorted(set(instance_ids)))
    rows = select(Instance.image_id).distinct()
    return [found for part in parts for found in session.exec(rows.where(col(Instance.id).in_(part)))]


def latest_predictions(instance_ids: Iterable[int], *, session: Session) -> dict[int, KeypointRevision]:
    """The newest points that a model has given to each of these instances."""
    found: dict[int, KeypointRevision] = {}
    for part in id_batches(sorted(set(instance_ids))):
        newest = (
            select(func.max(KeypointRevision.id))
            .where(col(KeypointRevision.instance_id).in_(part), KeypointRevision.source == Source.MODEL)
            .group_by(col(KeypointRevision.instance_id))
        )
        for revision in session.exec(select(KeypointRevision).where(col(KeypointRevision.id).in_(newest))):
            found[revision.instance_id] = revision
    return found


def picture_states(image_ids: Iterable[int], *, session: Session) -> dict[int, str]:
    """Where each of these pictures stands."""
    parts = id_batches(sorted(set(image_ids)))
    return dict(
        row for part in parts for row in session.exec(select(Image.id, Image.state).where(col(Image.id).in_(part)))
    )


def instances_shown(ids: Iterable[int], *, session: Session) -> list[ShownInstance]:
    """Instances by their ids, without those that were removed, in the order in which they were found."""
    parts = id_batches(sorted(set(ids)))
    return [shown for part in parts for shown in _shown(col(Instance.id).in_(part), session=session)]


def _shown(which: ColumnElement[bool], *, session: Session) -> list[ShownInstance]:
    start = aliased(KeypointRevision)
    rows = session.exec(
        select(Instance, KeypointRevision, start, User.name, Person.name)  # type: ignore[call-overload]
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .join(start, col(start.id) == col(KeypointRevision.start_id), isouter=True)
        .join(User, col(User.id) == col(KeypointRevision.author_id), isouter=True)
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .join(Person, col(Person.id) == col(Assignment.person_id), isouter=True)
        .where(which, ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [ShownInstance(*row) for row in rows]


def pictures_without_box(dataset_id: int, kind: str, *, only: int | None = None, session: Session) -> Sequence[int]:
    """Ids of the pictures in which no face or person is, by path; with `only`, whether that one is among them."""
    boxes = select(Instance.id).where(Instance.image_id == Image.id, Instance.kind == kind, ~col(Instance.removed))
    chosen = [col(Image.dataset_id) == dataset_id, col(Image.width) > 1, col(Image.height) > 1, ~boxes.exists()]
    if only is not None:
        chosen.append(col(Image.id) == only)
    return session.exec(select(Image.id).where(*chosen).order_by(col(Image.path), col(Image.id))).all()


def removed_instances(image_id: int, kind: str, *, session: Session) -> Sequence[Instance]:
    """What humans took out of a picture."""
    return session.exec(
        select(Instance).where(Instance.image_id == image_id, Instance.kind == kind, col(Instance.removed))
    ).all()


class PictureRevision(NamedTuple):
    """A revision of an instance of a picture, with the author's or the model's name."""

    revision: KeypointRevision
    author: str | None
    model: str | None


def picture_history(image_id: int, *, offset: int = 0, limit: int = 20, session: Session) -> list[PictureRevision]:
    """One page of the revisions of all instances of a picture, the newest first."""
    rows = session.exec(
        select(KeypointRevision, User.name, ModelVersion.name)
        .join(Instance, col(Instance.id) == col(KeypointRevision.instance_id))
        .join(User, col(User.id) == col(KeypointRevision.author_id), isouter=True)
        .join(ModelVersion, col(ModelVersion.id) == col(KeypointRevision.model_version_id), isouter=True)
        .where(Instance.image_id == image_id)
        .order_by(col(KeypointRevision.id).desc())
        .offset(offset)
        .limit(limit)
    )
    return [PictureRevision(*row) for row in rows]


def count_revisions(image_id: int, *, session: Session) -> int:
    """How many revisions all instances of a picture have."""
    of_picture = col(Instance.id) == col(KeypointRevision.instance_id)
    rows = select(func.count()).select_from(KeypointRevision).join(Instance, of_picture)
    return session.exec(rows.where(Instance.image_id == image_id)).one()


class WaitingPicture(NamedTuple):
    """A picture that labels wait for: its name as in the file, the file, and how many labels."""

    picture: str
    source: str
    labels: int


def count_labelled_skeletons(dataset_id: int, *, session: Session) -> dict[str, int]:
    """The skeletons of the points that are true (accepted or imported), with the number of instances."""
    rows = session.exec(
        select(KeypointRevision.skeleton, func.count())
        .join(Instance, col(Instance.revision_id) == col(KeypointRevision.id))
        .where(Instance.dataset_id == dataset_id, ~col(Instance.removed), col(KeypointRevision.review).in_(TRUTH))
        .group_by(col(KeypointRevision.skeleton))
    )
    return dict(rows.all())


class OpenLabelQuestion(NamedTuple):
    """A kind of question about labels: how many wait for its answer, and of the first the question and where it is."""

    kind: str
    labels: int
    question: dict[str, Any]
    picture: str
    source: str


def open_label_questions(dataset_id: int, *, session: Session) -> list[OpenLabelQuestion]:
    """The questions about labels that wait, one for each kind."""
    of_kind = (
        select(func.count().label("labels"), func.min(WaitingLabel.id).label("first"))
        .where(WaitingLabel.dataset_id == dataset_id, col(WaitingLabel.asked).is_not(None))
        .group_by(col(WaitingLabel.asked))
        .subquery()
    )
    rows = session.exec(
        select(WaitingLabel, of_kind.c.labels).join(of_kind, col(WaitingLabel.id) == of_kind.c.first)
    ).all()
    return [OpenLabelQuestion(row.asked or "", n, row.question or {}, row.picture, row.source) for row, n in rows]


def waiting_names(dataset_id: int, *, session: Session) -> Iterable[tuple[int, str, int | None, int | None, str]]:
    """Number, picture, frame, its track's length and file of the labels that wait, the oldest first, some at a time."""
    place = (WaitingLabel.picture, WaitingLabel.frame, WaitingLabel.frames, WaitingLabel.source)
    columns = select(WaitingLabel.id, *place)  # type: ignore[call-overload]
    rows = columns.where(WaitingLabel.dataset_id == dataset_id).order_by(col(WaitingLabel.id))
    return session.exec(rows.execution_options(yield_per=_AT_ONCE))


def answered_labels(dataset_id: int, *, session: Session) -> Iterable[tuple[int, Sequence[Any], Mapping[Any, Any]]]:
    """Number, doubts and answers of the labels that wait and have any answer, some at a time."""
    answered = cast(WaitingLabel.answers, String) != "{}"
    columns = select(WaitingLabel.id, WaitingLabel.doubts, WaitingLabel.answers)
    rows = columns.where(WaitingLabel.dataset_id == dataset_id, answered)
    return session.exec(rows.execution_options(yield_per=_AT_ONCE))


def asked_labels(
    dataset_id: int, kinds: Sequence[str], *, limit: int, session: Session
) -> Sequence[tuple[int, str, Mapping[Any, Any]]]:
    """Number, open question and answers so far of the first labels that wait for an answer of these kinds."""
    columns = select(WaitingLabel.id, WaitingLabel.asked, WaitingLabel.answers)
    asked = columns.where(WaitingLabel.dataset_id == dataset_id, col(WaitingLabel.asked).in_(kinds))
    rows = session.exec(asked.order_by(col(WaitingLabel.id)).limit(limit)).all()
    return [(number, kind, before) for number, kind, before in rows if kind is not None]


def count_waiting(dataset_id: int, *, session: Session) -> int:
    """How many labels wait for their pictures, not for an answer."""
    rows = select(func.count()).select_from(WaitingLabel).where(*_for_pictures(dataset_id))
    return session.exec(rows).one()


def waiting_pictures(
    dataset_id: int, *, offset: int = 0, limit: int | None = 50, session: Session
) -> list[WaitingPicture]:
    """The pictures (or clips) that labels wait for, by name; without a limit, all of them."""
    rows = session.exec(
        select(WaitingLabel.picture, WaitingLabel.source, func.count())
        .where(*_for_pictures(dataset_id))
        .group_by(col(WaitingLabel.picture), col(WaitingLabel.source))
        .order_by(col(WaitingLabel.picture), col(WaitingLabel.source))
        .offset(offset)
        .limit(limit)
    )
    return [WaitingPicture(*row) for row in rows]


def count_waiting_pictures(dataset_id: int, *, session: Session) -> int:
    """How many pictures (or clips) labels wait for, as `waiting_pictures` lists them."""
    named = select(WaitingLabel.picture, WaitingLabel.source).where(*_for_pictures(dataset_id)).distinct()
    return session.exec(select(func.count()).select_from(named.subquery())).one()


def _for_pictures(dataset_id: int) -> tuple[ColumnElement[bool], ...]:
    return col(WaitingLabel.dataset_id) == dataset_id, col(WaitingLabel.asked).is_(None)


def instance_to_edit(instance_id: int, *, session: Session) -> tuple[Instance, KeypointRevision | None, Image] | None:
    """An instance with the revision that counts and its picture; None where it is not there, or was removed."""
    return session.exec(_to_edit(), params={"instance": instance_id}).first()


@cache
def _to_edit() -> Select[Instance, KeypointRevision | None, Image]:
    """Made once, as `_back_from`."""
    return (
        select(Instance, KeypointRevision, Image)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(col(Instance.id) == bindparam("instance"), ~col(Instance.removed))
    )


def revision_of_edit(edit_id: str, *, session: Session) -> int | None:
    """The id of the revision that an edit has made; None where it has not come in yet."""
    return session.exec(_of_edit(), params={"edit": edit_id}).first()


@cache
def _of_edit() -> SelectOfScalar[int]:
    """Made once, as `_back_from`."""
    return select(KeypointRevision.id).where(KeypointRevision.edit_id == bindparam("edit"))


class EarlierState(NamedTuple):
    """A revision with what an edit of a later one may give back."""

    id: int
    skeleton: str
    points: bytes
    review: Review
    model_version_id: int | None


def revisions_back_from(head_id: int, *, session: Session) -> list[EarlierState]:
    """A revision and what it stands on, the newest first; work in progress stands on what it began from."""
    return [EarlierState(*row) for row in session.connection().execute(_back_from(), {"head": head_id})]


@cache
def _back_from() -> Executable:
    """Made once: putting it together takes longer than the store takes to answer."""
    in_progress = col(KeypointRevision.review) == Review.IN_PROGRESS
    under = case((in_progress, col(KeypointRevision.start_id)), else_=col(KeypointRevision.base_id))
    head = select(col(KeypointRevision.id), under.label("under"), literal(0).label("depth"))
    chain = head.where(col(KeypointRevision.id) == bindparam("head")).cte("chain", recursive=True)
    further = select(col(KeypointRevision.id), under, chain.c.depth + 1)
    chain = chain.union_all(further.join(chain, col(KeypointRevision.id) == chain.c.under))
    rows = select(*(col(getattr(KeypointRevision, name)) for name in EarlierState._fields))
    return rows.join(chain, col(KeypointRevision.id) == chain.c.id).order_by(chain.c.depth)


def newest_revision(*, session: Session) -> int:
    """The id of the newest state of any instance's points; 0 where there is none."""
    return session.exec(select(func.max(KeypointRevision.id))).one() or 0
