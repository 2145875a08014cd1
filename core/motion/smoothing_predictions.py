"""Smoothing stored predictions over time: a version of its own beside the one that was predicted frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from core.foundation.arrays import Keypoints
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.learning.pose_models import PoseModel, find_model, stored_version
from core.motion.linking import VideoTrack, linked, stride_of
from core.tracks.smoothing import DEFAULTS, delay, smooth
from db.batching import id_batches
from db.engine import reading
from db.queries.learning.models import count_predictions, predictions
from db.queries.library import videos
from db.queries.motion import frame_rows, seen_in_frames
from db.tables import ModelVersion, Prediction
from db.writes.models import ensure_model_version, note_model_use
from db.writing import writing


def smooth_predictions(
    workspace: Workspace, *, dataset_id: int, model: str, progress: Progress | None = None
) -> dict[str, Any]:
    """Smooth what a model predicted in the videos of a dataset, as its name says (``NAME+one-euro``).

    Nothing is smoothed across a cut, a removed frame or a gap. Pictures that are no frames keep their points. Points
    already smoothed follow where frames were predicted, removed or linked otherwise since; all others, so every clip
    in which nothing changed, are read and not written.

    Returns
    -------
    dict
        ``model_version`` (id), ``instances``, ``predicted``, ``failed`` (0), ``delay_frames`` (largest over the clips,
        in frames that were taken).

    Raises
    ------
    NotFound, BadInput
        If there is no such model or smoother.
    NotEnoughData
        If the model has not predicted frame by frame yet.
    """
    progress = progress or Progress()
    with reading(workspace.engine) as session:
        asked = find_model(workspace, model, session=session)
        assert asked.smoother is not None
        plain = PoseModel(asked.name, asked.skeleton, asked.file, asked.version_id, asked.flip_test)
        base = stored_version(plain, session=session)
        clips = videos(dataset_id, session=session)
    version_id = _version(workspace, dataset_id, base, asked.smoother)
    progress.begin(len(clips), message=f"Smoothing over time ({asked.smoother})")
    new, late = _copied(workspace, dataset_id, base, version_id), 0.0
    for count, clip in enumerate(clips, start=1):
        with reading(workspace.engine) as session:
            frames = frame_rows(clip.id, session=session)
            tracks = linked(frames, seen_in_frames(clip.id, base, session=session))
            rate = clip.frames_per_second / stride_of(frames)  # of the frames that were taken: Hz count in them
            moved = [_moved(track, rate, asked.smoother, version_id, session) for track in tracks]
        _store(workspace, {row: points for one in moved for row, points in one.items()})
        late = max(late, delay(asked.smoother, frames_per_second=rate).frames)
        progress.advance(count)
    with reading(workspace.engine) as session:
        known = count_predictions(dataset_id, version_id, session=session)
    return {
        "model_version": version_id,
        "instances": known,
        "predicted": new,
        "failed": 0,
        "delay_frames": round(late, 3),
    }


def _version(workspace: Workspace, dataset_id: int, base: int, smoother: str) -> int:
    with writing(workspace.engine) as session:
        version = session.get(ModelVersion, base)
        assert version is not None
        settings = {**version.settings, "smoothing": {"name": smoother, **DEFAULTS[smoother]}}
        found = ensure_model_version(version.name, version.kind, version.weights_sha256, settings, session=session)
        note_model_use(dataset_id, found, session=session)
        return found


def _copied(workspace: Workspace, dataset_id: int, base: int, version_id: int) -> int:
    """Give every instance the points of the base first; tracks then put the smoothed ones in their place."""
    with reading(workspace.engine) as session:
        there = predictions(dataset_id, version_id, session=session)
        missing = {one: row for one, row in predictions(dataset_id, base, session=session).items() if one not in there}
    for part in id_batches(missing):
        with writing(workspace.engine) as session:
            mine = select(Prediction.instance_id).where(
                Prediction.model_version_id == version_id, col(Prediction.instance_id).in_(part)
            )
            quicker = set(session.exec(mine))  # another process, meanwhile
            for one in part:
                if one in quicker:
                    continue
                row = missing[one]
                session.add(
                    Prediction(
                        instance_id=one,
                        model_version_id=version_id,
                        skeleton=row.skeleton,
                        points=row.points,
                        doubt=row.doubt,
                    )
                )
    return len(missing)


def _moved(track: VideoTrack, rate: float, smoother: str, version_id: int, session: Session) -> dict[int, bytes]:
    """The packed points of the predictions that are not yet as the smoother has them, by the prediction's id."""
    smoothed = smooth(track.predicted, smoother, frames_per_second=rate, breaks=track.breaks)
    of_instance = {int(one): smoothed[place] for place, one in enumerate(track.instances) if one}
    moved: dict[int, bytes] = {}
    for part in id_batches(of_instance):
        mine = select(Prediction.id, Prediction.instance_id, Prediction.points).where(
            Prediction.model_version_id == version_id, col(Prediction.instance_id).in_(part)
        )
        for row, instance, blob in session.exec(mine):
            points = _at(blob, of_instance[instance])
            if points != blob:
                moved[row] = points
    return moved


def _store(workspace: Workspace, moved: Mapping[int, bytes]) -> None:
    for part in id_batches(moved):
        with writing(workspace.engine) as session:
            for row in session.exec(select(Prediction).where(col(Prediction.id).in_(part))):
                row.points = moved[row.id]
                session.add(row)


def _at(blob: bytes, points: NDArray[np.float64]) -> bytes:
    """The stored points at other places; confidence and visibility stay."""
    known = Keypoints.from_bytes(blob)
    return Keypoints.of(points, known.visibility, known.confidence).to_bytes()
