"""Drawn clips in a store, with the truth as a human's labels and what models would have predicted."""

from __future__ import annotations

import numpy as np
from sqlmodel import select

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.workspace import Workspace
from core.library.clip_importing import ClipIntake
from core.library.sample_clips import draw_clips_of_people, label_clips
from db.queries.motion.seen import frame_pictures
from db.tables import Instance, Prediction, Run, RunState, TrainedModel, Video, now
from db.writes.models import ensure_model_version
from db.writing import writing


def take(workspace: Workspace, dataset: int, author: int, *people: str, frames: int = 8, size=(160, 120)):
    """Import a drawn clip of each person with the truth as a human's labels; gives each one's (T, 68, 2) truth."""
    with writing(workspace.engine) as session:
        run = Run(
            kind="sample-clips",
            state=RunState.DONE,
            dataset_id=dataset,
            author_id=author,
            finished_at=now(),
            counts={"clips": len(people), "frames": len(people) * frames, "labelled": len(people) * frames},
        )
        session.add(run)
        session.flush()
        run_id = run.id
    drawn = draw_clips_of_people(workspace, people=people, frames=frames, size=size)
    ClipIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id).take_source(drawn.folder)
    label_clips(workspace, drawn, dataset_id=dataset, author_id=author)
    return [clip.landmarks() for clip in drawn.clips.values()]


def add_model(workspace: Workspace, dataset: int, author: int, name: str, skeleton: str = "face68") -> int:
    """A trained model without a file; gives its version's id."""
    with writing(workspace.engine) as session:
        version = ensure_model_version(name, "landmarks", name.encode().hex().ljust(64, "0")[:64], {}, session=session)
        row = TrainedModel(
            model_version_id=version, dataset_id=dataset, recipe="r", skeleton=skeleton, file="x", author_id=author
        )
        session.add(row)
        return version


def predict(workspace: Workspace, version: int, clip: str, track: np.ndarray) -> None:
    """Store a (T, 68, 2) track as what a version predicted in a clip; frames that are all NaN get nothing."""
    doubt = Uncertainty.unknown(68).to_bytes()
    with writing(workspace.engine) as session:
        video = session.exec(select(Video).where(Video.path == clip)).one()
        for frame in frame_pictures(video.id, session=session):
            if np.isnan(track[frame.index]).all():
                continue
            face = session.exec(select(Instance.id).where(Instance.image_id == frame.image.id)).one()
            points = Keypoints.of(track[frame.index]).to_bytes()
            row = Prediction(
                instance_id=face, model_version_id=version, skeleton="face68", points=points, uncertainty=doubt
            )
            session.add(row)
