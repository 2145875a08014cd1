"""What a training tells, passed on to its run, and kept beside its curves for whoever looks later."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from core.foundation.progress import Progress
from core.training.listening import Listener

_SAID: Final = "said.txt"


class RunListener(Listener):
    """Passes what the loop tells on to a run's progress; sentences go to a file in the run's folder."""

    def __init__(self, progress: Progress, folder: Path) -> None:
        self._progress, self._folder, self._phase = progress, folder, ("", 0)

    def reading(self, done: int, total: int) -> None:
        self._on("Reading pictures", done, total)

    def batch(self, done: int, total: int) -> None:
        self._on("Training", done, total)

    def _on(self, what: str, done: int, total: int) -> None:
        if self._phase != (what, total):
            self._phase = (what, total)
            self._progress.begin(total, done, what)
        self._progress.advance(done)

    def said(self, sentence: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _SAID).open("a", encoding="utf-8") as file:
            file.write(sentence + "\n")


def said_in(folder: Path) -> list[str]:
    """What the loop said in a run, in its order: a halved batch, a loss that is no number, an early stop."""
    file = folder / _SAID
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
