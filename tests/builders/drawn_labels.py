"""A dataset of drawn clips of a few people with the true points as a human's labels: enough to train for a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Photo
from sqlmodel import select

from core.foundation.workspace import Workspace
from core.jobs.runs import submit
from core.library.importing import PictureIntake
from db.tables import Frame, Image, Instance, KeypointRevision, Review, Source, Video
from db.writes.library import refresh_picture
from db.writing import writing
from tests.builders.drawn_clips import draw_clips


def fill_with_clips(
    workspace: Workspace,
    dataset: int,
    author: int,
    folder: Path,
    *,
    people: int = 4,
    frames: int = 4,
    seed: int = 0,
    size: tuple[int, int] = (96, 96),
    human: bool = True,
    prefix: str = "",
) -> list[int]:
    """Draw, import and label; gives the ids of the instances."""
    truths = {}
    for clip in draw_clips(seed, people, frames, size):
        for picture in clip:
            name = prefix + picture.name
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Photo.fromarray(picture.pixels).save(path.with_suffix(".png"))
            truths[str(Path(name).with_suffix(".png"))] = picture.instances[0]
    run_id = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id).take_source(folder)
    with writing(workspace.engine) as session:
        images = session.exec(select(Image).where(Image.dataset_id == dataset).order_by(Image.path)).all()
        clips: dict[str, Video] = {}
        instances = []
        for image in (one for one in images if one.path in truths):
            name = image.path.rpartition("/")[0]
            if name not in clips:
                clips[name] = Video(
                    dataset_id=dataset,
                    path=name,
                    sha256=name,
                    width=size[0],
                    height=size[1],
                    frames=frames,
                    frames_per_second=25.0,
                    original=name,
                )
                session.add(clips[name])
                session.flush()
            truth = truths[image.path]
            image.sequence = name
            index = int(Path(image.path).stem)
            session.add(Frame(video_id=clips[name].id, index=index, seconds=index / 25, image_id=image.id))
            left, top, right, bottom = np.asarray(truth.box, float).tolist()
            one = Instance(
                dataset_id=dataset,
                image_id=image.id,
                kind="face",
                left=left,
                top=top,
                right=right,
                bottom=bottom,
                origin=Source.HUMAN,
                author_id=author,
            )
            session.add(one)
            session.flush()
            if human:
                revision = KeypointRevision(
                    instance_id=one.id,
                    skeleton="face68",
                    points=truth.keypoints.to_bytes(),
                    source=Source.HUMAN,
                    review=Review.ACCEPTED,
                    author_id=author,
                )
                session.add(revision)
                session.flush()
                one.revision_id = revision.id
            refresh_picture(image.id, session=session)
            instances.append(one.id)
    return instances
