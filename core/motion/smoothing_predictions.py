"""Smoothing stored predictions over time: a version of its own beside the one that was predicted frame by frame."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from core.foundation.arrays import Floats, Keypoints
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.learning.pose_models import find_model, stored_version
from core.library.exclusions import excluded_pictures
from core.motion.linking import VideoTrack, link_instances, stride_of
from core.tracks.smoothing import DEFAULTS, delay, smooth
from db.batching import id_batches
from db.engine import reading
from db.queries.learning.models import StoredPrediction, count_predictions, predictions, predictions_of
from db.queries.library import videos
from db.queries.motion.seen import clip_frames, instances_in_clips, seen_instances
from db.tables import ModelVersion
from db.writes.models import ensure_model_version, note_model_use, replace_predictions
from db.writing import writing


def smooth_predictions(
    workspace: Workspace, *, dataset_id: int, model: str, only: Collection[int] | None = None, progress: Progress = DEAF
) -> dict[str, Any]:
    """Smooth what a model predicted in the videos of a dataset, as its name says (``NAME+one-euro``).

    With `only`, ids of clips, in those alone; the others stay unpredicted in this use.

    Nothing is smoothed across a cut, a removed frame or a gap. Pictures that are no frames keep their points. Points
    already smoothed are stored anew where frames were predicted, removed or linked otherwise since; all others, so
    every clip in which nothing changed, are read and not written.

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
    with reading(workspace.engine) as session:
        wanted = find_model(workspace, model, session=session)
        smoother = wanted.use.smoother
        assert smoother is not None
        base = stored_version(replace(wanted, use=wanted.use.unsmoothed), session=session)
        every = videos(dataset_id, session=session)
    clips = [clip for clip in every if only is None or clip.id in only]
    version_id = _version(workspace, dataset_id, base, smoother)
    with reading(workspace.engine) as session:
        before = count_predictions(dataset_id, version_id, session=session)
        left_out = excluded_pictures(dataset_id, session=session).ids
    progress.begin(len(clips), message=message("progress.smoothing", smoother=smoother))
    latest = 0.0
    for count, clip in enumerate(clips, start=1):
        with reading(workspace.engine) as session:
            frames = clip_frames(clip.id, left_out, session=session)
            tracks = link_instances(frames, seen_instances(clip.id, base, session=session))
            rate = clip.frames_per_second / stride_of(frames)  # of the frames that were taken: Hz count in them
            changed = _changed(_smoothed(tracks, rate, smoother), base, version_id, session=session)
        _store(workspace, version_id, changed)
        latest = max(latest, delay(smoother, frames_per_second=rate).frames)
        progress.advance(count)
    with reading(workspace.engine) as session:
        smoothed = predictions(dataset_id, version_id, session=session)
        elsewhere = instances_in_clips([clip.id for clip in every if clip not in clips], session=session)
        elsewhere -= instances_in_clips([clip.id for clip in clips], session=session)
        plain = predictions(dataset_id, base, session=session)
    missing = plain.keys() - smoothed.keys() - elsewhere
    # what is in no track keeps the points of the base
    _store(workspace, version_id, {instance: plain[instance] for instance in sorted(missing)})
    with reading(workspace.engine) as session:
        stored = count_predictions(dataset_id, version_id, session=session)
    return {
        "model_version": version_id,
        "instances": stored,
        "predicted": stored - before,
        "failed": 0,
        "delay_frames": round(latest, 3),
    }


def _version(workspace: Workspace, dataset_id: int, base: int, smoother: str) -> int:
    with writing(workspace.engine) as session:
        version = session.get(ModelVersion, base)
        assert version is not None
        settings = {**version.settings, "smoothing": {"name": smoother, **DEFAULTS[smoother]}}
        version_id = ensure_model_version(version.name, version.kind, version.weights_sha256, settings, session=session)
        note_model_use(dataset_id, version_id, session=session)
        return version_id


def _smoothed(tracks: Sequence[VideoTrack], rate: float, smoother: str) -> dict[int, Floats]:
    """(K, 2) points of each instance as the smoother has them."""
    points: dict[int, Floats] = {}
    for track in tracks:
        smoothed = smooth(track.predicted, smoother, frames_per_second=rate, breaks=track.breaks)
        points |= {int(instance): smoothed[i] for i, instance in enumerate(track.instances) if instance}
    return points


def _changed(
    smoothed: Mapping[int, Floats], base: int, version_id: int, *, session: Session
) -> dict[int, StoredPrediction]:
    """The predictions of instances that are not yet stored as the smoother has them; all but the points stay."""
    changed: dict[int, StoredPrediction] = {}
    for part in id_batches(smoothed):
        stored = predictions_of(part, [version_id], session=session)
        for instance, (_, plain) in predictions_of(part, [base], session=session).items():
            moved = plain._replace(points=_at(plain.points, smoothed[instance]))
            if stored.get(instance) != (version_id, moved):
                changed[instance] = moved
    return changed


def _store(workspace: Workspace, version_id: int, rows: Mapping[int, StoredPrediction]) -> None:
    for part in id_batches(rows):
        with writing(workspace.engine) as session:
            replace_predictions(version_id, {instance: rows[instance] for instance in part}, session=session)


def _at(blob: bytes, points: Floats) -> bytes:
    """The stored points at other places; confidence and visibility stay."""
    stored = Keypoints.from_bytes(blob)
    return Keypoints.of(points, stored.visibility, stored.confidence).to_bytes()
