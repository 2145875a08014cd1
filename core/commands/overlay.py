"""Drawing overlay videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.commands.console import tell
from core.commands.options import Json, command, dataset_id, model_name, run_with_progress
from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.motion.overlaying import find_clip

app = typer.Typer()


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
    tell(run.counts, as_json, "{file}: {frames} frames of {video}, {skipped} skipped, {labelled} with human labels")
    raise typer.Exit(1 if run.counts["skipped"] else 0)
