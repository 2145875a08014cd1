"""The sample, for whoever has no browser at hand."""

from typing import Annotated

import typer

from core.commands.console import tell
from core.commands.options import Json, command, dataset_id, run_with_progress
from core.foundation.workspace import Workspace
from core.library.sample_clips import SAMPLE_CLIPS
from core.library.sample_photos import SAMPLE

app = typer.Typer()


@command(app)
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
    run = run_with_progress(workspace, "sample-clips" if clips else "sample", number)
    tell({"dataset": name, **run.counts}, as_json, "drawn into the dataset {dataset}")
