"""When the pictures of a dataset were taken: read from their files once, and kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from core.foundation.batching import batched
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.pixels import picture_place
from core.media.capture_times import capture_time
from core.media.clip_reading import FramePlace
from db.engine import reading
from db.queries.library import UndatedPicture, pictures_without_capture_time
from db.tables import CaptureTime, Image
from db.writes.rows import insert_values
from db.writing import writing

_BATCH: Final = 500


def date_pictures(workspace: Workspace, dataset_id: int | None = None, progress: Progress = DEAF) -> int:
    """Read the times of pictures whose times nobody has read, of a dataset or of all; returns how many these were.

    A frame of a clip has none, nor has a picture whose file cannot be read. Can be done again after a kill, and by two
    at once.
    """
    with reading(workspace.engine) as session:
        waiting = pictures_without_capture_time(dataset_id, session=session)
    if not waiting:
        return 0
    progress.begin(len(waiting), message=message("progress.reading_times"))
    done = 0
    for batch in batched(waiting, _BATCH):
        found = [(picture.id, _time_of(workspace, picture)) for picture in batch]
        with writing(workspace.engine) as session:
            _keep(found, session=session)
        done += len(found)
        progress.advance(done)
    return done


def _time_of(workspace: Workspace, picture: UndatedPicture) -> datetime | None:
    place = picture_place(workspace, picture)
    try:
        return None if isinstance(place, FramePlace) else capture_time(place)
    except OSError:
        return None


def _keep(found: Sequence[tuple[int, datetime | None]], *, session: Session) -> None:
    """Of the pictures that are there still, and that nobody has dated meanwhile."""
    asked = select(Image.id).outerjoin(CaptureTime, col(CaptureTime.image_id) == col(Image.id))
    undated = col(Image.id).in_([number for number, _ in found]), col(CaptureTime.image_id).is_(None)
    waiting = set(session.exec(asked.where(*undated)))
    insert_values(
        CaptureTime, [{"image_id": number, "at": at} for number, at in found if number in waiting], session=session
    )
