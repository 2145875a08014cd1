"""What a detector has looked at: written down together with what it found, so that nothing is found twice."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Boxes
from core.foundation.geometry import boxes_of, iou
from core.library.batches import PictureFailure, note_failure
from db.tables import SET_ASIDE, Image, ImageState, Instance, Scan, now
from db.writes.library import refresh_picture

_SAME: Final = 0.5  # IoU from which a box is one that is there already


def note_scan(
    image_id: int, detector_id: int, run_id: int, outcome: int | PictureFailure, *, session: Session
) -> Image | None:
    """Write down that a detector has looked at a picture, and how many it found there or why it could not look.

    Gives the picture, where what was found is to be added: not where it failed, was deleted meanwhile, or another
    process was quicker. `refresh_picture` afterwards brings it in line.
    """
    image = session.get(Image, image_id)
    if image is None:
        return None
    scan = session.get(Scan, (image_id, detector_id))
    if scan is not None and scan.failure is None:
        return None
    scan = scan or Scan(image_id=image_id, model_version_id=detector_id)
    scan.run_id, scan.at = run_id, now()
    session.add(scan)
    if isinstance(outcome, PictureFailure):
        scan.faces, scan.failure = 0, outcome.reason.to_json()
        image.state, image.reason = ImageState.FAILED, scan.failure
        note_failure(image, outcome, run_id, session=session)
        if outcome.reason.code == SET_ASIDE:  # what a human has reviewed goes on standing where it stood
            refresh_picture(image_id, session=session)
        return None
    scan.faces, scan.failure = outcome, None
    image.state, image.reason = ImageState.EMPTY, None
    return image


def unknown(boxes: Boxes, instances: Sequence[Instance]) -> list[int]:
    """The rows of the boxes that are none of the instances', also of those that a human took out."""
    if not instances or not len(boxes):
        return list(range(len(boxes)))
    return [int(row) for row in np.flatnonzero(iou(boxes.corners, boxes_of(instances)).max(axis=1) < _SAME)]
