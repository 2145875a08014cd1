"""Reads about datasets and their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from db.tables import (
    Assignment,
    Dataset,
    Embedding,
    Image,
    ImageState,
    Instance,
    KeypointRevision,
    Person,
    Scan,
    Source,
)


@dataclass(frozen=True)
class DatasetCounts:
    """What a dataset holds: pictures, faces that were not removed, people with at least one such face."""

    images: int
    faces: int
    people: int
    without_face: int
    failed: int
    corrected: int


def datasets(*, session: Session) -> Sequence[Dataset]:
    """Every dataset, by name."""
    return session.exec(select(Dataset).order_by(col(Dataset.name))).all()


def dataset_by_name(name: str, *, session: Session) -> Dataset | None:
    """The dataset of that name, or None."""
    return session.exec(select(Dataset).where(Dataset.name == name)).first()


def count_images(dataset_id: int, *, session: Session) -> int:
    """How many pictures a dataset holds."""
    return session.exec(select(func.count()).where(col(Image.dataset_id) == dataset_id)).one()


def states(dataset_id: int, *, session: Session) -> dict[str, int]:
    """How many pictures are in each state."""
    rows = session.exec(
        select(Image.state, func.count()).where(Image.dataset_id == dataset_id).group_by(col(Image.state))
    )
    return dict(rows.all())


def counts(dataset_id: int, *, session: Session) -> DatasetCounts:
    """What a dataset holds."""
    by_state = states(dataset_id, session=session)
    return DatasetCounts(
        images=sum(by_state.values()),
        faces=count_instances(dataset_id, "face", session=session),
        people=count_people(dataset_id, session=session),
        without_face=count_without_face(dataset_id, session=session),
        failed=by_state.get(ImageState.FAILED, 0),
        corrected=by_state.get(ImageState.CORRECTED, 0),
    )


def count_instances(dataset_id: int, kind: str, *, session: Session) -> int:
    """How many faces or persons a dataset holds that were not removed."""
    return session.exec(
        select(func.count()).where(
            col(Instance.dataset_id) == dataset_id, col(Instance.kind) == kind, ~col(Instance.removed)
        )
    ).one()


def count_without_face(dataset_id: int, *, session: Session) -> int:
    """How many pictures were looked at and hold no face (a person seen from behind may be in them)."""
    looked_at = (ImageState.EMPTY, ImageState.FOUND, ImageState.CORRECTED)
    return session.exec(
        select(func.count()).where(
            col(Image.dataset_id) == dataset_id, col(Image.state).in_(looked_at), col(Image.faces) == 0
        )
    ).one()


def count_people(dataset_id: int, *, session: Session) -> int:
    """How many people a dataset holds with at least one face."""
    has_face = select(Assignment.instance_id).where(Assignment.person_id == Person.id).exists()
    return session.exec(
        select(func.count()).where(col(Person.dataset_id) == dataset_id, col(Person.active), has_face)
    ).one()


def images_without_scan(dataset_id: int, detector_id: int, run_id: int, *, session: Session) -> Sequence[Image]:
    """Pictures that a detector has not finished, neighbours of one size together; failures of other runs again."""
    scan = Scan.__table__  # type: ignore[attr-defined]
    joined = (scan.c.image_id == col(Image.id)) & (scan.c.model_version_id == detector_id)
    waiting = or_(scan.c.image_id.is_(None), scan.c.failure.is_not(None) & scan.c.run_id.is_distinct_from(run_id))
    return session.exec(
        select(Image)
        .join(scan, joined, isouter=True)
        .where(Image.dataset_id == dataset_id, waiting)
        .order_by(col(Image.width), col(Image.height), col(Image.id))
    ).all()


def has_human_points(image_id: int, *, session: Session) -> bool:
    """Whether a human drew a box or set points in a picture."""
    revisions = (
        select(KeypointRevision.id)
        .where(KeypointRevision.instance_id == Instance.id, KeypointRevision.source == Source.HUMAN)
        .exists()
    )
    touched = select(Instance.id).where(
        Instance.image_id == image_id, or_(col(Instance.origin) == Source.HUMAN, revisions)
    )
    return session.exec(touched.limit(1)).first() is not None


@dataclass(frozen=True)
class ImageFilter:
    """Which pictures of a dataset to show: a state, a part of the path, a person; empty means all."""

    state: str | None = None
    path_contains: str = ""
    person_id: int | None = None


def conditions(dataset_id: int, chosen: ImageFilter) -> list[ColumnElement[bool]]:
    """What the filter asks of a picture."""
    kept: list[ColumnElement[bool]] = [col(Image.dataset_id) == dataset_id]
    if chosen.state:
        kept.append(col(Image.state) == chosen.state)
    if chosen.path_contains:
        kept.append(col(Image.path).contains(chosen.path_contains, autoescape=True))
    if chosen.person_id is not None:
        shown = (
            select(Instance.image_id)
            .join(Assignment, col(Assignment.instance_id) == col(Instance.id))
            .where(Assignment.person_id == chosen.person_id, ~col(Instance.removed))
        )
        kept.append(col(Image.id).in_(shown))
    return kept


def count_filtered(dataset_id: int, chosen: ImageFilter, *, session: Session) -> int:
    """How many pictures the filter leaves."""
    return session.exec(select(func.count()).select_from(Image).where(*conditions(dataset_id, chosen))).one()


def page_of_images(
    dataset_id: int, chosen: ImageFilter, *, offset: int, limit: int, session: Session
) -> Sequence[Image]:
    """One page of pictures, ordered by path."""
    statement = select(Image).where(*conditions(dataset_id, chosen)).order_by(col(Image.path), col(Image.id))
    return session.exec(statement.offset(offset).limit(limit)).all()


def fits(image: Image, chosen: ImageFilter, *, session: Session) -> bool:
    """Whether a picture is among those of a filter."""
    kept = conditions(image.dataset_id, chosen)
    return session.exec(select(Image.id).where(Image.id == image.id, *kept)).first() is not None


def position_of_image(dataset_id: int, chosen: ImageFilter, image: Image, *, session: Session) -> int:
    """How many pictures of the filter come before this one, in the order of `page_of_images`."""
    before = (col(Image.path) < image.path) | ((col(Image.path) == image.path) & (col(Image.id) < image.id))
    kept = conditions(dataset_id, chosen)
    return session.exec(select(func.count()).select_from(Image).where(*kept, before)).one()


def incomplete_faces(dataset_id: int, encoder_id: int, *, session: Session) -> Sequence[tuple[Instance, Image]]:
    """Faces without points or without an embedding of this encoder version, those of one picture together."""
    embedded = (
        select(Embedding.instance_id)
        .where(Embedding.instance_id == Instance.id, Embedding.model_version_id == encoder_id)
        .exists()
    )
    return session.exec(
        select(Instance, Image)
        .join(Image, col(Image.id) == col(Instance.image_id))
        .where(
            Instance.dataset_id == dataset_id,
            Instance.kind == "face",
            ~col(Instance.removed),
            or_(col(Instance.revision_id).is_(None), ~embedded),
        )
        .order_by(col(Instance.image_id), col(Instance.id))
    ).all()
