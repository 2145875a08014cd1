"""Reads for the keypoint editor: one picture, its instances with the points that count, and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from db.queries.library import ImageFilter, conditions
from db.tables import Assignment, Image, ImageState, Instance, KeypointRevision, Person, User


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
    place = (col(Image.path), col(Image.id))
    if forward:
        beyond = (place[0] > image.path) | ((place[0] == image.path) & (place[1] > image.id))
        order = [column.asc() for column in place]
    else:
        beyond = (place[0] < image.path) | ((place[0] == image.path) & (place[1] < image.id))
        order = [column.desc() for column in place]
    statement = select(Image).where(*conditions(dataset_id, chosen), beyond)
    if unreviewed:
        statement = statement.where(Image.state == ImageState.FOUND)
    return session.exec(statement.order_by(*order)).first()


def revisions(instance_id: int, *, limit: int = 50, session: Session) -> Sequence[tuple[KeypointRevision, str | None]]:
    """The newest revisions of an instance with their authors' names."""
    return session.exec(
        select(KeypointRevision, User.name)
        .join(User, col(User.id) == col(KeypointRevision.author_id), isouter=True)
        .where(KeypointRevision.instance_id == instance_id)
        .order_by(col(KeypointRevision.id).desc())
        .limit(limit)
    ).all()
