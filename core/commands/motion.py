"""What moves: how stable tracked points are, and overlay videos."""

from pathlib import Path
from typing import Annotated

import typer

from core.commands.console import tell
from core.commands.options import DatasetName, Json, command, dataset_id, model_name, run_with_progress
from core.foundation.errors import BadInput, FacetError
from core.foundation.private import hand_over
from core.foundation.workspace import Workspace
from core.motion.overlaying import find_clip
from core.motion.proposing import METHODS
from core.motion.stability import Smoothing, of_dataset, of_file
from core.tracks.smoothing import SMOOTHERS

app = typer.Typer()

_SHOWN = (
    "median_dev_x_pct",
    "median_dev_y_pct",
    "indicator",
    "non_smooth_2_pct",
    "motion_ratio_x",
    "motion_ratio_y",
    "delay_frames",
    "nmf",
    "nme_pct",
)


@command(app)
def overlay(
    video: Annotated[str, typer.Option("--video", help="The clip's path or file name")],
    models: Annotated[list[str], typer.Option("--models", help="One to three models; the first is the baseline")],
    out: Annotated[Path, typer.Option("--out", help="The .mp4 file to write")],
    # `--models V W`: what follows the first name arrives here
    more: Annotated[list[str] | None, typer.Argument(metavar="MODEL", help="More models", show_default=False)] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Name of the dataset, if several have the clip")
    ] = None,
    static: Annotated[bool, typer.Option("--static", help="Fixed points blue, moving ones red")] = False,
    as_json: Json = False,
) -> None:
    """Draw truth and predictions over a clip. Gives video, file, frames, skipped, labelled, predicted, indicator."""
    if out.suffix.lower() != ".mp4":
        raise BadInput("overlays.not_mp4", of=out.name)
    workspace = Workspace.open()
    clip = find_clip(workspace, video, None if dataset is None else dataset_id(workspace, dataset))
    names = [model_name(workspace, name) for name in (*models, *(more or []))]
    asked = {"video": clip.path, "models": names, "out": str(out.resolve()), "static": static}
    run = run_with_progress(workspace, "overlay", clip.dataset_id, **asked)
    hand_over(out)
    tell(run.counts, as_json, "{file}: {frames} frames of {video}, {skipped} skipped, {labelled} with human labels")
    raise typer.Exit(1 if run.counts["skipped"] else 0)


@command(app)
def track(
    dataset: DatasetName,
    video: Annotated[str, typer.Option("--video", help="The clip's path or file name")],
    first: Annotated[int, typer.Option("--from", help="Frame, from 0, whose points are followed")],
    last: Annotated[
        int, typer.Option("--to", help="The last frame, from 0; before --from, points are followed backwards")
    ],
    method: Annotated[str, typer.Option("--method", help=f"One of {', '.join(METHODS)}")] = "flow",
    as_json: Json = False,
) -> None:
    """Propose points in a clip, to be accepted by hand. Gives frames, stopped_at, reason; added, edit, tracks of each.

    flow follows the points of --from until the clip cuts or too few are found again; interpolate (and linear) fill
    between frames with a human's points. Frames with a human's points stay as they are.
    """
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    clip = find_clip(workspace, video, number)
    asked = {"video": clip.path, "first": first, "last": last, "method": method}
    try:
        run = run_with_progress(workspace, "track", number, **asked)
    except FacetError as error:
        if error.code == "clip_edits.no_frame":  # which counts from 1, as pages do
            path, frame, final = (error.fields[name] for name in ("path", "frame", "last"))
            raise BadInput("commands.no_frame", of=error.of, path=path, frame=frame, last=final) from None
        raise
    stopped = "; stopped at frame {stopped_at} (from 0): {reason}" if run.counts["reason"] else ""
    tell(run.counts, as_json, "points proposed in {frames} frames of {video}" + stopped)


@command(app)
def stability(
    tracks: Annotated[
        Path | None, typer.Option("--tracks", help="A .npy file of frames x points x 2, in pixels")
    ] = None,
    truth: Annotated[Path | None, typer.Option("--truth", help="The true track, a file of the same shape")] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Name of a dataset with videos")] = None,
    model: Annotated[str | None, typer.Option("--model", help="Name of a model that has predicted there")] = None,
    cuts: Annotated[
        str, typer.Option("--cuts", help="Frames of the file, from 0, that begin a scene, as 120,300")
    ] = "",
    smooth: Annotated[str, typer.Option("--smooth", help=f"Smooth first: {', '.join(SMOOTHERS)}")] = "none",
    rate: Annotated[float, typer.Option("--fps", help="Frames a second of the file, for --smooth one-euro")] = 30.0,
    as_json: Json = False,
) -> None:
    """The stability of a track as a vector: frames, median_dev_x_pct, median_dev_y_pct, indicator and the rest."""
    smoothing = Smoothing(smooth, None, rate)
    if tracks is not None and dataset is None and model is None:
        figures = of_file(tracks, truth, smoothing, _frames(cuts)).flat()
    elif tracks is None and truth is None and not cuts and dataset is not None and model is not None:
        workspace = Workspace.open()
        figures = of_dataset(workspace, dataset_id(workspace, dataset), model_name(workspace, model), smoothing).flat()
    else:
        raise BadInput("commands.tracks_or_dataset")
    shown = [f"{name}: {figures[name]:.4f}" for name in _SHOWN if figures[name] is not None]
    against = f"(indicator against {figures['indicator_against']}; --json gives all)"
    tell(figures, as_json, "{frames} frames, {pairs} pairs", [*shown, against])


def _frames(cuts: str) -> list[int]:
    try:
        return [int(part) for part in cuts.split(",") if part.strip()]
    except ValueError:
        raise BadInput("commands.cuts", cuts=cuts) from None
