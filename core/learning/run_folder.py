"""The folder of a training run: what its training tells and leaves, and when what is large in it goes.

While a run is open its folder holds weights and a state to go on from. Once its model is kept, the weights lie under
``models`` and the folder's own go; curves and pictures stay. What a run that failed has left waits for the next
training: the same one, asked for again, goes on from it; any other clears it away.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlmodel import col, select

from core.foundation.messages import Message, message, verbatim
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.training.listening import Listener
from db.batching import id_batches
from db.engine import reading
from db.tables import Run, RunState

_OPEN: Final = (RunState.QUEUED, RunState.RUNNING)
_MESSAGES: Final = "said.jsonl"
_SENTENCES: Final = "said.txt"  # as trainings from before codes have left them
_MOST_PICTURES: Final = 12
_LARGE: Final = (".safetensors", ".pt", ".part")


def keep_file(source: Path, target: Path) -> None:
    """Let `source` be there as `target` too, whole or not at all; on one disk it takes no more room."""
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    _linked(str(source), str(part))
    part.replace(target)


def tidy(folder: Path) -> None:
    """Remove weights and states from the folder of a run that has ended; what people look at stays."""
    for path in folder.rglob("*"):
        if path.suffix in _LARGE and path.is_file():
            path.unlink(missing_ok=True)


def resume_from(workspace: Workspace, run_id: int) -> None:
    """Give a new run what the newest failed one of the same request has left, and clear away what others have left."""
    mine = workspace.training_folder(run_id)
    numbers = {int(folder.name) for folder in mine.parent.glob("*") if folder.name.isdecimal()}
    with reading(workspace.engine) as session:
        run = session.get(Run, run_id)
        ended = [
            row
            for part in id_batches(numbers - {run_id})
            for row in session.exec(select(Run).where(col(Run.id).in_(part), col(Run.state).not_in(_OPEN)))
        ]
    for before in sorted(ended, key=lambda row: -row.id):
        folder = workspace.training_folder(before.id)
        same = run is not None and (before.kind, before.dataset_id, before.parameters) == (
            run.kind,
            run.dataset_id,
            run.parameters,
        )
        # without a best there is nothing to go on from, and a run that was cancelled was meant to end
        worth = next(folder.rglob("best.safetensors"), None) is not None
        if same and worth and before.state == RunState.FAILED and not mine.exists():
            try:
                shutil.copytree(
                    folder, mine, ignore=shutil.ignore_patterns(_MESSAGES, _SENTENCES), copy_function=_linked
                )
            except OSError:  # another process has cleared it away meanwhile: then this run begins afresh
                shutil.rmtree(mine, ignore_errors=True)
        tidy(folder)


def _linked(source: str, target: str) -> str:
    """A second name for the file, or a copy where the disk knows no second names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target


class RunListener(Listener):
    """Passes what the loop tells on to a run's progress; messages go to a file in the run's folder."""

    def __init__(self, progress: Progress, folder: Path) -> None:
        self.progress, self._folder = progress, folder
        self._phase: tuple[Message, int] | None = None

    def reading(self, done: int, total: int) -> None:
        self._report(message("progress.reading_pictures"), done, total)

    def batch(self, done: int, total: int) -> None:
        self._report(message("progress.training"), done, total)

    def _report(self, phase: Message, done: int, total: int) -> None:
        if self._phase != (phase, total):
            self._phase = (phase, total)
            self.progress.begin(total, done, phase)
        self.progress.advance(done)

    def remark(self, message: Message) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _MESSAGES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(message.to_json()) + "\n")


def messages_in(folder: Path) -> list[Message]:
    """What the loop told in a run, in its order: a halved batch, a loss that is no number, an early stop."""
    file = folder / _SENTENCES
    before = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [*map(verbatim, before), *map(Message.from_json, _json_lines(folder / _MESSAGES))]


@dataclass(frozen=True)
class TrainingLog:
    """What a training has left so far.

    Attributes
    ----------
    epochs
        One dict an epoch, as the loop wrote it: ``epoch``, ``train_loss``, ``parts``, ``validation_nme``, ``rate``, ...
    messages
        What people should know: a halved batch, an early stop, a fresh start.
    heatmaps, examples
        The newest sheets of pictures, the newest last.
    rounds
        Of a self-training: one dict a round, else empty.
    """

    epochs: list[dict[str, Any]]
    messages: list[Message]
    heatmaps: list[Path]
    examples: list[Path]
    rounds: list[dict[str, Any]]


def training_log(workspace: Workspace, run_id: int) -> TrainingLog:
    """What a run has left in its folder; all empty where it has not begun."""
    folder = workspace.training_folder(run_id)
    pictures = sorted((folder / "pictures").glob("*.png")) if (folder / "pictures").is_dir() else []
    return TrainingLog(
        epochs=_json_lines(folder / "curves.jsonl"),
        messages=messages_in(folder),
        heatmaps=[path for path in pictures if "heatmaps" in path.name][-_MOST_PICTURES:],
        examples=[path for path in pictures if "examples" in path.name][-_MOST_PICTURES:],
        rounds=_json_lines(folder / "rounds.jsonl"),
    )


def _json_lines(file: Path) -> list[dict[str, Any]]:
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
