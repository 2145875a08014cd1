"""Overlay videos: what humans and models say about a clip, drawn over its frames. Only stored points are drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput, NotEnoughData, NotFound, UnreadableImage
from core.foundation.messages import message, some
from core.foundation.progress import Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.pose_models import find_model, predict_command, stored_versions
from core.media.images import decode
from core.media.videos import VideoWriter, probe
from core.motion.linking import VideoTrack, linked, stride_of
from core.motion.overlay import STATIC_POINTS, Overlay, layers
from core.motion.overlay_curves import Source, curves_of
from db.engine import reading
from db.queries.library import all_clips, clips_named
from db.queries.motion import (
    FrameRow,
    ShownFrame,
    frame_rows,
    frames_of,
    human_points,
    predicted_points,
    seen_in_frames,
    seen_of_clip,
)
from db.tables import Image, Video

Floats = NDArray[np.float64]

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
        found = clips_named(name, dataset_id, session=session)
        if len(found) == 1:
            return found[0]
        there = [video.path for video in found or all_clips(dataset_id, session=session)]
    if not there:
        raise NotFound("clips.none_called_or_other", name=name)
    paths = sorted(set(there))
    if not found:
        raise NotFound("clips.none_called", name=name, paths=some(paths, _LISTED))
    if len(paths) == 1:
        raise BadInput("clips.in_several_datasets", name=name)
    raise BadInput("clips.ambiguous", name=name, count=len(paths), paths=some(paths, _LISTED))


def seen_of(workspace: Workspace, video_id: int, versions: Sequence[str]) -> dict[str, tuple[int, int]]:
    """How many of the faces (or people) in a clip each model has predicted, and how many it has not.

    Raises
    ------
    NotFound
        If there is no such model.
    """
    found: dict[str, tuple[int, int]] = {}
    with reading(workspace.engine) as session:
        for name in versions:
            model = find_model(workspace, name, session=session)
            used = stored_versions(model, session=session)
            kind = find_skeleton(model.skeleton).kind
            found[name] = seen_of_clip(video_id, kind, used[0] if used else None, session=session)
    return found


def render_overlay(
    workspace: Workspace,
    dataset_id: int,
    video: str,
    versions: Sequence[str],
    *,
    out: Path | None = None,
    static: bool = False,
    progress: Progress | None = None,
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
    progress = progress or Progress()
    if not versions:
        raise BadInput("overlays.no_model")
    if out is not None and out.suffix.lower() != ".mp4":
        raise BadInput("overlays.not_mp4", of=out.name)
    clip = find_clip(workspace, video, dataset_id)
    with reading(workspace.engine) as session:
        frames = frames_of(clip.id, session=session)
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
    written = _write(workspace, clip, file, overlay, frames, sources[first:], progress)
    counted = {source.name: sum(bool(source.at(frame)) for frame in frames) for source in sources}
    return {
        "video": clip.path,
        "file": str(file),
        "frames": written,
        "skipped": len(frames) - written,
        "labelled": counted[_TRUTH],
        "predicted": {name: counted[name] for name in versions},
        "indicator": curves.indicators,
        "curve": "indicator" if curves.ratios else "deviation",
    }


def _sources(workspace: Workspace, clip: Video, versions: Sequence[str]) -> tuple[list[int], list[Source]]:
    """The ids of the versions, and the sources: the humans first, then each model."""
    with reading(workspace.engine) as session:
        models = [find_model(workspace, name, session=session) for name in versions]
        if len({model.skeleton for model in models}) > 1:
            said = [
                message("overlays.has", name=name, skeleton=model.skeleton)
                for name, model in zip(versions, models, strict=True)
            ]
            raise BadInput("overlays.different_points", models=said)
        shape = models[0].skeleton
        sources = [Source.of(_TRUTH, human_points(clip.id, session=session), shape)]
        ids = []
        for name, model in zip(versions, models, strict=True):
            used = stored_versions(model, session=session)[:1]
            points = predicted_points(clip.id, used[0], session=session) if used else []
            if not points:
                how = predict_command(clip.dataset_id, name, session=session)
                raise NotEnoughData("models.nothing_in_clip", name=name, clip=clip.path, how=how)
            ids += used
            sources.append(Source.of(name, points, shape))
    return ids, sources


def _longest(workspace: Workspace, clip: Video, version_id: int) -> VideoTrack | None:
    """The longest track that the first model sees; None where no two frames follow one another."""
    with reading(workspace.engine) as session:
        rows = frame_rows(clip.id, session=session)
        tracks = linked(rows, seen_in_frames(clip.id, version_id, session=session))
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
    frames: Sequence[ShownFrame],
    sources: Sequence[Source],
    progress: Progress,
) -> int:
    progress.begin(len(frames), message=f"Drawing over {clip.path}")
    written = 0
    stride = stride_of([FrameRow(frame.index, None) for frame in frames])
    with VideoWriter(file, *overlay.size, (clip.frames_per_second or _RATE) / stride) as writer:
        for place, frame in enumerate(frames):
            pixels = _pixels(workspace, frame.image, clip)
            if pixels is not None:
                points = [_stacked(source.at(frame)) for source in sources]
                note = f"frame {frame.index} · {frame.seconds:.2f} s"
                writer.write(overlay.draw(pixels, points, place, note))
                written += 1
            progress.advance(place + 1)
        if not written:
            raise NotEnoughData("clips.no_frame_left", path=clip.path)
    return written


def _stacked(points: list[Floats]) -> Floats:
    return np.stack(points) if points else np.zeros((0, 1, 2))


def _pixels(workspace: Workspace, image: Image | None, clip: Video) -> NDArray[np.uint8] | None:
    """A frame's picture; None where it is gone, cannot be read, or has another size than the clip."""
    if image is None or (image.width, image.height) != (clip.width, clip.height):
        return None
    try:
        pixels = decode(workspace.original(image.original), image.path, workspace.settings.max_pixels).pixels
    except (UnreadableImage, OSError):
        return None
    return pixels if pixels.shape[:2] == (clip.height, clip.width) else None


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
    told = probe(file)
    return told.width, told.height


def newest_overlay(workspace: Workspace, video_id: int) -> Path | None:
    """The overlay of a clip that was made last, or None."""
    found = [file for file in workspace.overlays.glob(f"{video_id}-*.mp4") if _FILE.fullmatch(file.name)]
    return max(found, key=lambda file: file.stat().st_mtime_ns, default=None)
