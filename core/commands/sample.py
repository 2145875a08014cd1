"""The sample, for whoever has no browser at hand."""

from __future__ import annotations

from typing import Annotated

import typer

from core.commands.console import ProgressLine, tell
from core.commands.options import Json, dataset_id, sentence_instead_of_traceback
from core.foundation.workspace import Workspace
from core.jobs.inline import run_here
from core.library.sample_clips import SAMPLE_CLIPS
from core.library.sample_photos import SAMPLE

app = typer.Typer()


@app.command()
@sentence_instead_of_traceback
def sample(
    clips: Annotated[bool, typer.Option("--clips", help="Labelled clips to train on, instead of photos")] = False,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Name of the dataset; default: as in the Library")
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw the sample: photos of invented people, or clips of them with their true points as labels."""
    workspace = Workspace.open()
    name = dataset or (SAMPLE_CLIPS if clips else SAMPLE)
    number = dataset_id(workspace, name, make=True)
    run = run_here(workspace, "sample-clips" if clips else "sample", number, {}, ProgressLine())
    tell({"dataset": name, **run.counts}, as_json, "drawn into the dataset {dataset}")
