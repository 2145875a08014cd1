"""Overlay videos: what humans and models say about a clip, drawn over its frames. Only stored points are drawn."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import col, delete

from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.foundation.messages import Message, message, some
from core.foundation.progress import DEAF, Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.pose_models import find_model, predict_command, stored_versions
from core.library.batches import open_picture
from core.library.exclusions import excluded_pictures
from core.media.videos import VideoWriter, probe
from core.motion.linking import VideoTrack, link_instances, stride_of
from core.motion.overlay import STATIC_POINTS, Overlay, layers
from core.motion.overlay_curves import PointsSource, curves_of
from db.engine import reading
from db.queries.library import all_clips, clips_named
from db.queries.motion.seen import (
    ClipFrame,
    FramePicture,
    clip_frames,
    count_clip_predictions,
    frame_pictures,
    human_points,
    predicted_points,
    seen_instances,
)
from db.tables import Image, SkippedInput, Video
from db.writing import writing

_TRUTH: Final = "labelled by humans"
_LISTED: Final = 10  # clips that a sentence names
_RATE: Final = 25.0  # frames a second of a clip that does not say
_FILE: Final = re.compile(r"\d+(-\d+)*(-static)?\.mp4")


def find_clip(workspace: Workspace, name: str, dataset_id: int | None = None) -> Video:
    """The clip of that path or file name, in a dataset or in any.

    Raises
    ------
    NotFound
        If there is none; the sentence names clips that there are.
    BadInput
        If the name may be of several, which the sentence lists, or several datasets have that path.
    """
    with reading(workspace.engine) as session:
        clips = clips_named(name, dataset_id, session=session)
        if len(clips) == 1:
            return clips[0]
        paths = sorted({video.path for video in clips or all_clips(dataset_id, session=session)})
    if not paths:
        raise NotFound("clips.none_called_or_other", name=name)
    if not clips:
        raise NotFound("clips.none_called", name=name, paths=some(paths, _LISTED))
    if len(paths) == 1:
        raise BadInput("clips.in_several_datasets", name=name)
    raise BadInput("clips.ambiguous", name=name, count=len(paths), paths=some(paths, _LISTED))


def clip_predictions(workspace: Workspace, video_id: int, versions: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many of the faces (or people) in a clip each model has predicted, and how many it has not.

    Raises
    ------
    NotFound
        If there is no such model.
    """
    counts: dict[str, tuple[int, int]] = {}
    with reading(workspace.engine) as session:
        for name in versions:
            model = find_model(workspace, name, session=session)
            used = stored_versions(model, session=session)
            kind = find_skeleton(model.skeleton).kind
            counts[name] = count_clip_predictions(video_id, kind, used[0] if used else None, session=session)
    return counts


def render_overlay(
    workspace: Workspace,
    dataset_id: int,
    video: str,
    versions: Sequence[str],
    *,
    out: Path | None = None,
    static: bool = False,
    run_id: int | None = None,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """Draw the humans' points (red) and those of up to three models (green, blue, yellow) over a clip, as an MP4.

    Below is the running indicator of each model against the humans' points (`core.motion.overlay_curves`).
    Where only every n-th frame of the clip was kept, it plays at an n-th of the clip's rate: as long as the clip.

    Parameters
    ----------
    versions
        Names of models as `predict` takes them; the first is the baseline.
    out
        Where to write; None keeps the file among the overlays of the home folder.
    static
        Colour the points that are fixed on the face blue and all others red, instead of by their source.
    run_id
        The run that lists the frames that cannot be drawn, each with the reason.

    Returns
    -------
    dict
        ``video``, ``file``, ``frames`` (written), ``skipped`` (frames whose picture is gone or cannot be read),
        ``labelled`` (frames with a human's points), ``predicted`` (frames, by model), ``indicator`` (by model: of the
        longest track, against the humans' points where they are; None where undefined), ``curve`` ("indicator": the
        curve below is that of the frames up to each; "deviation" where too few in a row are labelled for one).

    Raises
    ------
    NotFound
        If there is no such clip or model.
    NotEnoughData
        If a model has predicted nothing in the clip, or no frame can be read.
    BadInput
        If the models have different points, there is no model or more than three, or `out` is no ``.mp4``.
    """
    if not versions:
        raise BadInput("overlays.no_model")
    if out is not None and out.suffix.lower() != ".mp4":
        raise BadInput("overlays.not_mp4", of=out.name)
    clip = find_clip(workspace, video, dataset_id)
    with reading(workspace.engine) as session:
        frames = frame_pictures(clip.id, session=session)
    ids, sources = _sources(workspace, clip, versions)
    file = out or workspace.overlays / f"{'-'.join(map(str, [clip.id, *ids]))}{'-static' * static}.mp4"
    curves = curves_of(_longest(workspace, clip, ids[0]), frames, sources)
    labelled = bool(sources[0].points)
    first = 0 if labelled else 1  # the truth comes first
    overlay = Overlay(
        (clip.width, clip.height),
        layers(_TRUTH if labelled else None, versions),
        frames=len(frames),
        curves=curves.each[first:],
        curve_title=curves.title,
        ratios=curves.ratios,
        static=_static(sources[0].skeleton) if static else None,
    )
    skipped = _write(workspace, clip, file, overlay, frames, sources[first:], run_id, progress)
    counted = {source.name: sum(bool(source.at(frame)) for frame in frames) for source in sources}
    return {
        "video": clip.path,
        "file": str(file),
        "frames": len(frames) - skipped,
        "skipped": skipped,
        "labelled": counted[_TRUTH],
        "predicted": {name: counted[name] for name in versions},
        "indicator": curves.indicators,
        "curve": "indicator" if curves.ratios else "deviation",
    }


def _sources(workspace: Workspace, clip: Video, versions: Sequence[str]) -> tuple[list[int], list[PointsSource]]:
    """The ids of the versions, and the sources: the humans first, then each model."""
    with reading(workspace.engine) as session:
        models = [find_model(workspace, name, session=session) for name in versions]
        if len({model.skeleton for model in models}) > 1:
            skeletons = [
                message("overlays.has", name=name, skeleton=model.skeleton)
                for name, model in zip(versions, models, strict=True)
            ]
            raise BadInput("overlays.different_points", models=skeletons)
        skeleton_name = models[0].skeleton
        sources = [PointsSource.of(_TRUTH, human_points(clip.id, session=session), skeleton_name)]
        ids = []
        for name, model in zip(versions, models, strict=True):
            used = stored_versions(model, session=session)[:1]
            points = predicted_points(clip.id, used[0], session=session) if used else []
            if not points:
                how = predict_command(clip.dataset_id, name, session=session)
                raise NotEnoughData("models.nothing_in_clip", name=name, clip=clip.path, how=how)
            ids += used
            sources.append(PointsSource.of(name, points, skeleton_name))
    return ids, sources


def _longest(workspace: Workspace, clip: Video, version_id: int) -> VideoTrack | None:
    """The longest track that the first model sees; None where no two frames follow one another."""
    with reading(workspace.engine) as session:
        left_out = excluded_pictures(clip.dataset_id, session=session).ids
        rows = clip_frames(clip.id, left_out, session=session)
        tracks = link_instances(rows, seen_instances(clip.id, version_id, session=session))
    return tracks[0] if tracks else None


def _static(skeleton: str) -> tuple[int, ...]:
    if skeleton not in STATIC_POINTS:
        raise BadInput("overlays.static_points", skeletons=list(STATIC_POINTS), skeleton=skeleton)
    return STATIC_POINTS[skeleton]


def _write(
    workspace: Workspace,
    clip: Video,
    file: Path,
    overlay: Overlay,
    frames: Sequence[FramePicture],
    sources: Sequence[PointsSource],
    run_id: int | None,
    progress: Progress,
) -> int:
    """Write the video; returns how many frames could not be drawn."""
    progress.begin(len(frames), message=message("progress.drawing_over", clip=clip.path))
    skipped: list[tuple[str, Message]] = []
    stride = stride_of([ClipFrame(frame.index, None) for frame in frames])
    with VideoWriter(file, *overlay.size, (clip.frames_per_second or _RATE) / stride) as writer:
        for i, frame in enumerate(frames):
            name, number = str(frame.index), frame.index + 1  # people count from 1
            killed = name in progress.suspicion.killers
            if not killed:
                progress.take(name)
            pixels = message("runs.died_twice") if killed else _pixels(workspace, frame.image, clip)
            if isinstance(pixels, Message):
                skipped.append((f"{clip.path}, frame {number}", pixels))
            else:
                located = [source.at(frame) for source in sources]
                points = [np.stack(each) if each else np.zeros((0, 1, 2)) for each in located]
                note = f"frame {number} · {frame.seconds:.2f} s"
                writer.write(overlay.draw(pixels, points, i, note))
            progress.advance(i + 1)
        _list_skipped(workspace, run_id, skipped)
        if len(skipped) == len(frames):
            raise NotEnoughData("clips.no_frame_left", path=clip.path)
    return len(skipped)


def _pixels(workspace: Workspace, image: Image | None, clip: Video) -> NDArray[np.uint8] | Message:
    """A frame's picture, or why it cannot be drawn on."""
    if image is None:
        return message("overlays.frame_removed")
    if (image.width, image.height) != (clip.width, clip.height):
        return message("overlays.frame_of_other_size", width=image.width, height=image.height)
    picture = open_picture(workspace, image)
    return picture.pixels if picture.failure is None else picture.failure


def _list_skipped(workspace: Workspace, run_id: int | None, skipped: Sequence[tuple[str, Message]]) -> None:
    """Let the run list what could not be drawn, also when it is done a second time."""
    if run_id is None:
        return
    with writing(workspace.engine) as session:
        session.exec(delete(SkippedInput).where(col(SkippedInput.run_id) == run_id))
        session.add_all(
            SkippedInput(run_id=run_id, path=path, reason=reason.nowhere().to_json()) for path, reason in skipped
        )


def overlay_file(workspace: Workspace, name: str) -> Path:
    """An overlay by its file name alone.

    Raises
    ------
    NotFound
        If there is none, or the name is none of ours.
    """
    file = workspace.overlays / name
    if not _FILE.fullmatch(name) or not file.is_file():
        raise NotFound("overlays.none_called", name=name)
    return file


def overlay_size(file: Path) -> tuple[int, int]:
    """(width, height) in pixels of an overlay."""
    video = probe(file)
    return video.width, video.height


def newest_overlay(workspace: Workspace, video_id: int) -> Path | None:
    """The overlay of a clip that was made last, or None."""
    files = [file for file in workspace.overlays.glob(f"{video_id}-*.mp4") if _FILE.fullmatch(file.name)]
    return max(files, key=lambda file: file.stat().st_mtime_ns, default=None)
