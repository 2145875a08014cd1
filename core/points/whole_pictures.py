"""The whole picture as the box, for pictures that show one person and were never boxed."""

from typing import Final

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Box
from core.foundation.batching import batched
from core.foundation.geometry import boxes_of, iou
from core.foundation.workspace import Workspace
from db.engine import reading
from db.queries.points import pictures_without_box, removed_instances
from db.tables import BoxSource, Image, Instance, Source, sides
from db.writes.library import refresh_picture
from db.writing import writing

_BATCH: Final = 200
_SAME: Final = 0.5  # IoU from which a box that a human took out was the whole picture


def whole_picture(image: Image) -> Box:
    """Left, top, right, bottom of a picture, to the outer edges of its pixels."""
    return -0.5, -0.5, image.width - 0.5, image.height - 0.5


def box_whole_pictures(workspace: Workspace, *, dataset_id: int, kind: str, author_id: int, run_id: int | None) -> int:
    """Give every picture of a dataset that has no box of a kind its whole area as one; returns how many got one.

    Where a human has taken such a box out, none comes back. Every batch is one transaction: a second run goes on.
    """
    with reading(workspace.engine) as session:
        waiting = pictures_without_box(dataset_id, kind, session=session)
    boxed = 0
    for batch in batched(waiting, _BATCH):
        with writing(workspace.engine) as session:
            boxed += sum(_box(image_id, kind, author_id, run_id, session=session) for image_id in batch)
    return boxed


def _box(image_id: int, kind: str, author_id: int, run_id: int | None, *, session: Session) -> bool:
    image = session.get(Image, image_id)
    if image is None or not pictures_without_box(image.dataset_id, kind, only=image_id, session=session):
        return False  # deleted or boxed meanwhile
    box = whole_picture(image)
    taken_out = boxes_of(removed_instances(image_id, kind, session=session))
    if len(taken_out) and iou(np.array([box]), taken_out).max() >= _SAME:
        return False
    instance = Instance(
        dataset_id=image.dataset_id,
        image_id=image_id,
        kind=kind,
        **sides(box),
        origin=Source.HUMAN,
        box_source=BoxSource.PICTURE,
        author_id=author_id,
        run_id=run_id,
    )
    session.add(instance)
    session.flush()
    refresh_picture(image_id, session=session)
    return True
