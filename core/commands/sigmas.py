"""Measuring how far apart people label the same points."""

from __future__ import annotations

from typing import Annotated

import typer

from core.commands.console import tell
from core.commands.options import DatasetName, Json, command, dataset_id
from core.foundation.skeletons import SKELETONS, find_skeleton
from core.foundation.workspace import Workspace
from core.points.annotator_spread import measured_sigmas

app = typer.Typer()


@command(app)
def sigmas(
    dataset: DatasetName,
    other: Annotated[str, typer.Option("--other", help="The same pictures, labelled by somebody else")],
    skeleton: Annotated[str, typer.Option("--skeleton", help=f"One of {', '.join(SKELETONS)}")] = "body24",
    as_json: Json = False,
) -> None:
    """Measure the OKS sigmas on pictures that two datasets label apart. Gives skeleton, instances, points."""
    workspace = Workspace.open()
    points = find_skeleton(skeleton).name
    report = measured_sigmas(workspace, dataset_id(workspace, dataset), dataset_id(workspace, other), points)
    lines = [
        f"{row['name']:<20} {_number(row['sigma'])}  of {row['pairs']} pairs; in use {_number(row['in_use'])}"
        for row in report["points"]
    ]
    tell(report, as_json, "{skeleton}: {instances} labelled twice", lines)


def _number(value: float | None) -> str:
    return "  -  " if value is None else f"{value:.4f}"
