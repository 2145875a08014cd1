"""Videos in a store with predictions and human points in their frames; no picture file and no model."""

from __future__ import annotations

import numpy as np

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.workspace import Workspace
from db.tables import Assignment, Frame, Image, Instance, KeypointRevision, Prediction, Review, Source, Video
from db.writes.models import ensure_model_version
from db.writes.people import ensure_person
from db.writing import writing


def drifting_face(frames: int, seed: int = 0, x: float = 100.0) -> np.ndarray:
    """(frames, 68, 2) a random face that drifts and plays; float32 exact, as the store keeps it."""
    rng = np.random.default_rng(seed)
    base = rng.uniform((x, 100), (x + 120, 220), (68, 2))
    play = np.sin(np.arange(frames)[:, None, None] / 3 + rng.uniform(0, 6, (68, 2)))
    return (base + play + np.arange(frames)[:, None, None] * 0.5).astype(np.float32).astype(np.float64)


def jittered(tracks: np.ndarray, pixels: float = 1.0, seed: int = 1) -> np.ndarray:
    """Tracks with noise, float32 exact."""
    return (tracks + np.random.default_rng(seed).normal(0, pixels, tracks.shape)).astype(np.float32).astype(np.float64)


def version(workspace: Workspace, name: str = "tracker", **settings: object) -> int:
    """The id of a model version."""
    with writing(workspace.engine) as session:
        return ensure_model_version(name, "landmarks", "f" * 64, dict(settings), session=session)


def add_video(
    workspace: Workspace, dataset: int, name: str, *, indices: list[int], rate: float = 30.0, gone: tuple[int, ...] = ()
) -> dict[int, int | None]:
    """A video with a picture for each frame index, but for those `gone`; gives index to picture id."""
    with writing(workspace.engine) as session:
        video = Video(
            dataset_id=dataset,
            path=name,
            sha256=name.ljust(64, "0"),
            width=640,
            height=480,
            frames=max(indices) + 1,
            frames_per_second=rate,
            original=f"originals/{name}",
        )
        session.add(video)
        session.flush()
        pictures: dict[int, int | None] = {}
        for index in indices:
            image = None
            if index not in gone:
                path = f"{name}/{index:05}.jpg"
                image = Image(
                    dataset_id=dataset,
                    path=path,
                    sha256=path.ljust(64, "0"),
                    size_bytes=1,
                    width=640,
                    height=480,
                    format="JPEG",
                    original=f"originals/{path}",
                    state="found",
                )
                session.add(image)
                session.flush()
            session.add(
                Frame(video_id=video.id, index=index, seconds=index / rate, image_id=image.id if image else None)
            )
            pictures[index] = image.id if image else None
        return pictures


def add_track(
    workspace: Workspace,
    dataset: int,
    pictures: dict[int, int | None],
    tracks: np.ndarray,
    versions: dict[int, np.ndarray],
    *,
    human: bool = False,
    author: int | None = None,
    person: str | None = None,
    skip: tuple[int, ...] = (),
) -> list[int]:
    """An instance in each picture, boxed by row t of `tracks` (the truth); `versions` predict, a human may label."""
    with writing(workspace.engine) as session:
        who = ensure_person(dataset, person, author, session=session) if person else None
        made = []
        for t, (index, image) in enumerate(pictures.items()):
            if image is None or index in skip:
                continue
            (left, top), (right, bottom) = tracks[t].min(axis=0), tracks[t].max(axis=0)
            row = Instance(
                dataset_id=dataset,
                image_id=image,
                kind="face",
                left=float(left),
                top=float(top),
                right=float(right),
                bottom=float(bottom),
            )
            session.add(row)
            session.flush()
            made.append(row.id)
            if human:
                revision = KeypointRevision(
                    instance_id=row.id,
                    skeleton="face68",
                    points=Keypoints.of(tracks[t]).to_bytes(),
                    source=Source.HUMAN,
                    review=Review.ACCEPTED,
                    author_id=author,
                )
                session.add(revision)
                session.flush()
                row.revision_id = revision.id
            if who is not None:
                session.add(Assignment(instance_id=row.id, dataset_id=dataset, person_id=who, source=Source.MODEL))
            for model, predicted in versions.items():
                session.add(
                    Prediction(
                        instance_id=row.id,
                        model_version_id=model,
                        skeleton="face68",
                        points=Keypoints.of(predicted[t]).to_bytes(),
                        uncertainty=Uncertainty.unknown(68).to_bytes(),
                    )
                )
        return made
