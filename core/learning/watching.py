"""Looking at a training while it runs: its curves, its pictures, what it said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.foundation.workspace import Workspace
from core.learning.training_listener import said_in

_MOST_PICTURES: Final = 12


@dataclass(frozen=True)
class TrainingLog:
    """What a training has left so far.

    Attributes
    ----------
    epochs
        One dict an epoch, as the loop wrote it: ``epoch``, ``train_loss``, ``parts``, ``validation_nme``, ``rate``, ...
    said
        Sentences: a halved batch, an early stop, a fresh start.
    heatmaps, examples
        The newest sheets of pictures, the newest last.
    rounds
        Of a self-training: one dict a round, else empty.
    """

    epochs: list[dict[str, Any]]
    said: list[str]
    heatmaps: list[Path]
    examples: list[Path]
    rounds: list[dict[str, Any]]


def watch(workspace: Workspace, run_id: int) -> TrainingLog:
    """What a run has left in its folder; all empty where it has not begun."""
    folder = workspace.training_folder(run_id)
    pictures = sorted((folder / "pictures").glob("*.png")) if (folder / "pictures").is_dir() else []
    return TrainingLog(
        epochs=_lines(folder / "curves.jsonl"),
        said=said_in(folder),
        heatmaps=[path for path in pictures if "heatmaps" in path.name][-_MOST_PICTURES:],
        examples=[path for path in pictures if "examples" in path.name][-_MOST_PICTURES:],
        rounds=_lines(folder / "rounds.jsonl"),
    )


def _lines(file: Path) -> list[dict[str, Any]]:
    """JSON objects, one a line; a last line that is being written is left for the next look."""
    if not file.is_file():
        return []
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows
