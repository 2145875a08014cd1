"""Boxes by hand: drawing one around somebody who was missed, and moving one that is off.

Every state of a box that a hand has made is a row of its own (`db.tables.BoxRevision`); moved back to where it was, it
is again the box that it was.
"""

from collections.abc import Sequence

import numpy as np
from sqlmodel import Session, col, delete, select

from core.foundation.arrays import Box
from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.workspace import Workspace
from core.library.lookup import find_image
from db.tables import BoxRevision, BoxSource, Embedding, FaceQuality, Image, Instance, Source, WorkKind, sides
from db.writes.dashboard import record_work
from db.writes.library import refresh_picture
from db.writing import writing

KINDS = ("face", "person")
_SAME = 0.01  # pixels


def add_instances(
    workspace: Workspace,
    image_id: int,
    boxes: Sequence[Box],
    kind: str,
    box_source: BoxSource = BoxSource.DRAWN,
    *,
    author_id: int,
    edit_id: str | None = None,
) -> list[int]:
    """Add faces or people that the models missed, by their boxes: all of them, or none where one box cannot be.

    Returns their ids; points come later, and until these are accepted nothing of them is reviewed. With the browser's
    `edit_id` for one box, the same one sent again is the same instance.

    Raises
    ------
    BadInput
        If a box is smaller than a pixel or lies beside the picture.
    """
    if kind not in KINDS:
        raise BadInput("points.no_kind", kind=kind)
    with writing(workspace.engine) as session:
        if edit_id is not None and (sent_before := _sent_before(edit_id, session=session)) is not None:
            return [sent_before.instance_id]
        image = find_image(image_id, session=session)
        instances = [_drawn(box, kind, image, box_source, author_id) for box in boxes]
        session.add_all(instances)
        session.flush()
        for instance in instances:
            session.add(_revision(instance, author_id, edit_id))
        refresh_picture(image_id, session=session)
        record_work(author_id, image.dataset_id, WorkKind.BOXES_DRAWN, len(instances), session=session)
        return [instance.id for instance in instances]


def move_box(workspace: Workspace, instance_id: int, shown: Box, box: Box, *, author_id: int, edit_id: str) -> None:
    """Give an instance another box, in the place of the one that was `shown`. Its embedding and quality go.

    Raises
    ------
    NotFound
        If it is not there any more.
    Conflict
        If it has another box than the one that was shown.
    BadInput
        If the box is smaller than a pixel or lies beside the picture.
    """
    with writing(workspace.engine) as session:
        if _sent_before(edit_id, session=session) is not None:
            return
        instance = session.get(Instance, instance_id)
        if instance is None or instance.removed:
            raise NotFound("points.instance_gone")
        if not np.allclose(instance.box, shown, rtol=0, atol=_SAME):
            raise Conflict("points.box_moved_meanwhile")
        _refuse(box, find_image(instance.image_id, session=session))
        states = session.exec(
            select(BoxRevision).where(BoxRevision.instance_id == instance_id).order_by(col(BoxRevision.id).desc())
        ).all()
        if not states:
            session.add(_revision(instance, instance.author_id, None))
        before = [(_corners(state), state.box_source) for state in states]
        same = next((source for corners, source in before if np.allclose(corners, box, rtol=0, atol=_SAME)), None)
        for side, value in sides(box).items():
            setattr(instance, side, value)
        instance.box_source = BoxSource(same or BoxSource.DRAWN)
        session.add(_revision(instance, author_id, edit_id))
        for table in (Embedding, FaceQuality):
            session.exec(delete(table).where(col(table.instance_id) == instance_id))
        record_work(author_id, instance.dataset_id, WorkKind.BOXES_DRAWN, session=session)


def _sent_before(edit_id: str, *, session: Session) -> BoxRevision | None:
    return session.exec(select(BoxRevision).where(BoxRevision.edit_id == edit_id)).first()


def _revision(instance: Instance, author_id: int | None, edit_id: str | None) -> BoxRevision:
    return BoxRevision(
        instance_id=instance.id,
        **sides(instance.box),
        box_source=instance.box_source,
        author_id=author_id,
        edit_id=edit_id,
    )


def _corners(state: BoxRevision) -> Box:
    return state.left, state.top, state.right, state.bottom


def _drawn(box: Box, kind: str, image: Image, box_source: BoxSource, author_id: int) -> Instance:
    _refuse(box, image)
    return Instance(
        dataset_id=image.dataset_id,
        image_id=image.id,
        kind=kind,
        **sides(box),
        origin=Source.HUMAN,
        box_source=box_source,
        author_id=author_id,
    )


def _refuse(box: Box, image: Image) -> None:
    left, top, right, bottom = box
    if not all(np.isfinite(box)) or right - left < 1 or bottom - top < 1:
        raise BadInput("points.box_too_small")
    too_far = max(map(abs, box)) > 10 * max(image.width, image.height)
    if right <= 0 or bottom <= 0 or left >= image.width or top >= image.height or too_far:
        raise BadInput("points.box_outside")
