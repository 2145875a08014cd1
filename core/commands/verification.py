"""`verify`: what pairs of faces say about an encoder, or about any system that gives scores."""

from pathlib import Path
from typing import Annotated, Any

import typer

from core.commands.console import list_on_stderr, tell
from core.commands.options import EncoderName, Json, author, command, dataset_id
from core.formats.pair_lists import read_pairs
from core.formats.pair_scores import read_scores
from core.foundation.errors import BadInput
from core.foundation.messages import message, worded
from core.foundation.workspace import Workspace
from core.verification import (
    COLUMNS,
    PROTOCOLS,
    Comparisons,
    Judgement,
    PairSet,
    acquired_pairs,
    confirmed_pairs,
    save_threshold,
    with_groups,
)

_SENTENCE = "{model}: threshold {threshold:.4f}, accuracy {accuracy:.4f}, EER {eer:.4f}"


app = typer.Typer()


@command(app)
def verify(
    dataset: Annotated[str | None, typer.Option("--dataset", help="Name of the dataset")] = None,
    encoder: EncoderName = None,
    scores: Annotated[
        Path | None,
        typer.Option("--scores", help="Judge this CSV instead: score, same, left_person, right_person, group"),
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", help="Pairs of pictures: a CSV with left, right, same, or LFW's pairs.txt")
    ] = None,
    protocol: Annotated[
        str, typer.Option("--protocol", help=f"How a threshold is chosen and tested: {', '.join(PROTOCOLS)}")
    ] = "disjoint",
    groups: Annotated[
        str | None,
        typer.Option("--groups", help=f"Rates of each group as well: {', '.join(COLUMNS)}; of --scores: group"),
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the threshold; the next grouping uses it")] = False,
    as_json: Json = False,
) -> None:
    """Threshold of best accuracy on confirmed people, pairs or scores, with every figure of the field."""
    if (scores is None) == (dataset is None) or (scores is not None and pairs is not None):
        raise BadInput("verification.one_source")
    if scores is not None:
        compared, confirmed = Comparisons.of_scores(read_scores(scores), scores.name), None
    else:
        compared, confirmed = _of_dataset(Workspace.open(), str(dataset), encoder, pairs)
    judgement = Judgement(_grouped(compared, confirmed, groups), protocol)
    result: dict[str, Any] = {**compared.source, **judgement.plain()}
    if groups is not None:
        result["groups"] = judgement.by_group()
    if save:
        _save(confirmed, result["threshold"])
    list_on_stderr([f"{row['picture']}: {worded(row['reason'])}" for row in compared.source.get("failures", [])])
    tell({"model": compared.source.get("file"), **result, **_flat(result["held_out"])}, as_json, _SENTENCE)


def _of_dataset(
    workspace: Workspace, dataset: str, encoder: str | None, pairs: Path | None
) -> tuple[Comparisons, PairSet | None]:
    number = dataset_id(workspace, dataset)
    if pairs is not None:
        return Comparisons.of_given(acquired_pairs(workspace, number, read_pairs(pairs), encoder), pairs.name), None
    confirmed = confirmed_pairs(workspace, number, encoder)
    return Comparisons.of_dataset(confirmed), confirmed


def _grouped(compared: Comparisons, confirmed: PairSet | None, column: str | None) -> Comparisons:
    if column is None or (confirmed is None and column == "group"):
        return compared
    if confirmed is None:
        raise BadInput("verification.groups_of_confirmed", column=column)
    return with_groups(Workspace.open(), compared, confirmed, column)


def _save(confirmed: PairSet | None, threshold: float) -> None:
    if confirmed is None:
        raise BadInput("verification.save_confirmed")
    workspace = Workspace.open()
    by = message("thresholds.best_accuracy")
    save_threshold(workspace, confirmed, threshold, author_id=author(workspace), chosen=by)


def _flat(held_out: dict[str, Any]) -> dict[str, Any]:
    """The held-out figures under the names that they had before they were together."""
    return {f"held_out_{name}": held_out.get(name) for name in ("accuracy", "fmr", "fnmr", "folds")}
