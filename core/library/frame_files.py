"""Clips that came in when each frame was kept as a file: where the clip shows the same, it is read instead."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from sqlmodel import Session, col, func, select

from core.foundation.batching import batched
from core.foundation.errors import FacetError
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal, read_frame
from core.library.lookup import find_dataset
from core.library.pixels import content_digest, picture_pixels
from db.engine import reading
from db.queries.library import videos
from db.tables import Frame, Image, Video
from db.writing import writing

_BATCH: Final = 64
_SAME: Final = 4.0  # mean difference of a value (0 to 255) between a frame and its JPEG of quality 95 at most
_DERIVED: Final = ("thumbnails", "display", "crops")


@dataclass
class FreedFrames:
    """How many frames have no file any more, the bytes of the files that went, and what stays as it was, and why."""

    frames: int = 0
    bytes_freed: int = 0
    kept: list[tuple[str, Message]] = field(default_factory=list)


def count_frame_files(workspace: Workspace, dataset_id: int) -> dict[str, tuple[int, int]]:
    """Each clip of a dataset by its path: how many frames it has, and how many of these have files of their own."""
    with reading(workspace.engine) as session:
        find_dataset(dataset_id, session=session)
        clips = videos(dataset_id, session=session)
        return {clip.path: (clip.frames, len(_with_files(clip, session=session))) for clip in clips}


def free_frame_files(workspace: Workspace, dataset_id: int) -> FreedFrames:
    """Let the frames of a dataset be read from their clips, and remove their files.

    A frame is compared first: where the clip is gone or does not show the same there, the file stays. Safe to repeat
    after a crash.

    Raises
    ------
    NotFound
        If there is no such dataset.
    """
    freed = FreedFrames()
    with reading(workspace.engine) as session:
        find_dataset(dataset_id, session=session)
        waiting = [(clip, _with_files(clip, session=session)) for clip in videos(dataset_id, session=session)]
    for clip, frames in waiting:
        if frames and not workspace.original(clip.original).is_file():
            folder = workspace.original(clip.original).parent
            freed.kept.append((clip.path, message("images.gone", folder=folder)))
            continue
        for batch in batched(frames, _BATCH):
            _free(workspace, clip, batch, freed)
    return freed


def _with_files(clip: Video, *, session: Session) -> list[tuple[Image, int]]:
    """The pictures that came in as frames of a clip and have files here, with the first of their numbers."""
    rows = (
        select(Image, func.min(Frame.index))
        .join(Frame, col(Frame.image_id) == col(Image.id))
        .where(Frame.video_id == clip.id, Image.sequence == clip.path, Image.dataset_id == clip.dataset_id)
        .group_by(col(Image.id))
        .order_by(func.min(Frame.index))
    )
    frames = session.exec(rows).all()
    return [(image, number) for image, number in frames if image.original.startswith("originals/")]


def _free(workspace: Workspace, clip: Video, frames: Sequence[tuple[Image, int]], freed: FreedFrames) -> None:
    originals = {}
    for image, number in frames:
        if (reason := _difference(workspace, image, FrameOriginal.of(clip.sha256, number))) is None:
            originals[image.id] = str(FrameOriginal.of(clip.sha256, number))
        else:
            freed.kept.append((image.path, reason))
    with writing(workspace.engine) as session:
        for image_id, original in originals.items():
            session.get_one(Image, image_id).original = original
    files = {image.original: {content_digest(image), image.sha256} for image, _ in frames if image.id in originals}
    with reading(workspace.engine) as session:
        used = set(session.exec(select(Image.original).where(col(Image.original).in_(files))))
    for original in files.keys() - used:
        for file in (workspace.original(original), *_made_of(workspace, files[original])):
            with suppress(OSError):
                freed.bytes_freed += file.stat().st_size
                file.unlink()
    freed.frames += len(originals)


def _difference(workspace: Workspace, image: Image, frame: FrameOriginal) -> Message | None:
    """Why a frame cannot be read from the clip in place of its file; None if it can."""
    try:
        shown = read_frame(workspace, frame, image.path)
    except FacetError as error:
        return error.message.nowhere()
    if shown.shape[:2] != (image.height, image.width):
        return message("overlays.frame_of_other_size", width=shown.shape[1], height=shown.shape[0])
    with suppress(FacetError):  # a file that cannot be read any more is no reason to keep it
        kept = picture_pixels(workspace, image)
        if kept.shape != shown.shape or np.abs(kept.astype(np.int16) - shown).mean() > _SAME:
            return message("clips.frame_differs")
    return None


def _made_of(workspace: Workspace, digests: Iterable[str]) -> Iterator[Path]:
    """Thumbnails and other pictures that were made of a file, now or before revision 0016."""
    for kind in _DERIVED:
        for digest in digests:
            yield from workspace.derived(kind, digest).parent.glob(f"{digest}*.jpg")
