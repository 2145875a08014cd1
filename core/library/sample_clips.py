"""Sample clips: drawn people who talk, with labels that are the truth, so that training can be tried at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sqlmodel import Session, col, select

from core.drawn.clips import DrawnClip, jittered_box
from core.drawn.people import PEOPLE
from core.drawn.truth import DrawnInstance
from core.foundation.arrays import Keypoints
from core.foundation.batching import batched
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.media.videos import VideoWriter
from db.engine import reading
from db.tables import Frame, Image, Instance, Review, Source, Video, sides
from db.writes.library import refresh_picture
from db.writes.points import append_revision
from db.writing import writing

SAMPLE_CLIPS: Final = "Sample clips"
_PEOPLE: Final = tuple(PEOPLE)  # eight: two of them are held out, so that figures get an interval
_FRAMES: Final = 24
_SIZE: Final = (320, 240)
_BATCH: Final = 12  # frames a transaction
_NOTE: Final = message("edits.drawn").to_json()


@dataclass(frozen=True)
class DrawnClips:
    """The sample clips on disk: the folder to import, and each clip by its path in it."""

    folder: Path
    clips: dict[str, DrawnClip]


def draw_clips_of_people(
    workspace: Workspace,
    progress: Progress = DEAF,
    *,
    people: Sequence[str] = _PEOPLE,
    frames: int = _FRAMES,
    size: tuple[int, int] = _SIZE,
) -> DrawnClips:
    """Draw a clip of each person into the home folder as ``<person>/talking.mp4``; the same each time."""
    progress.begin(len(people) * frames, message=message("progress.drawing_clips"))
    folder = workspace.sample_clips
    clips: dict[str, DrawnClip] = {}
    done = 0
    for number, person in enumerate(people):
        path = f"{person}/talking.mp4"
        rng = np.random.default_rng((0, number))
        clip = DrawnClip.random(PEOPLE[person], rng, frames=frames, size=size, name=path, person=person)
        with VideoWriter(folder / path, *size, clip.frames_per_second) as writer:
            for picture in clip:
                writer.write(picture.pixels)
                done += 1
                progress.advance(done)
        clips[path] = clip
    return DrawnClips(folder, clips)


def label_clips(workspace: Workspace, drawn: DrawnClips, *, dataset_id: int, author_id: int) -> int:
    """Give every frame that has no face yet the drawn face's points, in a box as a detector would give it.

    They count as imported. Returns how many got them. A few frames are one transaction: others save in between, and a
    second run goes on.
    """
    labelled = 0
    for path, clip in drawn.clips.items():
        with reading(workspace.engine) as session:
            frames = session.exec(
                select(Frame.index, Frame.image_id)
                .join(Video, Frame.video_id == Video.id)  # type: ignore[arg-type]
                .where(Video.dataset_id == dataset_id, Video.path == path, col(Frame.image_id).is_not(None))
                .order_by(col(Frame.index))
            ).all()
        for batch in batched(frames, _BATCH):
            truths = [clip.truth(index) for index, _ in batch]  # drawing takes longer than writing
            with writing(workspace.engine) as session:
                for (index, image_id), truth in zip(batch, truths, strict=True):
                    image = session.get(Image, image_id)
                    if image is not None and not _has_faces(image.id, session=session):
                        _label(image, clip.name, index, truth, author_id, session=session)
                        labelled += 1
    return labelled


def _has_faces(image_id: int, *, session: Session) -> bool:
    return session.exec(select(Instance.id).where(Instance.image_id == image_id)).first() is not None


def _label(image: Image, clip: str, index: int, truth: DrawnInstance, author_id: int, *, session: Session) -> None:
    rng = np.random.default_rng((index, *clip.encode()))
    box = np.clip(jittered_box(truth.box, rng), 0, [image.width, image.height] * 2)
    face = Instance(
        dataset_id=image.dataset_id,
        image_id=image.id,
        kind="face",
        **sides(box.tolist()),
        origin=Source.HUMAN,
        author_id=author_id,
    )
    session.add(face)
    session.flush()
    points = Keypoints.of(truth.keypoints.points).to_bytes()
    append_revision(face, truth.skeleton, points, Review.IMPORTED, author_id=author_id, note=_NOTE, session=session)
    refresh_picture(image.id, session=session)
