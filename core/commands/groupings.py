"""Ways of grouping faces, compared on the faces of a dataset."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from core.commands.console import list_on_stderr, tell
from core.commands.options import CueName, DatasetName, EncoderName, Json, command, dataset_id, run_with_progress
from core.foundation.errors import BadInput
from core.foundation.messages import worded
from core.foundation.workspace import Workspace
from core.people.comparing import TRUTHS
from core.people.cues import COLOURS, what_lacks

app = typer.Typer()

_COLUMNS = ("precision", "recall", "f", "bcubed_precision", "bcubed_recall", "bcubed_f", "purity")


@command(app, "compare-groupings")
def compare_groupings(
    dataset: DatasetName,
    truth: Annotated[str, typer.Option(help="people: whom humans have decided about; folders: they name people")] = (
        "people"
    ),
    best: Annotated[
        bool, typer.Option("--best", help="Also the best threshold on the truth, and one chosen on every second person")
    ] = False,
    clothes: Annotated[bool, typer.Option("--clothes", help="Also average linkage that then goes by clothes")] = False,
    cue: CueName = COLOURS,
    encoder: EncoderName = None,
    as_json: Json = False,
) -> None:
    """Group the faces in every way there is, and change nothing.

    Gives rows [{method, threshold, chosen_on, precision, recall, f, bcubed_precision, bcubed_recall, bcubed_f, purity,
    churn, clicks_50, clicks_80, clicks_95, groups, unknown, seconds}], null where there is nothing to measure

    chosen_on: encoder, or saved where another threshold was; with --best also truth, the best on these very people,
    which flatters, and others (two rows), the strictest of which the F is within 0.005 of the best on every second
    person, with the figures of the others

    not_done [{method, reason}], faces, labelled, truth, encoder, threshold, in_force

    Ends with exit code 1 where a way could not be done.
    """
    if truth not in TRUTHS:  # before a run that could only fail
        raise BadInput("people.no_such_truth", found=truth, choices=list(TRUTHS))
    workspace = Workspace.open()
    if clothes and (problem := what_lacks(workspace, cue)):
        raise problem
    asked = {"truth": truth, "best": best, "clothes": clothes, "cue": cue, "encoder": encoder}
    counts = run_with_progress(workspace, "groupings", dataset_id(workspace, dataset), **asked).counts
    heads = ("p", "r", "f", "b3 p", "b3 r", "b3 f", "purity")
    head = "".join(f"{name:>8}" for name in ("at", *heads, "s"))
    lines = [f"{'':<24}{head}", *(_line(row) for row in counts["rows"])]
    tell(counts, as_json, "{labelled} of {faces} faces have a known person ({truth}); {encoder}", lines)
    left = worded(counts["not_done"])
    list_on_stderr([f"not done: {item['method']}: {item['reason']}" for item in left])
    raise typer.Exit(1 if left else 0)


def _line(row: Mapping[str, Any]) -> str:
    """A row as columns; one star: the threshold was chosen on the truth; two: on other people."""
    name = row["method"] + {"truth": " *", "others": " **"}.get(row["chosen_on"], "")
    figures = "".join(f"{'-' if row[column] is None else f'{row[column]:.3f}':>8}" for column in _COLUMNS)
    return f"{name:<24}{row['threshold']:>8.3f}{figures}{row['seconds']:>8.2f}"
