"""Reads for the keypoint editor: one picture, its instances with the points that count, and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from db.queries.library import ImageFilter, conditions
from db.tables import Assignment, Image, ImageState, Instance, KeypointRevision, ModelVersion, Person, Source, User


class ShownInstance(NamedTuple):
    """An instance with the revision that counts (or None), its author's name and the person's name."""

    instance: Instance
    revision: KeypointRevision | None
    author: str | None
    person: str | None


def shown_instances(image_id: int, *, session: Session) -> Sequence[ShownInstance]:
    """The instances of a picture that were not removed, in the order in which they were found."""
    rows = session.exec(
        select(Instance, KeypointRevision, User.name, Person.name)
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .join(User, col(User.id) == col(KeypointRevision.author_id), isouter=True)
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id), isouter=True)
        .join(Person, col(Person.id) == col(Assignment.person_id), isouter=True)
        .where(Instance.image_id == image_id, ~col(Instance.removed))
        .order_by(col(Instance.id))
    )
    return [ShownInstance(*row) for row in rows]


def neighbour(
    dataset_id: int, chosen: ImageFilter, image: Image, *, forward: bool, unreviewed: bool = False, session: Session
) -> Image | None:
    """The next or previous picture of a filter in the order of the paths; `unreviewed`: that no human has corrected."""
    place, here = tuple_(col(Image.path), col(Image.id)), tuple_(image.path, image.id)  # compared through the index
    beyond = place > here if forward else place < here
    order = [column.asc() if forward else column.desc() for column in (col(Image.path), col(Image.id))]
    statement = select(Image).where(*conditions(dataset_id, chosen), beyond)
    if unreviewed:
        statement = statement.where(Image.state == ImageState.FOUND)
    # without a limit, `first` would load every picture that follows
    return session.exec(statement.order_by(*order).limit(1)).first()


def picture_history(image_id: int, *, limit: int = 100, session: Session) -> list[dict[str, object]]:
    """The newest revisions of all instances of a picture: when, which, who, what."""
    rows = session.exec(
        select(KeypointRevision, User.name, ModelVersion.name)
        .join(Instance, col(Instance.id) == col(KeypointRevision.instance_id))
        .join(User, col(User.id) == col(KeypointRevision.author_id), isouter=True)
        .join(ModelVersion, col(ModelVersion.id) == col(KeypointRevision.model_version_id), isouter=True)
        .where(Instance.image_id == image_id)
        .order_by(col(KeypointRevision.id).desc())
        .limit(limit)
    )
    return [
        {
            "When (UTC)": f"{revision.created_at:%Y-%m-%d %H:%M:%S}",
            "Of": revision.instance_id,
            "Who": author or model or "",
            "What": revision.note or ("Found by a model" if revision.source == Source.MODEL else ""),
        }
        for revision, author, model in rows
    ]
